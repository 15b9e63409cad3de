/**
 * Called by root. A job whose outside id is 0 writes sysctls and root's files without any capability, so what counts
 * here is who the job is outside.
 */
import { describe, expect, test } from "bun:test";
import { chownSync, readFileSync } from "node:fs";
import { installAttempt, type Attempt } from "../support/attempt.ts";
import { execute } from "../support/execute.ts";
import { jobsProcesses } from "../support/job-outside.ts";
import { freshMark, statusField } from "../support/processes.ts";
import { installCupel } from "../support/run-cli.ts";
import {
  denied,
  hasClosedSys,
  isContainer,
  onKernel,
  ownWorldTest,
  strategyOnTrial,
} from "../support/sandbox-on-trial.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, knownUserIds, ordinaryCaller, rootCallers } from "../support/tester.ts";
import { until } from "../support/until.ts";

const cupel = installCupel();
const attempt = installAttempt(cupel);

/** `opened N refused M FIRST` of the word `tree`. */
function openedOf(line: string | undefined): { opened: number; refused: number } {
  const match = /^opened (\d+) refused (\d+)/.exec(line ?? "");
  return { opened: Number(match?.[1]), refused: Number(match?.[2]) };
}

const withoutCapabilities = [
  "setpriv",
  "--bounding-set=-all",
  "--inh-caps=-all",
  "--ambient-caps=-all",
  "--no-new-privs",
  "--",
];

describe.each(callers)("sysctls, called by $name", (caller) => {
  test("not one can be opened for writing", async () => {
    const [line] = await attempt.inside(caller, [["tree", "/proc/sys"]]);
    const { opened, refused } = openedOf(line);
    // gVisor's kernel has few of its own: what they say of it is the job's alone.
    expect(opened).toBeLessThanOrEqual(onKernel(0, 6));
    expect(opened + refused).toBeGreaterThan(onKernel(100, 10));
  });
});

describe.each(rootCallers)("called by root", (root) => {
  test("the controls: root without a capability may write sysctls, and so may a job that keeps root's id", async () => {
    const { stdout } = await execute([
      ...withoutCapabilities,
      attempt.path,
      "tree",
      "/proc/sys",
      "--",
      "write",
      "/proc/sys/kernel/core_pattern",
    ]);
    const [tree, pattern] = stdout.trim().split("\n");
    expect(openedOf(tree).opened).toBeGreaterThan(100);
    expect(pattern).toBe("ok");
    const flags = ["--strategy", "process", "--accept-missing", "all"];
    const [inProcess, patternInProcess] = await attempt.inside(
      root,
      [
        ["tree", "/proc/sys"],
        ["write", "/proc/sys/kernel/core_pattern"],
      ],
      flags,
    );
    expect(openedOf(inProcess).opened).toBeGreaterThan(100);
    expect(patternInProcess).toBe("ok");
  });

  test("the kernel's other switches cannot be opened for writing either", async () => {
    const switches: Attempt[] = [
      ["write", "/proc/sys/kernel/core_pattern"],
      ["write", "/proc/sysrq-trigger"],
      ["tree", "/proc/irq"],
      ["tree", "/proc/bus"],
      ["tree", "/proc/fs"],
    ];
    const results = await attempt.inside(root, switches);
    expect(results[0]).toMatch(onKernel(/^(EROFS|EACCES)$/, /^ENOENT$/));
    expect(results[1]).toMatch(/^(EROFS|EACCES|ENOENT)$/);
    expect(results.slice(2).map((line) => openedOf(line).opened)).toEqual([0, 0, 0]);
    const system: Attempt[] = [
      ["see", "/sys/kernel"],
      ["read", "/sys/kernel"],
    ];
    expect(await attempt.inside(root, system)).toEqual(hasClosedSys ? ["EACCES", "EACCES"] : denied(system));
    expect(await attempt.outside(root, [["write", "/proc/sys/kernel/core_pattern"]])).toEqual(["ok"]);
  });

  ownWorldTest("outside, the job is neither root nor anyone else, and in no group", async () => {
    const mark = freshMark();
    await using job = cupel.start(root, ["run", "--", "sleep", mark]);
    const pid = await until("the job is seen", () => jobsProcesses(mark, job.pid)[0]);
    const ids = [...statusField(pid, "Uid").split("\t"), ...statusField(pid, "Gid").split("\t")].map(Number);
    expect(ids).toHaveLength(8);
    for (const id of ids) {
      expect(id).toBeGreaterThan(65_536);
      expect(knownUserIds()).not.toContain(id);
    }
    // A runtime gives it its own group twice.
    expect(statusField(pid, "Groups")).toBe(isContainer ? String(ids[0]) : "");
    // gVisor has some, which count in its own user namespace.
    if (onKernel(true, false)) expect(statusField(pid, "CapPrm")).toBe("0000000000000000");
    // Alone with its ids: two jobs can do nothing to each other either.
    const owner = readFileSync(`/proc/${pid}/uid_map`, "utf8").trim().split(/\s+/);
    const own = [onKernel("1000", expect.stringMatching(/^(0|65534)$/)), String(ids[0]), "1"];
    // A container's root is there as well, which is nobody either, where it is an engine that maps ids.
    expect(owner).toEqual(
      strategyOnTrial === "podman" ? ["0", expect.stringMatching(/^1[89]\d{8}$/), "1", ...own] : own,
    );
  });

  ownWorldTest("two jobs at once are two users", async () => {
    const marks = [freshMark(), freshMark()];
    await using one = cupel.start(root, ["run", "--", "sleep", marks[0] ?? ""]);
    await using other = cupel.start(root, ["run", "--", "sleep", marks[1] ?? ""]);
    const ids = await until("both are seen", () => {
      const found = [one, other].map(({ pid }, index) => jobsProcesses(marks[index] ?? "", pid)[0]);
      const seen = found.filter((pid) => pid !== undefined);
      return seen.length === 2 && seen.map((pid) => statusField(pid, "Uid").split("\t")[0]);
    });
    expect(new Set(ids).size).toBe(2);
  });

  ownWorldTest("the caller's supplementary groups are not the job's", async () => {
    using directory = makeTempDir();
    const path = directory.file("for-the-group", "seen", 0o640);
    const { uid, gid } = ordinaryCaller;
    chownSync(path, uid, gid);
    const member = { ...root, prefix: ["setpriv", `--groups=${gid}`, "--"] };
    const nobody = { ...root, prefix: ["setpriv", "--reuid=65534", "--regid=65534", `--groups=${gid}`, "--"] };
    expect(await attempt.outside(nobody, [["read", path]])).toEqual(["ok"]);
    expect(await attempt.inside(member, [["read", path]], ["--read", directory.path])).toEqual(["EACCES"]);
    expect((await cupel.run(member, ["run", "--", "id", "-G"])).stdout).toBe("1000\n");
  });
});
