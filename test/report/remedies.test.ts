import { describe, expect, test } from "bun:test";
import { blockerCodes } from "../../src/model/capability.ts";
import type { BlockerCode } from "../../src/model/capability.ts";
import type { Remedy } from "../../src/model/report.ts";
import { remediesFor } from "../../src/report/remedies.ts";
import type { RemedyFacts } from "../../src/report/remedy-case.ts";
import { details, everyRemedy, faulty } from "../fixtures/reports/every-remedy.ts";
import { capability } from "../fixtures/reports/report-parts.ts";

function remedyFor(code: BlockerCode, detail: string, facts: RemedyFacts = {}, id?: string): Remedy {
  const [remedy, ...others] = remediesFor([faulty(code, detail, id)], facts);
  if (remedy === undefined || others.length > 0) throw new Error(`${others.length + 1} remedies`);
  return remedy;
}

test.each(["interface.bpf", "interface.io-uring", "trace.sibling"])("%s is left denied", (id) => {
  expect(remediesFor([faulty("sysctl", "kernel.unprivileged_bpf_disabled is 2", id)])).toEqual([]);
});

describe("every remedy", () => {
  test.each([...blockerCodes])("%s has one", (code) => {
    const own = everyRemedy.filter(({ blocker }) => blocker === code);
    expect(own.length).toBeGreaterThan(0);
    expect(own.filter(({ summary, scope }) => summary.trim() === "" || scope.trim() === "")).toEqual([]);
  });

  test("never weakens a whole host, a whole container or a device for everyone", () => {
    const text = JSON.stringify(everyRemedy);
    const forbidden = [
      "disable apparmor",
      "--privileged",
      "chmod 666",
      "chmod a+rw",
      'MODE="0666"',
      "apparmor=unconfined",
      "seccomp=unconfined",
      "setenforce",
      "aa-disable",
      "aa-teardown",
      "restrict_unprivileged_userns=0",
      "mitigations=off",
      "--no-sandbox",
      "label=disable",
    ];
    expect(forbidden.filter((phrase) => text.toLowerCase().includes(phrase.toLowerCase()))).toEqual([]);
  });

  test("claims nothing about having been tried or applied", () => {
    const claims = /\b(tried|tested|verified|applied|done|fixed|measured)\b/iu;
    expect(everyRemedy.filter((remedy) => claims.test(`${remedy.summary} ${remedy.risk}`))).toEqual([]);
  });

  test("can be undone, and says what it risks where it gives others more", () => {
    expect(everyRemedy.filter(({ reversible }) => !reversible)).toEqual([]);
    // A file that is written for a flag goes with the flag.
    const changing = everyRemedy.filter(({ commands, engineFlags }) => commands.length > 0 && engineFlags.length === 0);
    expect(changing.filter(({ undo }) => undo.length === 0)).toEqual([]);
    const opening = everyRemedy.filter(({ commands, engineFlags }) => {
      return engineFlags.length > 0 || /sysctl -w (kernel\.unpr|user)|setfacl|tee/u.test(commands.join());
    });
    expect(opening.filter(({ risk }) => risk === "")).toEqual([]);
  });

  test("has commands of one line each that a shell can read", () => {
    const commands = [...new Set(everyRemedy.flatMap((remedy) => [...remedy.commands, ...remedy.undo]))];
    expect(commands.filter((command) => /[\n<]PATH|\n/u.test(command))).toEqual([]);
    for (const command of commands) {
      const { exitCode, stderr } = Bun.spawnSync(["bash", "-n", "-c", command]);
      expect({ command, exitCode, stderr: stderr.toString() }).toEqual({ command, exitCode: 0, stderr: "" });
    }
  });

  test("asks root for no sudo", () => {
    const asRoot = blockerCodes.flatMap((code) => details.map((detail) => remedyFor(code, detail, { uid: 0 })));
    expect(asRoot.filter(({ commands }) => commands.join().includes("sudo"))).toEqual([]);
  });
});

describe("remediesFor", () => {
  test("gives one for each blocker of what is less than whole, and none for what works", () => {
    const blockers = [
      { code: "seccomp", detail: "" },
      { code: "chroot", detail: "" },
    ] as const;
    const given = { title: "", summary: "", blockers };
    const remedies = remediesFor([
      capability("namespaces", { ...given, id: "one", state: "unknown" }),
      capability("namespaces", { ...given, id: "two", state: "works" }),
      capability("namespaces", { ...given, id: "three", state: "not-applicable" }),
      capability("namespaces", { ...given, id: "four", state: "degraded" }),
    ]);
    expect(remedies.map((remedy) => [remedy.capability, remedy.blocker])).toEqual([
      ["one", "seccomp"],
      ["one", "chroot"],
      ["four", "seccomp"],
      ["four", "chroot"],
    ]);
  });

  test("names the sysctl that was measured", () => {
    expect(remedyFor("sysctl", "kernel.unprivileged_userns_clone is 0")).toEqual({
      id: "allow-user-namespaces",
      blocker: "sysctl",
      capability: "userns.create",
      summary: "set kernel.unprivileged_userns_clone to 1 until the next boot",
      scope: "this machine, until the next boot",
      commands: ["sudo sysctl -w kernel.unprivileged_userns_clone=1"],
      engineFlags: [],
      undo: ["sudo sysctl -w kernel.unprivileged_userns_clone=0"],
      appliedBy: "administrator",
      reversible: true,
      risk: "every user of this host can then create namespaces, which opens more of the kernel to them",
    });
    expect(remedyFor("ns-limit", "user.max_user_namespaces is 0").commands).toEqual([
      "sudo sysctl -w user.max_user_namespaces=28633",
    ]);
  });

  test("has no value for a sysctl that it does not know, nor for a limit that is not this namespace's", () => {
    expect(remedyFor("sysctl", "kernel.io_uring_disabled is 2").commands).toEqual([]);
    expect(remedyFor("ns-limit", "user.max_user_namespaces is 15000 here; 32 are nested already").commands).toEqual([]);
  });

  test("reads the innermost container from the matrix", () => {
    const layers = capability("host", {
      id: "host.layers",
      title: "",
      summary: "",
      value: "vm:kvm > container:kubernetes > container:docker",
    });
    const [remedy] = remediesFor([layers, faulty("proc-masked", "/proc/kcore")]);
    expect([remedy?.id, remedy?.engineFlags, remedy?.appliedBy]).toEqual([
      "container-unmask-proc",
      ["--security-opt systempaths=unconfined"],
      "host operator",
    ]);
  });

  test("sends a container's sysctl to the host", () => {
    const remedy = remedyFor("sysctl", "kernel.unprivileged_userns_clone is 0", { container: "docker" });
    expect([remedy.appliedBy, remedy.summary]).toEqual([
      "host operator",
      "on the host, not in the container, set kernel.unprivileged_userns_clone to 1 until the next boot",
    ]);
  });

  test("proposes an AppArmor profile for a path of root's only", () => {
    const detail = "the label changes to unprivileged_userns";
    expect(remedyFor("lsm:apparmor", detail, { rootOwnedLauncher: "/opt/cupel/cupel" })).toMatchObject({
      id: "attach-apparmor-profile",
      commands: [
        "printf '%s\\n' 'abi <abi/4.0>,' 'include <tunables/global>' " +
          "'profile opt.cupel.cupel /opt/cupel/cupel flags=(unconfined) {' '  userns,' '}' | sudo tee /etc/apparmor.d/opt.cupel.cupel",
        "sudo apparmor_parser -r /etc/apparmor.d/opt.cupel.cupel",
      ],
      undo: ["sudo apparmor_parser -R /etc/apparmor.d/opt.cupel.cupel", "sudo rm /etc/apparmor.d/opt.cupel.cupel"],
    });
    expect(remedyFor("lsm:apparmor", detail).id).toBe("install-for-root-only");
    expect(remedyFor("lsm:apparmor", detail, { rootOwnedLauncher: "/opt/a b/cupel" }).id).toBe("install-for-root-only");
  });

  test("proposes no second AppArmor profile for one path", () => {
    const facts = { rootOwnedLauncher: "/opt/cupel/cupel", attachedProfile: "/etc/apparmor.d/mine" };
    const remedy = remedyFor("lsm:apparmor", "the label cupel may not create a user namespace (EACCES)", facts);
    expect([remedy.id, remedy.commands]).toEqual(["extend-attached-profile", []]);
    expect(remedy.summary).toContain("/etc/apparmor.d/mine");
  });

  test("has the profile of another program extended, not one for cupel attached", () => {
    const detail = "the profile attached to the path of bubblewrap 0.12.0 may not create a user namespace (EACCES)";
    const remedy = remedyFor("lsm:apparmor", detail, { rootOwnedLauncher: "/opt/cupel/cupel" });
    expect([remedy.id, remedy.commands]).toEqual(["extend-profile-of-program", []]);
  });

  test("has systemd delegate, or starts a scope, by what was measured", () => {
    const idOf = (detail: string, uid: number): string => remedyFor("cgroup-delegation", detail, { uid }).id;
    expect(idOf("memory is not delegated", 1000)).toBe("delegate-controllers");
    expect(idOf("/sys/fs/cgroup/user.slice is not writable", 1000)).toBe("delegated-scope");
    expect(idOf("memory is not delegated", 0)).toBe("delegated-scope");
    expect(idOf("/sys/fs/cgroup is mounted read-only", 1000)).toBe("writable-control-groups");
  });

  test("gives one user a device, not everyone", () => {
    const detail = "/dev/kvm: mode 0600 (EACCES)";
    expect(remedyFor("device-mode", detail, { uid: 1000 }, "kvm.open")).toMatchObject({
      commands: ["sudo setfacl -m u:1000:rw /dev/kvm"],
      undo: ["sudo setfacl -x u:1000 /dev/kvm"],
    });
    expect(remedyFor("device-mode", detail, {}, "kvm.open").commands).toEqual([
      'sudo setfacl -m u:"$(id -u)":rw /dev/kvm',
    ]);
  });

  test.each([
    ["apt-get", "sudo apt-get install -y bubblewrap"],
    ["dnf", "sudo dnf install -y bubblewrap"],
    ["apk", "sudo apk add bubblewrap"],
    ["pacman", "sudo pacman -S --needed --noconfirm bubblewrap"],
    ["zypper", "sudo zypper --non-interactive install bubblewrap"],
  ] as const)("installs with %s", (packageManager, command) => {
    expect(remedyFor("package-missing", "no bwrap in PATH", { packageManager }, "program.bwrap").commands).toEqual([
      command,
    ]);
  });

  test("names a program without a package, and asks the image's author in a container", () => {
    const unknown = remedyFor(
      "package-missing",
      "no firecracker in PATH",
      { packageManager: "apt-get" },
      "program.firecracker",
    );
    expect([unknown.summary, unknown.commands]).toEqual(["install firecracker", []]);
    const facts = { packageManager: "apk", container: "docker" } as const;
    const inImage = remedyFor("package-missing", "no newuidmap in PATH", facts, "program.newuidmap");
    expect([inImage.summary, inImage.appliedBy, inImage.commands]).toEqual([
      "install newuidmap in the container's image",
      "image author",
      ["apk add shadow-uidmap"],
    ]);
  });

  test.each([
    ["policy", "/run/docker.sock is for group docker, whose members are as good as root", "run an engine without root"],
    ["policy", "/run/docker.sock is for group docker, but this session began before that", "log in again"],
    ["policy", "set-uid: it does not take --disable-userns", "take bwrap's set-uid bit away"],
    ["capability", "/usr/bin/newuidmap is neither set-uid nor with capabilities", "install the program again"],
    ["cgroup-delegation", "no manager runs for user 1000: nobody logged in", "let systemd keep a manager"],
    ["idmap", "/etc/subuid has no range for ada or 1000", "give this user id ranges"],
  ] as const)("%s: %s", (code, detail, start) => {
    expect(remedyFor(code, detail).summary).toStartWith(start);
  });

  test("says so where nothing helps", () => {
    expect(remedyFor("unknown", "EPERM at clone")).toMatchObject({
      summary: "nothing that cupel knows helps",
      commands: [],
    });
  });
});
