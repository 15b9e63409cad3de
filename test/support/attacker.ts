/** The attacker without a sandbox, on canaries of the test's own: what it tells when nothing holds it back. */
import { chmodSync, copyFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll } from "bun:test";
import type { AttackKey } from "../../src/verify/attack-keys.ts";
import { parseAttackLine, renderAttackOrders, type AttackLine } from "../../src/verify/attack-line.ts";
import { parseVictimLine } from "./attacker-lines.ts";
import { repositoryRoot } from "./compile-c.ts";
import { execute, type Ran } from "./execute.ts";
import { makeTempDir, type TempDir } from "./temp-dir.ts";
import type { Caller } from "./tester.ts";
import { until } from "./until.ts";

/** What every token begins with. */
export const tokenPrefix = "cupel-canary-";

/** A token that nobody can guess; its first 15 bytes are the name of a process that holds it. */
export function freshToken(): string {
  return `${tokenPrefix}${Bun.randomUUIDv7().slice(-12)}`;
}

/** Where each canary is. */
export type AttackKeys = Readonly<Partial<Record<AttackKey, string>>>;

/** How the attacker is run. */
export interface AttackOptions {
  /** Words in front of it, after those of the caller. */
  readonly prefix?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly deadlineMs?: number;
}

/** What a run told. */
export interface Told {
  readonly lines: readonly AttackLine[];
  /** Every value of this attack's in a channel; of every channel without one. */
  saw(id: string, channel?: string): string[];
  /** The values of a fact. */
  facts(id: string, name: string): string[];
  /** How the steps of this name ended. */
  did(id: string, step: string): string[];
  ending(id: string): string | undefined;
}

/** The program, where every user reaches it until the last test of a file: called at that file's top level. */
export function installAttacker(): string {
  const directory = makeTempDir();
  afterAll(() => directory[Symbol.dispose]());
  const path = directory.at("attacker");
  copyFileSync(join(repositoryRoot, "dist/helpers", process.arch, "attacker"), path);
  chmodSync(path, 0o755);
  return path;
}

/** The input of a run. */
export function ordersOf(ids: readonly string[], keys: AttackKeys, deadlineMs = 10_000): string {
  const settings = Object.entries(keys).map(([key, value]) => ({ order: "set", key, value }) as const);
  return renderAttackOrders([...settings, ...ids.map((id) => ({ order: "run", id, deadlineMs }) as const)]);
}

/** What was told. @throws for a line that is none. */
export function readTold(stdout: string): Told {
  const lines = stdout.split("\n").slice(0, -1).map(readLine);
  const seen = (id: string) => lines.filter((line) => line.kind === "saw").filter((line) => line.id === id);
  return {
    lines,
    saw: (id, channel) =>
      seen(id)
        .filter((line) => channel === undefined || line.channel === channel)
        .map(({ value }) => value),
    facts: (id, name) =>
      seen(id)
        .filter(({ channel, value }) => channel === "fact" && value.startsWith(`${name}=`))
        .map(({ value }) => value.slice(name.length + 1)),
    did: (id, step) =>
      lines
        .filter((line) => line.kind === "did")
        .filter((line) => line.id === id && line.step === step)
        .map(({ result }) => result),
    ending: (id) => lines.filter((line) => line.kind === "end").find((line) => line.id === id)?.ending,
  };
}

/** Runs attacks as this caller. @throws where the attacker itself fails. */
export async function attack(
  program: string,
  caller: Caller,
  ids: readonly string[],
  keys: AttackKeys,
  { prefix = [], env = {}, deadlineMs }: AttackOptions = {},
): Promise<Told> {
  const ran = await execute([...caller.prefix, ...prefix, program], {
    stdin: ordersOf(ids, { mark: "attack-mark", "token-prefix": tokenPrefix, ...keys }, deadlineMs),
    env,
    cwd: "/",
    deadlineMs: 60_000,
  });
  if (ran.code !== 0 || ran.stderr !== "") throw new Error(`the attacker ended with ${describe(ran)}`);
  return readTold(ran.stdout);
}

/** A process to be attacked, which leads a group of its own. */
export interface Victim extends AsyncDisposable {
  readonly pid: number;
  readonly token: string;
  /** victim-pid, victim-address and victim-descriptor. */
  readonly keys: AttackKeys;
  stdout(): string;
}

/** Starts one, with a token in its environment, too. */
export async function startVictim(program: string, caller: Caller): Promise<Victim> {
  const token = freshToken();
  const child = Bun.spawn([...caller.prefix, "setsid", program, "--victim"], {
    env: { TOKEN: token },
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  let written = "";
  const read = (async () => {
    for await (const chunk of child.stdout) written += Buffer.from(chunk).toString();
  })();
  await child.stdin.write(`${token}\n`);
  await child.stdin.flush();
  const first = await until("the victim says where it is", () => written.includes("\n") && written.split("\n")[0]);
  const line = parseVictimLine(first);
  if (line?.kind !== "victim") throw new Error(`the victim said ${first}`);
  const { pid, address, descriptor } = line;
  return {
    pid,
    token,
    keys: { "victim-pid": `${pid}`, "victim-address": address, "victim-descriptor": `${descriptor}` },
    stdout: () => written,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await Promise.all([child.exited, read]);
    },
  };
}

/** Something that runs while a test does, and says when it is there. */
export async function startHolder(words: readonly string[]): Promise<AsyncDisposable & { end(): Promise<string> }> {
  const child = Bun.spawn([...words], { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
  let written = "";
  const read = (async () => {
    for await (const chunk of child.stdout) written += Buffer.from(chunk).toString();
  })();
  await until(`${words.join(" ")} is ready`, () => written.includes("ready\n"));
  const end = async (): Promise<string> => {
    await child.stdin.end();
    await Promise.all([child.exited, read]);
    return written;
  };
  return { end, [Symbol.asyncDispose]: async () => void (await end()) };
}

/** A directory of the caller's with a file that holds a token, and room for whatever attacks make. */
export interface Places extends Disposable {
  readonly directory: TempDir;
  readonly token: string;
  readonly keys: AttackKeys;
}

/** Makes one. */
export function makePlaces(caller: Caller): Places {
  const directory = makeTempDir({ owner: caller });
  const token = freshToken();
  const keys = {
    "home-file": directory.file("home/file", token),
    "read-only-file": directory.file("read-only", "unchanged ".repeat(20)),
    "out-directory": directory.folder("out"),
    scratch: directory.folder("scratch"),
    workspace: directory.folder("workspace"),
  };
  return { directory, token, keys, [Symbol.dispose]: () => directory[Symbol.dispose]() };
}

// --- internal ---

function readLine(text: string): AttackLine {
  const line = parseAttackLine(text);
  if (line === undefined) throw new Error(`the attacker said ${JSON.stringify(text)}`);
  return line;
}

function describe({ code, signal, stdout, stderr }: Ran): string {
  return `${String(code ?? signal)}: ${stderr}\n${stdout.slice(-500)}`;
}
