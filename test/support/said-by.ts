/** What a server of the loopback says to a client that says one thing and ends. */
import { connect } from "node:net";

/** All of it; nothing where nobody listens. */
export function saidBy(port: number, words: string | Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    let text = "";
    socket.on("data", (chunk) => (text += chunk.toString("latin1")));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => resolve(text));
    socket.end(words);
  });
}
