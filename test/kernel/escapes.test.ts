/** Ways out that the kernel offers to whoever is let: each is tried inside, and outside where it works. */
import { describe, expect, test } from "bun:test";
import { chownSync, chmodSync, copyFileSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { installAttempt, type Attempt } from "../support/attempt.ts";
import { jobsProcesses } from "../support/job-outside.ts";
import { childrenOf, findProcesses, freshMark, processesOfRun, statusField } from "../support/processes.ts";
import { installCupel } from "../support/run-cli.ts";
import { denied, either, hasClosedSys, hostKernelTest, isContainer, onKernel } from "../support/sandbox-on-trial.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, ordinaryCaller, rootCallers } from "../support/tester.ts";
import { until } from "../support/until.ts";

/** See job groups in src/run/control-groups.ts. */
const ownGroup = /^\/cupel-\d+-[0-9a-f]{24}-[0-9a-f]+$/;

const cupel = installCupel();
const attempt = installAttempt(cupel);

/** Numbers of system calls: x86-64 and arm64. */
const calls =
  process.arch === "x64" ? { unshare: 272, setns: 308, chroot: 161 } : { unshare: 97, setns: 268, chroot: 51 };
const newUser = 0x1000_0000;

describe.each(callers)("called by $name", (caller) => {
  test("no namespace can be made or entered", async () => {
    const flags = {
      mount: 0x2_0000,
      cgroup: 0x200_0000,
      uts: 0x400_0000,
      ipc: 0x800_0000,
      user: newUser,
      pid: 0x2000_0000,
      network: 0x4000_0000,
    };
    const acts: Attempt[] = Object.values(flags).map((flag) => ["call", calls.unshare, flag]);
    expect(await attempt.inside(caller, acts)).toEqual(acts.map(() => "EPERM"));
    expect(await attempt.outside(caller, [["call", calls.unshare, newUser]])).toEqual(["ok"]);
    const doors: Attempt[] = ["user", "mnt", "pid", "net"].map((name) => ["read", `/proc/1/ns/${name}`]);
    expect(await attempt.inside(caller, doors)).toEqual(doors.map(() => "EACCES"));
    expect(await attempt.inside(caller, [["call", calls.setns, 0, 0]])).toEqual(["EPERM"]);
  });

  test("the job's first process and cupel's stay what they are: nothing of theirs can be read or written", async () => {
    const names = [
      "environ",
      "mem",
      "maps",
      "fd",
      "root",
      "cwd",
      "exe",
      "auxv",
      "syscall",
      "stack",
      "ns/mnt",
      "map_files",
    ];
    if (either(true, false)) {
      const acts: Attempt[] = names.map((name) => ["read", `/proc/1/${name}`]);
      const results = await attempt.inside(caller, acts);
      expect(results.filter((result) => !["EACCES", "EPERM", "ENOENT"].includes(result))).toEqual([]);
    }
    const tell = '{ ls "$file/" || head -c 99 "$file"; } 2>/dev/null | grep -qa . && echo "$name"';
    const script = `for pid in 1 $PPID; do for name in ${names.join(" ")}; do file=/proc/$pid/$name; ${tell}; done; done; echo end`;
    const { stdout: read } = await cupel.run(caller, ["run", "--", "sh", "-c", script]);
    // Root that keeps its id lists which descriptors root's processes have: the reason why it has to give fs.read up.
    expect(read).toBe(either("end\n", caller.uid === 0 ? "fd\nfd\nend\n" : "end\n"));
    const words = 'tr "\\0" " " </proc/$PPID/cmdline; cat /proc/$PPID/comm';
    const ids = await cupel.run(caller, ["run", "--", "sh", "-c", words]);
    expect(ids.stdout).not.toMatch(/\/proc\/\d+/);
    expect(ids.stdout).not.toContain("cupel-test");
  });

  test("the job's control groups cannot be reached, and look like a root in a world of its own", async () => {
    const { stdout } = await cupel.run(caller, ["run", "--", "cat", "/proc/self/cgroup"]);
    const paths = stdout
      .trim()
      .split("\n")
      .map((line) => line.split(":").at(-1));
    expect(paths.length).toBeGreaterThan(0);
    // What it shares with cupel's own group is seen as the root as well.
    // A container's first process is put into them from outside, and sees by their names where it is.
    if (either(true, false))
      expect(paths.filter((path) => path !== onKernel("/", "") && !(isContainer && ownGroup.test(path ?? "")))).toEqual(
        [],
      );
    const acts: Attempt[] = [
      ["see", "/sys/fs/cgroup"],
      ["read", "/sys/fs/cgroup"],
      ["create", "/sys/fs/cgroup/cupel-canary"],
    ];
    // Where gVisor's kernel had its own /sys lies a directory that nobody may enter, and in a container another one.
    expect(await attempt.inside(caller, acts)).toEqual(hasClosedSys ? acts.map(() => "EACCES") : denied(acts));
  });

  test("the host's name is not the job's to set, nor to see where it has one of its own", async () => {
    const { stdout } = await cupel.run(caller, [
      "run",
      "--",
      "sh",
      "-c",
      "uname -n; cat /proc/sys/kernel/hostname; cat /etc/hostname",
    ]);
    expect(stdout).toBe(either("job\njob\njob\n", `${hostname()}\n${hostname()}\n`));
    expect(hostname()).not.toBe("job");
    expect(await attempt.inside(caller, [["write", "/proc/sys/kernel/hostname"]])).toEqual([
      expect.stringMatching(/^(EROFS|EACCES)$/),
    ]);
  });

  test("limits and masks are the sandbox's: no core files, no wide umask", async () => {
    const script = "ulimit -c; umask; ulimit -Hc";
    expect((await cupel.shell(caller, `umask 0; exec "$CUPEL" run -- sh -c "${script}"`)).stdout).toBe("0\n0022\n0\n");
  });

  hostKernelTest("signals that the caller ignores or blocks are none that the job does", async () => {
    const { stdout } = await cupel.shell(
      caller,
      `trap '' INT TERM HUP PIPE; exec "$CUPEL" run -- cat /proc/self/status`,
    );
    for (const name of ["SigIgn", "SigBlk"]) {
      expect([name, new RegExp(`^${name}:\\s*(.*)$`, "m").exec(stdout)?.[1]]).toEqual([name, "0000000000000000"]);
    }
  });

  hostKernelTest("every process of a run has given up its privileges, but for the launcher that watches", async () => {
    const mark = freshMark();
    await using running = cupel.start(caller, ["run", "--", "sh", "-c", `sleep ${mark} & exec sleep ${mark}`]);
    await until("the job is seen", () => findProcesses(mark).filter(({ words }) => words[0] === "sleep").length === 2);
    const isInside = either(
      (pid: number) => statusField(pid, "NSpid").split(/\s+/).length > 1,
      (pid: number) => statusField(pid, "NoNewPrivs") === "1",
    );
    const inside = processesOfRun(running.pid, mark).filter(isInside);
    expect(inside.length).toBeGreaterThanOrEqual(either(3, 4));
    const none = "0000000000000000";
    const isJobs = (pid: number): boolean => findProcesses(mark).some((found) => found.pid === pid);
    // Without a user namespace a user keeps the bounding set; without a mount namespace it is the first process that
    // changes files for the job, outside of its filter.
    const bounding = either(none, statusField(caller.uid === 0 ? (inside[0] ?? 0) : process.pid, "CapBnd"));
    for (const pid of inside) {
      const seen = ["CapPrm", "CapEff", "CapAmb", "CapBnd", "NoNewPrivs", "Seccomp"].map((name) =>
        statusField(pid, name),
      );
      const filtered = either("2", isJobs(pid) ? "2" : "0");
      expect([pid, seen]).toEqual([pid, [none, none, none, bounding, "1", filtered]]);
    }
  });

  test("no process of a run shows a word of the job's in its command line but the job's own", async () => {
    const mark = freshMark();
    await using running = cupel.start(caller, ["run", "--", "sleep", mark]);
    await until("the job is seen", () => jobsProcesses(mark, running.pid).length > 0);
    const others = childrenOf(running.pid).filter(
      (pid) => !readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("sleep"),
    );
    expect(others.length).toBeGreaterThan(0);
    for (const pid of others) expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).not.toContain(mark);
  });
});

describe.each(rootCallers)("programs that give privileges", (root) => {
  test("set-uid root gives none inside, and does outside", async () => {
    using directory = makeTempDir();
    const path = directory.at("id");
    copyFileSync("/usr/bin/id", path);
    chownSync(path, 0, 0);
    chmodSync(path, 0o4755);
    expect((await cupel.outside(ordinaryCaller, [path, "-u"])).stdout).toBe("0\n");
    for (const caller of [root, ordinaryCaller]) {
      const ran = await cupel.run(caller, ["run", "--read", path, "--", path, "-u"]);
      expect([caller.name, ran.stdout]).toEqual([caller.name, either("1000\n", `${caller.uid}\n`)]);
    }
    const inProcess = ["run", "--strategy", "process", "--accept-missing", "all", "--", path, "-u"];
    expect((await cupel.run(ordinaryCaller, inProcess)).stdout).toBe(`${ordinaryCaller.uid}\n`);
  });
});
