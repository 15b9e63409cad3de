/** Programs that lie, hang or are not there: the doctor believes what they do, in its own time. */
import { describe, expect, test } from "bun:test";
import { needsPrograms } from "../support/must-work.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { callers, rootCallers, type Caller } from "../support/tester.ts";

const cupel = installCupel();

interface Finding {
  readonly state: string;
  readonly summary: string;
}

async function find(
  caller: Caller,
  programs: TempDir,
  id: string,
): Promise<{ readonly chosen: string; readonly finding: Finding | undefined }> {
  const env = { PATH: `${programs.path}:/usr/bin:/bin` };
  const { stdout } = await cupel.run(caller, ["doctor", "--json"], { env });
  const report = JSON.parse(stdout) as { capabilities: (Finding & { id: string })[]; selection: { chosen: string } };
  return { chosen: report.selection.chosen, finding: report.capabilities.find((capability) => capability.id === id) };
}

describe.each(callers)("called by $name", (caller) => {
  test("a bwrap that ends well and isolates nothing is broken", async () => {
    using programs = makeTempDir();
    programs.file(
      "bwrap",
      '#!/bin/sh\n[ "$1" = --version ] && { echo bubblewrap 0.8.0; exit; }\nwhile [ "$1" != -- ]; do shift; done; shift; exec "$@"\n',
      0o755,
    );
    const { finding, chosen } = await find(caller, programs, "program.bwrap");
    expect(finding?.state).toBe("broken");
    expect(chosen).toBe("namespaces");
  });

  test("a podman that hangs is unknown, and holds nothing else up", async () => {
    using programs = makeTempDir();
    programs.file("podman", "#!/bin/sh\ntrap '' TERM INT\nsleep 1000 & wait\n", 0o755);
    const { finding, chosen } = await find(caller, programs, "program.podman");
    expect(finding?.state).toBe("unknown");
    expect(chosen).toBe("namespaces");
  });

  test("a program that floods or crashes is no trouble either", async () => {
    using programs = makeTempDir();
    programs.file("podman", "#!/bin/sh\nexec yes\n", 0o755);
    programs.file("runc", "#!/bin/sh\nkill -SEGV $$\n", 0o755);
    programs.file("crun", "not a program", 0o755);
    const { finding, chosen } = await find(caller, programs, "program.runc");
    expect(finding?.state).not.toBe("works");
    expect(chosen).toBe("namespaces");
  });

  needsPrograms("bwrap")("within bubblewrap, jobs run or it is said why not", async () => {
    const words = ["bwrap", "--dev-bind", "/", "/", "--proc", "/proc", "--unshare-pid", "--", cupel.path];
    const doctor = await cupel.outside(caller, [...words, "doctor", "--json"]);
    const { selection } = JSON.parse(doctor.stdout) as { selection: { chosen?: string } };
    const ran = await cupel.outside(caller, [...words, "run", "--", "echo", "ran"]);
    expect([ran.code, ran.stdout]).toEqual(selection.chosen === undefined ? [125, ""] : [0, "ran\n"]);
    expect(doctor.code).toBe(selection.chosen === undefined ? 1 : 0);
  });
});

describe.each(rootCallers)("a user without an account", (root) => {
  test("runs jobs like any other", async () => {
    const stranger: Caller = {
      ...root,
      name: "54321",
      uid: 54_321,
      gid: 54_321,
      prefix: ["setpriv", "--reuid=54321", "--regid=54321", "--clear-groups", "--"],
    };
    using home = makeTempDir({ owner: stranger });
    const env = { HOME: home.path, XDG_STATE_HOME: undefined };
    const ran = await cupel.run(stranger, ["run", "--", "id", "-un"], { env, cwd: home.folder("work") });
    expect(ran).toEqual({ code: 0, signal: null, stdout: "job\n", stderr: "" });
  });
});
