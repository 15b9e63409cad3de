/** A copy-on-write workspace whose layer has a size: it lies in memory, is as full as it was said, and is kept like any other. */
import { describe, expect, test } from "bun:test";
import { statSync } from "node:fs";
import type { Outcome } from "../../src/model/outcome.ts";
import { filledWorkspace, idIn, usualDoings } from "../support/filled-workspace.ts";
import { needs } from "../support/must-work.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { callers, isRoot } from "../support/tester.ts";
import { readTree, readTreeExactly } from "../support/tree.ts";

const cupel = installCupel();

const mebi = 1024 ** 2;

/** What an overlay has to mark, and what a copy of a layer could get wrong. */
const doings = [
  ...usualDoings,
  "ln bin/run bin/hard && echo both >> bin/hard",
  "mkdir closed && echo c > closed/c && chmod 0 closed/c && chmod 500 closed",
  "truncate -s 32M sparse && echo end >> sparse",
  "chmod 700 .",
].join("\n");

describe.each(callers)("--workspace-size, called by $name,", (caller) => {
  const run = (workspace: TempDir, script: string, ...flags: string[]) =>
    cupel.run(caller, ["run", ...flags, "--", "sh", "-ec", script], { cwd: workspace.path });

  test("keeps what the job did as a layer on the disk does", async () => {
    using workspace = filledWorkspace(caller);
    using other = filledWorkspace(caller);
    const before = readTreeExactly(workspace.path);
    const [sized, plain] = [await run(workspace, doings, "--workspace-size=8M"), await run(other, doings)];
    expect(sized.stderr).not.toContain("cannot be overlaid");
    expect({ code: sized.code, stdout: sized.stdout }).toEqual({ code: 0, stdout: "" });
    expect(readTreeExactly(workspace.path)).toEqual(before);
    for (const { stderr } of [sized, plain])
      expect(await cupel.run(caller, ["apply", idIn(stderr)])).toMatchObject({ code: 0, stderr: "" });
    expect(readTree(workspace.path)).toEqual(readTree(other.path));
    const { ino, nlink } = statSync(workspace.at("bin/hard"));
    expect([ino, nlink]).toEqual([statSync(workspace.at("bin/run")).ino, 2]);
    expect(statSync(workspace.at("sparse")).blocks).toBeLessThan(1024);
    expect(cupel.layers(caller)).toEqual([]);
  });

  test("is a cap that holds, and is told", async () => {
    using workspace = filledWorkspace(caller);
    const result = `${workspace.path}/../${workspace.path.split("/").at(-1)}.json`;
    const ran = await run(workspace, "head -c 4M /dev/zero > much", "--workspace-size=1M", `--result=${result}`);
    const outcome = JSON.parse(await Bun.file(result).text()) as Outcome;
    await Bun.file(result).delete();
    expect(ran.stderr).not.toContain("cannot be overlaid");
    expect(ran.code).toBe(1);
    expect({ status: outcome.status, limit: outcome.limits.find(({ name }) => name === "workspace") }).toEqual({
      status: "limit-disk",
      limit: {
        name: "workspace",
        id: "limit.disk",
        scope: "tree",
        requested: mebi,
        stated: true,
        enforced: true,
        by: "the layer of what the job changes in its workspace lies in memory, with a size; all that the job can write to are file systems of its own in memory, each with a size",
      },
    });
    expect(outcome.workspace).toMatchObject({ manner: "overlay", changes: { added: 1, sizeBytes: mebi } });
    expect(await cupel.run(caller, ["discard", idIn(ran.stderr)])).toMatchObject({ code: 0 });
  });

  test("goes with a cap on the rest, and is kept where the job is ended", async () => {
    using workspace = filledWorkspace(caller);
    const script = "echo kept > new; kill -9 $$";
    const ran = await run(workspace, script, "--workspace-size=1M", "--tmp-size=1M", "--tmp-files=64");
    expect(ran.code).toBe(137);
    expect(await cupel.run(caller, ["apply", idIn(ran.stderr)])).toMatchObject({ code: 0, stderr: "" });
    expect(await Bun.file(workspace.at("new")).text()).toBe("kept\n");
    const timed = await run(
      workspace,
      "echo again > new; sleep 60",
      "--workspace-size=1M",
      "--timeout=1s",
      "--grace=1ms",
    );
    expect(timed.code).toBe(124);
    expect(await cupel.run(caller, ["apply", idIn(timed.stderr)])).toMatchObject({ code: 0, stderr: "" });
    expect(await Bun.file(workspace.at("new")).text()).toBe("again\n");
  });

  test("a job that did well, whose changes cannot be copied, has not", async () => {
    using workspace = filledWorkspace(caller);
    const deep = "mkdir -p $(seq -s / 260)";
    const ran = await run(workspace, deep, "--workspace-size=8M");
    expect(ran).toMatchObject({
      code: 125,
      stderr: "cupel: what the job changed in the workspace is lost: it could not be copied out of memory (ELOOP)\n",
    });
    expect(cupel.layers(caller)).toEqual([]);
  });

  needs(isRoot, "no directory can be made that is another's")(
    "is laid, whatever the directory was like that the host was measured in",
    async () => {
      using workspace = filledWorkspace(caller);
      using home = makeTempDir({ owner: caller });
      // What root mounts there has no idmapped mounts, and no user's layer can show what is root's alone.
      using others = makeTempDir({ mode: 0o700 });
      const measured = caller.uid === 0 ? "/sys" : others.path;
      const env = { HOME: home.path, XDG_STATE_HOME: home.path };
      expect((await cupel.run(caller, ["doctor", "--brief"], { cwd: measured, env })).code).toBe(0);
      const words = ["run", "--workspace-size=8M", "--", "sh", "-c", "echo >made"];
      const ran = await cupel.run(caller, words, { cwd: workspace.path, env });
      expect(ran).toMatchObject({ code: 0, stderr: expect.stringContaining("1 path added") });
    },
  );

  test("is refused with what it does not hold for", async () => {
    using workspace = filledWorkspace(caller);
    const ran = await run(workspace, "true", "--workspace=rw", "--workspace-size=1M");
    expect(ran.code).toBe(125);
    expect(ran.stderr).toContain("no strategy here keeps limit.disk");
  });
});
