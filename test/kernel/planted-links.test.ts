/** Symlinks where the launcher mounts, and where it mounts from: none is followed, and none is taken for what it names. */
import { describe, expect, test } from "bun:test";
import { renameSync, symlinkSync } from "node:fs";
import type { LaunchEvent } from "../../src/launch/launch-event.ts";
import type { RootStep } from "../../src/model/root-step.ts";
import { launchProgram, type Launched } from "../support/launch-program.ts";
import { bindOf, sandboxPlan } from "../support/sandbox-plan.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";

const loop = 40;
const readOnly = 30;

/** A workspace with planted links, what they lead to, and a grant that is to be mounted in it. */
function makePlaces(): TempDir {
  const directory = makeTempDir();
  directory.file("secret/file", "secret");
  directory.file("granted/file", "granted");
  directory.file("workspace/own/file", "own");
  symlinkSync(directory.at("secret"), directory.at("workspace/host"));
  symlinkSync("/usr", directory.at("workspace/etc"));
  symlinkSync("../secret", directory.at("workspace/up"));
  symlinkSync("own", directory.at("workspace/beside"));
  return directory;
}

function failed(step: string, errno: number): LaunchEvent[] {
  return [{ event: "failed", step, errno, subject: expect.any(String) }];
}

function launchWith(places: TempDir, ...steps: readonly RootStep[]): Promise<Launched> {
  return launchProgram(sandboxPlan("echo ran", [bindOf(places.at("workspace"), "write"), ...steps]));
}

/** Everything that a launcher could have changed: names, and where links lead. */
function listing(places: TempDir): string[] {
  const found = Bun.spawnSync(["find", places.path, "-printf", "%p %y %m %l\\n"]);
  return found.stdout.toString().trim().split("\n").toSorted();
}

describe("a mount point beneath a granted workspace", () => {
  test("that is a real directory is mounted on: the control", async () => {
    using places = makePlaces();
    const steps = [
      bindOf(places.at("workspace"), "write"),
      bindOf(places.at("granted"), "read", places.at("workspace/own")),
    ];
    const { stdout } = await launchProgram(sandboxPlan(`cat ${places.at("workspace/own/file")}`, steps));
    expect(stdout).toBe("granted");
  });

  test.each(["host", "etc", "up", "beside", "host/below", "etc/bin", "up/below/deeper", "beside/file"])(
    "is refused through the planted link %s, and nothing is made on the host",
    async (name) => {
      using places = makePlaces();
      const before = listing(places);
      const destination = places.at(`workspace/${name}`);
      const tmpfs = { step: "tmpfs", mode: 0o755, sizeBytes: 4096, owned: true, writable: true } as const;
      const steps: readonly (readonly [RootStep, string])[] = [
        [bindOf(places.at("granted"), "write", destination), "mount-point"],
        [bindOf(places.at("granted/file"), "read", destination), "mount-point"],
        [{ ...tmpfs, destination }, "mount-point"],
        [{ step: "directory", destination, mode: 0o755 }, "mount-point"],
        [{ step: "file", destination: `${destination}/made`, content: "made" }, "mount-point"],
        [{ step: "symlink", destination: `${destination}/made`, target: "made" }, "mount-point"],
        [{ step: "proc", destination }, "mount-point"],
        [{ step: "devices", destination, shmBytes: 4096 }, "mount-point"],
        [{ step: "mask", destination }, "mask"],
        [{ step: "read-only", destination }, "read-only"],
      ];
      for (const [step, where] of steps) {
        const { events, stdout } = await launchWith(places, step);
        expect({ step, events, stdout }).toEqual({ step, events: failed(where, loop), stdout: "" });
      }
      expect(listing(places)).toEqual(before);
    },
  );

  test("is not made in a host directory where it is missing", async () => {
    using places = makePlaces();
    const before = listing(places);
    for (const name of ["missing", "missing/below", "own/missing"]) {
      const destination = places.at(`workspace/${name}`);
      for (const access of ["read", "write"] as const) {
        const { events } = await launchWith(places, bindOf(places.at("granted"), access, destination));
        expect(events).toEqual(failed("mount-point", readOnly));
      }
      const made = await launchWith(places, { step: "file", destination, content: "made" });
      expect(made.events).toEqual(failed(name === "missing/below" ? "mount-point" : "write-file", readOnly));
      const linked = await launchWith(places, { step: "symlink", destination, target: "/" });
      expect(linked.events).toEqual(failed(name === "missing/below" ? "mount-point" : "make-symlink", readOnly));
    }
    expect(listing(places)).toEqual(before);
  });
});

describe("a bind source", () => {
  test("that was swapped for a symlink after it was resolved is refused, whatever it leads to", async () => {
    using places = makePlaces();
    const resolved = places.at("granted");
    renameSync(resolved, places.at("moved"));
    for (const target of [places.at("secret"), places.at("moved"), "moved", "/usr"]) {
      symlinkSync(target, resolved);
      const plan = sandboxPlan(`cat ${resolved}/file`, [bindOf(resolved, "read")]);
      const { events, stdout } = await launchProgram(plan);
      expect({ target, events, stdout }).toEqual({ target, events: failed("bind-source", loop), stdout: "" });
      renameSync(resolved, places.at("old-link"));
    }
  });

  test("that lies behind a symlink on the way is refused", async () => {
    using places = makePlaces();
    const plan = sandboxPlan("echo ran", [bindOf(places.at("workspace/host/file"), "read", "/file")]);
    expect((await launchProgram(plan)).events).toEqual(failed("bind-source", loop));
  });

  test("that was swapped for another kind of file is what it is now", async () => {
    using places = makePlaces();
    const plan = sandboxPlan("cat /given/file", [bindOf(places.at("granted"), "read", "/given")]);
    renameSync(places.at("granted"), places.at("moved"));
    places.file("granted", "a file now");
    const { stdout, stderr } = await launchProgram(plan);
    expect({ stdout, stderr }).toEqual({ stdout: "", stderr: expect.stringContaining("Not a directory") });
  });
});
