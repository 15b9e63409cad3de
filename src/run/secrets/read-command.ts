/** What a program of the user's writes, for a secret: outside of any sandbox, with the user's own environment and terminal. */
import { spawn } from "node:child_process";
import { errnoOf } from "../../host/errno-of.ts";
import { CupelError } from "../../model/error.ts";

/** Where it runs, and with which variables. */
export interface CommandSurroundings {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

interface Ended {
  readonly output: Buffer;
  readonly problem?: string | undefined;
}

/** It reads and complains where the user does: a program that keeps secrets may have to ask for a word that opens them. */
function follow(
  [program, ...programArguments]: readonly [string, ...string[]],
  { directory, environment }: CommandSurroundings,
  { deadlineMs, bytesMax }: { readonly deadlineMs: number; readonly bytesMax: number },
): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>();
  const chunks: Buffer[] = [];
  let length = 0;
  const child = spawn(program, programArguments, {
    cwd: directory,
    env: environment,
    stdio: ["inherit", "pipe", "inherit"],
  });
  const end = (problem?: string): void => {
    clearTimeout(timer);
    if (problem !== undefined) child.kill("SIGKILL");
    child.stdout.destroy();
    resolve({ output: Buffer.concat(chunks), problem });
  };
  const timer = setTimeout(() => end(`did not end in ${deadlineMs / 1000} s`), deadlineMs);
  child.stdout.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length > bytesMax) end();
  });
  child.on("error", (error) => end(`cannot be started (${errnoOf(error)})`));
  child.on("close", (code, signal) => {
    if (code !== 0) end(signal === null ? `exited with ${code}` : `was ended by ${signal}`);
    else end();
  });
  return promise;
}

/** All that it writes, or a byte more than may be. @throws CupelError `usage` where it fails; never with what it wrote. */
export async function readCommand(
  words: readonly [string, ...string[]],
  stated: string,
  surroundings: CommandSurroundings,
  limits: { readonly deadlineMs: number; readonly bytesMax: number },
): Promise<Buffer> {
  const { output, problem } = await follow(words, surroundings, limits);
  if (problem === undefined) return output;
  throw new CupelError("usage", `${stated}: ${words[0]} ${problem}, and gave no secret`);
}
