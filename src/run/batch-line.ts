/** One line of a batch: what a job of many has for itself, in the words of a job file. */
import * as v from "valibot";
import { CupelError } from "../model/error.ts";
import { commandSchema, timeLimits, variablesSchema } from "./job-file.ts";
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
}

/** A line: a job, or one sentence that says what is wrong with it. */
export type BatchLine = BatchJob | { readonly line: number; readonly problem: string };

/** A longer one is no job: the launcher takes 4 MiB. */
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

function jobOf({ id, command, env, limits }: v.InferOutput<typeof lineSchema>, line: number): BatchJob {
  const [program = "", ...rest] = command;
  return {
    line,
    id,
    command: [program, ...rest],
    environment: env?.set ?? {},
    timeoutMs: limits?.wall,
    graceMs: limits?.grace,
  };
}

/** What line number `line` of the file at `path` says. Pure. */
export function parseBatchLine(text: string, path: string, line: number): BatchLine {
  if (text.includes("\uFFFD")) return { line, problem: `${path}:${line}: the line is not valid UTF-8` };
  if (text.length > lineBytesMax) return { line, problem: `${path}:${line}: the line is longer than 4 MiB` };
  try {
    return jobOf(v.parse(lineSchema, JSON.parse(text)), line);
  } catch (error) {
    return { line, problem: problemOf(text, path, line, error) };
  }
}

/** The lines of a batch as they come; empty ones are passed over. */
export async function* readBatch(chunks: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<BatchLine> {
  const decoder = new TextDecoder();
  let rest = "";
  let line = 0;
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const text of lines) {
      line += 1;
      if (text.trim() !== "") yield parseBatchLine(text, path, line);
    }
  }
  rest += decoder.decode();
  if (rest.trim() !== "") yield parseBatchLine(rest, path, line + 1);
}
