/** Cupel where something else already stands around it: there a job runs as anywhere, or is refused with what stands in the way. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chownSync, copyFileSync } from "node:fs";
import { startDocker, usePodman, type ContainerEngine } from "../support/container-engines.ts";
import type { Ran } from "../support/execute.ts";
import { needs, needsPrograms } from "../support/must-work.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { callers, isRoot, ordinaryCaller, rootCallers, type Caller } from "../support/tester.ts";

const cupel = installCupel();
const job = ["run", "--workspace", "none", "--", "sh", "-c", "echo ran in $$"];
const ranWell: Ran = { code: 0, signal: null, stdout: "ran in 2\n", stderr: "" };

/** Said of a refusal, whatever the width of its lines: what is needed, and by what in which layer it is blocked. */
function expectRefusal(ran: Ran, ...words: readonly string[]): void {
  expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 125, stdout: "" });
  expect(ran.stderr).toStartWith("cupel: refused: ");
  const text = ran.stderr.replaceAll(/\s+/g, " ");
  for (const word of words) expect(text).toContain(word);
  expect(text).not.toContain("is a bug");
}

describe.each(callers)("with streams that are closed, called by $name", (caller) => {
  test("a job reads nothing where there is no standard input", async () => {
    const ran = await cupel.shell(caller, `exec "$CUPEL" run -- sh -c 'cat; echo ran in $$' <&-`);
    expect(ran).toEqual(ranWell);
  });

  test("a job's code comes through where there is no stream at all", async () => {
    const ran = await cupel.shell(caller, `exec "$CUPEL" run -- sh -c 'echo lost; echo lost >&2; exit 7' <&- >&- 2>&-`);
    expect(ran).toEqual({ code: 7, signal: null, stdout: "", stderr: "" });
  });
});

describe.each(callers)("under no_new_privs, called by $name", (caller) => {
  needsPrograms("setpriv")("a job runs as without it", async () => {
    expect(await cupel.outside(caller, ["setpriv", "--no-new-privs", cupel.path, ...job])).toEqual(ranWell);
  });
});

const needsBubblewrap = needsPrograms("bwrap");

/** Inside, the file system is the host's, but for the places that cupel makes its files in. */
function inBubblewrap(caller: Caller, flags: readonly string[], words: readonly string[] = job): Promise<Ran> {
  const places = ["--tmpfs", "/tmp", "--ro-bind", cupel.path, "/tmp/cupel", "--chdir", "/tmp"];
  const variables = ["--setenv", "HOME", "/tmp", "--setenv", "XDG_STATE_HOME", "/tmp"];
  return cupel.outside(caller, [
    "bwrap",
    "--ro-bind",
    "/",
    "/",
    ...flags,
    ...places,
    ...variables,
    "/tmp/cupel",
    ...words,
  ]);
}

const everything = ["--dev", "/dev", "--proc", "/proc", "--unshare-all"];

describe("in bubblewrap, called by an ordinary user", () => {
  needsBubblewrap("a job runs in namespaces of its own below bubblewrap's", async () => {
    expect(await inBubblewrap(ordinaryCaller, everything)).toEqual(ranWell);
    const other = [...everything, "--uid", "1234", "--gid", "1234"];
    expect(await inBubblewrap(ordinaryCaller, other)).toEqual(ranWell);
  });

  needsBubblewrap("that allows no further user namespaces, a job is refused for that limit", async () => {
    const ran = await inBubblewrap(ordinaryCaller, [...everything, "--unshare-user", "--disable-userns"]);
    expectRefusal(ran, "namespaces needs userns.create", "(ns-limit, in the ", "a surrounding user namespace");
  });
});

describe.each(rootCallers)("in bubblewrap, called by $name", (root) => {
  needsBubblewrap("a job is refused for want of ids that it could have", async () => {
    const ran = await inBubblewrap(root, everything);
    expectRefusal(ran, "namespaces needs userns.create", "(idmap, in the container)", "maps its user");
  });
});

describe.each(callers)("in bubblewrap without devices, called by $name", (caller) => {
  needsBubblewrap("a job is refused for the device that is missing", async () => {
    expectRefusal(
      await inBubblewrap(caller, ["--unshare-user"]),
      "userns.create",
      "/dev/null cannot be opened: EACCES",
    );
  });
});

describe.each(callers)("in bubblewrap, where something is refused, called by $name", (caller) => {
  needsBubblewrap("told to go on without, a job runs under Landlock's rules", async () => {
    const flags = [...everything, "--unshare-user", "--disable-userns"];
    // It has a state directory by then, which is there and read-only inside.
    expect(await cupel.outside(caller, [cupel.path, ...job])).toEqual(ranWell);
    const ran = await inBubblewrap(caller, flags, ["run", "--accept-missing", "all", "--", "echo", "ran"]);
    expect(ran.stderr).not.toContain("EROFS");
    expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 0, stdout: "ran\n" });
    expect(ran.stderr).toContain("running in landlock without ");
  });
});

/** Docker's filter denies every new namespace; Podman's denies root nothing that a missing capability does not. */
const engines = [
  { name: "Docker", program: "dockerd", use: startDocker, blocksRoot: "seccomp" },
  {
    name: "Podman",
    program: "podman",
    use: (stage: string) => Promise.resolve(usePodman(stage)),
    blocksRoot: "capability",
  },
] as const;

describe.each(engines)("in a container of $name's as it is by default", ({ program, use, blocksRoot }) => {
  const isThere = isRoot && Bun.which(program) !== null;
  const needsEngine = needs(isThere, `${program} is not installed, or these tests are not root's`);
  let stage: TempDir;
  let engine: ContainerEngine;
  beforeAll(async () => {
    if (!isThere) return;
    stage = makeTempDir({ mode: 0o755 });
    copyFileSync(cupel.path, stage.at("cupel"));
    for (const { uid, gid } of callers) chownSync(stage.folder(`state-${uid}`, 0o700), uid, gid);
    engine = await use(stage.path);
  });
  afterAll(async () => {
    if (!isThere) return;
    await engine[Symbol.asyncDispose]();
    stage[Symbol.dispose]();
  });

  for (const { name, uid, gid } of callers) {
    const flags = (): string[] => {
      const state = stage.at(`state-${uid}`);
      return ["--user", `${uid}:${gid}`, "--env", `HOME=${state}`, "--env", `XDG_STATE_HOME=${state}`];
    };

    needsEngine(`a job is refused for what the engine denies, called by ${name}`, async () => {
      const ran = await engine.run(flags(), [stage.at("cupel"), ...job], stage.path);
      const blocker = uid === 0 ? blocksRoot : "seccomp";
      expectRefusal(
        ran,
        `(${blocker}, in the container)`,
        "To run all the same, by strategy landlock: --accept-missing ",
      );
    });

    needsEngine(`told to go on without, a job runs all the same, called by ${name}`, async () => {
      const words = [stage.at("cupel"), "run", "--accept-missing", "all", "--", "echo", "ran"];
      const ran = await engine.run(flags(), words, stage.path);
      expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 0, stdout: "ran\n" });
    });
  }
});
