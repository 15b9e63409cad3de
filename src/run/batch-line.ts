/** One line of a batch: what a job of many has for itself, in the words of a job file. */
import * as v from "valibot";
import { CupelError } from "../model/error.ts";
import { timeLimits } from "./limit-schemas.ts";
import { variablesSchema } from "./variable-schemas.ts";
import { commandSchema } from "./word-schemas.ts";
import { parseDurationMs } from "./parse-quantity.ts";
import { parseStrictDocument } from "./strict-document.ts";

const lineSchema = v.strictObject({
  id: v.optional(v.pipe(v.string(), v.description("comes back with the outcome"))),
  command: commandSchema,
  env: v.optional(v.strictObject({ set: v.optional(variablesSchema) })),
  limits: v.optional(v.strictObject(timeLimits)),
});

/** A job of a batch. */
export interface BatchJob {
  /** Counted from 1. */
  readonly line: number;
  readonly id?: string | undefined;
  readonly command: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs?: number | undefined;
  readonly graceMs?: number | undefined;
  readonly cpuTimeMs?: number | undefined;
  readonly idleMs?: number | undefined;
}

/** A line: a job, or one sentence that says what is wrong with it. */
export type BatchLine = BatchJob | { readonly line: number; readonly problem: string };

/** A longer one is no job: an instruction to the launcher may not be longer either. */
const lineBytesMax = 4 * 1024 * 1024;

function problemOf(text: string, path: string, line: number, error: unknown): string {
  if (error instanceof SyntaxError) return `${path}:${line}: the line is not JSON (${error.message})`;
  try {
    parseStrictDocument(text, path, lineSchema);
    return `${path}:${line}: the line is not a job`;
  } catch (described) {
    if (!(described instanceof CupelError)) throw described;
    return described.message.replace(`${path}:1:`, `${path}:${line}:`);
  }
}

/** Seen to be one by the schema. */
function durationMs(stated: string | number | undefined): number | undefined {
  return stated === undefined ? undefined : parseDurationMs(String(stated), "limits");
}

function jobOf({ id, command, env, limits }: v.InferOutput<typeof lineSchema>, line: number): BatchJob {
  const [program = "", ...rest] = command;
  return {
    line,
    id,
    command: [program, ...rest],
    environment: env?.set ?? {},
    timeoutMs: durationMs(limits?.timeout),
    graceMs: durationMs(limits?.grace),
    cpuTimeMs: durationMs(limits?.cpu_time),
    idleMs: durationMs(limits?.idle),
  };
}

/** What line number `line` of the file at `path` says. Pure. */
export function parseBatchLine(text: string, path: string, line: number): BatchLine {
  try {
    return jobOf(v.parse(lineSchema, JSON.parse(text)), line);
  } catch (error) {
    return { line, problem: problemOf(text, path, line, error) };
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Undefined for bytes that are not UTF-8. */
function decode(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return undefined;
  }
}

/** A line as it grows; of one that is too long nothing is kept but that. */
class GrowingLine {
  #parts: Uint8Array[] = [];
  #length = 0;

  add(bytes: Uint8Array): void {
    this.#length += bytes.length;
    if (this.#length > lineBytesMax) this.#parts = [];
    else if (bytes.length > 0) this.#parts.push(bytes);
  }

  /** What it says; undefined where it is empty. */
  parse(path: string, line: number): BatchLine | undefined {
    if (this.#length > lineBytesMax) return { line, problem: `${path}:${line}: the line is longer than 4 MiB` };
    const text = decode(Buffer.concat(this.#parts));
    if (text === undefined) return { line, problem: `${path}:${line}: the line is not valid UTF-8` };
    return text.trim() === "" ? undefined : parseBatchLine(text, path, line);
  }
}

const newline = 10;

/** The lines of a batch as they come; empty ones are counted and passed over. */
export async function* readBatch(chunks: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<BatchLine> {
  let growing = new GrowingLine();
  let line = 1;
  for await (const chunk of chunks) {
    let begin = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, begin)) {
      growing.add(chunk.subarray(begin, end));
      const parsed = growing.parse(path, line);
      if (parsed !== undefined) yield parsed;
      growing = new GrowingLine();
      begin = end + 1;
      line += 1;
    }
    growing.add(chunk.subarray(begin));
  }
  const last = growing.parse(path, line);
  if (last !== undefined) yield last;
}
