/** A job and a host whose connections are made one, seen from both ends. */
import { describe, expect, test } from "bun:test";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { forwardRequest, joinSockets } from "../../../src/run/network/join-sockets.ts";
import { until } from "../../support/until.ts";

/** Both ends of a connection: the proxy's, and whoever's it is. */
interface Pair extends Disposable {
  readonly proxys: Socket;
  readonly others: Socket;
}

async function connectPair(): Promise<Pair> {
  const { promise: accepted, resolve } = Promise.withResolvers<Socket>();
  const server = createServer({ allowHalfOpen: true }, resolve);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  const others = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const proxys = await accepted;
  for (const socket of [proxys, others]) socket.pause();
  return {
    proxys,
    others,
    [Symbol.dispose]: () => {
      for (const socket of [proxys, others]) socket.destroy();
      server.close();
    },
  };
}

/** What comes on a connection until it is closed, and how it is. */
async function readAll(socket: Socket): Promise<{ text: string; closedBy: string }> {
  let [text, closedBy] = ["", "nothing said"];
  socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
  socket.on("error", (error) => (closedBy = (error as NodeJS.ErrnoException).code ?? error.message));
  socket.on("end", () => {
    closedBy = "its end";
    socket.end();
  });
  socket.resume();
  await until("closed", () => socket.closed);
  return { text, closedBy };
}

/** More than the buffers between two ends hold. */
const endless = Buffer.alloc(64_000_000, "x");

describe("a host that answers what is still being sent, and breaks off,", () => {
  const joins: Readonly<Record<string, (job: Socket, host: Socket) => void>> = {
    "in a tunnel": (job, host) => joinSockets(job, Buffer.alloc(0), host),
    "to a request": (job, host) =>
      forwardRequest(job, Buffer.alloc(0), host, { head: "", body: { kind: "length", bytes: endless.length } }),
  };
  test.each(Object.entries(joins))("has its answer read by the job: %s", async (_, join) => {
    using job = await connectPair();
    using host = await connectPair();
    join(job.proxys, host.proxys);
    job.others.write(endless);
    host.others.write("413\n");
    await until("answered", () => job.proxys.bytesWritten === 4);
    host.others.resetAndDestroy();
    await until("broken off", () => host.proxys.closed);
    expect(await readAll(job.others)).toEqual({ text: "413\n", closedBy: "its end" });
  });
});

test("a job that breaks off is to the host no job that is done", async () => {
  using job = await connectPair();
  using host = await connectPair();
  joinSockets(job.proxys, Buffer.alloc(0), host.proxys);
  host.others.write(endless);
  job.others.write("half of it");
  await until("passed on", () => host.proxys.bytesWritten === 10);
  job.others.resetAndDestroy();
  expect(await readAll(host.others)).toEqual({ text: "half of it", closedBy: "ECONNRESET" });
});
