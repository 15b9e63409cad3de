/** Ordinary programs under the strict profile, debuggers under the compat one: the profiles deny no more than they say. */
import { describe, expect } from "bun:test";
import { chmodSync, copyFileSync } from "node:fs";
import { join } from "node:path";
import { installAttempt, type Attempt } from "../support/attempt.ts";
import { compileC } from "../support/compile-c.ts";
import { needs, needsPrograms } from "../support/must-work.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers } from "../support/tester.ts";

const cupel = installCupel();
const attempt = installAttempt(cupel);

const shellScript = `
set -e
cd /tmp
ls -la / > list; sort -r list | uniq | wc -l > count
cp -a /etc/passwd copy; mv copy moved; sed -i s/root/toor/ moved; ln -s moved link; cat link | head -n 1 | cut -c 1-4
mkdir -p a/b; touch a/b/c; chmod 600 a/b/c; find a -type f | xargs stat -c %a; rm -r a
tar cf all.tar list count; gzip all.tar; tar tzf all.tar.gz; timeout 10 sleep 0.01; df . > /dev/null; nproc > /dev/null
dd if=/dev/zero of=zeros bs=1k count=3 2> /dev/null; truncate -s 1k zeros; wc -c < zeros
( sleep 0.01; echo background ) & wait; trap 'echo trapped' TERM; kill -TERM $$
`;
const shellOutput = "toor\n600\nlist\ncount\n1024\nbackground\ntrapped\n";

const pythonScript = `
import threading, subprocess, tempfile, multiprocessing, asyncio, socket
def put(queue): queue.put("process")
sums = []
threads = [threading.Thread(target=lambda: sums.append(sum(range(1000)))) for _ in range(8)]
[thread.start() for thread in threads]; [thread.join() for thread in threads]
print(len(sums), subprocess.run(["echo", "child"], capture_output=True, text=True).stdout.strip())
with tempfile.NamedTemporaryFile() as file: file.write(b"x")
context = multiprocessing.get_context("fork"); queue = context.Queue()
process = context.Process(target=put, args=(queue,)); process.start(); print(queue.get()); process.join()
asyncio.run(asyncio.sleep(0.001))
one, other = socket.socketpair(); one.send(b"pair"); print(other.recv(4).decode())
try: socket.socket()
except OSError as error: print(error.errno)
`;
const pythonOutput = "8 child\nprocess\npair\n97\n";

const nodeScript = `
const fs = require("fs"), { Worker } = require("worker_threads"), { execFileSync, exec } = require("child_process");
fs.writeFileSync("/tmp/file", "text");
const worker = new Worker("require('worker_threads').parentPort.postMessage(21 * 2)", { eval: true });
worker.on("message", (value) => exec("echo piped", (error, output) =>
  fs.promises.readFile("/tmp/file", "utf8").then((text) =>
    setTimeout(() => console.log(value, output.trim(), text, execFileSync("echo", ["child"]).toString().trim()), 1))));
`;
const nodeOutput = "42 piped text child\n";

/** Calls by number: x86-64 and arm64. */
const calls = process.arch === "x64" ? { prlimit64: 302, unshare: 272 } : { prlimit64: 261, unshare: 97 };

const onX64 = needs(process.arch === "x64" && Bun.which("gcc") !== null, "the tracer is written for x86-64, and in C");

describe.each(callers)("called by $name", (caller) => {
  const strict = (...words: readonly string[]) => cupel.run(caller, ["run", "--seccomp", "strict", "--", ...words]);
  const worked = (stdout: string): object => ({ code: 0, stdout, stderr: "" });

  needsPrograms(
    "sh",
    "tar",
    "gzip",
  )("a shell and coreutils work under strict", async () => {
    expect(await strict("sh", "-c", shellScript)).toMatchObject(worked(shellOutput));
  });

  needsPrograms("python3")("Python works under strict, with threads and processes, and without sockets", async () => {
    expect(await strict("/usr/bin/python3", "-c", pythonScript)).toMatchObject(worked(pythonOutput));
  });

  needsPrograms("node")("Node works under strict, with a worker and children", async () => {
    const ran = await cupel.run(caller, ["run", "--tools", "--seccomp", "strict", "--", "node", "-e", nodeScript]);
    expect(ran).toMatchObject(worked(nodeOutput));
  });

  needsPrograms("gcc")("a compiler, and what it made, work under strict", async () => {
    const script = `cd /tmp && echo 'int main(void) { return 42; }' > a.c && gcc a.c -o a && ./a`;
    expect(await strict("sh", "-c", script)).toMatchObject({ code: 42, stderr: "" });
  });

  needsPrograms("strace")(
    "a tracer works under compat, also one that leaves calls out, and not under the default",
    async () => {
      const run = (profile: string, ...words: readonly string[]) =>
        cupel.run(caller, ["run", "--seccomp", profile, "--", "strace", ...words]);
      expect(await run("compat", "-f", "-o", "/dev/null", "sh", "-c", "echo traced")).toMatchObject(worked("traced\n"));
      const skipped = await run(
        "compat",
        "-o",
        "/dev/null",
        "-e",
        "inject=chdir:error=EXDEV",
        "sh",
        "-c",
        "cd / || echo left out",
      );
      expect(skipped).toMatchObject({ code: 0, stdout: "left out\n" });
      const denied = await run("default", "-o", "/dev/null", "true");
      expect([denied.code === 0, denied.stderr]).toEqual([false, expect.stringContaining("Operation not permitted")]);
    },
  );

  onX64("a tracer under compat gets no call of its own past the filter of its child", async () => {
    using directory = makeTempDir();
    const path = directory.at("smuggle");
    copyFileSync(compileC(join(import.meta.dir, "../support/smuggle-call.c"), { flags: ["-static", "-O1"] }), path);
    chmodSync(path, 0o755);
    const inside = (profile: string) =>
      cupel.run(caller, ["run", "--seccomp", profile, "--read", path, "--", path]).then(({ stdout }) => stdout);
    expect((await cupel.outside(caller, [path])).stdout).toBe("ok\n");
    expect([await inside("compat"), await inside("default")]).toEqual(["EPERM\n", "cannot trace: EPERM\n"]);
  });

  needsPrograms("gcc")(
    "under no profile is the first process traced, limited or followed into a namespace",
    async () => {
      const acts: Attempt[] = [
        ["trace", 1],
        ["call", calls.prlimit64, 1, 0, 0, 0],
        ["call", calls.prlimit64, 0, 0, 0, 0],
        ["call", calls.unshare, 0x1000_0000],
      ];
      for (const profile of ["default", "strict", "compat"]) {
        const results = await attempt.inside(caller, acts, ["--seccomp", profile]);
        expect([profile, ...results]).toEqual([profile, "EPERM", "EPERM", "ok", "EPERM"]);
      }
    },
  );
});
