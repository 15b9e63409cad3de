/** A thousand job files at random: what each says is what is asked for, or one sentence says what is wrong with it. */
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { parseDocument } from "yaml";
import { renderSchema } from "../../src/commands/schema.ts";
import { createRealHost } from "../../src/host/real-host.ts";
import { CupelError } from "../../src/model/error.ts";
import type { JobRequest } from "../../src/run/job-request.ts";
import { readLayeredRequest } from "../../src/run/layered-request.ts";
import { damagedFiles, damagedTexts } from "../support/damaged-job-files.ts";
import { textOf, validFiles } from "../support/random-job-files.ts";
import { makeTempDir } from "../support/temp-dir.ts";

const host = createRealHost();

/** The request, or what is said of the file. */
function read(path: string, text: string): JobRequest | string {
  writeFileSync(path, text);
  try {
    const { origins: _origins, ...request } = readLayeredRequest(
      { flags: new Map(), words: [], job: path },
      host,
    ).request;
    return request;
  } catch (error) {
    if (error instanceof CupelError && error.code === "usage") return error.message;
    throw error;
  }
}

function inOrder({ environment, ...request }: JobRequest): JobRequest {
  return { ...request, environment: environment.toSorted() };
}

describe("a job file at random", () => {
  test("that is valid asks for what it says and nothing else, 500 times", () => {
    using directory = makeTempDir();
    const path = directory.at("job.yaml");
    const cases = validFiles.chain(({ file, expected }) => fc.tuple(textOf(file), fc.constant(expected)));
    fc.assert(
      fc.property(cases, ([text, expected]) => {
        const request = read(path, text);
        expect(typeof request === "string" ? request : inOrder(request)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  test("that is damaged is taken as it is written, or refused in one sentence, 500 times", () => {
    using directory = makeTempDir();
    const path = directory.at("job.yaml");
    let refused = 0;
    fc.assert(
      fc.property(
        fc.oneof(
          damagedFiles.map((file) => JSON.stringify(file)),
          damagedTexts,
        ),
        (text) => {
          const request = read(path, text);
          if (typeof request !== "string") return;
          refused += 1;
          expect(request.startsWith(path)).toBe(true);
          // oxlint-disable-next-line no-control-regex -- no line break, and nothing that a terminal obeys
          expect(request).not.toMatch(/[\u0000-\u001f\u007f-\u009f]| at .*\.ts|undefined|\[object/);
        },
      ),
      { numRuns: 500 },
    );
    expect(refused).toBeGreaterThan(250);
  });
});

/**
 * What the schema cannot say: a quantity that is nothing or beyond counting, in text; a destination that is nearly one; text that is no Unicode, which JSON
 * can write and a program cannot be given; a name that has two values, which are two different texts.
 */
const semantic =
  /is not a (size|duration|number of CPUs|count of processes);|is out of range;|is not valid Unicode|is no destination:|is given twice;|its network is stated beside it/;

describe("the schema of a job file", () => {
  test("takes what the reader takes, and nothing else but for stated rules, 1,000 times", async () => {
    using directory = makeTempDir();
    const path = directory.at("job.json");
    const validate = new Ajv2020({ strict: false }).compile(JSON.parse(await renderSchema("job")) as object);
    let taken = 0;
    fc.assert(
      fc.property(
        fc.oneof(
          validFiles.map(({ file }) => file),
          damagedFiles,
          damagedFiles,
        ),
        (file) => {
          const text = JSON.stringify(file);
          const request = read(path, text);
          const isTaken = typeof request !== "string";
          if (isTaken) taken += 1;
          if (typeof request === "string" && semantic.test(request)) return;
          expect({ text, request, isValid: validate(JSON.parse(text)) }).toEqual({ text, request, isValid: isTaken });
        },
      ),
      { numRuns: 1000 },
    );
    expect(taken).toBeGreaterThan(250);
  });

  test("says the same of YAML as of JSON", () =>
    fc.assert(
      fc.property(
        validFiles.chain(({ file }) => fc.tuple(fc.constant(file), textOf(file))),
        ([file, text]) => expect(parseDocument(text).toJS()).toEqual(JSON.parse(JSON.stringify(file))),
      ),
      { numRuns: 100 },
    ));
});
