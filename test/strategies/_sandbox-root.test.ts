import { describe, expect, test } from "bun:test";
import { dirname } from "node:path";
import type { Grant, Job } from "../../src/model/job.ts";
import type { RootStep } from "../../src/model/root-step.ts";
import type { LayerStep } from "../../src/strategies/_grant-steps.ts";
import { jobHome, sandboxRoot } from "../../src/strategies/_sandbox-root.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";

const project = "/home/ada/project";

function read(path: string): Grant {
  return { path, access: "read" };
}

function write(path: string): Grant {
  return { path, access: "write" };
}

function destinationOf(step: RootStep): string {
  return step.step === "mirror" ? step.path : step.destination;
}

/** Steps of a kind, by where they lead. */
function destinations(kind: RootStep["step"], job: Job, mapOwners = false): string[] {
  return sandboxRoot(job, mapOwners).flatMap((step) => (step.step === kind ? [destinationOf(step)] : []));
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

describe("sandboxRoot", () => {
  test("binds grants as they are, and owners mapped where it is asked for", () => {
    const job = jobOf({ grants: [write("/srv/cache")] });
    const bind = { step: "bind", optional: false } as const;
    const binds = (mapOwners: boolean): RootStep[] => sandboxRoot(job, mapOwners).filter(({ step }) => step === "bind");
    const [workspace, cache] = [
      { ...bind, source: project, destination: project, writable: false },
      { ...bind, source: "/srv/cache", destination: "/srv/cache", writable: true },
    ];
    expect(binds(false)).toEqual([
      { ...workspace, mapOwner: "no" },
      { ...cache, mapOwner: "no" },
    ]);
    expect(binds(true)).toEqual([
      { ...workspace, mapOwner: "if-possible" },
      { ...cache, mapOwner: "must" },
    ]);
  });

  test("makes a copy-on-write workspace as it is told, in its place among the grants", () => {
    const workspace = {
      mode: "cow",
      path: project,
      isStated: true,
      manner: "overlay",
      ignore: [],
      apply: "never",
    } as const;
    const job = jobOf({ workspace, grants: [write(`${project}/out`), read(dirname(project))] });
    const placed = (layer: LayerStep, mapOwners = false): string[] =>
      sandboxRoot(job, mapOwners, { step: layer }).flatMap((step) =>
        step.step === "bind" || step.step === "overlay" || step.step === "copy"
          ? [`${step.step} ${step.destination}${step.step === "bind" && step.writable ? " writable" : ""}`]
          : [],
      );
    const around = `bind ${dirname(project)}`;
    const inside = `bind ${project}/out writable`;
    expect(placed("overlay")).toEqual([around, `overlay ${project}`, inside]);
    expect(placed("copy")).toEqual([around, `copy ${project}`, inside]);
    expect(placed("none")).toEqual([around, `bind ${project}`, inside]);
    expect(sandboxRoot(job, true, { step: "overlay", size: { sizeBytes: 5, filesMax: 6 } })).toContainEqual({
      step: "overlay",
      source: project,
      destination: project,
      mapOwner: "must",
      sizeBytes: 5,
      filesMax: 6,
    });
  });

  test("leaves out a grant to read what is shown anyhow, and keeps one to write", () => {
    const job = jobOf({
      workspace: { mode: "ro", path: "/usr/src/project" },
      grants: [read("/usr"), read("/bin"), read("/usrlocal"), write("/usr/local/cache"), read("/nix/store/x")],
    });
    expect(destinations("bind", job)).toEqual(["/usr/local/cache", "/usrlocal"]);
  });

  test("keeps a grant to read that lies in one to write: it is not writable there", () => {
    const job = jobOf({
      workspace: { mode: "empty", why: "" },
      grants: [write("/usr/local"), read("/usr/local/lib"), read("/usr/lib")],
    });
    expect(destinations("bind", job)).toEqual(["/usr/local", "/usr/local/lib"]);
  });

  test("shows the host's programs and no accounts, host names or homes", () => {
    const shown = destinations("mirror", jobOf());
    expect(shown).toContain("/usr");
    expect(shown).toContain("/etc/ssl");
    const secret = ["/etc/passwd", "/etc/shadow", "/etc/group", "/etc/hosts", "/etc/sudoers", "/etc/machine-id"];
    const private_ = [
      "/home",
      "/root",
      "/var",
      "/run",
      "/tmp",
      "/mnt",
      "/srv",
      "/boot",
      "/sys",
      "/proc",
      "/dev",
      "/etc",
    ];
    expect(shown.filter((path) => [...secret, ...private_].includes(path))).toEqual([]);
    expect(shown.filter((path) => isWithin(path, "/etc/ssh") || path.includes("cred"))).toEqual([]);
  });

  test("reads names by the host's resolver with the host's network only", () => {
    const nameResolution = { "/etc/resolv.conf": "/run/systemd/resolve/stub-resolv.conf" };
    const host = sandboxRoot(jobOf({ network: "host", nameResolution }), false);
    expect(host.filter((step) => step.step === "bind").map(({ source, destination }) => [source, destination])).toEqual(
      [
        ["/run/systemd/resolve/stub-resolv.conf", "/etc/resolv.conf"],
        [project, project],
      ],
    );
    const none = sandboxRoot(jobOf({ nameResolution }), false);
    expect(none.map(destinationOf)).not.toContain("/etc/resolv.conf");
    expect(none.find((step) => destinationOf(step) === "/etc/hosts")).toEqual({
      step: "file",
      destination: "/etc/hosts",
      content: "127.0.0.1 localhost job\n::1 localhost\n",
    });
  });

  test("binds the resolver's files read-only, and does without one that is gone", () => {
    const job = jobOf({ network: "host", nameResolution: { "/etc/hosts": "/etc/hosts" } });
    const bind = sandboxRoot(job, true).find((step) => step.step === "bind" && step.destination === "/etc/hosts");
    expect(bind).toEqual({
      step: "bind",
      source: "/etc/hosts",
      destination: "/etc/hosts",
      writable: false,
      mapOwner: "no",
      optional: true,
    });
  });

  test("makes its own places with the modes that programs expect", () => {
    const modes = sandboxRoot(jobOf({ workspace: { mode: "empty", why: "" } }), false).flatMap((step) =>
      "mode" in step ? [[step.destination, step.mode.toString(8)]] : [],
    );
    expect(Object.fromEntries(modes)).toEqual({
      "/etc": "755",
      "/tmp": "1777",
      "/home/job": "700",
      "/run": "755",
      "/var": "755",
      "/workspace": "700",
    });
  });

  test("gives the job another home where a grant shows what is at its own", () => {
    expect(jobHome(jobOf())).toBe("/home/job");
    expect(jobHome(jobOf({ grants: [read("/home/job/x"), read("/home/jobs")] }))).toBe("/home/job");
    expect(jobHome(jobOf({ grants: [read("/home")] }))).toBe("/run/job");
    expect(destinations("tmpfs", jobOf({ grants: [read("/home")] }))).toEqual(["/tmp", "/run/job"]);
  });

  test("gives private places of its own, and a workspace where the host gives none", () => {
    expect(destinations("tmpfs", jobOf())).toEqual(["/tmp", "/home/job"]);
    const empty = jobOf({ workspace: { mode: "empty", why: "" } });
    expect(destinations("tmpfs", empty)).toEqual(["/tmp", "/home/job", "/workspace"]);
    const owned = sandboxRoot(empty, false).flatMap((step) =>
      step.step === "tmpfs" ? [[step.owned, step.writable]] : [],
    );
    expect(owned).toEqual(owned.map(() => [true, true]));
  });

  test("puts no link where a grant is to be mounted", () => {
    expect(destinations("symlink", jobOf())).toEqual(["/var/tmp", "/var/run"]);
    expect(destinations("symlink", jobOf({ grants: [read("/var/tmp/x")] }))).toEqual(["/var/run"]);
  });

  test("masks what no job may see after everything that could show it", () => {
    const hidden = [`${project}/state`, "/srv/state"];
    const steps = sandboxRoot(jobOf({ grants: [write("/srv")], hidden }), true);
    const masks = hidden.map((path) => steps.findIndex((step) => step.step === "mask" && step.destination === path));
    const lastBind = steps.findLastIndex(({ step }) => step === "bind" || step === "tmpfs" || step === "mirror");
    expect(masks.filter((at) => at <= lastBind)).toEqual([]);
  });

  test("makes the kernel's files read-only or hides them, after its own /proc is there", () => {
    const steps = sandboxRoot(jobOf(), false);
    const proc = steps.findIndex(({ step }) => step === "proc");
    const below = steps.flatMap((step, at) =>
      isWithin(destinationOf(step), "/proc") && at !== proc ? [[step.step, at]] : [],
    );
    expect(below.filter(([, at]) => Number(at) < proc)).toEqual([]);
    expect(destinations("read-only", jobOf()).slice(0, -1)).toEqual([
      "/proc/sys",
      "/proc/sysrq-trigger",
      "/proc/irq",
      "/proc/bus",
      "/proc/fs",
    ]);
    expect(destinations("mask", jobOf())).toContain("/proc/kcore");
  });

  test("makes / read-only last of all", () => {
    for (const mapOwners of [true, false]) {
      expect(sandboxRoot(jobOf(), mapOwners).at(-1)).toEqual({ step: "read-only", destination: "/" });
    }
  });

  test("knows the job's user by name, and nobody else but root and nobody", () => {
    const file = (path: string): string => {
      const step = sandboxRoot(jobOf(), false).find((one) => one.step === "file" && one.destination === path);
      return step?.step === "file" ? step.content : "";
    };
    const names = (text: string): string[] =>
      text
        .trim()
        .split("\n")
        .map((line) => line.split(":").slice(0, 3).join(":"));
    expect(names(file("/etc/passwd"))).toEqual(["root:x:0", "job:x:1000", "nobody:x:65534"]);
    expect(names(file("/etc/group"))).toEqual(["root:x:0", "job:x:1000", "nogroup:x:65534"]);
  });
});
