/** Jobs of a batch share a launcher and nothing else: what one leaves, holds or is, no other one sees. */
import { describe, expect, test } from "bun:test";
import { closeSync, fstatSync, openSync } from "node:fs";
import { childrenOf, findProcesses, freshMark, statusField } from "../support/processes.ts";
import { byLine, openBatch, runBatch, said, scripts } from "../support/run-batch.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, isRoot } from "../support/tester.ts";
import { until } from "../support/until.ts";

const cupel = installCupel();

/** With the one the launcher holds a root for all jobs, with the other each job builds its own. */
const roots: readonly (readonly [name: string, flags: (directory: string) => readonly string[]])[] = [
  ["a root that is shared", () => ["--workspace", "none"]],
  ["a root for each", (directory) => ["--workspace", "none", "--read", directory]],
];

const kinds = ["user", "mnt", "pid", "ipc", "uts", "cgroup", "net"];

/** Held open, so that no later namespace can get the same number. */
function openNamespaces(pid: number): number[] {
  return kinds.map((kind) => openSync(`/proc/${pid}/ns/${kind}`, "r"));
}

function inodesOf(descriptors: readonly number[]): number[] {
  return descriptors.map((descriptor) => fstatSync(descriptor).ino);
}

/** Those below cupel that hold its channel; a job's first process has left it. */
function launchersOf(cupelPid: number): number[] {
  const isFirst = (pid: number): boolean => statusField(pid, "Seccomp") === "2" || statusField(pid, "NSpid") === "";
  return childrenOf(cupelPid).filter((pid) => !isFirst(pid));
}

async function pidOf(mark: string): Promise<number> {
  const [found] = await until("the job is seen", () => {
    const processes = findProcesses(mark);
    return processes.length > 0 && processes;
  });
  if (found === undefined) throw new Error("there is no such job");
  return found.pid;
}

/** Everything that a job can leave in its surroundings, and then whatever it finds there. */
const leave = String.raw`
use Socket; use IO::Socket::INET; use IO::Socket::UNIX; use POSIX;
my ($mark, $act) = @ARGV;
if ($act eq "leave") {
  for my $place ("/tmp", "/dev/shm", $ENV{HOME}, "/workspace") { open(my $file, ">", "$place/$mark") or print "no $place\n"; }
  our $tcp = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 4242, Listen => 1) or print "no tcp\n";
  our $named = IO::Socket::UNIX->new(Local => "/tmp/socket", Listen => 1) or print "no socket\n";
  our $abstract = IO::Socket::UNIX->new(Local => "\0$mark", Listen => 1) or print "no abstract socket\n";
  defined shmget(42, 4096, 01600) or print "no shm\n";
  defined semget(42, 1, 01600) or print "no sem\n";
  defined msgget(42, 01600) or print "no msg\n";
  open(our $terminal, "+<", "/dev/ptmx") or print "no pts\n";
  if (!fork) { POSIX::setsid(); exec "sleep", $mark; }
  select(undef, undef, undef, 0.05) until grep { -e "$_/exe" and (readlink("$_/exe") // "") =~ /sleep/ } glob "/proc/[0-9]*";
}
print map { "file $_\n" } grep { !-d } map { glob "$_/* $_/.[!.]*" } "/tmp", "/dev/shm", $ENV{HOME}, "/workspace";
print map { "terminal $_\n" } grep { /[0-9]$/ } glob "/dev/pts/*";
sub rows { open(my $file, "<", $_[0]) or return ("none"); my ($head, @rows) = <$file>; map { "$_[0] $_" } @rows }
print rows($_) for "/proc/net/tcp", "/proc/net/unix", "/proc/sysvipc/shm", "/proc/sysvipc/sem", "/proc/sysvipc/msg";
print "process $_\n" for grep { $_ ne "/proc/1" and $_ ne "/proc/$$" } glob "/proc/[0-9]*";
print IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => 4242) ? "connected\n" : "";
print IO::Socket::UNIX->new(Peer => "\0$mark") ? "connected by name\n" : "";
$| = 1; print "done\n";
sleep 60 if ($ARGV[2] // "") eq "stay";
`;

function trace(mark: string, act: "leave" | "look", then = ""): { command: string[] } {
  return { command: ["perl", "-e", leave, mark, act, then] };
}

function expectTraces(text: string | undefined, mark: string): void {
  expect(text).not.toMatch(/^no /m);
  for (const place of ["/tmp", "/dev/shm", "/workspace", "/home/job"]) expect(text).toContain(`file ${place}/${mark}`);
  for (const trait of ["net/tcp", "net/unix", "sysvipc/shm", "sysvipc/sem", "sysvipc/msg"])
    expect(text).toContain(`/proc/${trait} `);
  for (const line of ["terminal /dev/pts/0", "process /proc/", "connected\n", "connected by name\n"])
    expect(text).toContain(line);
}

describe.each(callers)("jobs of a batch, called by $name", (caller) => {
  describe.each(roots)("with %s", (name, flagsOf) => {
    const isShared = name === roots[0]?.[0];
    test("have namespaces of their own, all seven, that no other has: not the one before, the launcher, the caller", async () => {
      using directory = makeTempDir({ owner: caller });
      await using batch = openBatch(cupel, caller, ["--parallel", "1", ...flagsOf(directory.path)]);
      const marks = [freshMark(), freshMark(), freshMark()];
      batch.send(...marks.map((mark) => ({ command: ["sleep", mark] })));
      const outside = openNamespaces(process.pid);
      const seen: { readonly job: number[]; readonly others: number[][] }[] = [];
      for (const mark of marks) {
        const pid = await pidOf(mark);
        // The launcher and, where it shares a root, the one inside: what it is in by now is for the next job.
        const launchers = isRoot ? launchersOf(batch.pid).map(openNamespaces) : [];
        seen.push({ job: openNamespaces(pid), others: [outside, ...launchers] });
        process.kill(pid, "SIGKILL");
      }
      for (const [index] of kinds.entries()) {
        expect(new Set(seen.map(({ job }) => inodesOf(job)[index])).size).toBe(marks.length);
        for (const { job, others } of seen)
          expect(others.map((one) => inodesOf(one)[index])).not.toContain(inodesOf(job)[index]);
      }
      if (isRoot) expect(seen.map(({ others }) => others.length)).toEqual(marks.map(() => (isShared ? 3 : 2)));
      for (const descriptor of new Set(seen.flatMap(({ job, others }) => [...job, ...others.flat()])))
        closeSync(descriptor);
    });

    test("find nothing that the one before left", async () => {
      using directory = makeTempDir({ owner: caller });
      const mark = freshMark();
      // Behind another: from the second job on, namespaces were made ahead.
      const jobs = [{ command: ["true"] }, trace(mark, "leave"), trace(mark, "look")];
      const flags = ["--parallel", "1", ...flagsOf(directory.path)];
      const { outcomes, stderr } = await runBatch(cupel, caller, jobs, flags);
      expect(stderr).toBe("");
      const [, left, found] = byLine(outcomes);
      expectTraces(said(left), mark);
      expect(found).toMatchObject({ stdout: { text: "done\n" }, stderr: { text: "" }, exitCode: 0 });
    });

    test("find nothing of one that runs beside them", async () => {
      using directory = makeTempDir({ owner: caller });
      await using batch = openBatch(cupel, caller, ["--parallel", "2", ...flagsOf(directory.path)]);
      const [mark, done] = [freshMark(), freshMark()];
      batch.send(trace(mark, "leave", "stay"));
      await pidOf(mark);
      batch.send(trace(mark, "look"), { command: ["echo", done] });
      const outcomes = byLine(await batch.outcomes(2));
      expect(outcomes.map(said)).toEqual(["done\n", `${done}\n`]);
      expect(findProcesses(mark)).not.toEqual([]);
    });

    test("see no process of the launcher, and can neither signal nor read their first process", async () => {
      using directory = makeTempDir({ owner: caller });
      const look = [
        "cd /proc; echo [0-9]*",
        "readlink 1/exe || echo unreadable; cat 1/environ || echo unreadable; ls 1/fd || echo unreadable",
        "kill -KILL 1; kill -KILL -1; echo alive; kill -0 2; tr '\\0' ' ' <1/cmdline | tr -s ' '; exit 3",
      ];
      const flags = ["--parallel", "1", ...flagsOf(directory.path)];
      const { outcomes } = await runBatch(cupel, caller, scripts("true", look.join("\n")), flags);
      const [, second] = byLine(outcomes);
      expect(said(second)).toBe("1 2\nunreadable\nunreadable\nunreadable\nalive\ncupel ");
      expect(second?.exitCode).toBe(3);
    });

    test("have no descriptors but their three streams", async () => {
      using directory = makeTempDir({ owner: caller });
      const list = "readlink /proc/$$/fd/*; cat; true";
      const { outcomes } = await runBatch(cupel, caller, scripts("true", list), flagsOf(directory.path));
      expect(said(byLine(outcomes)[1])).toMatch(/^\/dev\/null\npipe:\[\d+\]\npipe:\[\d+\]\n$/);
    });

    test("see the same as a job of run, but for what is numbered", async () => {
      using directory = makeTempDir({ owner: caller });
      const flags = flagsOf(directory.path);
      const alone = await cupel.run(caller, ["run", ...flags, "--", "sh", "-c", surroundings], { stdin: "" });
      const { outcomes } = await runBatch(cupel, caller, scripts("true", surroundings), ["--parallel", "1", ...flags]);
      expect(alone).toMatchObject({ code: 0, stderr: "" });
      expect(describeSurroundings(said(byLine(outcomes)[1]))).toEqual(describeSurroundings(alone.stdout));
    });
  });
});

const surroundings = `
grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp|Sig|Umask|Threads|Cpus|Mems)' /proc/self/status
sed 's/^/limit /' /proc/self/limits; env | sed 's/^/env /'; id; pwd; hostname; cat /proc/self/cgroup /proc/self/oom_score_adj
ls -ld / /tmp /dev/shm /dev/pts "$HOME" | sed 's/  *[A-Z][a-z][a-z] .* / /'; ls -A / /dev /tmp "$HOME" /workspace /etc | sed 's/^/name /'
cat /proc/self/setgroups; cut -d: -f1 /proc/net/dev; cat /proc/sys/kernel/ngroups_max
cut -d' ' -f4- /proc/self/mountinfo | sed 's/^/mount /'; ls -l /proc/self/ns | wc -l; cat /proc/keys | wc -l; nice
`;

/** One entry a line, in order; ids outside are of each run's own, and a mount that another one hides counts once. */
function describeSurroundings(text: string | undefined): string[] {
  expect(text).toContain("mount ");
  const lines = (text ?? "").trimEnd().split("\n");
  return [
    ...new Set(lines.map((line) => line.replaceAll(/\b(uid|gid)=\d{5,}/g, "$1=outside").replace(/^(.)\1 /, ""))),
  ].toSorted();
}
