/** Two connections made one. */
import type { Socket } from "node:net";
import { BodyReader } from "./body-reader.ts";
import type { BodyFraming } from "./http-request.ts";

/** A tunnel through which nothing has come for so long is given up. */
const idleTimeoutMs = 15 * 60_000;

/** What breaks one breaks the other: to a job, a server that fell silent must not look like one that is done. */
export function shareFate(one: Socket, other: Socket): void {
  const end = (): void => {
    one.destroy();
    other.destroy();
  };
  if (one.destroyed || other.destroyed) end();
  for (const [socket, opposite] of [
    [one, other],
    [other, one],
  ] as const) {
    socket.on("error", end);
    socket.setTimeout(idleTimeoutMs, end);
    // One that was ended in order has been told to the other by then.
    socket.on("close", () => {
      if (!socket.readableEnded) opposite.destroy();
    });
  }
}

/** Whatever comes from one goes to the other, until both have ended. `rest` came from the first already. */
export function joinSockets(job: Socket, rest: Uint8Array, host: Socket): void {
  shareFate(job, host);
  if (rest.length > 0) host.write(rest);
  job.pipe(host);
  host.pipe(job);
}

/** One request with its content goes to the host, everything that it answers comes back. */
export function forwardRequest(
  job: Socket,
  rest: Buffer,
  host: Socket,
  request: { head: string; body: BodyFraming },
): void {
  const body = new BodyReader(request.body);
  shareFate(job, host);
  host.write(request.head, "latin1");
  const take = (bytes: Buffer): void => {
    // What comes behind a request may be meant for another host: the job asks again, over a connection of its own.
    if (body.take(bytes) !== bytes.length) host.destroy();
    else if (!host.write(bytes)) job.pause();
  };
  host.on("drain", () => job.resume());
  job.on("data", take);
  job.on("end", () => {
    if (!body.isDone) host.destroy();
  });
  if (rest.length > 0) take(rest);
  host.pipe(job);
  job.resume();
}
