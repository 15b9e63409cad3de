import { afterAll, describe, expect, test } from "bun:test";
import { makeTempDir } from "../../test/support/temp-dir.ts";
import { until } from "../../test/support/until.ts";
import type { Work } from "./contestant.ts";
import { listProcesses } from "./processes.ts";
import { buildDriver, driverCommand, parseBlock, runBlock } from "./driver.ts";

const order = { count: 10, warmUp: 1, parallel: 2 };

describe("driverCommand", () => {
  test.each<[Work, string]>([
    [{ kind: "spawn", command: ["/bin/true", "x"] }, "driver spawn 10 1 2 -- /bin/true x"],
    [
      { kind: "spawn", command: ["/bin/true"], opens: { 20: "/a", 21: "/b" }, within: ["env", "-i"] },
      "env -i driver spawn 10 1 2 -f 20=/a -f 21=/b -- /bin/true",
    ],
    [{ kind: "launcher", launcher: "/l", instruction: "/i" }, "driver launcher 10 1 2 -i /i -- /l"],
    [
      { kind: "bare", namespaces: 4096, hasMounts: true, command: ["/bin/true"] },
      "driver bare 10 1 2 -c 4096 -m -- /bin/true",
    ],
  ])("%j", (work, expected) => expect(driverCommand("driver", work, order).join(" ")).toBe(expected));
});

describe("parseBlock", () => {
  test("reads samples and the wall", () =>
    expect(parseBlock("100\n200\nwall 310\n")).toEqual({ samplesNs: [100, 200], wallNs: 310 }));

  test.each(["", "100\n", "0\nwall 5\n", "1.5\nwall 5\n", "5\nwell 5\n", "x\nwall 5\n", "5\nwall\n"])(
    "refuses %j",
    (text) => expect(() => parseBlock(text)).toThrow("the driver printed"),
  );
});

describe("the driver", () => {
  const directory = makeTempDir();
  afterAll(() => directory[Symbol.dispose]());
  const context = { driver: buildDriver(directory.path), directory: "/", environment: { PATH: "/usr/bin:/bin" } };
  const run = (work: Work, count = 3, parallel = 1): ReturnType<typeof runBlock> =>
    runBlock(context, work, { count, warmUp: 1, parallel, deadlineMs: 20_000, isVerbose: true });

  test("gives each job's time, and less than their sum where they run at once", async () => {
    const block = await run({ kind: "spawn", command: ["/bin/sleep", "0.2"] }, 4, 4);
    if (typeof block === "string") throw new Error(block);
    expect(block.samplesNs.length).toBe(4);
    expect(Math.min(...block.samplesNs)).toBeGreaterThan(2e8);
    expect(block.wallNs).toBeLessThan(block.samplesNs.reduce((sum, each) => sum + each, 0));
  });

  test.each<[string, Work, string]>([
    ["an exit code", { kind: "spawn", command: ["/bin/sh", "-c", "echo no luck >&2; exit 3"] }, "no luck; exit code 3"],
    ["a signal", { kind: "spawn", command: ["/bin/sh", "-c", "kill -9 $$"] }, "ended by signal 9"],
    [
      "a missing program",
      { kind: "spawn", command: ["/nowhere"] },
      "/nowhere: No such file or directory; exit code 125",
    ],
    [
      "a launcher that says nothing",
      { kind: "launcher", launcher: "/bin/true", instruction: "/etc/hostname" },
      "the launcher said:",
    ],
    [
      "a bare job's end",
      { kind: "bare", namespaces: 0, hasMounts: false, command: ["/bin/false"] },
      "the job ended with wait status 256",
    ],
  ])("tells of %s", async (_, work, reason) => expect(await run(work)).toBe(reason));

  test("ends what takes too long, and whatever that started", async () => {
    const seconds = `30.${process.pid}`;
    expect(
      await runBlock(context, { kind: "spawn", command: ["/bin/sleep", seconds] }, { ...order, deadlineMs: 300 }),
    ).toBe("not over after 0.3 s");
    await until("its jobs are gone", () => !listProcesses().some(({ words }) => words[1] === seconds));
  });

  test("has jobs write to the null device, and still says what became of them", async () => {
    const script = 'for n in 0 1 2; do all="$all $(readlink /proc/$$/fd/$n)"; done; echo $all >$1; exit 4';
    const work: Work = { kind: "spawn", command: ["/bin/sh", "-c", script, "sh", "streams"] };
    const place = { ...context, directory: directory.path };
    expect(await runBlock(place, work, { count: 1, warmUp: 0, parallel: 1, deadlineMs: 20_000 })).toBe("exit code 4");
    expect(await Bun.file(directory.at("streams")).text()).toBe("/dev/null /dev/null /dev/null\n");
  });

  test("opens files for a command, and gives every job another name", async () => {
    const content = directory.file("content", "read me");
    const seen = directory.at("seen");
    const script = `cat <&5 >>${seen}; echo " $1" >>${seen}`;
    const work: Work = { kind: "spawn", command: ["/bin/sh", "-c", script, "sh", "a-{}-z"], opens: { 5: content } };
    expect(await run(work, 2)).toEqual({
      samplesNs: [expect.any(Number), expect.any(Number)],
      wallNs: expect.any(Number),
    });
    const lines = (await Bun.file(seen).text()).trim().split("\n");
    expect(lines.map((line) => line.replaceAll(/\d+/g, "N"))).toEqual(Array(3).fill("read me a-N-N-z"));
    expect(new Set(lines).size).toBe(3);
  });
});
