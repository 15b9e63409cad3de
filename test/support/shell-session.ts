/** A shell that is typed into, one command at a time: what a reader of the README does. */
import type { Caller } from "./tester.ts";
import { until } from "./until.ts";

/** What a command came to. */
export interface Answered {
  /** Its place among those that were typed: the one that starts an inner shell has no answer of its own. */
  readonly index: number;
  readonly code: number;
  /** Of both streams, as they came. */
  readonly lines: readonly string[];
}

/** Where it is typed. */
export interface SessionPlace {
  readonly caller: Pick<Caller, "prefix">;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Types the commands into one bash, each when the one before it has ended; those typed into an inner shell as well. */
export async function typeCommands(commands: readonly string[], place: SessionPlace): Promise<Answered[]> {
  const mark = `@@${crypto.randomUUID()}`;
  const child = Bun.spawn([...place.caller.prefix, "sh", "-c", "exec bash --noprofile --norc 2>&1"], {
    cwd: place.cwd,
    env: place.env,
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  let printed = "";
  const collect = async (): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) printed += decoder.decode(chunk, { stream: true });
  };
  const collected = collect();
  const answered: Answered[] = [];
  // On the command's own line: a job reads ahead, and would have the next one.
  const type = (line: string): void => {
    void child.stdin.write(`${line}\n`);
    void child.stdin.flush();
  };
  for (const [index, command] of commands.entries()) {
    const isShell = /^unshare .* sh$/u.test(command);
    const isEnd = command === "exit";
    type(isEnd ? command : `${command}; printf '\\n${mark} %s\\n' "$?"`);
    if (isShell) continue;
    const end = new RegExp(`\\n${mark} (\\d+)\\n`, "u");
    const found = await until(`an answer to ${command}`, () => end.exec(printed) ?? undefined, 60_000);
    const text = printed.slice(0, found.index);
    printed = printed.slice(found.index + found[0].length);
    answered.push({ index, code: Number(found[1]), lines: text === "" ? [] : text.replace(/\n$/u, "").split("\n") });
  }
  child.kill("SIGKILL");
  await Promise.all([collected, child.exited]);
  return answered;
}
