/** Runs code of src in a process of its own: as another user, in another environment, or where a fault would hang it. */
import { resolve } from "node:path";
import { execute, type ExecuteOptions, type Ran } from "./execute.ts";
import type { Caller } from "./tester.ts";

/** How {@link evaluate} runs; without a caller it is whoever runs the tests. */
export interface EvaluateOptions extends ExecuteOptions {
  readonly caller?: Caller | undefined;
  /** Words in front of the runtime, behind the caller's: `unshare`, say. */
  readonly prefix?: readonly string[] | undefined;
}

const sources = resolve(import.meta.dir, "../../src");

function environment(options: EvaluateOptions): Record<string, string> {
  return { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", ...options.env };
}

/** Runs `code`, in which `src` is the folder of the sources to import from. */
export function runCode(code: string, options: EvaluateOptions = {}): Promise<Ran> {
  const script = `const src = ${JSON.stringify(sources)};\n${code}`;
  const words = [...(options.caller?.prefix ?? []), ...(options.prefix ?? []), process.execPath, "-e", script];
  return execute(words, { ...options, cwd: options.cwd ?? "/", env: environment(options) });
}

/** The value of an expression, by way of JSON: `await (await import(src + "/run/signals.ts")).signalName(9)`. */
export async function evaluate(expression: string, options: EvaluateOptions = {}): Promise<unknown> {
  const ran = await runCode(`console.log(JSON.stringify(${expression}));`, options);
  if (ran.code !== 0) throw new Error(`${expression} ended with ${ran.code ?? ran.signal}: ${ran.stderr}`);
  return JSON.parse(ran.stdout);
}
