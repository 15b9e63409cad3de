import { expect, test } from "bun:test";
import { compileProfiles } from "../../src/launch/compile-profiles.ts";
import { compiledSeccomp } from "../../src/launch/compiled-seccomp.gen.ts";
import { compileSeccomp } from "../../src/launch/compile-seccomp.ts";
import { defaultSeccompProfile } from "../../src/launch/seccomp-profile.ts";

test("every profile is compiled, for both architectures", () =>
  expect(compileProfiles()).toEqual({
    default: {
      x64: compileSeccomp(defaultSeccompProfile, "x64"),
      arm64: compileSeccomp(defaultSeccompProfile, "arm64"),
    },
  }));

test("what was compiled when cupel was built is what would be now", () => {
  const built = Object.entries(compiledSeccomp).map(([name, programs]) => [
    name,
    Object.fromEntries(
      Object.entries(programs).map(([architecture, base64]) => [
        architecture,
        new Uint8Array(Buffer.from(base64, "base64")),
      ]),
    ),
  ]);
  expect(Object.fromEntries(built)).toEqual(compileProfiles());
});
