/** Caps: that they hold for the whole tree, that their cause is told apart, and that nothing is claimed without them. */
import { describe, expect, test } from "bun:test";
import { installCupel } from "../support/run-cli.ts";
import { counted, limitOf, runLimited as runWithOutcome, type Limited } from "../support/run-limited.ts";
import { either, isContainer, onKernel, ownWorldTest } from "../support/sandbox-on-trial.ts";
import { ordinaryCaller, rootCallers, type Caller } from "../support/tester.ts";

const cupel = installCupel();

const runLimited = (caller: Caller, words: readonly string[]): Promise<Limited> => runWithOutcome(cupel, caller, words);

/** Holds 200 MB for as long as it takes to have them. */
const allocate = ["perl", "-e", 'my $x = "x" x 200_000_000; print length($x)'];

/** As many children at once as it can get; says how many, and why there are no more. */
const forkMany = (most: number): string[] => {
  const script = `for (1 .. ${most}) { my $pid = fork; if (!defined $pid) { $why = $!{EAGAIN} ? "EAGAIN" : $!; last } if (!$pid) { sleep 100; exit } push @all, $pid }
    print scalar(@all), " ", $why // "all"; kill 9, @all; wait for @all`;
  return ["perl", "-e", script];
};

function parseForks(stdout: string): { count: number; why: string } {
  const [count, why = ""] = stdout.split(" ");
  return { count: Number(count), why };
}

describe.each(rootCallers)("with control groups, called by $name", (root) => {
  test("a job over its memory limit is ended, and it is said why", async () => {
    const over = await runLimited(root, ["--memory", "64M", "--", ...allocate]);
    expect(over).toMatchObject({
      code: 137,
      stdout: "",
      stderr: onKernel(
        "cupel: the job was ended because it went over its memory limit\n",
        "cupel: the job was ended with all of its processes, over its memory limit\n",
      ),
    });
    expect(over.outcome.status).toBe("out-of-memory");
    expect(counted(over, "killed for memory")).toBeGreaterThan(0);
    expect(limitOf(over, "memory")).toMatchObject({ requested: 64 * 1024 ** 2, stated: true, enforced: true });
    const within = await runLimited(root, ["--memory", "512M", "--", ...allocate]);
    expect(within).toMatchObject({ code: 0, stdout: "200000000" });
    expect(counted(within, "killed for memory")).toBe(0);
  });

  test("the memory limit is the tree's, not each process's", async () => {
    const script = `for (1 .. 4) { if (!fork) { my $x = "x" x 30_000_000; sleep 2; exit } } my $bad = 0; for (1 .. 4) { wait; $bad++ if $? } print $bad`;
    const over = await runLimited(root, ["--memory", "64M", "--", "perl", "-e", script]);
    expect(over.code === 137 || Number(over.stdout) > 0).toBe(true);
    expect(counted(over, "killed for memory")).toBeGreaterThan(0);
  });

  ownWorldTest("a private file system counts as memory", async () => {
    const over = await runLimited(root, [
      "--memory",
      "64M",
      "--",
      "sh",
      "-c",
      "head -c 200000000 /dev/zero > /dev/shm/big; echo survived",
    ]);
    expect(counted(over, "killed for memory")).toBeGreaterThan(0);
  });

  test("a job that is killed without that is not called out of memory", async () => {
    const killed = await runLimited(root, ["--memory", "64M", "--", "sh", "-c", "kill -9 $$"]);
    expect(killed).toMatchObject({ code: 137, stderr: "" });
    expect(killed.outcome.status).toBe("signalled");
  });

  test("a fork over the cap is refused, and counted", async () => {
    const over = await runLimited(root, ["--pids", "20", "--", ...forkMany(60)]);
    const { count, why } = parseForks(over.stdout);
    expect(why).toBe("EAGAIN");
    expect(count).toBeLessThan(20);
    expect(count).toBeGreaterThan(10);
    // gVisor's kernel refuses them, and tells nobody.
    expect(counted(over, "forks refused") > 0).toBe(onKernel(true, false));
    const within = await runLimited(root, ["--pids", "200", "--", ...forkMany(60)]);
    expect(parseForks(within.stdout)).toEqual({ count: 60, why: "all" });
    expect(counted(within, "forks refused")).toBe(0);
  });

  test("CPU time is held to its share", async () => {
    const burn = ["perl", "-e", "my $end = time + 2; while (time < $end) {} "];
    const share = ({ outcome: { usage } }: Limited): number =>
      usage === undefined ? Number.NaN : (usage.userMs + usage.systemMs) / usage.wallMs;
    const held = await runLimited(root, ["--cpus", "0.2", "--", ...burn]);
    expect(held.code).toBe(0);
    expect(share(held)).toBeLessThan(0.6);
    expect(limitOf(held, "cpus")).toMatchObject({ requested: 0.2, enforced: true });
    const free = await runLimited(root, ["--", ...burn]);
    expect(share(free)).toBeGreaterThan(share(held));
  });

  test("the defaults are applied, and said not to have been stated", async () => {
    const ran = await runLimited(root, ["--", "true"]);
    expect(limitOf(ran, "pids")).toMatchObject({ requested: 4096, stated: false, enforced: true });
    expect(limitOf(ran, "memory")).toMatchObject({ stated: false, enforced: true });
    expect(limitOf(ran, "wall")).toBeUndefined();
  });
});

/** Elsewhere an ordinary user may have control groups delegated, and then these hold there. */
describe("without control groups, called by an ordinary user", () => {
  const caller = ordinaryCaller;

  test("a memory limit is refused, and it is said what is lacking", async () => {
    const ran = await runLimited(caller, ["--memory", "64M", "--", "echo", "ran"]);
    expect(ran).toMatchObject({ code: 125, stdout: "" });
    expect(ran.stderr).toStartWith("cupel: refused: ");
    const text = ran.stderr.replaceAll(/\s+/g, " ");
    expect(text).toContain("limit.memory");
    // What a runtime makes may be out of the job's control groups by that alone.
    expect(text).toMatch(isContainer ? /cgroup\.memory|control groups/ : /cgroup\.memory/);
    expect(ran.outcome.status).toBe("refused");
  });

  test("and given up by name, the job runs and the outcome says so", async () => {
    const ran = await runLimited(caller, ["--memory", "64M", "--accept-missing", "limit.memory", "--", "echo", "ran"]);
    expect(ran).toMatchObject({ code: 0, stdout: "ran\n" });
    expect(ran.stderr).toMatch(/^cupel: [^\n]*limit\.memory[^\n]*\n$/);
    const { accepted } = ran.outcome;
    const limits = accepted.filter((id) => id.startsWith("limit."));
    expect(either(accepted, limits)).toEqual(["limit.memory"]);
    expect(limitOf(ran, "memory")).toMatchObject({ stated: true, enforced: false });
  });

  test("--strict demands the default limits as well", async () => {
    const ran = await runLimited(caller, ["--strict", "--", "true"]);
    expect(ran).toMatchObject({ code: 125 });
    expect(ran.stderr).toContain("limit.memory");
    expect((await runLimited(caller, ["--", "true"])).code).toBe(0);
  });

  test("the number of processes is held by the user namespace, and refused without one", async () => {
    const over = await runLimited(caller, ["--pids", "20", "--", ...forkMany(60)]);
    if (either(false, true)) {
      expect([over.code, over.outcome.status]).toEqual([125, "refused"]);
      return expect(over.stderr).toContain("limit.pids");
    }
    const { count, why } = parseForks(over.stdout);
    expect(why).toBe("EAGAIN");
    expect(count).toBeLessThan(20);
    expect(count).toBeGreaterThan(10);
    expect(limitOf(over, "pids")).toMatchObject({ requested: 20, stated: true, enforced: true });
    const free = await runLimited(caller, ["--", ...forkMany(60)]);
    expect(parseForks(free.stdout)).toEqual({ count: 60, why: "all" });
  });

  ownWorldTest("and two jobs at once do not share one number", async () => {
    const jobs = [1, 2].map(() => runLimited(caller, ["--pids", "40", "--", ...forkMany(30)]));
    for (const { stdout } of await Promise.all(jobs)) expect(parseForks(stdout)).toEqual({ count: 30, why: "all" });
  });
});
