/** Canaries that TypeScript cannot hold: memory, sockets, objects of System V and POSIX, a key, a terminal. */
import { spawn, type ChildProcessByStdio } from "node:child_process";
import { randomInt } from "node:crypto";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { errnoName } from "../../host/errno-name.ts";
import { CupelError } from "../../model/error.ts";
import { freshToken, type PlantedCanaries } from "./canary.ts";
import type { AttackKey } from "../attack-keys.ts";
import type { Hit } from "./hit.ts";

/** Channels of platform/linux/victim, by the key that tells the attacker where each is. */
const channels = {
  "victim-address": "memory",
  "victim-descriptor": "descriptor",
  "tcp4-port": "tcp4",
  "tcp6-port": "tcp6",
  "udp4-port": "udp4",
  "udp6-port": "udp6",
  "dns-port": "dns",
  "abstract-name": "abstract",
  "unix-path": "unix",
  "vsock-port": "vsock",
  "shm-key": "sysv-shm",
  "msg-key": "sysv-msg",
  "mq-name": "mq",
  "keyring-description": "key",
  tty: "terminal",
} as const satisfies Partial<Record<AttackKey, string>>;

type VictimKey = keyof typeof channels;

/** What a victim needs to be started. */
export interface VictimOrder {
  /** The program, as it is executed. */
  readonly program: string;
  /** A directory for its socket. */
  readonly directory: string;
  /** A file with a token, which it holds open. */
  readonly file: string;
}

/** It answers at once; a machine with other work may take seconds to start it. */
const answerDeadlineMs = 10_000;

class Conversation {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: string[] = [];
  #wake: () => void = () => undefined;
  #hasEnded = false;
  readonly ended: Promise<void>;

  constructor({ program }: VictimOrder, tokens: { argument: string; variable: string }) {
    this.#child = spawn(program, [tokens.argument], {
      stdio: ["pipe", "pipe", "ignore"],
      // A group of its own: what an attack does to the group is no signal for cupel.
      detached: true,
      env: { CUPEL_CANARY: tokens.variable },
      cwd: "/",
    });
    this.#child.stdin.on("error", () => undefined);
    createInterface({ input: this.#child.stdout }).on("line", (line) => {
      this.#lines.push(line);
      this.#wake();
    });
    this.ended = new Promise((resolve) => {
      const end = (): void => {
        this.#hasEnded = true;
        this.#wake();
        resolve();
      };
      this.#child.once("close", end);
      this.#child.once("error", end);
    });
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  send(text: string): void {
    this.#child.stdin.write(text);
  }

  end(): void {
    this.#child.stdin.end();
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  /** Takes the lines that came, once there are at least `count` that fit, it has ended, or the deadline is over. */
  async take(count: number, fits: (line: string) => boolean): Promise<string[]> {
    const deadline = AbortSignal.timeout(answerDeadlineMs);
    const isEnough = (): boolean => this.#lines.filter(fits).length >= count || this.#hasEnded || deadline.aborted;
    while (!isEnough()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        deadline.addEventListener("abort", () => resolve(), { once: true });
      });
    }
    return this.#lines.splice(0);
  }
}

/** `held CHANNEL VALUE` or `absent CHANNEL ERRNO`. */
function parseAnswers(lines: readonly string[]): Pick<PlantedCanaries, "keys" | "absent"> {
  const keys: Record<string, string> = {};
  const absent: Record<string, string> = {};
  for (const line of lines) {
    const [word, channel, value = ""] = line.split(" ");
    const key = Object.entries(channels).find(([, name]) => name === channel)?.[0];
    if (key === undefined) continue;
    if (word === "held") keys[key] = value;
    if (word === "absent") absent[key] = errnoName(Number(value));
  }
  return { keys, absent };
}

/** `hit CHANNEL TEXT`, by the canary's key. Pure. */
export function parseHits(lines: readonly string[]): Hit[] {
  return lines.flatMap((line): Hit[] => {
    const [word, channel = "", ...rest] = line.split(" ");
    if (word !== "hit") return [];
    const key = Object.entries(channels).find(([, name]) => name === channel)?.[0];
    return [{ canary: key ?? channel, text: rest.join(" ") }];
  });
}

/** System V keys are numbers (ftok(3)); one that is taken is told as absent. */
function freshKey(): string {
  return String(randomInt(1, 2 ** 31 - 1));
}

/** Where a channel's canary lies, for those that have a place. */
function placeOf(key: VictimKey, { directory, file }: VictimOrder, name: string): string {
  const places: Partial<Record<VictimKey, string>> = {
    "unix-path": `${directory}/socket`,
    "victim-descriptor": file,
    "shm-key": freshKey(),
    "msg-key": freshKey(),
  };
  return places[key] ?? name;
}

/** The kernel keeps this much of a process's name (prctl(2), PR_SET_NAME). */
const nameCharacters = 15;

async function hold(conversation: Conversation, order: VictimOrder, tokens: readonly string[]): Promise<string[]> {
  const keys = Object.keys(channels) as VictimKey[];
  const name = freshToken();
  keys.forEach((key, index) => {
    const place = placeOf(key, order, `${name}-${channels[key]}`);
    conversation.send(`hold ${channels[key]} ${tokens[index] ?? ""} ${place}\n`);
  });
  const isAnswer = (line: string): boolean => /^(?:held|absent) /.test(line);
  const answers = await conversation.take(keys.length, isAnswer);
  const dns = parseAnswers(answers).keys["dns-port"];
  if (dns === undefined) return answers;
  // Name servers answer by TCP on the same port.
  conversation.send(`hold tcp4-at ${tokens[0] ?? ""} ${dns}\n`);
  return [...answers, ...(await conversation.take(1, isAnswer))];
}

/**
 * Starts it.
 * @throws CupelError `set-up` where it cannot be started.
 */
export async function plantVictim(order: VictimOrder): Promise<PlantedCanaries> {
  const [argument, variable] = [freshToken(), freshToken()];
  const conversation = new Conversation(order, { argument, variable });
  const tokens = Object.keys(channels).map(() => freshToken());
  const { keys, absent } = parseAnswers(await hold(conversation, order, tokens));
  if (keys["victim-address"] === undefined) {
    conversation.kill();
    throw new CupelError("set-up", `the victim of the attacks did not start (${order.program})`);
  }
  // Its name is its first token, as much of it as fits.
  const name = tokens[0]?.slice(0, nameCharacters) ?? "";
  return {
    keys: { ...keys, "victim-pid": String(conversation.pid) },
    tokens: [argument, variable, name, ...tokens],
    absent,
    look: async () => {
      conversation.send("look\n");
      const lines = await conversation.take(1, (line) => line === "looked");
      // Whoever ends the victim has done what is not to be possible.
      return [...parseHits(lines), ...(conversation.hasEnded ? [{ canary: "signal", text: "it was ended" }] : [])];
    },
    remove: async () => {
      conversation.end();
      const timer = setTimeout(() => conversation.kill(), answerDeadlineMs);
      await conversation.ended;
      clearTimeout(timer);
    },
  };
}
