/** What the launcher's reader takes for a program that makes the sandbox in its place. */
import { expect } from "bun:test";
import { assemble, least, text } from "../support/assemble-instruction.ts";
import { needsPrograms } from "../support/must-work.ts";
import { readInstructions, verdicts } from "../support/read-instructions.ts";

const needsCompiler = needsPrograms("gcc");
const { accepted, malformed } = verdicts;
const [argument, variable, input, source, start] = [40, 41, 42, 43, 44];

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
