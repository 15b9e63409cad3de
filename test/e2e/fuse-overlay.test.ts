/** Copy-on-write by fuse-overlayfs, where the kernel has no place for a layer: what the job did, and what is left of it. */
import { describe, expect } from "bun:test";
import { chownSync, readlinkSync } from "node:fs";
import { underConditions } from "../support/condition.ts";
import { execute, start } from "../support/execute.ts";
import { filledWorkspace, usualDoings } from "../support/filled-workspace.ts";
import { needs, needsPrograms } from "../support/must-work.ts";
import { childrenOf, findProcesses, freshMark, isAlive, readIfThere, statusField } from "../support/processes.ts";
import { installCupel } from "../support/run-cli.ts";
import type { TempDir } from "../support/temp-dir.ts";
import { isRoot, ordinaryCaller } from "../support/tester.ts";
import { until } from "../support/until.ts";

const cupel = installCupel();

const needsHost = isRoot ? needsPrograms("fuse-overlayfs") : needs(false, "the condition is root's to make");

/** An ordinary user in something like a container: all that is on a disk is on an overlay, and /dev/fuse is everybody's. */
function inContainer(words: readonly string[], workspace: TempDir) {
  const conditions = ["open-fuse", { overlaid: "/tmp" }, { overlaid: "/var/tmp" }] as const;
  // Where it stood before, there is another directory now.
  const there = [...ordinaryCaller.prefix, "env", "-C", workspace.path, ...words];
  const command = underConditions(conditions, there);
  const environment = cupel.environment(ordinaryCaller);
  const env = {
    ...environment,
    HOME: environment["XDG_STATE_HOME"] ?? "",
    RESULT: `${environment["XDG_STATE_HOME"]}/r`,
  };
  return [command, { cwd: "/", env }] as const;
}

/** The job runs where nothing of this machine changes, so what it left behind is listed there. */
const listing = `list() { (cd "$1" && find . -printf '%P %y %m %l\\n' | sort && find . -type f -exec cksum {} + | sort); }`;

async function listed(script: string, workspace: TempDir): Promise<string[]> {
  const { code, stdout, stderr } = await execute(...inContainer(["sh", "-ec", `${listing}\n${script}`], workspace));
  if (code !== 0) throw new Error(stderr);
  return stdout.split("=====\n");
}

/** Everything that the program has to mark, and what could be taken for a mark. */
const doings = [
  ...usualDoings,
  "chmod 700 bin/run",
  "ln bin/run bin/hard && echo both >> bin/hard",
  "rm .git/objects/00/11",
  "echo blanks > 'a name with  blanks,lowerdir=:'",
].join("\n");

describe("a copy-on-write workspace by fuse-overlayfs", () => {
  needsHost("keeps what the job did, which can be applied, and nothing else", async () => {
    using workspace = filledWorkspace(ordinaryCaller);
    using other = filledWorkspace(ordinaryCaller);
    const [before, after, applied, through, result] = await listed(
      `list .; echo =====
       $CUPEL run --workspace cow --result "$RESULT" -- sh -ec '${doings.replaceAll("'", `'\\''`)}'
       list .; echo =====
       $CUPEL apply "$($CUPEL changes --json | sed -n 's/.*"id": "\\(.*\\)".*/\\1/p')" >&2
       list .; echo =====
       cd ${other.path}; $CUPEL run --workspace rw -- sh -ec '${doings.replaceAll("'", `'\\''`)}'
       list .; echo =====
       cat "$RESULT"`,
      workspace,
    );
    expect(after).toBe(before);
    expect(applied).toBe(through);
    expect(applied).not.toBe(before);
    const outcome = JSON.parse(result ?? "") as { workspace: { manner: string }; strategy: string };
    expect([outcome.strategy, outcome.workspace.manner]).toEqual(["namespaces", "fuse"]);
  });

  needsHost("lets the job change files of others, which an overlay of the kernel's would not", async () => {
    using workspace = filledWorkspace(ordinaryCaller);
    chownSync(workspace.file("others", "before\n"), 0, 0);
    const [seen, changes] = await listed(
      `$CUPEL run --workspace cow -- sh -ec 'stat -c "%U" others; echo after >> others; rm -r src; mkdir src; cat others; ls src'
       echo =====
       $CUPEL changes "$($CUPEL changes --json | sed -n 's/.*"id": "\\(.*\\)".*/\\1/p')" | grep -v '^/'; cat others`,
      workspace,
    );
    expect(seen).toBe("job\nbefore\nafter\n");
    expect(changes?.split("\n")).toEqual([
      "M others (13 bytes)",
      "D src/lib (directory)",
      "D src/lib/deep.js (5 bytes)",
      "D src/main.js (14 bytes)",
      "changes: 1 path modified and 3 deleted (13 bytes)",
      "before",
      "",
    ]);
  });

  needsHost("shows what the job saw to whoever collects it", async () => {
    using workspace = filledWorkspace(ordinaryCaller);
    const [, collected] = await listed(
      `$CUPEL run --workspace cow --artifact src --artifact node_modules --artifacts "$HOME/out" -- \\
         sh -ec 'rm src/main.js; rm -r node_modules/left; mkdir node_modules/left; echo a > node_modules/left/a'
       echo =====; cd "$HOME/out"; find . -type f | sort`,
      workspace,
    );
    expect(collected).toBe("./node_modules/left/a\n./node_modules/right/index.js\n./src/lib/deep.js\n");
  });

  needsHost("is a copy where the program does not start after all", async () => {
    using workspace = filledWorkspace(ordinaryCaller);
    const [, said, result] = await listed(
      `mkdir -p "$HOME/bin"
       printf '#!/bin/sh\nexec %s "$@"\n' "$(command -v fuse-overlayfs)" > "$HOME/bin/fuse-overlayfs"
       chmod 755 "$HOME/bin/fuse-overlayfs"; export PATH="$HOME/bin:$PATH"; echo =====
       $CUPEL run --workspace cow --result "$RESULT" -- sh -c 'rm package.json' 2>&1 | sed 's/;.*//'; echo =====; cat "$RESULT"`,
      workspace,
    );
    expect(said?.split("\n")).toEqual([
      `cupel: ${workspace.path} cannot be overlaid (ENOTCONN), so the job gets a copy of it`,
      "cupel: 1 path deleted in the workspace",
      "",
    ]);
    expect((JSON.parse(result ?? "") as { workspace: unknown }).workspace).toMatchObject({ manner: "copy" });
  });
});

/** A job that sleeps once it has written to its workspace, and who keeps it up: their numbers outside. */
async function startSleeping(workspace: TempDir) {
  const mark = freshMark();
  const words = ["run", "--workspace", "cow", "--", "sh", "-c", `echo much > written; echo up; sleep ${mark}; ls`];
  const running = start(...inContainer([cupel.path, ...words], workspace));
  await running.wrote("up\n");
  const below = childrenOf(running.pid);
  const called = (name: string): number[] =>
    below.filter((pid) => readIfThere(`/proc/${pid}/cmdline`).split("\0")[0] === name);
  const job = await until(
    "the job sleeps",
    () => findProcesses(mark).find(({ words: [name] }) => name === "sleep")?.pid,
  );
  return { running, job, launcher: below[0] ?? 0, servers: called("fuse-overlayfs") };
}

const isGone = (pid: number) => (): boolean => !isAlive(pid);

describe("the program that answers", () => {
  needsHost("has no rights, and what it sees is not the job's, nor is it seen by it", async () => {
    using workspace = filledWorkspace(ordinaryCaller);
    const { running, job, servers } = await startSleeping(workspace);
    await using _ = running;
    const [server = 0] = servers;
    expect(servers).toHaveLength(1);
    const fields = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs"];
    expect(fields.map((name) => statusField(server, name))).toEqual([...Array<string>(5).fill("0".repeat(16)), "1"]);
    const kinds = ["user", "mnt", "pid", "ipc", "uts", "net"];
    const shared = (pid: number): string[] =>
      kinds.filter((kind) => readlinkSync(`/proc/${pid}/ns/${kind}`) === readlinkSync(`/proc/${server}/ns/${kind}`));
    expect([shared(job), shared(running.pid)]).toEqual([[], []]);
    const mounts = readIfThere(`/proc/${server}/mountinfo`)
      .split("\n")
      .map((line) => line.split(" "));
    const written = mounts.filter(([, , , , , options]) => options?.startsWith("rw") === true).map((parts) => parts[4]);
    expect(written).toEqual(["/layer", "/proc"]);
  });

  needsHost("ends with a launcher that is killed, and the job with it", async () => {
    using workspace = filledWorkspace(ordinaryCaller);
    const { running, job, launcher, servers } = await startSleeping(workspace);
    await using _ = running;
    process.kill(launcher, "SIGKILL");
    for (const pid of [job, ...servers]) await until(`${pid} has ended`, isGone(pid));
    expect((await running.ended).code).toBe(125);
  });

  needsHost("ends with a cupel that is killed, and the job with it", async () => {
    using workspace = filledWorkspace(ordinaryCaller);
    const { running, job, launcher, servers } = await startSleeping(workspace);
    await using _ = running;
    running.kill("SIGKILL");
    for (const pid of [launcher, job, ...servers]) await until(`${pid} has ended`, isGone(pid));
  });

  needsHost("is missed where it ends before its job: then nothing is kept", async () => {
    using workspace = filledWorkspace(ordinaryCaller);
    const { running, job, servers } = await startSleeping(workspace);
    await using _ = running;
    for (const pid of servers) process.kill(pid, "SIGKILL");
    for (const pid of servers) await until(`${pid} has ended`, isGone(pid));
    process.kill(job, "SIGTERM");
    const { code, stdout, stderr } = await running.ended;
    expect({ code, stdout }).toEqual({ code: 2, stdout: "up\n" });
    expect(stderr).toContain("Transport endpoint is not connected");
    expect(stderr).toEndWith(
      "cupel: what the job changed in the workspace is lost: fuse-overlayfs ended before it had written it\n",
    );
  });
});
