/** An attack on a secret that a proxy puts into requests: the job looks for it, and asks for it to be sent elsewhere. */
import { createServer } from "node:net";
import { rmSync, writeFileSync } from "node:fs";
import { proxyFor } from "../strategies/_proxy.ts";
import { renderAttackOrders, type AttackOrder } from "./attack-line.ts";
import { freshToken, tokenStart, type AttackKeys } from "./canaries/canary.ts";
import { listenOn, type TokenServer } from "./canaries/token-server.ts";
import { isSandboxed, noWish, runDeadlineMs, type HostAttack, type HostFinding, type HostStage } from "./host-stage.ts";
import { askedHeader, injectionRequests } from "./proxy-requests.ts";
import { runAttacker } from "./run-attacker.ts";
import { findInProcesses, findInRecords } from "./secret-attack.ts";

/** The secret's name, and the header that it is put into. */
const [secretName, headerName] = ["canary", "X-Canary"];

/** A server that keeps what it is sent. */
interface Listener extends TokenServer {
  hasHeard(text: string): boolean;
}

/** Answers what it is asked without a word of it. @throws the runtime's error. */
async function plantListener(): Promise<Listener> {
  let heard = "";
  const server = await listenOn(createServer(), "127.0.0.1", (socket) => {
    socket.on("data", (bytes) => (heard += bytes.toString("latin1")));
    socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nheard\n"));
  });
  return { ...server, hasHeard: (text) => heard.includes(text) };
}

/** Where the secret goes, and another place that the job may connect to as well. */
interface Listeners {
  readonly named: Listener;
  readonly other: Listener;
}

async function withListeners(act: (listeners: Listeners) => Promise<HostFinding>): Promise<HostFinding> {
  const named = await plantListener();
  try {
    const other = await plantListener();
    return await act({ named, other }).finally(() => other.close());
  } finally {
    named.close();
  }
}

/** What is asked of the proxy, then a look at all that the job can read of its own. */
function ordersFor({ named, other }: Listeners): string[] {
  const { httpPort, socksPort } = proxyFor({ allowedHosts: [] });
  const keys: AttackKeys = {
    ...injectionRequests({ named: named.port, other: other.port }, headerName, secretName),
    "proxy-port": String(httpPort),
    "socks-port": String(socksPort),
    "token-prefix": tokenStart,
  };
  const set = Object.entries(keys).map(([key, value]): AttackOrder => ({ order: "set", key, value }));
  return [
    renderAttackOrders([...set, { order: "run", id: "E17", deadlineMs: runDeadlineMs }]),
    renderAttackOrders([{ order: "run", id: "B06", deadlineMs: runDeadlineMs }]),
  ];
}

async function attackWith(stage: HostStage, source: string, token: string, listeners: Listeners): Promise<HostFinding> {
  const { named, other } = listeners;
  const [here, there] = [`127.0.0.1:${named.port}`, `127.0.0.1:${other.port}`];
  const prefix = stage.prefix({
    injection: {
      header: `${here}: ${headerName}: {${secretName}}`,
      hosts: [here, there],
      secret: `${secretName}=file:${source}`,
    },
  });
  if (prefix === undefined) return noWish;
  let found: string | undefined;
  const end = await runAttacker({
    command: [...prefix, stage.program],
    directory: stage.workspace,
    // Without a sandbox there is no proxy to keep it from the job.
    environment: isSandboxed(stage) ? stage.environment : { ...stage.environment, [secretName]: token },
    openFile: stage.openFile,
    orders: ordersFor(listeners),
    onDone: async () => {
      found ??= findInProcesses(token);
    },
    deadlineMs: 3 * runDeadlineMs,
  });
  if (!end.hasStarted) return { failure: `the attacker did not start (${end.end})` };
  const sign = findInRecords(end, token) ?? found;
  if (sign !== undefined) return { sign };
  if (other.hasHeard(token)) return { sign: "it came to another host than the one that it is for" };
  if (!isSandboxed(stage)) return { failure: "without a sandbox it was not found" };
  if (!named.hasHeard(token)) return { doubt: "it did not come to the host that it is for" };
  return other.hasHeard(askedHeader) ? { sign: undefined } : { doubt: "no request came to the other host" };
}

async function findInjected(stage: HostStage): Promise<HostFinding> {
  const [token, source] = [freshToken(), `${stage.program}-secret`];
  writeFileSync(source, token, { mode: 0o600, flag: "wx" });
  try {
    return await withListeners((listeners) => attackWith(stage, source, token, listeners));
  } finally {
    rmSync(source, { force: true });
  }
}

/** It, for the list of attacks by the host's side. */
export const injectionAttack: HostAttack = {
  id: "E19",
  title: "have a secret that the proxy puts in, or have it sent elsewhere",
  guarantees: ["secret.private"],
  control: { by: "everyone" },
  attempt: findInjected,
};
