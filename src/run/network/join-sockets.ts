/** Two connections made one. */
import type { Socket } from "node:net";
import { BodyReader } from "./body-reader.ts";
import { endWith } from "./end-with.ts";
import type { BodyFraming } from "./http-request.ts";

/** A tunnel through which nothing has come for so long is given up. */
const idleTimeoutMs = 15 * 60_000;

/**
 * What breaks one breaks the other: to a host, a job that broke off must not look like one that is done. A job is first
 * given what the host had said: many answer and break off, whatever is still being sent to them (RFC 9112, section 9.6).
 */
export function shareFate(job: Socket, host: Socket): void {
  const onSilence = (): void => {
    job.destroy();
    host.destroy();
  };
  if (job.destroyed || host.destroyed) onSilence();
  for (const socket of [job, host]) {
    // It is closed next.
    socket.on("error", () => undefined);
    socket.setTimeout(idleTimeoutMs, onSilence);
  }
  // One that was ended in order has been told to the other by then.
  job.on("close", () => {
    if (!job.readableEnded) host.destroy();
  });
  host.on("close", () => {
    if (!host.readableEnded && !job.destroyed) endWith(job, "");
  });
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
    if (host.destroyed) return;
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
