import { describe, expect, test } from "bun:test";
import { CupelError } from "../../src/model/error.ts";
import {
  parseCount,
  parseCpus,
  parseDurationMs,
  parseRateBytes,
  parseSizeBytes,
} from "../../src/run/parse-quantity.ts";

const [kibi, mebi, gibi] = [1024, 1024 ** 2, 1024 ** 3];

function refusal(parse: (text: string, flag: string) => number, text: string): unknown {
  try {
    return parse(text, "--flag");
  } catch (error) {
    return error instanceof CupelError ? [error.code, error.message] : error;
  }
}

describe("parseSizeBytes", () => {
  test.each([
    ["1", 1],
    ["65536", 65_536],
    ["1k", kibi],
    ["1K", kibi],
    ["1KB", kibi],
    ["1KiB", kibi],
    ["512M", 512 * mebi],
    ["512mib", 512 * mebi],
    ["1.5G", 1.5 * gibi],
    ["2T", 2048 * gibi],
    ["0.5k", 512],
    ["1.9", 1],
    ["7B", 7],
  ])("reads %s", (text, bytes) => expect(parseSizeBytes(text, "--memory")).toBe(bytes));

  test.each([
    "",
    "0",
    "0.4",
    "-1",
    "+1",
    "1 M",
    "M",
    "1e9",
    "0x10",
    "1.G",
    ".5G",
    "1P",
    "99999999T",
    "∞",
    "1M\n",
    "1,5G",
  ])("refuses %p", (text) =>
    expect(refusal(parseSizeBytes, text)).toEqual([
      "usage",
      `--flag ${JSON.stringify(text)} is not a size; write one such as 512M or 2G`,
    ]),
  );
});

describe("parseRateBytes", () => {
  test.each([
    ["20M/s", 20 * mebi],
    ["1.5GiB/s", 1.5 * gibi],
    ["4096", 4096],
  ])("reads %s", (text, bytes) => expect(parseRateBytes(text, "--io-read")).toBe(bytes));

  test.each(["", "/s", "1M/m", "1M/s/s", "0/s", "1M /s"])("refuses %p", (text) =>
    expect(refusal(parseRateBytes, text)).toEqual([
      "usage",
      `--flag ${JSON.stringify(text)} is not a rate; write one such as 20M/s`,
    ]),
  );
});

describe("parseDurationMs", () => {
  test.each([
    ["1ms", 1],
    ["250ms", 250],
    ["90s", 90_000],
    ["2m", 120_000],
    ["1.5h", 5_400_000],
    ["0.25s", 250],
    ["1000h", 3_600_000_000],
  ])("reads %s", (text, milliseconds) => expect(parseDurationMs(text, "--timeout")).toBe(milliseconds));

  test.each(["", "0s", "0.1ms", "5", "5 s", "-5s", "5S", "5d", "s", "1e3s", "999999999999999h", "5s\n"])(
    "refuses %p",
    (text) =>
      expect(refusal(parseDurationMs, text)).toEqual([
        "usage",
        `--flag ${JSON.stringify(text)} is not a duration; write one such as 90s, 5m or 500ms`,
      ]),
  );
});

describe("parseCpus", () => {
  test.each([
    ["1", 1],
    ["0.5", 0.5],
    ["0.01", 0.01],
    ["4096", 4096],
    ["1.25", 1.25],
  ])("reads %s", (text, cpus) => expect(parseCpus(text, "--cpus")).toBe(cpus));

  test.each(["", "-1", "1.", ".5", "1e1", "0x1", "half", " 1", "NaN", "Infinity"])("refuses %p", (text) =>
    expect(refusal(parseCpus, text)).toEqual([
      "usage",
      `--flag ${JSON.stringify(text)} is not a number of CPUs; write one such as 0.5 or 2`,
    ]),
  );

  test.each(["0", "0.001", "4097", "9".repeat(400)])("refuses %p, which is a number", (text) =>
    expect(refusal(parseCpus, text)).toEqual([
      "usage",
      `--flag ${JSON.stringify(text)} is out of range; a number of CPUs is from 0.01 to 4096`,
    ]),
  );
});

describe("parseCount", () => {
  test.each([
    ["2", 2],
    ["256", 256],
    ["4194304", 4_194_304],
    ["007", 7],
  ])("reads %s", (text, count) => expect(parseCount(text, "--pids")).toBe(count));

  test.each(["", "-1", "1.5", "1e3", "0x10", "ten", " 1", "1 "])("refuses %p", (text) =>
    expect(refusal(parseCount, text)).toEqual([
      "usage",
      `--flag ${JSON.stringify(text)} is not a count of processes; write a whole number from 2 on, such as 256`,
    ]),
  );

  test.each(["0", "1", "4194305"])("refuses %p, which is a count", (text) =>
    expect(refusal(parseCount, text)).toEqual([
      "usage",
      `--flag ${JSON.stringify(text)} is out of range; a count of processes is from 2 to 4194304`,
    ]),
  );
});
