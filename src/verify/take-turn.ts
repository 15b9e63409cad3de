/** One verification at a time on a host: the attacks of one reach the canaries of every other. */
import { createServer, type Server } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { errnoOf } from "../host/errno-of.ts";
import { CupelError } from "../model/error.ts";

/** A socket without a file (unix(7), "abstract"): every user sees it, and it ends with whoever has it. */
const turnName = "\0cupel-verify";

const lookEveryMs = 100;

/** The turn, until it is closed. */
export interface Turn {
  close(): void;
}

/** How long a turn is waited for, and who is told, once, that it is. */
export interface TurnOrder {
  readonly patienceMs: number;
  readonly onWait: () => void;
}

type Listening = { readonly server: Server } | { readonly errno: string };

function listen(): Promise<Listening> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error) => resolve({ errno: errnoOf(error) }));
    server.listen({ path: turnName }, () => resolve({ server }));
  });
}

function isTaken(listening: Listening): boolean {
  return "errno" in listening && listening.errno === "EADDRINUSE";
}

/**
 * Takes the turn, when it is free. Where there are no such sockets there is nothing to wait for.
 * @throws CupelError `set-up` where another verification does not end.
 */
export async function takeTurn({ patienceMs, onWait }: TurnOrder): Promise<Turn> {
  const until = performance.now() + patienceMs;
  let listening = await listen();
  if (isTaken(listening)) onWait();
  while (isTaken(listening) && performance.now() < until) {
    await pause(lookEveryMs);
    listening = await listen();
  }
  if (isTaken(listening)) {
    throw new CupelError("set-up", "another verification runs on this host, and does not end", {
      hint: "Only one at a time can tell whose attack something came of.",
    });
  }
  return { close: () => void ("server" in listening && listening.server.close()) };
}
