import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { parseReportFiles, withReportFiles } from "../../src/commands/report-files.ts";
import type { CommandLine } from "../../src/commands/parse-command-line.ts";
import { CupelError } from "../../src/model/error.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";

function lineOf(...outputs: readonly string[]): CommandLine {
  return { flags: new Map(outputs.length === 0 ? [] : [["output", outputs]]), operands: [] };
}

async function outcome<Value>(act: () => Value | Promise<Value>): Promise<unknown> {
  try {
    return await act();
  } catch (error) {
    return error instanceof CupelError ? [error.code, error.message] : error;
  }
}

describe("parseReportFiles", () => {
  test("is nothing where nothing is asked for", () => expect(parseReportFiles(lineOf())).toEqual([]));

  test("takes formats with their files, in which there may be an =", () =>
    expect(parseReportFiles(lineOf("json=a=b.json", "junit=./x/j.xml"))).toEqual([
      { format: "json", path: "a=b.json" },
      { format: "junit", path: "./x/j.xml" },
    ]));

  test.each([
    [["report.json"], '--output "report.json" is no FORMAT=FILE, as in json=report.json'],
    [["jsn=x"], '--output knows no format "jsn": did you mean json?'],
    [
      ["=x"],
      '--output knows no format "": choose text, json, markdown, junit, sarif, github, prometheus, features, labels',
    ],
    [
      ["auto=x"],
      '--output knows no format "auto": choose text, json, markdown, junit, sarif, github, prometheus, features, labels',
    ],
    [["json=-"], "--output json=- names no file: --format json is for standard output"],
    [["json=x", "junit=./x"], "--output names ./x twice; give each format a file of its own"],
  ])("refuses %p", async (outputs, message) => {
    expect(await outcome(() => parseReportFiles(lineOf(...outputs)))).toEqual(["usage", message]);
  });
});

describe("withReportFiles", () => {
  function write(directory: TempDir, meanwhile: () => void, ...outputs: readonly string[]): Promise<unknown> {
    const line = lineOf(...outputs.map((output) => output.replace("=", `=${directory.path}/`)));
    const measure = (): Promise<string> => {
      meanwhile();
      return Promise.resolve("measured");
    };
    return outcome(() => withReportFiles(line, measure, (found) => (format) => `${found} as ${format}\n`));
  }

  test("writes one measurement in every format, and gives it", async () => {
    using directory = makeTempDir();
    let times = 0;
    expect(await write(directory, () => (times += 1), "json=a", "junit=b")).toBe("measured");
    const written = ["a", "b"].map((name) => readFileSync(directory.at(name), "utf8"));
    expect([times, written]).toEqual([1, ["measured as json\n", "measured as junit\n"]]);
  });

  test("measures nothing where one of them cannot be written, and leaves nothing", async () => {
    using directory = makeTempDir();
    const before = readdirSync("/proc/self/fd").length;
    const never = (): never => {
      throw new Error("measured");
    };
    expect(await write(directory, never, "json=a", "junit=no/b")).toEqual([
      "usage",
      `--output junit=${JSON.stringify(directory.at("no/b"))} cannot be written (ENOENT); name a file in a directory of yours`,
    ]);
    expect([readdirSync(directory.path), readdirSync("/proc/self/fd").length]).toEqual([[], before]);
  });

  test("says which could not be written any more", async () => {
    using directory = makeTempDir();
    const [code, message] = (await write(directory, () => mkdirSync(directory.at("a")), "json=a")) as string[];
    expect(code).toBe("set-up");
    expect(message).toMatch(/^The report as json could not be written to \S+\/a \(E(ISDIR|EXIST)\)$/);
    expect(readdirSync(directory.path)).toEqual(["a"]);
  });

  test("has files plain, whatever standard output may be", async () => {
    using directory = makeTempDir();
    const styles: object[] = [];
    const { FORCE_COLOR, COLUMNS, LC_ALL } = process.env;
    Object.assign(process.env, { FORCE_COLOR: "1", COLUMNS: "30", LC_ALL: "C.UTF-8" });
    try {
      await withReportFiles(
        lineOf(`text=${directory.at("a")}`),
        () => Promise.resolve(""),
        () => (_, style) => {
          styles.push(style);
          return "";
        },
      );
    } finally {
      for (const [name, value] of Object.entries({ FORCE_COLOR, COLUMNS, LC_ALL })) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
    expect(styles).toEqual([{ columns: 80, color: false, unicode: true }]);
  });
});
