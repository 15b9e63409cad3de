/** Jobs on gVisor's kernel: what only they have. The suites of sandboxes run in it too: scripts/check/strategy-suites.ts. */
import { describe, expect, test } from "bun:test";
import { copyFileSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { compileC } from "../support/compile-c.ts";
import { childrenOf, isAlive, readIfThere } from "../support/processes.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, rootCallers } from "../support/tester.ts";
import { until } from "../support/until.ts";

const cupel = installCupel();

const inGvisor = ["run", "--strategy", "gvisor"];

function flat(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

describe.each(callers)("called by $name", (caller) => {
  const run = (...words: readonly string[]) => cupel.run(caller, [...inGvisor, ...words]);
  const shell = (script: string) => run("--", "sh", "-c", script);

  test("a job has another kernel, and all else as anywhere: streams, exit code, identity, workspace", async () => {
    using workspace = makeTempDir({ owner: caller });
    workspace.file("given", "from the host\n");
    const script = "cat; cat given; echo to standard error >&2; id -u; echo made >given; uname -r; exit 7";
    const words = [...inGvisor, "--ignore", "**", "--", "sh", "-c", script];
    const ran = await cupel.run(caller, words, { cwd: workspace.path, stdin: "from the caller\n" });
    const host = readFileSync("/proc/sys/kernel/osrelease", "utf8").trim();
    const lines = ran.stdout.split("\n");
    expect([ran.code, ran.stderr]).toEqual([7, "to standard error\n"]);
    expect(lines.slice(0, 3)).toEqual(["from the caller", "from the host", "1000"]);
    expect(lines[3]).toMatch(/^\d+\./);
    expect(lines[3]).not.toBe(host);
    expect(readFileSync(workspace.at("given"), "utf8")).toBe("from the host\n");
  });

  test("its first process is nobody's to signal or to look into, and nothing is left of what started it", async () => {
    const script = [
      "for signal in STOP TERM KILL; do kill -$signal 1 2>/dev/null && echo $signal; done",
      "for name in environ maps mem auxv fd ns status; do cat /proc/1/$name 2>/dev/null && echo $name; done",
      "for path in /dev/cupel /dev/fuse /dev/net /cupel /job /state /bundle /runsc; do [ -e $path ] && echo $path; done",
      "touch /dev/made /sys/made 2>/dev/null && echo made",
      "cat /sys/* 2>/dev/null && echo system",
      "echo end",
    ].join("\n");
    expect(await shell(script)).toMatchObject({ code: 0, stdout: "end\n", stderr: "" });
  });

  test("no other way leads to its first process: not a descriptor's owner, nor the parent of a child", async () => {
    using directory = makeTempDir({ owner: caller, mode: 0o755 });
    const program = compileC(join(import.meta.dir, "../support/signal-first.c"), { flags: ["-static"] });
    copyFileSync(program, directory.at("signal-first"));
    for (const way of ["owner", "parent"])
      for (const signal of ["9", "19"]) {
        const words = ["--timeout", "20s", "--read", directory.path, "--", directory.at("signal-first"), way, signal];
        expect(await run(...words)).toMatchObject({ code: 0, stdout: "EPERM\n", stderr: "" });
      }
  });

  test("the caller's pipes stay as they are, with all that the job did not read", async () => {
    const flags = `python3 -c 'import fcntl, os; print([fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_NONBLOCK for fd in (0, 1)])'`;
    const call = `"$CUPEL" ${inGvisor.join(" ")} --`;
    const script = `seq 100000 | { ${call} true; ${flags}; wc -l; } | cat; printf 'a\\nb\\n' | { ${call} sh -c 'read line; echo $line'; ${flags}; } | cat`;
    expect(await cupel.shell(caller, script)).toMatchObject({ stdout: "[0, 0]\n100000\na\n[0, 0]\n", stderr: "" });
  });

  test("as many processes are there as its cap says, whatever gVisor takes of the host's for them", async () => {
    const forks = `$| = 1; for (1 .. 60) { my $pid = fork; defined $pid or last; $pid or sleep 5, exit; $made++ } print $made; kill 9, 0`;
    expect((await run("--pids", "30", "--", "perl", "-e", forks)).stdout).toBe("29");
    const all = await run("--pids", "300", "--", "perl", "-e", forks.replace("60", "250"));
    expect(all.stdout).toBe("250");
  });

  test("a job that is killed has taken its time", async () => {
    using directory = makeTempDir({ owner: caller });
    const result = directory.at("result.json");
    const words = [
      "--timeout",
      "700ms",
      "--grace",
      "100ms",
      "--result",
      result,
      "--",
      "sh",
      "-c",
      "trap '' TERM; sleep 9",
    ];
    expect((await run(...words)).code).toBe(124);
    const { usage } = JSON.parse(readFileSync(result, "utf8")) as { usage: { wallMs: number } };
    expect(usage.wallMs).toBeGreaterThan(50);
  });

  test("caps on private directories hold, /dev/shm among them", async () => {
    const words = ["--tmp-size", "1M", "--workspace", "none", "--"];
    const fill = "head -c 3000000 /dev/zero";
    const full = await run(
      ...words,
      "sh",
      "-c",
      `${fill} >/tmp/much; ${fill} >/dev/shm/much; wc -c /tmp/much /dev/shm/much`,
    );
    expect(full.stdout).toMatch(/1048576 \/tmp\/much\n\s*1048576 \/dev\/shm\/much/);
  });

  test("runsc may be a link: the file that it leads to is what is shown to the sandbox", async () => {
    using directory = makeTempDir({ owner: caller, mode: 0o755 });
    symlinkSync("/usr/bin/runsc", directory.at("runsc"));
    const env = { PATH: `${directory.path}:/usr/bin:/bin`, XDG_STATE_HOME: directory.at("state") };
    const ran = await cupel.run(caller, [...inGvisor, "--", "echo", "ran"], { env });
    expect(ran).toMatchObject({ code: 0, stdout: "ran\n", stderr: "" });
  });

  test("what it cannot have is refused by name", async () => {
    const terminal = await cupel.run(caller, ["plan", "--strategy", "gvisor", "--tty", "--", "true"]);
    expect([terminal.code, flat(terminal.stdout)]).toEqual([
      125,
      expect.stringContaining("jobs in gVisor have no terminal (--tty)"),
    ]);
    expect(await run("--explain-denials", "--", "true")).toMatchObject({
      code: 125,
      stderr:
        "cupel: --explain-denials sees what the host's kernel is asked, and that of a job in gvisor is asked nothing; leave it out, or take another strategy (--strategy)\n",
    });
    expect(await cupel.run(caller, [...inGvisor, "--batch", "-"], { stdin: '{"command":["true"]}\n' })).toMatchObject({
      code: 125,
      stderr: "cupel: gvisor makes one sandbox at a time; run these jobs one by one, without --batch\n",
    });
  });

  test("what is set up before, secrets, descriptors and changes are as in every sandbox", async () => {
    using workspace = makeTempDir({ owner: caller });
    const secret = workspace.file("secret", "hush", 0o600);
    const words = [
      "--setup",
      "echo set-up >made",
      "--secret",
      `TOKEN=file:${secret}`,
      "--secret-fd",
      `OTHER=file:${secret}`,
      "--apply",
      "on-success",
      "--",
      "sh",
      "-c",
      'cat made /run/secrets/TOKEN; cat <&"$CUPEL_SECRET_OTHER_FD"; env | grep -c hush; echo job >>made',
    ];
    const ran = await cupel.run(caller, [...inGvisor, ...words], { cwd: workspace.path });
    expect(ran).toMatchObject({ stdout: "set-up\nhushhush0\n", code: 0 });
    expect(readFileSync(workspace.at("made"), "utf8")).toBe("set-up\njob\n");
  });

  test("two on the host's network do not get in each other's way, and reach what listens there", async () => {
    const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
    using _stop = { [Symbol.dispose]: () => server.stop(true) };
    const connect = `use Socket; socket(S, PF_INET, SOCK_STREAM, 0) or die; connect(S, sockaddr_in(${server.port}, INADDR_LOOPBACK)) or die $!; print "met"; sleep 1`;
    const both = [1, 2].map(() => run("--network", "host", "--", "perl", "-e", connect));
    for (const ran of await Promise.all(both)) expect(ran).toMatchObject({ code: 0, stdout: "met", stderr: "" });
    expect((await run("--", "perl", "-e", connect)).code).not.toBe(0);
  });

  test("a kernel that dies in mid-job is said, and nothing of the job is left", async () => {
    await using running = cupel.start(caller, [...inGvisor, "--", "sh", "-c", "echo begun; exec sleep 100"]);
    await running.wrote("begun");
    const pids = childrenOf(running.pid);
    const kernels = pids.filter((pid) => readIfThere(`/proc/${pid}/cmdline`).startsWith("runsc-sandbox\0"));
    expect(kernels.length).toBeGreaterThan(0);
    for (const pid of kernels) process.kill(pid, "SIGKILL");
    expect(await running.ended).toMatchObject({ code: 125, stderr: expect.stringMatching(/^cupel: [^\n]+\n$/) });
    await until("everything is gone", () => pids.filter(isAlive).length === 0, 1000);
  });
});

describe.each(rootCallers)("called by root", (root) => {
  test("a limit on memory that gVisor cannot even start in is said", async () => {
    expect(await cupel.run(root, [...inGvisor, "--memory", "8M", "--", "true"])).toMatchObject({
      code: 125,
      stderr: "cupel: the program that is the job's kernel went over the job's memory limit, and was ended\n",
    });
  });
});
