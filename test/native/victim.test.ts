/** The victim of attacks, by itself: what ends it, so that nothing is left of a verification that was killed. */
import { expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
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
