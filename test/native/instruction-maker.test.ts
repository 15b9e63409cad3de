/** What the launcher's reader takes for a program that makes the sandbox in its place. */
import { expect } from "bun:test";
import { assemble, least, text } from "../support/assemble-instruction.ts";
import { needsPrograms } from "../support/must-work.ts";
import { readInstructions, verdicts } from "../support/read-instructions.ts";

const needsCompiler = needsPrograms("gcc");
const { accepted, malformed } = verdicts;
const [options, argument, variable, input, source, start, further, gate, daemon] = [3, 40, 41, 42, 43, 44, 45, 46, 47];

type Row = readonly [kind: number, payload: Uint8Array];

function instruction(...rows: readonly Row[]): Uint8Array {
  return assemble(...least, ...rows);
}

function times(count: number, row: Row): Row[] {
  return Array.from({ length: count }, () => row);
}

const maker: Row = [argument, text("/usr/bin/maker")];

needsCompiler("words, variables and inputs are as many as there is room for", async () => {
  const rows: readonly (readonly [Row, number])[] = [
    [[argument, text("")], 1022],
    [[variable, text("A=1")], 1023],
    [[input, Buffer.from("any")], 256],
    [[source, text("/")], 256],
  ];
  const tried = rows.flatMap(([row, most]) => [
    instruction(maker, ...times(most, row)),
    instruction(maker, ...times(most + 1, row)),
  ]);
  expect(await readInstructions(tried)).toEqual(rows.flatMap(() => [accepted, malformed]));
});

needsCompiler("what is meant for a maker needs one, by an absolute path", async () => {
  const strays: readonly Row[] = [
    [variable, text("A=1")],
    [input, Buffer.from("any")],
    [source, text("/")],
    [argument, text("maker")],
    [argument, text("")],
  ];
  expect(await readInstructions(strays.map((row) => instruction(row)))).toEqual(strays.map(() => malformed));
});

needsCompiler("sources are absolute, and the time to start is told once and can be added to", async () => {
  const time = (high: number): Uint8Array => Buffer.from(Uint32Array.of(0, high).buffer);
  const wrong: readonly Row[][] = [
    [[source, text("a")]],
    [[start, time(2 ** 28 + 1)]],
    [
      [start, time(0)],
      [start, time(0)],
    ],
    [[start, Buffer.alloc(4)]],
  ];
  expect(await readInstructions(wrong.map((rows) => instruction(maker, ...rows)))).toEqual(wrong.map(() => malformed));
  expect(await readInstructions([instruction(maker, [start, time(2 ** 28)])])).toEqual([accepted]);
});

const u32 = (...numbers: readonly number[]): Uint8Array => Buffer.from(Uint32Array.from(numbers).buffer);
/** `engine` of `optionBits`, and the umask. */
const engine: Row = [options, u32(64, 0)];
const [before, after, afterLoss] = [1, 2, 3].map((time): Row => [further, u32(time)]);
const door: Row = [gate, text("/gate")];
const rootless: Row = [daemon, text("/socket")];
/** `input` besides. */
const byInput: Row = [options, u32(64 + 128, 0)];

needsCompiler("an engine with a daemon has one gate, and is called for more", async () => {
  const calls = [before, after, afterLoss].flatMap((call): Row[] => [call as Row, maker]);
  const right: readonly Row[][] = [
    [engine, maker, door],
    [engine, maker, door, ...calls],
    [engine, maker, door, ...calls, before as Row, ...times(15, maker)],
    [byInput, maker, ...calls],
    [engine, maker, door, rootless],
  ];
  expect(await readInstructions(right.map((rows) => instruction(...rows)))).toEqual(right.map(() => accepted));
});

const refused: readonly (readonly [what: string, rows: readonly Row[]])[] = [
  ["a relative gate", [engine, maker, [gate, text("gate")]]],
  ["a gate besides the client's input", [byInput, maker, door]],
  ["an input of what is no engine", [[options, u32(128, 0)], maker]],
  ["an input without a maker", [byInput]],
  ["a daemon without root's rights, and no gate", [engine, maker, rootless]],
  ["a daemon without root's rights, by a relative path", [engine, maker, door, [daemon, text("socket")]]],
  ["two daemons without root's rights", [engine, maker, door, rootless, rootless]],
  ["a daemon without root's rights for ids of nobody's", [[options, u32(64 + 1, 0)], maker, door, rootless]],
  ["two gates", [engine, maker, door, door]],
  ["a gate of what is no engine", [maker, door]],
  ["a gate without a maker", [engine, door]],
  ["a further call without a word", [engine, maker, before as Row]],
  ["a further call of what is no engine", [maker, before as Row, maker]],
  ["a further call by a relative path", [engine, maker, before as Row, [argument, text("maker")]]],
  ["a further call at no time", [engine, maker, [further, u32(0)], maker]],
  ["a further call at a time that is none", [engine, maker, [further, u32(4)], maker]],
  ["a fifth further call", [engine, maker, ...times(5, before as Row).flatMap((call): Row[] => [call, maker])]],
  ["a further call of too many words", [engine, maker, before as Row, ...times(16, maker)]],
];

needsCompiler("an engine with a daemon is refused with what makes no sense", async () => {
  const told = await readInstructions(refused.map(([, rows]) => instruction(...rows)));
  expect(refused.map(([what], index) => [what, told[index]])).toEqual(refused.map(([what]) => [what, malformed]));
});
