/** What is common to every file that a flag names; write-result.test.ts tries its faults one by one. */
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { CupelError } from "../../src/model/error.ts";
import { openOutputFile } from "../../src/run/output-file.ts";
import { needs } from "../support/must-work.ts";
import { makeTempDir } from "../support/temp-dir.ts";

const purpose = { flag: "--output json=", content: "The report as json" };

const isAllowed = Bun.spawnSync(["unshare", "--user", "--map-root-user", "--mount", "true"]).success;
const inNamespaces = needs(isAllowed, "no user namespace can be made here");

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

  inNamespaces("leaves nothing where there is no room for all of it", () => {
    using directory = makeTempDir();
    const program = directory.file(
      "write.ts",
      `import { openOutputFile } from ${JSON.stringify(`${import.meta.dir}/../../src/run/output-file.ts`)};
      const file = openOutputFile(process.argv[2] ?? "", ${JSON.stringify(purpose)});
      try { file.write("x".repeat(1 << 20)); } catch (error) { console.log(String(error)); }`,
    );
    const place = directory.folder("place");
    const script = 'mount -t tmpfs -o size=64k tmpfs "$1" && "$2" "$3" "$1/report.json"; ls -A "$1"';
    const words = ["sh", "-c", script, "sh", place, process.execPath, program];
    const ran = Bun.spawnSync(["unshare", "--user", "--map-root-user", "--mount", ...words]);
    expect(ran.stdout.toString()).toBe(
      `CupelError: The report as json could not be written to ${place}/report.json (ENOSPC)\n`,
    );
  });
});
