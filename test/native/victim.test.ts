/** The victim of attacks, by itself: what ends it, so that nothing is left of a verification that was killed. */
import { expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { findProcesses, freshMark } from "../support/processes.ts";
import { until } from "../support/until.ts";
import { victimProgram } from "../support/victim-program.ts";

function start() {
  const child = spawn(victimProgram, ["argument"], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "exit");
  return { child, ended };
}

test("obeys lines, and ends with its input", async () => {
  const { child, ended } = start();
  let told = "";
  child.stdout.on("data", (chunk: Buffer) => (told += chunk.toString()));
  child.stdin.end("hold nothing token place\nlook\n");
  expect(await ended).toEqual([0, null]);
  expect(told).toBe("absent nothing 22\nlooked\n");
});

/** keyctl(KEYCTL_JOIN_SESSION_KEYRING, NULL), as in a service of systemd's: a session keyring without the user's. */
const inOwnKeyring = `import ctypes, os, sys
assert ctypes.CDLL(None).syscall(${process.arch === "arm64" ? 219 : 250}, 1, None) > 0
os.execv(sys.argv[1], sys.argv[1:])`;

test("holds a key that stays as it is, in a session without the user's keyring", async () => {
  const child = spawn("python3", ["-c", inOwnKeyring, victimProgram, "argument"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  let told = "";
  child.stdout.on("data", (chunk: Buffer) => (told += chunk.toString()));
  const place = `cupel-test-${process.pid}`;
  child.stdin.end(`hold key token1234 ${place}\nlook\n`);
  expect(await ended).toEqual([0, null]);
  expect(told).toBe(`held key ${place}\nlooked\n`);
});

test("ends where nobody listens any more, though it has a signal to tell of", async () => {
  const { child, ended } = start();
  child.stdin.write("look\n");
  await once(child.stdout, "data");
  // Both are there when it goes on, as after kill -9 of a verification under way.
  child.kill("SIGSTOP");
  child.kill("SIGUSR1");
  child.stdout.destroy();
  child.stdin.destroy();
  await until("both ends are closed", () => child.stdin.destroyed && child.stdout.destroyed);
  child.kill("SIGCONT");
  const isStuck = setTimeout(() => child.kill("SIGKILL"), 5000);
  expect(await ended).toEqual([0, null]);
  clearTimeout(isStuck);
});

const typed = `read a; echo "$a"; head -c 10001 | od -An -tu1 | tail -n 1; test -t 0 && echo terminal`;

test("gives a program a terminal, types at it what comes, and ends with it", async () => {
  const mark = freshMark();
  const words = ["--own-terminal", "/bin/sh", "-c", `${typed}; exit 7`, mark];
  const child = spawn(victimProgram, words, {
    stdio: ["pipe", "pipe", "inherit"],
    detached: true,
  });
  const ended = once(child, "exit");
  let told = "";
  child.stdout.on("data", (chunk: Buffer) => (told += chunk.toString()));
  child.stdin.end(`first\n${"more\n".repeat(2000)}`);
  expect(await ended).toEqual([7, null]);
  expect(told).toBe("first\n   4\nterminal\n");
  await until("nobody types any more", () => findProcesses(mark).length === 0);
});
