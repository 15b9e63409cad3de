/** Engines on this machine, run for real, as root and as somebody without an account: what works is true, and nothing is left. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import type { Finding } from "../../src/model/capability.ts";
import { needs, needsPrograms } from "../support/must-work.ts";
import { clearStage, identities, runRealProbes, setStage, type Stage } from "../support/run-real-probes.ts";
import { isRoot, ordinaryCaller } from "../support/tester.ts";

let stage: Stage;

beforeAll(async () => {
  stage = await setStage();
});

afterAll(() => clearStage(stage));

/** crun refuses a tree of version 1 that has one of version 2 beside it. */
const isHybrid = existsSync("/sys/fs/cgroup/unified/cgroup.procs");

/** Where engines leave things that are not theirs to leave. */
const places = ["/dev/shm", "/run", "/var/lib", "/sys/fs/cgroup", "/tmp"];

/** What is in them now, but for what tests made themselves and what is taken away again before long. */
function look(): string[] {
  const names = places.flatMap((place) => readdirSync(place).map((name) => `${place}/${name}`));
  const engines = /\/(?:podman|containers|libpod|crun|runc|runsc|cni|docker)[^/]*$/;
  return names.filter((name) => engines.test(name));
}

/** Processes that carry this in a word of their command. */
function processesWith(text: string): string[] {
  const commands = readdirSync("/proc").flatMap((name) => {
    try {
      return /^\d+$/.test(name) ? [readFileSync(`/proc/${name}/cmdline`, "utf8")] : [];
    } catch {
      return [];
    }
  });
  return commands.filter((command) => command.includes(text));
}

function expectWorks(finding: Finding | undefined): void {
  expect(finding).toMatchObject({ state: "works", level: "enforced", blockers: [] });
}

function expectHybrid(finding: Finding | undefined): void {
  expect(finding).toMatchObject({ state: "blocked", blockers: [{ code: "cgroup-version" }] });
}

describe.each(identities)("as %s", (identity) => {
  const find = (...ids: string[]) => runRealProbes(stage, identity, [], ids);

  needsPrograms("bwrap")("bubblewrap isolates", () => {
    expectWorks(find("bubblewrap")["program.bwrap"]);
  });

  needsPrograms("runc", "crun")("runc runs a bundle, and crun where control groups are of one version", () => {
    const found = find("oci-runtimes");
    expectWorks(found["runc.run"]);
    if (isHybrid) expectHybrid(found["crun.run"]);
    else expectWorks(found["crun.run"]);
  });

  needsPrograms("runsc")("gVisor's kernel is its own", () => {
    expectWorks(find("gvisor")["gvisor.run"]);
  });

  needsPrograms(
    "podman",
    "runc",
    "crun",
  )("Podman runs a local root, on mixed control groups, too", () => {
    const found = find("podman");
    expect(found["podman.info"]).toMatchObject({ state: "works", value: identity === "root" ? "root" : "rootless" });
    expectWorks(found["podman.run"]);
  });

  needsPrograms("newuidmap", "newgidmap")("a range of ids is root's to give, and nobody's without an entry", () => {
    const range = find("id-ranges")["userns.range"];
    if (identity === "root") expect(range).toMatchObject({ state: "works", value: 65_536 });
    else if (isRoot)
      expect(range).toMatchObject({ state: "blocked", blockers: [{ code: "idmap" }, { code: "idmap" }] });
    else expect(["works", "blocked"]).toContain(range?.state ?? "");
  });

  needsPrograms("pasta", "slirp4netns")("a network is given where /dev/net/tun may be opened", () => {
    const found = find("user-network");
    const isOpen = identity === "root" || (statSync("/dev/net/tun").mode & 0o6) === 0o6;
    for (const id of ["program.pasta", "program.slirp4netns"]) {
      const codes = found[id]?.blockers.map(({ code }) => code);
      expect({ id, state: found[id]?.state, codes }).toEqual(
        isOpen ? { id, state: "works", codes: [] } : { id, state: "blocked", codes: ["device-mode"] },
      );
    }
  });

  needs(readFileSync("/proc/1/comm", "utf8") !== "systemd\n" || existsSync("/run/systemd/system"), "half a systemd")(
    "systemd is there or it is not",
    () => {
      const isThere = existsSync("/run/systemd/system");
      const found = find("systemd-manager");
      expect(found["systemd.system"]?.state).toBe(isThere ? "works" : "absent");
      if (isThere) return;
      expect([found["cgroup.user-manager"]?.state, found["systemd.run"]?.state]).toEqual(["absent", "absent"]);
    },
  );

  test("all of them together leave nothing behind", () => {
    const before = { left: look(), mounts: readFileSync("/proc/self/mountinfo", "utf8") };
    find("bubblewrap", "oci-runtimes", "gvisor", "podman", "id-ranges", "user-network", "systemd-manager");
    expect({ left: look(), mounts: readFileSync("/proc/self/mountinfo", "utf8") }).toEqual(before);
    expect(processesWith(stage.directory.at(identity))).toEqual([]);
  });
});

const asTester = needs(
  isRoot && Bun.which("newuidmap") !== null && readFileSync("/etc/subuid", "utf8").includes(`${ordinaryCaller.name}:`),
  "only root can be somebody with a range of ids",
);

asTester("an account with a range maps it by newuidmap, and not where no_new_privs is set", () => {
  const directory = stage.directory.folder("tester", 0o777);
  const find = (...words: string[]) => {
    const command = [...ordinaryCaller.prefix, ...words, stage.bun, stage.script, `${directory}/state`, "id-ranges"];
    const child = Bun.spawnSync(command, { cwd: "/", env: { PATH: process.env["PATH"] ?? "" }, timeout: 30_000 });
    return (JSON.parse(child.stdout.toString()) as Record<string, Finding>)["userns.range"];
  };
  expect(find()).toMatchObject({ state: "works", value: 65_536 });
  expect(find("setpriv", "--no-new-privs", "--")).toMatchObject({
    state: "blocked",
    blockers: [{ code: "no-new-privs" }],
  });
});

const asRoot = needs(
  isRoot && Bun.which("pasta") !== null && Bun.which("slirp4netns") !== null,
  "only root can make devices",
);

asRoot("with a device that anyone may open, anyone gets a network", () => {
  const script = 'mount -t tmpfs none /dev/net && mknod -m 666 /dev/net/tun c 10 200 && exec "$@"';
  const user = ["setpriv", "--reuid=61000", "--regid=61000", "--clear-groups", "--"];
  const probe = [stage.bun, stage.script, stage.directory.at("user"), "user-network"];
  const command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", ...user, ...probe];
  const child = Bun.spawnSync(command, { cwd: "/", env: { PATH: process.env["PATH"] ?? "" }, timeout: 30_000 });
  const found = JSON.parse(child.stdout.toString()) as Record<string, Finding>;
  expect(Object.entries(found).map(([id, { state }]) => [id, state])).toEqual([
    ["program.pasta", "works"],
    ["program.slirp4netns", "works"],
  ]);
});
