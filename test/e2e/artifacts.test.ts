/** Artifacts: what a job left in its workspace is copied, whichever way it had that, and nothing else is. */
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import * as v from "valibot";
import { outcomeShape } from "../../src/run/outcome-shape.ts";
import { idIn } from "../support/filled-workspace.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { callers, type Caller } from "../support/tester.ts";

const cupel = installCupel();

function workspaceOf(caller: Caller): TempDir {
  const workspace = makeTempDir({ owner: caller });
  workspace.file("work/dist/old", "old");
  workspace.file("work/dist/gone", "gone");
  workspace.file("work/lib/hidden", "hidden");
  workspace.file("work/src/main.c", "main");
  return workspace;
}

const script = [
  "echo new > dist/new",
  "echo changed > dist/old",
  "rm dist/gone",
  "rm -r lib && mkdir lib && echo own > lib/own",
  "ln -s /etc/passwd dist/link",
  "mkfifo dist/fifo",
].join("; ");

const expected = { "dist/new": "new\n", "dist/old": "changed\n", "lib/own": "own\n" };

describe.each(callers)("artifacts, called by $name", (caller) => {
  const run = (workspace: TempDir, ...words: readonly string[]) =>
    cupel.run(caller, ["run", ...words], { cwd: workspace.at("work") });

  test.each([["cow"], ["rw"]])("of a workspace with --workspace %s", async (mode) => {
    using workspace = workspaceOf(caller);
    const result = workspace.at("result.json");
    const flags = ["--workspace", mode, "--artifact", "dist", "--artifact", "lib", "--artifacts", "../out"];
    const ran = await run(workspace, ...flags, "--result", result, "--", "sh", "-ec", `${script}; exit 3`);
    expect({ code: ran.code, said: ran.stderr.split("\n").slice(0, 2) }).toEqual({
      code: 3,
      said: [
        `cupel: 3 artifacts (16 bytes) in ${workspace.at("out")}`,
        "cupel: not collected: dist/fifo (a device, FIFO or socket) and dist/link (a symlink)",
      ],
    });
    const { artifacts } = v.parse(outcomeShape, JSON.parse(readFileSync(result, "utf8")));
    expect(artifacts?.files.map(({ path }) => path)).toEqual(Object.keys(expected));
    const found = artifacts?.files.map(({ path }) => [path, readFileSync(workspace.at(`out/${path}`), "utf8")]) ?? [];
    expect(Object.fromEntries(found)).toEqual(expected);
    expect(readdirSync(workspace.at("out/dist")).toSorted()).toEqual(["new", "old"]);
    if (mode === "cow") {
      expect(readFileSync(workspace.at("work/dist/old"), "utf8")).toBe("old");
      expect((await cupel.run(caller, ["apply", idIn(ran.stderr), "dist/new", "dist/old"])).code).toBe(0);
      expect(readFileSync(workspace.at("work/dist/old"), "utf8")).toBe("changed\n");
    }
  });

  test("are the same for a copy as for an overlay", async () => {
    using workspace = workspaceOf(caller);
    // Something mounted in it keeps a directory from being a layer's: a state on a file system that holds none does, too.
    using state = makeTempDir({ owner: caller, parent: "/dev/shm" });
    const flags = ["run", "--workspace", "cow", "--artifact", "dist", "--artifact", "lib", "--artifacts", "../out"];
    const options = { cwd: workspace.at("work"), env: { XDG_STATE_HOME: state.path, HOME: state.path } };
    const ran = await cupel.run(caller, [...flags, "--", "sh", "-ec", script], options);
    expect(ran.stderr).toContain(`cupel: 3 artifacts (16 bytes) in ${workspace.at("out")}\n`);
    expect(readFileSync(workspace.at("out/dist/old"), "utf8")).toBe("changed\n");
    expect(existsSync(workspace.at("out/lib/hidden"))).toBe(false);
    // It is kept where all of the caller's cupels find it.
    expect(await cupel.run(caller, ["discard", idIn(ran.stderr)], options)).toMatchObject({ code: 0 });
  });

  test("that are required make a success without them a failure, and change no other code", async () => {
    using workspace = workspaceOf(caller);
    const flags = ["--artifact", "report.xml", "--artifacts", "../out", "--require-artifacts", "--"];
    expect(await run(workspace, ...flags, "true")).toMatchObject({
      code: 125,
      stderr: 'cupel: nothing was collected for "report.xml", and that is required (--require-artifacts)\n',
    });
    expect(await run(workspace, ...flags, "sh", "-c", "exit 4")).toMatchObject({
      code: 4,
      stderr: 'cupel: nothing was collected for "report.xml"\n',
    });
    expect(await run(workspace, "--workspace", "rw", ...flags, "sh", "-c", "echo 1 > report.xml")).toMatchObject({
      code: 0,
    });
  });

  test("a job that redirects where they go gets nothing written there", async () => {
    using workspace = workspaceOf(caller);
    workspace.folder("elsewhere");
    const redirect = "echo 1 > a.log; rmdir out; ln -s ../elsewhere out";
    const flags = ["--workspace", "rw", "--artifact", "*.log", "--artifacts", "out"];
    const ran = await run(workspace, ...flags, "--", "sh", "-ec", redirect);
    expect(ran).toMatchObject({
      code: 0,
      stderr:
        'cupel: not collected: a.log (cannot be written there, ENOENT)\ncupel: nothing was collected for "*.log"\n',
    });
    expect(readdirSync(workspace.at("elsewhere"))).toEqual([]);
  });

  test("can be asked for in a job file, whose directory they then go to", async () => {
    using workspace = workspaceOf(caller);
    const job = "command: [sh, -c, 'echo 1 > a.log']\nartifacts: {collect: ['*.log'], to: logs}\n";
    writeFileSync(workspace.at("job.yaml"), job);
    expect((await run(workspace, workspace.at("job.yaml"))).code).toBe(0);
    expect(readFileSync(workspace.at("logs/a.log"), "utf8")).toBe("1\n");
  });

  test.each([["cow"], ["ro"]])("of what the job could not see are none, with --workspace %s", async (mode) => {
    using workspace = workspaceOf(caller);
    const hiding = ["--deny", "lib", "--deny", "src/main.c", "--tmpfs", workspace.at("work/dist")];
    const flags = ["--workspace", mode, ...hiding, "--artifact", "**", "--artifacts", "../out"];
    const ran = await run(workspace, ...flags, "--", "sh", "-c", "echo own >dist/own; cat lib/hidden");
    expect(ran.stdout).toBe("");
    expect(ran.stderr).toContain(
      "cupel: not collected: dist (hidden from the job), lib (hidden from the job) and src/main.c (hidden from the job)\n",
    );
    expect(existsSync(workspace.at("out")) ? readdirSync(workspace.at("out"), { recursive: true }) : []).toEqual([]);
  });

  test("go to no place where tools would obey them", async () => {
    using workspace = workspaceOf(caller);
    for (const place of [".", "..", caller.home]) {
      const ran = await run(workspace, "--artifact", ".envrc", "--artifacts", place, "--", "touch", ".envrc");
      expect([ran.code, ran.stdout]).toEqual([125, ""]);
      expect(ran.stderr).toMatch(
        /^cupel: --artifacts \/\S+ is or holds \/\S+: what a job made would lie there among files that your tools obey; take a directory of their own\n$/,
      );
    }
    expect(existsSync(workspace.at("work/.envrc"))).toBe(false);
  });

  test.each([
    [
      ["--artifact", "a"],
      "--artifact says what to collect, and not where to; give --artifacts DIR (artifacts.to), too",
    ],
    [
      ["--artifacts", "../out"],
      "--artifacts is about artifacts, and none are named; give --artifact GLOB (artifacts.collect), too, or leave it out",
    ],
    [
      ["--workspace", "none", "--artifact", "a", "--artifacts", "../out"],
      "--artifact: the job starts in an empty workspace, which is gone when it ends; call cupel in a directory that it may have",
    ],
    [
      ["--artifact", "a", "--artifacts", "../out", "--artifact-files", "0"],
      '--artifact-files "0" is out of range; a count of artifacts is from 1 to 1000000',
    ],
    [
      ["--artifact", "a", "--artifacts", "/proc/out"],
      expect.stringMatching(/^--artifacts "\/proc\/out" cannot be written to \(E[A-Z]+\); name a directory of yours$/),
    ],
  ])("%j is refused before the job", async (flags, message) => {
    using workspace = workspaceOf(caller);
    const { code, stdout, stderr } = await run(workspace, ...flags, "--", "echo", "ran");
    expect([code, stdout, stderr.replace(/^cupel: |\n$/g, "")]).toEqual([125, "", message]);
  });
});
