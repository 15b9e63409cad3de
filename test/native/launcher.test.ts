/** The whole launcher, built with sanitizers: nothing is started under an instruction that is not one. */
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { encodeInstruction } from "../../src/launch/encode-instruction.ts";
import { parseLaunchEvent, type LaunchEvent } from "../../src/launch/launch-event.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";
import { buildSanitized } from "../support/build-sanitized.ts";
import { repositoryRoot } from "../support/compile-c.ts";
import { execute } from "../support/execute.ts";
import { plainBinding } from "../support/launch-program.ts";
import { needsPrograms } from "../support/must-work.ts";
import { openTerminal } from "../support/terminal.ts";
import { makeTempDir } from "../support/temp-dir.ts";

const needsCompiler = needsPrograms("gcc");
const launcher = `${repositoryRoot}/dist/sanitize/launcher`;

/** The launcher with its control on 3 and its events on standard output: it takes no orders from a standard stream. */
const onThree = 'exec "$0" 3 1 2 2 2 3<&0';

/** What the launcher tells about these bytes on its control; any report of a sanitizer fails the test. */
async function launch(instruction: Uint8Array): Promise<LaunchEvent[]> {
  const { stdout, stderr } = await execute(["/bin/sh", "-c", onThree, launcher], { stdin: instruction, env: {} });
  expect(stderr).toBe("");
  return stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => parseLaunchEvent(line));
}

function withByte(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = value;
  return copy;
}

function refused(errno: number): LaunchEvent[] {
  return [{ event: "failed", step: "instruction", errno, subject: "" }];
}

describe("launcher", () => {
  const [malformed, otherVersion, cutShort] = [74, 71, 32];

  needsCompiler("starts no job under an instruction with any fault, and says so", async () => {
    await buildSanitized();
    using directory = makeTempDir();
    const touched = directory.at("touched");
    const whole = encodeInstruction(barePlan(["/usr/bin/touch", touched]), plainBinding());
    const cuts = Array.from({ length: 24 }, (_, part) => Math.floor((whole.length * part) / 24));
    const faulty: readonly (readonly [Uint8Array, number])[] = [
      ...cuts.map((length) => [whole.subarray(0, length), cutShort] as const),
      [withByte(whole, 0, 0x44), malformed],
      [withByte(whole, 4, 99), otherVersion],
      [withByte(whole, 8, 4), malformed],
      [withByte(whole, 11, 0xff), malformed],
      // The first record: its kind, its reserved bits, its length.
      [withByte(whole, 12, 99), malformed],
      [withByte(whole, 14, 1), malformed],
      [withByte(whole, 16, 15), malformed],
      [withByte(whole, 19, 0x80), malformed],
      [whole.subarray(12), malformed],
      [new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"), malformed],
    ];
    for (const [bytes, errno] of faulty) expect(await launch(bytes)).toEqual(refused(errno));
    expect(existsSync(touched)).toBeFalse();
  });

  needsCompiler("starts the job under the whole one: the control", async () => {
    await buildSanitized();
    using directory = makeTempDir();
    const touched = directory.at("touched");
    // A pipe whose other end it holds itself has no end: the end of its control is an order to end the job.
    const [instruction, control] = [directory.at("instruction"), directory.at("control")];
    const script = `mkfifo ${control}; exec 3<>${control}; cat ${instruction} >&3; exec ${launcher} 3 1 2 2 2`;
    const plan = barePlan(["/usr/bin/touch", touched]);
    directory.file("instruction", encodeInstruction(plan, plainBinding()));
    const { stdout, stderr } = await execute(["sh", "-c", script], { env: { PATH: "/usr/bin:/bin" } });
    expect(stderr).toBe("");
    expect(
      stdout
        .split("\n")
        .slice(0, -1)
        .map((line) => parseLaunchEvent(line).event),
    ).toEqual(["started", "ended"]);
    expect(existsSync(touched)).toBeTrue();
  });

  needsCompiler("gives the job a terminal of its own, without a finding", async () => {
    await buildSanitized();
    using directory = makeTempDir();
    const [events, control] = [directory.at("events"), directory.at("control")];
    directory.file(
      "instruction",
      encodeInstruction(
        barePlan(["/bin/sh", "-c", 'tty; read line; echo "<$line>"; seq 20000'], { terminal: "private" }),
        plainBinding(),
      ),
    );
    const go = directory.at("go");
    const wait = (path: string): string => `until [ -e ${path} ]; do sleep 0.02; done`;
    // As above: a control that has no end.
    const script = `${wait(go)}; mkfifo ${control}; exec 3<>${control}; cat ${directory.at("instruction")} >&3
      ${launcher} 3 4 0 1 2 4> ${events}; echo over`;
    await using session = openTerminal(["sh", "-c", script], {
      env: { PATH: "/usr/bin:/bin", ASAN_OPTIONS: `log_path=${directory.at("finding")}` },
    });
    const before = session.settings();
    directory.file("go", "");
    await session.shows("/dev/pts/");
    expect(session.settings()).not.toBe(before);
    session.type("typed\r");
    await session.shows("20000\r\nover");
    expect(session.settings()).toBe(before);
    expect(session.text()).toContain("<typed>\r\n1\r\n2\r\n");
    const told = readFileSync(events, "utf8").trim().split("\n");
    expect(told.map((line) => parseLaunchEvent(line).event)).toEqual(["started", "ended", "output"]);
    expect(readdirSync(directory.path).filter((name) => name.startsWith("finding"))).toEqual([]);
  });

  needsCompiler("ends the job when its control ends", async () => {
    await buildSanitized();
    const plan = barePlan(["/bin/sleep", "60"]);
    const events = await launch(encodeInstruction(plan, plainBinding()));
    expect(events.at(-1)).toMatchObject({ event: "ended", status: 9 });
  });

  needsCompiler("takes five words, or six, and no others", async () => {
    await buildSanitized();
    const codes = await Promise.all(
      [[], ["3"], ["3", "1", "2", "2"], ["3", "1", "2", "2", "2", "2", "2"]].map(async (words) => {
        const { code, stdout, stderr } = await execute([launcher, ...words], { env: {} });
        return [code, stdout, stderr];
      }),
    );
    expect(codes).toEqual(codes.map(() => [64, "", ""]));
  });

  needsCompiler("takes no orders from a standard stream, which is all that a job has", async () => {
    await buildSanitized();
    using directory = makeTempDir();
    const plan = barePlan(["/usr/bin/touch", directory.at("touched")]);
    const stdin = encodeInstruction(plan, plainBinding());
    for (const control of ["0", "1", "2", "x"]) {
      const ran = await execute([launcher, control, "1", "2", "2", "2"], { stdin, env: {} });
      expect({ control, code: ran.code, stdout: ran.stdout }).toEqual({ control, code: 64, stdout: "" });
    }
    expect(existsSync(directory.at("touched"))).toBeFalse();
  });

  test("of this build takes no instruction from a file that is not one", async () => {
    const shipped = `${repositoryRoot}/dist/helpers/${process.arch}/launcher`;
    const words = ["/bin/sh", "-c", onThree, shipped];
    const { stdout } = await execute(words, { stdin: "#!/bin/sh\necho\n", env: {} });
    expect(stdout).toBe('{"event":"failed","step":"instruction","errno":74,"subject":""}\n');
  });
});
