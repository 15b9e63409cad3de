import { describe, expect, test } from "bun:test";
import resources from "../../src/probes/resources.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { surfaceAsUser } from "../fixtures/hosts/surface-transcripts.ts";
import { altered } from "../fixtures/hosts/transcripts.ts";
import { createFixtureContext, type FixtureFile } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";

const machine: Readonly<Record<string, FixtureFile>> = {
  "/sys/devices/system/cpu/online": "0-7\n",
  "/proc/meminfo": "MemTotal: 16384000 kB\nMemFree: 1 kB\nMemAvailable: 8192000 kB\nSwapTotal: 0 kB\n",
  "/proc/sys/kernel/pid_max": "4194304\n",
  "/proc/sys/kernel/threads-max": "127000\n",
  "/proc/sys/fs/inotify/max_user_watches": "65536\n",
  "/home/user/project/a": "",
  "/home/user/.local/state/x": "",
};

interface Given {
  readonly files?: Readonly<Record<string, FixtureFile>>;
  readonly steps?: Readonly<Record<string, string | undefined>>;
  readonly uid?: number;
}

function find({ files = {}, steps = {}, uid = 1000 }: Given) {
  const transcript = altered(surfaceAsUser.resources, { processors: "ok 8", ...steps });
  return resources.run(
    createFixtureContext({
      host: { uid, files: { ...machine, ...files }, environment: { HOME: "/home/user" } },
      helpers: { transcripts: { resources: transcript } },
    }),
  );
}

const slice = "/sys/fs/cgroup/user.slice";

const unified: Readonly<Record<string, FixtureFile>> = {
  "/proc/self/mountinfo": "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
  "/proc/self/cgroup": "0::/user.slice/app.scope\n",
  [`${slice}/app.scope/cpu.max`]: "max 100000\n",
  [`${slice}/app.scope/memory.max`]: "max\n",
  [`${slice}/app.scope/pids.max`]: "max\n",
  [`${slice}/cpu.max`]: "150000 100000\n",
  [`${slice}/memory.max`]: "536870912\n",
  [`${slice}/pids.max`]: "512\n",
};

test("limits of an ancestor in version 2", async () => {
  expect(printFindings(await find({ files: unified }))).toMatchInlineSnapshot(`
    "
    resource.cpu: works (declared) = 1.5
      1.5 processors: the limit of the control group /sys/fs/cgroup/user.slice
      | read /sys/devices/system/cpu/online -> 0-7
      | sched_getaffinity(0), processors -> ok, 8
      | read the cpu limits of the own control group and those above -> 2 of 3 have the file, 1 set a limit
      | limit of /sys/fs/cgroup/user.slice -> 150000 100000
    resource.memory: works (declared) = 536870912
      512 MiB: the limit of the control group /sys/fs/cgroup/user.slice
      | read MemAvailable in /proc/meminfo -> 7.8 GiB
      | read MemTotal -> 15.6 GiB
      | read SwapTotal -> 0 bytes
      | read the memory limits of the own control group and those above -> 2 of 3 have the file, 1 set a limit
      | limit of /sys/fs/cgroup/user.slice -> 536870912
    resource.pids: works (declared) = 512
      512 processes: the limit of the control group /sys/fs/cgroup/user.slice
      | read kernel.pid_max -> 4194304
      | read kernel.threads-max -> 127000
      | RLIMIT_NPROC, counted per user -> 96365
      | read the pids limits of the own control group and those above -> 2 of 3 have the file, 1 set a limit
      | limit of /sys/fs/cgroup/user.slice -> 512
    resource.disk: works (declared) = 74406682624
      free: 69.3 GiB for cupel's state, 69.3 GiB in /tmp, 69.3 GiB in the current directory
      | statfs /home/user/.local/state -> 69.3 GiB, 16313821 files more
      | statfs /tmp -> 69.3 GiB, 16313821 files more
      | statfs /home/user/project -> 69.3 GiB, 16313821 files more
    resource.limits: works (declared) = 20000
      no limit of this process is tight: 20000 open files
      | getrlimit(RLIMIT_NOFILE), soft and hard -> 20000 20000
      | getrlimit(RLIMIT_NPROC), soft and hard -> 96365 96365
      | getrlimit(RLIMIT_MEMLOCK), soft and hard -> 8388608 8388608
      | getrlimit(RLIMIT_FSIZE), soft and hard -> unlimited unlimited
      | getrlimit(RLIMIT_AS), soft and hard -> unlimited unlimited
      | getrlimit(RLIMIT_DATA), soft and hard -> unlimited unlimited
      | getrlimit(RLIMIT_STACK), soft and hard -> 8388608 unlimited
      | getrlimit(RLIMIT_CPU), soft and hard -> unlimited unlimited
      | getrlimit(RLIMIT_CORE), soft and hard -> 0 unlimited
      | read fs.inotify.max_user_watches -> 65536
      | read fs.inotify.max_user_instances -> ENOENT
      | read fs.file-max -> ENOENT
    "
  `);
});

test("limits in version 1", async () => {
  const found = await find({
    files: {
      "/proc/self/mountinfo": [
        "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu",
        "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory",
        "",
      ].join("\n"),
      "/proc/self/cgroup": "4:memory:/job\n1:cpu:/job/deep\n",
      "/sys/fs/cgroup/cpu/job/deep/cpu.cfs_quota_us": "-1\n",
      "/sys/fs/cgroup/cpu/job/deep/cpu.cfs_period_us": "100000\n",
      "/sys/fs/cgroup/cpu/job/cpu.cfs_quota_us": "50000\n",
      "/sys/fs/cgroup/cpu/job/cpu.cfs_period_us": "100000\n",
      "/sys/fs/cgroup/memory/job/memory.limit_in_bytes": "268435456\n",
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    },
  });
  expect(printFindings({ cpu: found["resource.cpu"], memory: found["resource.memory"], pids: found["resource.pids"] }))
    .toMatchInlineSnapshot(`
    "
    cpu: works (declared) = 0.5
      0.5 processors: the limit of the control group /sys/fs/cgroup/cpu/job
      | read /sys/devices/system/cpu/online -> 0-7
      | sched_getaffinity(0), processors -> ok, 8
      | read the cpu limits of the own control group and those above -> 2 of 3 have the file, 1 set a limit
      | limit of /sys/fs/cgroup/cpu/job -> 50000 100000
    memory: works (declared) = 268435456
      256 MiB: the limit of the control group /sys/fs/cgroup/memory/job
      | read MemAvailable in /proc/meminfo -> 7.8 GiB
      | read MemTotal -> 15.6 GiB
      | read SwapTotal -> 0 bytes
      | read the memory limits of the own control group and those above -> 2 of 2 have the file, 1 set a limit
      | limit of /sys/fs/cgroup/memory/job -> 268435456
    pids: works (declared) = 96365
      96365 processes: RLIMIT_NPROC, shared with all processes of this user; limits of control groups cannot be seen here
      | read kernel.pid_max -> 4194304
      | read kernel.threads-max -> 127000
      | RLIMIT_NPROC, counted per user -> 96365
      | look for the own control group (pids) -> none is mounted
    "
  `);
});

test("a machine without control groups, and little of everything", async () => {
  const found = await find({
    steps: {
      processors: "ok 3",
      "limit-nofile": "ok 0 256 4096",
      "limit-nproc": "ok 0 100 100",
      "limit-as": "ok 0 1073741824 unlimited",
      "disk-state": "ok 1048576 100 1000",
      "disk-temporary": "ok 99999999999 0 1000",
      inotify: "EMFILE",
    },
  });
  expect(printFindings(found)).toMatchInlineSnapshot(`
    "
    resource.cpu: works (declared) = 3
      3 processors: all that this process may run on; limits of control groups cannot be seen here
      | read /sys/devices/system/cpu/online -> 0-7
      | sched_getaffinity(0), processors -> ok, 3
      | look for the own control group (cpu) -> none is mounted
    resource.memory: works (declared) = 8388608000
      7.8 GiB: what the machine has available; limits of control groups cannot be seen here
      | read MemAvailable in /proc/meminfo -> 7.8 GiB
      | read MemTotal -> 15.6 GiB
      | read SwapTotal -> 0 bytes
      | look for the own control group (memory) -> none is mounted
    resource.pids: works (declared) = 100
      100 processes: RLIMIT_NPROC, shared with all processes of this user; limits of control groups cannot be seen here
      | read kernel.pid_max -> 4194304
      | read kernel.threads-max -> 127000
      | RLIMIT_NPROC, counted per user -> 100
      | look for the own control group (pids) -> none is mounted
    resource.disk: degraded (declared) = 1048576
      too little for cupel's state and in /tmp; free: 1 MiB for cupel's state, 93.1 GiB in /tmp, 69.3 GiB in the current directory
      | statfs /home/user/.local/state -> 1 MiB, 100 files more
      | statfs /tmp -> 93.1 GiB, 0 files more
      | statfs /home/user/project -> 69.3 GiB, 16313821 files more
    resource.limits: degraded (declared) = 256
      tight: RLIMIT_NOFILE is 256; RLIMIT_NPROC is 100; RLIMIT_AS is 1 GiB; fs.inotify.max_user_instances is reached: no file can be watched (EMFILE)
      | getrlimit(RLIMIT_NOFILE), soft and hard -> 256 4096
      | getrlimit(RLIMIT_NPROC), soft and hard -> 100 100
      | getrlimit(RLIMIT_MEMLOCK), soft and hard -> 8388608 8388608
      | getrlimit(RLIMIT_FSIZE), soft and hard -> unlimited unlimited
      | getrlimit(RLIMIT_AS), soft and hard -> 1073741824 unlimited
      | getrlimit(RLIMIT_DATA), soft and hard -> unlimited unlimited
      | getrlimit(RLIMIT_STACK), soft and hard -> 8388608 unlimited
      | getrlimit(RLIMIT_CPU), soft and hard -> unlimited unlimited
      | getrlimit(RLIMIT_CORE), soft and hard -> 0 unlimited
      | read fs.inotify.max_user_watches -> 65536
      | read fs.inotify.max_user_instances -> ENOENT
      | read fs.file-max -> ENOENT
      ! rlimit: RLIMIT_NOFILE is 256
      ! rlimit: RLIMIT_NPROC is 100
      ! rlimit: RLIMIT_AS is 1 GiB
      ! sysctl: fs.inotify.max_user_instances is reached: no file can be watched (EMFILE)
    "
  `);
});

describe("who is asked", () => {
  test("root is exempt from the limit on processes of a user", async () => {
    const found = await find({ uid: 0, steps: { "limit-nproc": "ok 0 10 10" } });
    expect(found["resource.pids"].value).toBe(127_000);
  });

  test("file systems that do not count files", async () => {
    const found = await find({ steps: { "disk-state": "ok 99999999999 0 0" } });
    expect(found["resource.disk"].state).toBe("works");
  });
});

test("nothing can be read", async () => {
  expect(printFindings(await resources.run(createFixtureContext(fixtures.empty)))).toMatchInlineSnapshot(`
    "
    resource.cpu: unknown (inferred)
      how many processors there are cannot be told
      | read /sys/devices/system/cpu/online -> ENOENT
      | prober resources -> did not come to it
      | look for the own control group (cpu) -> none is mounted
    resource.memory: unknown (inferred)
      how much memory there is cannot be told
      | read MemAvailable in /proc/meminfo -> ENOENT
      | read MemTotal -> ENOENT
      | read SwapTotal -> ENOENT
      | look for the own control group (memory) -> none is mounted
    resource.pids: unknown (inferred)
      how many processes there may be cannot be told
      | read kernel.pid_max -> ENOENT
      | read kernel.threads-max -> ENOENT
      | RLIMIT_NPROC, counted per user -> not told
      | look for the own control group (pids) -> none is mounted
    resource.disk: unknown (inferred)
      could not be established: prober resources: the prober could not be started
      | statfs / -> not reached
      | statfs /tmp -> not reached
      | statfs / -> not reached
    resource.limits: unknown (inferred)
      could not be established: prober resources: the prober could not be started
      | read fs.inotify.max_user_watches -> ENOENT
      | read fs.inotify.max_user_instances -> ENOENT
      | read fs.file-max -> ENOENT
    "
  `);
});
