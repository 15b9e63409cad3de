/**
 * A remedy that is printed as commands or flags was tried: under a fabricated condition the probe says `blocked` with its
 * cause, this remedy is proposed, the very lines that it prints are run, and then the probe says `works`.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import { packageCommands } from "../../src/report/package-names.ts";
import { remedyTable } from "../../src/report/remedies.ts";
import { startDocker, usePodman, type ContainerEngine } from "../support/container-engines.ts";
import { needs } from "../support/must-work.ts";
import { everyRemedy } from "../fixtures/reports/every-remedy.ts";
import { makeContainer, makeHere, type Patient } from "../support/patients.ts";
import debianAppArmor from "./debian-13-apparmor.ts";
import debianNoNamespaces from "./debian-12-no-namespaces.ts";
import debianRestricted from "./debian-12-restricted.ts";
import { reportFindings } from "../support/reported-findings.ts";
import { clearStage, setStage, strangerId, type Stage } from "../support/run-real-probes.ts";
import { isRoot } from "../support/tester.ts";

interface Trial {
  readonly remedy: string;
  readonly name: string;
  readonly make: () => Patient | Promise<Patient>;
  readonly probe: string;
  readonly capability: string;
  readonly uid: number;
}

/** Those that the hosts of the lab try, in kernels of their own: each run of all tests boots them. */
const triedInTheLab = [debianRestricted, debianNoNamespaces, debianAppArmor].flatMap(({ remedies = [] }) =>
  remedies.map(({ remedy }) => remedy),
);

const cupel = resolve(import.meta.dir, "../../dist/cupel");
let stage: Stage;
let docker: ContainerEngine;
let podman: ContainerEngine;

beforeAll(async () => {
  stage = await setStage("/var/tmp");
  if (!isRoot) return;
  docker = await startDocker(stage.directory.path);
  podman = usePodman(stage.directory.path);
}, 30_000);

afterAll(async () => {
  if (isRoot) {
    await docker[Symbol.asyncDispose]();
    await podman[Symbol.asyncDispose]();
  }
  clearStage(stage);
});

const inDocker = (uid: number, ...given: readonly string[]) =>
  makeContainer(stage, docker, { uid, flags: given, cupel });
const inPodman = (uid: number, ...given: readonly string[]) =>
  makeContainer(stage, podman, { uid, flags: given, cupel });

function profileFlags(): string[] {
  const profile = stage.directory.at("profile.json");
  Bun.spawnSync(["sh", "-c", `${cupel} doctor --container-profile > ${profile}`]);
  return ["--security-opt", `seccomp=${profile}`];
}

const trials: readonly Trial[] = [
  {
    remedy: "raise-namespace-quota",
    name: "a quota of no user namespaces",
    make: () => makeHere(stage, ["userns-quota"], ["user"]),
    probe: "user-namespaces",
    capability: "userns.create",
    uid: strangerId,
  },
  {
    remedy: "raise-namespace-quota",
    name: "a quota of no network namespaces",
    make: () => makeHere(stage, [{ "namespace-quota": "net" }], ["user"]),
    probe: "namespaces",
    capability: "ns.network",
    uid: strangerId,
  },
  {
    remedy: "allow-device-for-user",
    name: "a KVM device for root only",
    make: () => makeHere(stage, [{ "kvm-mode": "0600" }], ["mnt"]),
    probe: "kvm",
    capability: "kvm.open",
    uid: strangerId,
  },
  {
    remedy: "container-seccomp-profile",
    name: "Docker as it is, as a user",
    make: () => inDocker(strangerId),
    probe: "user-namespaces",
    capability: "userns.capable",
    uid: strangerId,
  },
  {
    remedy: "container-seccomp-profile",
    name: "Podman as it is, as a user",
    make: () => inPodman(strangerId),
    probe: "user-namespaces",
    capability: "userns.capable",
    uid: strangerId,
  },
  {
    remedy: "container-unmask-proc",
    name: "Docker with that profile, as a user",
    make: () => inDocker(strangerId, ...profileFlags()),
    probe: "process-file-system",
    capability: "mount.proc",
    uid: strangerId,
  },
  {
    remedy: "container-unmask-proc",
    name: "Podman as it is, as a user",
    make: () => inPodman(strangerId),
    probe: "process-file-system",
    capability: "mount.proc",
    uid: strangerId,
  },
  {
    remedy: "container-add-device",
    name: "Docker as it is, as root",
    make: () => inDocker(0),
    probe: "kvm",
    capability: "kvm.open",
    uid: 0,
  },
  {
    remedy: "container-add-device",
    name: "Podman as it is, as root",
    make: () => inPodman(0),
    probe: "kvm",
    capability: "kvm.open",
    uid: 0,
  },
  {
    remedy: "container-allow-device",
    name: "Docker with the device's file but not its right, as root",
    make: () => inDocker(0, "--volume", "/dev/kvm:/dev/kvm"),
    probe: "kvm",
    capability: "kvm.open",
    uid: 0,
  },
  {
    remedy: "container-add-capability",
    name: "Docker without capabilities, as root",
    make: () => inDocker(0, "--cap-drop=ALL"),
    probe: "privileges",
    capability: "privilege.drop-identity",
    uid: 0,
  },
];

describe("a remedy, tried:", () => {
  const tryAsRoot = needs(isRoot, "only root can make these hosts");
  for (const { remedy: id, name, make, probe, capability, uid } of trials) {
    tryAsRoot(`${id}: ${name}`, async () => {
      await using patient = await make();
      const ids = ["layers", probe];
      const before = reportFindings(await patient.probe(ids), uid);
      const found = before.capabilities.find((candidate) => candidate.id === capability);
      const own = before.remedies.filter((remedy) => remedy.capability === capability);
      expect({ summary: found?.summary, proposed: own.map((remedy) => remedy.id) }).toEqual({
        summary: found?.summary,
        proposed: [id],
      });
      expect(found?.state).toMatch(/^(?:blocked|absent)$/);
      const [remedy] = own;
      if (remedy === undefined) throw new Error("nothing is proposed");
      await patient.apply(remedy.commands, remedy.engineFlags);
      const after = await patient.probe(ids);
      expect({ summary: after[capability]?.summary, state: after[capability]?.state }).toEqual({
        summary: after[capability]?.summary,
        state: "works",
      });
      if (remedy.undo.length === 0) return;
      await patient.apply(remedy.undo, []);
      expect((await patient.probe(ids))[capability]?.state).toBe(found?.state);
    });
  }
});

/** Programs whose package says nothing else: Docker's client and QEMU's are other packages' on some releases. */
const packaged =
  "bwrap newuidmap newgidmap pasta slirp4netns fuse-overlayfs podman crun runc runsc firejail unshare setfacl";

/** Those whose Debian package is installed on this machine, with the file of it that has their name. */
function installedPrograms(): { readonly program: string; readonly path: string }[] {
  return packaged.split(" ").flatMap((program) => {
    const name = packageCommands(program, "apt-get")?.install.split(" ").at(-1) ?? "";
    const listed = Bun.spawnSync(["dpkg", "-L", name]);
    const files = listed.stdout.toString().split("\n");
    return listed.success ? [{ program, path: files.find((file) => file.endsWith(`bin/${program}`)) ?? "" }] : [];
  });
}

needs(isRoot && Bun.which("dpkg") !== null, "only root on Debian can hide programs")(
  "install-package: each package that is named really has the program, which the probe then finds",
  async () => {
    const programs = installedPrograms();
    expect(programs.filter(({ path }) => path === "")).toEqual([]);
    const own = programs.filter(({ program }) => ["bwrap", "newuidmap", "runc"].includes(program));
    expect(own.map(({ program }) => program)).toEqual(["bwrap", "newuidmap", "runc"]);
    // Nothing is fetched: what "install" makes appear are the files that dpkg says are that package's.
    const manager = stage.directory.file(
      "manager/apt-get",
      [
        "#!/bin/sh",
        'case "$1 $2" in "install -y") ;; "remove -y") exit 0 ;; *) exit 2 ;; esac',
        'dpkg -L "$3" | while read -r file; do if [ -c "$file" ]; then umount "$file"; fi; done',
      ].join("\n"),
      0o755,
    );
    const probesOfThem = ["bubblewrap", "id-ranges", "oci-runtimes"];
    const path = `${manager.slice(0, manager.lastIndexOf("/"))}:/usr/sbin:/usr/bin:/sbin:/bin`;
    const hidden = own.map((one) => ({ "hidden-file": one.path }));
    await using patient = await makeHere(stage, hidden, ["mnt"], path);
    const before = reportFindings(await patient.probe(["layers", ...probesOfThem]), strangerId);
    const ids = own.map(({ program }) => `program.${program}`);
    const remedies = before.remedies.filter(({ capability }) => ids.includes(capability));
    expect(remedies.map(({ id, capability }) => `${id} for ${capability}`).toSorted()).toEqual(
      ids.map((id) => `install-package for ${id}`).toSorted(),
    );
    await patient.apply(
      remedies.flatMap(({ commands }) => commands),
      [],
    );
    const after = await patient.probe(probesOfThem);
    expect(ids.map((id) => [id, after[id]?.state])).toEqual(ids.map((id) => [id, "works"]));
  },
);

describe("the table of remedies", () => {
  test("has ids of its own for its rows", () => {
    const ids = remedyTable.map(({ id }) => id);
    expect(ids.filter((id) => !/^[a-z0-9]+(?:-[a-z0-9]+)+$/.test(id))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("prints as commands or flags only what was tried", () => {
    const printed = everyRemedy.filter(({ commands, engineFlags }) => commands.length + engineFlags.length > 0);
    const tried = [...trials.map(({ remedy }) => remedy), "install-package", ...triedInTheLab];
    expect([...new Set(printed.map(({ id }) => id))].toSorted()).toEqual([...new Set(tried)].toSorted());
  });

  test("shows every row to this test", () => {
    const shown = new Set(everyRemedy.map(({ id }) => id));
    expect(remedyTable.filter(({ id }) => !shown.has(id)).map(({ id }) => id)).toEqual([]);
  });
});
