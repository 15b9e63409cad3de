import { expect, test } from "bun:test";
import { compileGuard, compileProfiles } from "../../src/launch/compile-profiles.ts";
import { compiledGuard, compiledSeccomp } from "../../src/launch/compiled-seccomp.gen.ts";
import { compileSeccomp } from "../../src/launch/compile-seccomp.ts";
import { seccompProfileOf } from "../../src/launch/seccomp-profiles.ts";
import { seccompProfileNames } from "../../src/model/job.ts";

const modes = ["by-profile", "pairs-only"] as const;
const architectures = ["x64", "arm64"] as const;

const programs = seccompProfileNames.flatMap((seccomp) =>
  modes.flatMap((sockets) => architectures.map((architecture) => [seccomp, sockets, architecture] as const)),
);

test("every profile is compiled, with and without sockets, for both architectures", () => {
  const names = Object.entries(compileProfiles()).flatMap(([seccomp, bySockets]) =>
    Object.entries(bySockets).flatMap(([sockets, byArchitecture]) =>
      Object.keys(byArchitecture).map((architecture) => [seccomp, sockets, architecture]),
    ),
  );
  expect(names).toEqual(programs.map((program) => [...program]));
});

test.each(programs)("what cupel was built with is %s, %s, on %s", (seccomp, sockets, architecture) => {
  const profile = seccompProfileOf({ seccomp, sockets });
  const compiled = profile === undefined ? "" : Buffer.from(compileSeccomp(profile, architecture)).toString("base64");
  expect(compiledSeccomp[seccomp][sockets][architecture]()).toBe(compiled);
});

test.each(architectures)("what cupel was built with is the guard on %s", (architecture) =>
  expect(compiledGuard[architecture]()).toBe(Buffer.from(compileGuard()[architecture]).toString("base64")),
);
