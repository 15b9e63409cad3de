import { describe, expect, test } from "bun:test";
import { confinementOf, hiddenWithin, landlockVersion, needsMounts } from "../../src/strategies/_confinement.ts";
import { maskedConfigurationPaths } from "../../src/strategies/_system-paths.ts";
import { isWithin } from "../../src/model/job.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import { except, rootEverything } from "../fixtures/matrices/standings.ts";

describe("confinementOf", () => {
  const { rules } = confinementOf(jobOf({ grants: [{ path: "/srv", access: "write" }] }));

  test("grants what was granted, and the workspace to read", () =>
    expect(rules.filter(({ optional }) => !optional)).toEqual([
      { path: "/home/ada/project", access: "read", optional: false },
      { path: "/srv", access: "write", optional: false },
    ]));

  test("shows no server's keys, and nothing that holds them", () =>
    expect(
      rules.filter(({ path }) =>
        maskedConfigurationPaths.some((masked) => isWithin(masked, path) || isWithin(path, masked)),
      ),
    ).toEqual([]));

  test("lets nobody change what every job has", () =>
    expect(rules.filter(({ access, optional }) => optional && access === "write")).toEqual([]));

  test("has six devices", () =>
    expect(rules.flatMap(({ path, access }) => (access === "device" ? [path] : []))).toEqual([
      "/dev/null",
      "/dev/zero",
      "/dev/full",
      "/dev/random",
      "/dev/urandom",
      "/dev/tty",
    ]));

  test("shows how names are found on the host's network alone", () => {
    const nameResolution = { "/etc/resolv.conf": "/run/resolv.conf" };
    const shown = (network: "host" | "none") =>
      confinementOf(jobOf({ network, nameResolution })).rules.some(({ path }) => path === "/run/resolv.conf");
    expect([shown("host"), shown("none")]).toEqual([true, false]);
  });

  test("shows a workspace read-only that would have a layer", () => {
    const cow = { mode: "cow", isStated: false, manner: "overlay", ignore: [], apply: "never" } as const;
    const { rules: shown } = confinementOf(jobOf({ workspace: { ...cow, path: "/w" } }));
    expect(shown.filter(({ optional }) => !optional)).toEqual([{ path: "/w", access: "read", optional: false }]);
  });
});

test("a plain job needs no mount, and hides nothing in what it is granted", () => {
  expect([needsMounts(jobOf()), hiddenWithin(jobOf({ hidden: ["/var/lib/cupel"] }))]).toEqual([undefined, undefined]);
});

test("the version counts where it is usable", () => {
  const blocked = except(rootEverything, "blocked", "landlock.file-system");
  expect([landlockVersion(rootEverything), landlockVersion(blocked), landlockVersion({})]).toEqual([
    7,
    undefined,
    undefined,
  ]);
});
