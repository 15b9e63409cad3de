import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseBatchLine, readBatch, type BatchLine } from "../../src/run/batch-line.ts";

function problem(text: string): unknown {
  const line = parseBatchLine(text, "jobs", 7);
  return "problem" in line ? line.problem : line;
}

async function* chunksOf(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  const places = [0, ...cuts.toSorted((one, other) => one - other), bytes.length];
  for (const [index, end] of places.slice(1).entries()) yield bytes.subarray(places[index], end);
}

async function readAll(content: string | Uint8Array, cuts: readonly number[] = []): Promise<BatchLine[]> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return Array.fromAsync(readBatch(chunksOf(bytes, cuts), "jobs"));
}

function plain(line: number, ...command: [string, ...string[]]): BatchLine {
  return { line, id: undefined, command, environment: {}, timeoutMs: undefined, graceMs: undefined };
}

describe("parseBatchLine", () => {
  test("takes the least", () => expect(parseBatchLine('{"command":["true"]}', "jobs", 3)).toEqual(plain(3, "true")));

  test("takes everything that a line may say", () => {
    const whole = {
      id: "a",
      command: ["make", ""],
      env: { set: { A: "süß" } },
      limits: { timeout: "1.5s", grace: "2s" },
    };
    expect(parseBatchLine(JSON.stringify(whole), "jobs", 1)).toEqual({
      line: 1,
      id: "a",
      command: ["make", ""],
      environment: { A: "süß" },
      timeoutMs: 1500,
      graceMs: 2000,
    });
  });

  test.each([
    ['{"command":[]}', "jobs:7:12: command is empty; write the program and its arguments"],
    ['{"command":[""]}', "jobs:7:12: command begins with an empty word; write the program"],
    ['{"command":"true"}', 'jobs:7:12: command is "true", and has to be a list, such as [a, b]'],
    ["{}", "jobs:7:1: the field command is missing"],
    ['{"comand":["true"]}', 'jobs:7:2: there is no field "comand" here, did you mean command?'],
    ['{"command":["a"],"limits":{"timout":"1s"}}', 'jobs:7:28: there is no field "timout" here, did you mean timeout?'],
    [
      '{"command":["a"],"limits":{"timeout":"soon"}}',
      'jobs:7:38: limits.timeout "soon" is not a duration; write one such as 90s, 5m or 500ms',
    ],
    ['{"command":["a"],"id":1}', "jobs:7:23: id is 1, and has to be text; put it in quotes"],
    [
      '{"command":["a"],"env":{"set":{"A=B":""}}}',
      "jobs:7:32: a variable's name is of letters, digits and _, and begins with no digit",
    ],
    ["[]", "jobs:7:1: the file is a list, and has to be a mapping of names to values"],
    ["null", "jobs:7:1: the file is empty, and has to be a mapping of names to values"],
  ])("refuses %s, and says where", (text, message) => expect(problem(text)).toBe(message));

  test.each(["{", "command: [true]", '{"command":["a"],}', "{'command':['a']}"])(
    "refuses %s, which is not JSON",
    (text) => expect(problem(text)).toStartWith("jobs:7: the line is not JSON ("),
  );
});

describe("readBatch", () => {
  test("counts empty lines, passes them over, and takes a last line without an end", async () => {
    const text = '\n{"command":["a"]}\r\n  \n\n{"command":["b"]}';
    expect(await readAll(text)).toEqual([plain(2, "a"), plain(5, "b")]);
  });

  test.each(["", "\n", "\n \n\t"])("finds nothing in %j", async (text) => expect(await readAll(text)).toEqual([]));

  test("goes on behind a line that is no job", async () => {
    const lines = await readAll('{"command":["a"]}\nnonsense\n{"command":["b"]}\n');
    expect(lines).toEqual([
      plain(1, "a"),
      { line: 2, problem: expect.stringContaining("jobs:2: the line is not JSON") },
      plain(3, "b"),
    ]);
  });

  test("says of bytes that are not UTF-8 in which line they are", async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"command":["a"]}\n{"command":["'),
      Uint8Array.of(0xc3, 0x28),
      Buffer.from('"]}\n{"command":["b\uFFFD"]}\n{"command":["'),
      Uint8Array.of(0xe2, 0x82),
    ]);
    expect(await readAll(bytes)).toEqual([
      plain(1, "a"),
      { line: 2, problem: "jobs:2: the line is not valid UTF-8" },
      // The character that stands for a wrong one may be written like any other.
      plain(3, "b\uFFFD"),
      { line: 4, problem: "jobs:4: the line is not valid UTF-8" },
    ]);
  });

  test("reads the same wherever the chunks are cut", async () => {
    const text = '{"command":["süß","€","🜚"]}\n\n{"id":"x","command":["b"]}\nwrong\n{"command":["last"]}';
    const bytes = new TextEncoder().encode(text);
    const whole = await readAll(text);
    expect(whole).toHaveLength(4);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length)), async (cuts) => {
        expect(await readAll(bytes, cuts)).toEqual(whole);
      }),
    );
    const everywhere = Array.from({ length: bytes.length }, (_, at) => at);
    expect(await readAll(bytes, everywhere)).toEqual(whole);
  });

  test("refuses a line over 4 MiB without keeping it, and takes one of 4 MiB", async () => {
    const job = (length: number): string => JSON.stringify({ command: ["a".repeat(length - 16)] });
    const [most, more] = [job(4 * 1024 * 1024), job(4 * 1024 * 1024 + 1)];
    const lines = await readAll(`${more}\n${most}\n${more}`, [10, 1000, 100_000, 5_000_000]);
    expect(lines.map((line) => ("problem" in line ? line.problem : line.line))).toEqual([
      "jobs:1: the line is longer than 4 MiB",
      2,
      "jobs:3: the line is longer than 4 MiB",
    ]);
  });

  test("gives a line when it is there, not when the next one is", async () => {
    const held = Promise.withResolvers<void>();
    async function* slow(): AsyncGenerator<Uint8Array> {
      yield new TextEncoder().encode('{"command":["a"]}\n');
      await held.promise;
    }
    const lines = readBatch(slow(), "jobs");
    expect(await lines.next()).toEqual({ done: false, value: plain(1, "a") });
    held.resolve();
    expect(await lines.next()).toEqual({ done: true, value: undefined });
  });

  test("throws what reading throws", async () => {
    const broken = new ReadableStream<Uint8Array>({ pull: () => Promise.reject(new Error("no more")) });
    expect(Array.fromAsync(readBatch(broken, "jobs"))).rejects.toThrow("no more");
  });
});
