import { describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { CupelError } from "../../src/model/error.ts";
import { outcomeWithoutJob } from "../../src/run/outcome.ts";
import { openResultFile } from "../../src/run/write-result.ts";
import { evaluate } from "../support/evaluate.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { ordinaryCaller } from "../support/tester.ts";

const outcome = outcomeWithoutJob("refused", "no", "report-1");
const text = `${JSON.stringify(outcome, null, 2)}\n`;

function refusal(path: string): unknown {
  try {
    openResultFile(path).close();
    return "opened";
  } catch (error) {
    return error instanceof CupelError ? [error.code, error.message] : error;
  }
}

function writeTo(path: string, meanwhile: () => void = () => undefined): void {
  const file = openResultFile(path);
  try {
    meanwhile();
    file.write(outcome);
  } finally {
    file.close();
  }
}

function contents(directory: TempDir): Record<string, string> {
  return Object.fromEntries(
    readdirSync(directory.path).map((name) => [name, readFileSync(directory.at(name), "utf8")]),
  );
}

describe("openResultFile", () => {
  test("writes the outcome whole, and nothing beside it", () => {
    using directory = makeTempDir();
    writeTo(directory.at("result.json"));
    expect(contents(directory)).toEqual({ "result.json": text });
  });

  test("replaces what was there, and only then", () => {
    using directory = makeTempDir();
    directory.file("result.json", "old");
    writeTo(directory.at("result.json"), () => expect(contents(directory)).toEqual({ "result.json": "old" }));
    expect(contents(directory)).toEqual({ "result.json": text });
  });

  test("leaves nothing, where nothing is written", () => {
    using directory = makeTempDir();
    openResultFile(directory.at("result.json")).close();
    expect(contents(directory)).toEqual({});
  });

  test("replaces a symlink, and leaves what it leads to alone", () => {
    using directory = makeTempDir();
    using elsewhere = makeTempDir();
    const target = elsewhere.file("target", "theirs");
    symlinkSync(target, directory.at("result.json"));
    writeTo(directory.at("result.json"));
    expect(contents(directory)).toEqual({ "result.json": text });
    expect(readFileSync(target, "utf8")).toBe("theirs");
  });

  test("writes into the directory that was opened, wherever a job moves it", () => {
    using directory = makeTempDir();
    const own = directory.folder("own");
    const trap = directory.folder("trap");
    writeTo(`${own}/result.json`, () => {
      renameSync(own, directory.at("moved"));
      symlinkSync(trap, own);
    });
    expect(readdirSync(trap)).toEqual([]);
    expect(readdirSync(directory.at("moved"))).toEqual(["result.json"]);
  });

  test("is not stopped by what a killed cupel of the same process id, or a job, left beside it", () => {
    using directory = makeTempDir();
    const file = openResultFile(directory.at("result.json"));
    const leftover = `.result.json.${process.pid}`;
    directory.file(leftover, "half");
    file.write(outcome);
    file.close();
    const seen = contents(directory);
    expect([seen[leftover], Object.keys(seen).toSorted()]).toEqual(["half", [leftover, "result.json"]]);
  });

  test("says what kept an outcome from being written", () => {
    using directory = makeTempDir();
    const path = directory.at("result.json");
    const file = openResultFile(path);
    mkdirSync(path);
    let thrown: unknown;
    try {
      file.write(outcome);
    } catch (error) {
      thrown = error;
    }
    file.close();
    expect(thrown).toMatchObject({ code: "set-up" });
    expect((thrown as Error).message).toMatch(
      /^The outcome could not be written to .*result\.json \(E(ISDIR|EXIST)\)$/,
    );
  });

  test.each(["", "dir/", ".", "..", "a/..", "/"])("refuses %p, which names no file", (path) =>
    expect(refusal(path)).toEqual([
      "usage",
      `--result ${JSON.stringify(path)} names no file; name a file in a directory of yours`,
    ]),
  );

  test("refuses what is no regular file, and leaves it as it is", () => {
    using directory = makeTempDir();
    directory.folder("folder");
    execFileSync("mkfifo", [directory.at("fifo")]);
    const problem = (path: string, what: string): unknown => [
      "usage",
      `--result ${JSON.stringify(path)} is ${what}; name a file in a directory of yours`,
    ];
    expect(refusal(directory.at("folder"))).toEqual(problem(directory.at("folder"), "a directory"));
    expect(refusal(directory.at("fifo"))).toEqual(problem(directory.at("fifo"), "not a regular file"));
    expect(refusal("/dev/null")).toEqual(problem("/dev/null", "not a regular file"));
    expect(readdirSync(directory.path)).toEqual(["fifo", "folder"]);
  });

  test("refuses a directory that is not there", () =>
    expect(refusal("/no/such/result.json")).toEqual([
      "usage",
      '--result "/no/such/result.json" cannot be written (ENOENT); name a file in a directory of yours',
    ]));

  test("refuses a directory that the caller may not write", async () => {
    using directory = makeTempDir();
    chmodSync(directory.path, 0o755);
    const path = directory.at("result.json");
    const open = `(await (async () => {
      const { openResultFile } = await import(src + "/run/write-result.ts");
      try { openResultFile(${JSON.stringify(path)}); return "opened"; } catch (error) { return [error.code, error.message]; }
    })())`;
    // The directory is made by whoever runs the tests; an ordinary user who is that user takes its rights away.
    chmodSync(directory.path, 0o555);
    const result = await evaluate(open, { caller: ordinaryCaller });
    chmodSync(directory.path, 0o755);
    expect(result).toEqual([
      "usage",
      `--result ${JSON.stringify(path)} cannot be written (EACCES); name a file in a directory of yours`,
    ]);
  });

  test("keeps no directory open", () => {
    using directory = makeTempDir();
    const before = readdirSync("/proc/self/fd").length;
    writeTo(directory.at("one"));
    writeFileSync(directory.at("two"), "");
    refusal(directory.at("absent/one"));
    expect(readdirSync("/proc/self/fd").length).toBe(before);
  });
});
