/** What is common to every file that a flag names; write-result.test.ts tries its faults one by one. */
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { CupelError } from "../../src/model/error.ts";
import { openOutputFile } from "../../src/run/output-file.ts";
import { makeTempDir } from "../support/temp-dir.ts";

const purpose = { flag: "--output json=", content: "The report as json" };

describe("openOutputFile", () => {
  test("writes the text whole, in place of what was there, and nothing beside it", () => {
    using directory = makeTempDir();
    const path = directory.file("report.json", "old");
    const file = openOutputFile(path, purpose);
    expect([readdirSync(directory.path), readFileSync(path, "utf8")]).toEqual([["report.json"], "old"]);
    file.write("new");
    file.close();
    expect([readdirSync(directory.path), readFileSync(path, "utf8")]).toEqual([["report.json"], "new"]);
  });

  test("says what it was for, in the words of its flag", () => {
    let thrown: unknown;
    try {
      openOutputFile("/no/such/report.json", purpose);
    } catch (error) {
      thrown = error;
    }
    expect(thrown instanceof CupelError && [thrown.code, thrown.message]).toEqual([
      "usage",
      '--output json="/no/such/report.json" cannot be written (ENOENT); name a file in a directory of yours',
    ]);
  });
});
