/** The last words on a connection. */
import type { Socket } from "node:net";

/** So long may the other side go on with what it was sending. */
const drainMs = 5_000;

/**
 * Sends them and ends it. What the other side is still sending is read, and thrown away: a connection that is closed with
 * something unread in it is reset, and the words may be lost with it (RFC 9112, section 9.6).
 */
export function endWith(socket: Socket, bytes: string | Uint8Array): void {
  socket.end(bytes);
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), drainMs);
  socket.once("end", () => socket.destroySoon());
  socket.once("close", () => clearTimeout(timer));
}
