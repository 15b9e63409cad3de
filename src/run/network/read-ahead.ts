/** Reads as much from a connection as makes a whole of something, and leaves the rest for whoever comes next. */
import type { Socket } from "node:net";

/** What a parser says of the bytes until now: undefined where more are needed. */
export type ParsePrefix<Value> = (bytes: Buffer) => { readonly value: Value; readonly length: number } | undefined;

/** Waits for the whole. Undefined where the other side ends before, or says too little in this time. */
export function readAhead<Value>(
  socket: Socket,
  before: Buffer,
  parse: ParsePrefix<Value>,
  timeoutMs: number,
): Promise<{ readonly value: Value; readonly rest: Buffer } | undefined> {
  const { promise, resolve } = Promise.withResolvers<{ value: Value; rest: Buffer } | undefined>();
  let bytes = before;
  const tryParse = (): void => {
    const parsed = parse(bytes);
    if (parsed !== undefined) finish({ value: parsed.value, rest: bytes.subarray(parsed.length) });
  };
  const onData = (chunk: Buffer): void => {
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    tryParse();
  };
  const onEnd = (): void => finish(undefined);
  const timer = setTimeout(onEnd, timeoutMs);
  const finish = (result: { value: Value; rest: Buffer } | undefined): void => {
    clearTimeout(timer);
    socket.pause();
    socket.off("data", onData);
    socket.off("end", onEnd);
    socket.off("close", onEnd);
    resolve(result);
  };
  socket.on("data", onData);
  socket.on("end", onEnd);
  socket.on("close", onEnd);
  socket.resume();
  if (before.length > 0) tryParse();
  return promise;
}
