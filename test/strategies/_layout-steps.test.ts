import { describe, expect, test } from "bun:test";
import type { Job } from "../../src/model/job.ts";
import { plainLayout, type Layout } from "../../src/model/layout.ts";
import { keptNameSteps, ownDirectorySteps } from "../../src/strategies/_layout-steps.ts";
import { placesInRoot, sandboxRoot } from "../../src/strategies/_sandbox-root.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";

const project = "/home/ada/project";

function laidOut(layout: Partial<Layout>, parts: Partial<Job> = {}): Job {
  return jobOf({ layout: { ...plainLayout, ...layout }, ...parts });
}

describe("another root", () => {
  const root = {
    source: "/srv/root",
    entries: [
      { kind: "shown", path: "/usr" },
      { kind: "link", path: "/bin", target: "usr/bin" },
      { kind: "directory", path: "/etc" },
    ],
  } as const;

  test("stands in the place of the host's programs and configuration", () => {
    const job = laidOut({ root }, { grants: [{ path: "/usr/src", access: "read" }] });
    const steps = sandboxRoot(job, true);
    expect(steps.slice(0, 3)).toEqual([
      {
        step: "bind",
        source: "/srv/root/usr",
        destination: "/usr",
        writable: false,
        mapOwner: "if-possible",
        optional: false,
      },
      { step: "symlink", destination: "/bin", target: "usr/bin" },
      { step: "directory", destination: "/etc", mode: 0o755 },
    ]);
    expect(steps.filter(({ step }) => step === "mirror")).toEqual([]);
    // What the host shows to everyone has to be granted there.
    const bound = steps.flatMap((step) => (step.step === "bind" ? [step.destination] : []));
    expect(bound).toEqual(["/usr", project, "/usr/src"]);
    expect(steps).not.toContainEqual({ step: "mask", destination: "/etc/ssl/private" });
  });

  test("leaves room for what the job has of its own", () =>
    expect(placesInRoot(laidOut({ root, files: [{ path: "/opt/a", content: "" }] }))).toEqual([
      "/etc/passwd",
      "/etc/group",
      "/etc/hostname",
      "/etc/hosts",
      "/tmp",
      "/home/job",
      "/run",
      "/var/tmp",
      "/var/run",
      project,
      "/opt/a",
      "/proc",
      "/dev",
      "/sys",
    ]));
});

test("what is denied is masked behind all that is shown, and before the root can no longer be changed", () => {
  const steps = sandboxRoot(laidOut({ denied: [`${project}/.env`] }, { hidden: ["/state"] }), false);
  const masks = steps.flatMap((step) => (step.step === "mask" ? [step.destination] : []));
  expect(masks.slice(0, 2)).toEqual(["/state", `${project}/.env`]);
  const at = (destination: string): number =>
    steps.findIndex((step) => "destination" in step && step.destination === destination);
  expect(at(project)).toBeLessThan(at(`${project}/.env`));
});

test("written files stand in the place of what the root has by itself", () => {
  const files = ["/etc/hosts", "/etc/localtime"].map((path) => ({ path, content: "own" }));
  const steps = sandboxRoot(laidOut({ files }), false);
  const about = steps.filter((step) =>
    ["/etc/hosts", "/etc/localtime"].includes(step.step === "mirror" ? step.path : step.destination),
  );
  expect(about).toEqual(files.map(({ path, content }) => ({ step: "file", destination: path, content })));
});

describe("private directories", () => {
  const directories = [{ path: "/a" }, { path: "/b", sizeBytes: 5 }];
  const tmpfs = { step: "tmpfs", mode: 0o700, owned: true, writable: true } as const;

  test("have the size that was asked for, or that of all others", () =>
    expect(ownDirectorySteps(laidOut({ directories }))).toEqual([
      { ...tmpfs, destination: "/a", sizeBytes: 2 * 1024 ** 3, filesMax: undefined },
      { ...tmpfs, destination: "/b", sizeBytes: 5, filesMax: undefined },
    ]));

  test("are never larger than a cap on all of them", () =>
    expect(
      ownDirectorySteps(laidOut({ directories }, { limits: { graceMs: 0, diskBytes: 3, diskFiles: 4 } })),
    ).toMatchObject([
      { sizeBytes: 3, filesMax: 4 },
      { sizeBytes: 3, filesMax: 4 },
    ]));
});

test("protected names are read-only, and what holds them cannot be moved away", () => {
  const keptNames = ["/w/.envrc", "/w/a/b/run.sh", "/w/a/.npmrc"];
  const binds = keptNameSteps(laidOut({ keptNames }), ["/", "/w"], true).map(
    ({ destination, source, writable, mapOwner }) => [destination, source === destination, writable, mapOwner],
  );
  expect(binds).toEqual([
    ["/w/a", true, true, "must"],
    ["/w/a/b", true, true, "must"],
    ["/w/.envrc", true, false, "if-possible"],
    ["/w/a/b/run.sh", true, false, "if-possible"],
    ["/w/a/.npmrc", true, false, "if-possible"],
  ]);
});
