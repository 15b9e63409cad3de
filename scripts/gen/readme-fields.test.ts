import { describe, expect, test } from "bun:test";
import type { Strategy } from "../../src/strategies/_strategy.ts";
import bubblewrap from "../../src/strategies/bubblewrap.ts";
import docker from "../../src/strategies/docker.ts";
import landlock from "../../src/strategies/landlock.ts";
import namespaces from "../../src/strategies/namespaces.ts";
import podman from "../../src/strategies/podman.ts";
import plain from "../../src/strategies/process.ts";
import { jobFlags } from "../../src/commands/job-flags.ts";
import { renderFields } from "./readme-fields.ts";

/** What cupel itself does before or after the sandbox, and what is about the choice of a strategy. */
const beside = [
  "ignore",
  "apply",
  "mask-output",
  "artifact",
  "artifacts",
  "artifact-size",
  "artifact-files",
  "require-artifacts",
  "strategy",
  "min",
  "require",
  "accept-missing",
  "verified",
  "strict",
  "no-record",
  "keep-output",
  "prefer",
];

/** Cells of the row of a flag, with and without its value. */
function rowOf(flag: string, strategies: readonly Strategy[] = [plain, bubblewrap, namespaces]): string[] {
  const rows = renderFields(strategies).split("\n");
  const row = rows.find((line) => line.startsWith(`| \`${flag}\` `) || line.startsWith(`| \`${flag} `)) ?? "";
  return row
    .split(" | ")
    .slice(1)
    .map((cell) => cell.replace(/\s*\|?$/u, ""));
}

describe("renderFields", () => {
  test("has a column for each strategy, by rank, and a row for each field", () => {
    const rows = renderFields([plain, bubblewrap, namespaces]).trimEnd().split("\n");
    expect(rows[0]?.split("|").map((cell) => cell.trim())).toEqual([
      "",
      "field",
      "`namespaces`",
      "`bubblewrap`",
      "`process`",
      "",
    ]);
    const flags = jobFlags.map(({ name }) => name).filter((name) => !beside.includes(name));
    expect(flags.filter((name) => rowOf(`--${name}`).length !== 3)).toEqual([]);
    expect(new Set(rows.map((row) => row.length)).size).toBe(1);
  });

  test.each<[string, readonly string[]]>([
    [
      "--workspace cow",
      [
        "overlay /srv/project",
        "--bind-fd N /srv/project",
        "refused (fs.workspace): the job sees the caller's file system with the caller's rights",
      ],
    ],
    ["--read", ["bind /srv/data", "--ro-bind-fd N /srv/data", "changes nothing"]],
    [
      "--deny",
      [
        "mask /srv/data/private",
        "--perms 0555 --tmpfs /srv/data/private; --remount-ro /srv/data/private",
        "refused (fs.read): the job sees the caller's file system with the caller's rights",
      ],
    ],
    [
      "--network host",
      [
        "loopbackUp false; no namespaces network",
        "no --unshare-net; loopbackUp false; no namespaces network",
        "changes nothing",
      ],
    ],
    ["--seccomp strict", ["seccomp strict", "seccomp strict", "seccomp strict"]],
    [
      "--workspace-size",
      [
        "overlay /srv/project (sizeBytes 1073741824)",
        "refused (limit.disk): the copy that the workspace is has no cap",
        "refused (limit.disk): the job writes where the caller may",
      ],
    ],
  ])("says of %s what each does", (flag, cells) => expect(rowOf(flag)).toEqual([...cells]));

  test("says of rules what they allow", () =>
    expect(rowOf("--write", [landlock])).toEqual(["allow /srv/data (write)"]));

  test.each<[string, readonly string[]]>([
    [
      "--read",
      [
        "--mount type=bind,source=/srv/data,destination=/srv/data,ro,nosuid,nodev; directory /srv; directory /srv/data",
        "--mount=type=bind,source=/srv/data,destination=/srv/data,readonly,bind-nonrecursive; directory /srv; directory /srv/data",
      ],
    ],
    ["--deny", ["--security-opt=mask=/srv/data/private", "--tmpfs=/srv/data/private:ro,size=4096,mode=0555"]],
    [
      "--root dir:/srv/root",
      [
        "--mount type=bind,source=/srv/root/usr,destination=/usr,ro,nosuid,nodev",
        "--mount=type=bind,source=/srv/root/usr,destination=/usr,readonly,bind-nonrecursive",
      ],
    ],
    ["--file", ["directory /opt; file /opt/greeting", "directory /opt; file /opt/greeting"]],
  ])("says of %s what engines are told", (flag, cells) => expect(rowOf(flag, [podman, docker])).toEqual([...cells]));

  test("follows the strategies: what one does not keep any more is refused, and what it does not do changes nothing", () => {
    const deaf: Strategy = { ...namespaces, plan: (job, matrix) => namespaces.plan({ ...job, grants: [] }, matrix) };
    expect(rowOf("--read", [deaf])).toEqual(["changes nothing"]);
    const forgetful: Strategy = {
      ...namespaces,
      guarantees: (job, matrix) =>
        namespaces
          .guarantees(job, matrix)
          .map((one) => (one.id === "limit.memory" ? { id: one.id, kept: false, reason: "it | forgot" } : one)),
    };
    expect(rowOf("--memory", [forgetful])).toEqual([String.raw`refused (limit.memory): it \| forgot`]);
  });

  test("has what a program has no word for as refused", () => {
    const maker = { program: "bubblewrap", path: "/usr/bin/bwrap" } as const;
    const brash: Strategy = { ...namespaces, plan: (job, matrix) => ({ ...namespaces.plan(job, matrix), maker }) };
    expect(rowOf("--workspace cow", [brash])).toEqual(["refused: bubblewrap cannot lay a layer over /srv/project"]);
    expect(rowOf("--tmp-files", [brash])).toEqual(["refused: bubblewrap cannot cap the number of files in /tmp"]);
  });
});
