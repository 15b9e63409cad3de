/**
 * Answers a job's queries for names: a name that is listed has an address that stands for it here and nowhere else, and no
 * other name exists. Nothing is asked of anybody outside, so that no name a job makes up gets out.
 */
import type { Socket } from "node:net";
import type { ConnectContext } from "./connect-destination.ts";
import { endWith } from "./end-with.ts";
import { judgeDestination } from "./judge-destination.ts";
import { parseNameQuery, renderNameAnswer, type NameAnswer, type NameQuery } from "./name-query.ts";
import { readAhead } from "./read-ahead.ts";

/** So long may a connection be silent. */
const queryTimeoutMs = 30_000;

/** On one connection; clients make another. */
const queriesMax = 1_000;

const lengthBytes = 2;

function takeMessage(bytes: Buffer): { value: Buffer; length: number } | undefined {
  if (bytes.length < lengthBytes) return undefined;
  const end = lengthBytes + bytes.readUInt16BE(0);
  return bytes.length < end ? undefined : { value: bytes.subarray(lengthBytes, end), length: end };
}

/** Whether some rule names it, whatever its ports. */
function isListed(name: string, { rules }: ConnectContext): boolean {
  const judgement = judgeDestination(rules, { host: { kind: "name", name }, port: 0 });
  return judgement.allowed || judgement.reason === "port-not-listed";
}

/** Programs ask by themselves what name an address has, and do without. */
const reverse = /\.(?:in-addr|ip6)\.arpa$/;

function note(name: string, { names, denials }: ConnectContext): void {
  if (!reverse.test(name) && !names.isDeniedAgain(name))
    denials.deny({ host: name, port: 0, reason: "host-not-listed" });
}

function answerTo({ name, wants }: NameQuery, context: ConnectContext): NameAnswer {
  // `_sip._tcp.a.example` and their like are names, and no host's.
  if (name === undefined) return { kind: "no-such-name" };
  if (!isListed(name, context)) {
    note(name, context);
    return { kind: "no-such-name" };
  }
  if (wants !== "ipv4") return { kind: "found" };
  const address = context.names.addressOf(name);
  return address === undefined ? { kind: "refused" } : { kind: "found", address };
}

/** So long may a program take to read an answer. */
const readTimeoutMs = 10_000;

/** False where nobody reads it: then the connection is over. */
function say(socket: Socket, bytes: Uint8Array): Promise<boolean> {
  if (socket.write(bytes)) return Promise.resolve(true);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => socket.destroy(), readTimeoutMs);
  const finish = (): void => {
    clearTimeout(timer);
    socket.off("drain", finish);
    socket.off("close", finish);
    resolve(!socket.destroyed);
  };
  socket.on("drain", finish);
  socket.on("close", finish);
  return promise;
}

/** Serves it; `rest` was read from it already. */
export async function serveNames(socket: Socket, rest: Buffer, context: ConnectContext): Promise<void> {
  let before = rest;
  for (let count = 0; count < queriesMax; count += 1) {
    const read = await readAhead(socket, before, takeMessage, queryTimeoutMs);
    const query = read === undefined ? undefined : parseNameQuery(read.value);
    if (read === undefined || query === undefined) break;
    if (!(await say(socket, renderNameAnswer(query, answerTo(query, context))))) return;
    before = read.rest;
  }
  endWith(socket, "");
}
