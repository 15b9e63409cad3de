import { describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { parseResults } from "./boot.ts";

const encode = (text: string): string => gzipSync(Buffer.from(text)).toString("base64").replaceAll(/.{10}/g, "$&\r\n");

const whole = (name: string, code: number): string =>
  `@@ ${name} ${code}\r\n${encode("out\n")}\r\n@@ errors\r\n${encode("err\n")}\r\n`;

describe("parseResults", () => {
  test("gives each step's code, output and errors, and the end", () => {
    expect(parseResults(`noise\n${whole("one", 0)}${whole("two", 125)}@@ over\r\n`)).toEqual({
      steps: {
        one: { code: 0, output: "out\n", errors: "err\n" },
        two: { code: 125, output: "out\n", errors: "err\n" },
      },
      isOver: true,
    });
  });

  test("of a boot that was cut off gives what was whole", () => {
    const cut = `${whole("one", 0)}${whole("two", 0)}`.slice(0, -20);
    expect(parseResults(cut)).toEqual({ steps: { one: { code: 0, output: "out\n", errors: "err\n" } }, isOver: false });
    expect(parseResults("")).toEqual({ steps: {}, isOver: false });
  });
});
