/** Attacks by way of sockets, without a sandbox, on servers of the test's own. */
import { describe, expect, test } from "bun:test";
import { createSocket, type Socket } from "node:dgram";
import { connect, createServer, type ListenOptions, type Server } from "node:net";
import {
  attack,
  freshToken,
  installAttacker,
  makePlaces,
  ordersOf,
  readTold,
  type AttackKeys,
} from "../support/attacker.ts";
import { execute } from "../support/execute.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, ordinaryCaller, rootCallers, type Caller } from "../support/tester.ts";
import { until } from "../support/until.ts";

const program = installAttacker();

interface Listener extends AsyncDisposable {
  readonly token: string;
  readonly port: number;
  /** What it was sent. */
  received(): string;
}

/** Sends a token to whoever connects. */
async function listen(options: ListenOptions): Promise<Listener> {
  const token = freshToken();
  let received = "";
  const server: Server = createServer((socket) => {
    socket.on("data", (bytes) => (received += bytes.toString("latin1")));
    socket.on("error", () => undefined);
    socket.write(token);
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(options, resolve));
  const address = server.address();
  return {
    token,
    port: typeof address === "object" ? (address?.port ?? 0) : 0,
    received: () => received,
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}

/** Answers each datagram with a token. */
async function answer(type: "udp4" | "udp6", port = 0): Promise<Listener> {
  const token = freshToken();
  let received = "";
  const socket: Socket = createSocket(type);
  socket.on("message", (bytes, from) => {
    received += bytes.toString("latin1");
    socket.send(token, from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(port, type === "udp4" ? "127.0.0.1" : "::1", resolve));
  return {
    token,
    port: socket.address().port,
    received: () => received,
    [Symbol.asyncDispose]: async () => void socket.close(),
  };
}

async function attackAs(caller: Caller, id: string, keys: AttackKeys): Promise<ReturnType<typeof readTold>> {
  return attack(program, caller, [id], { mark: "network-mark", ...keys });
}

describe.each(callers)("called by $name", (caller) => {
  test("E01 connects by each address, E18 to one that it is told, F02 with high bits", async () => {
    await using four = await listen({ host: "0.0.0.0", port: 0 });
    await using six = await listen({ host: "::1", port: 0 });
    const keys = { "tcp4-port": `${four.port}`, "tcp6-port": `${six.port}`, addresses: "127.0.0.3\n127.0.0.4" };
    const told = await attackAs(caller, "E01", keys);
    for (const channel of ["loopback", "any", "other-loopback", "mapped"])
      expect([channel, ...told.saw("E01", channel)]).toEqual([channel, four.token]);
    expect(told.saw("E01", "address")).toEqual([four.token, four.token]);
    expect(told.saw("E01", "loopback6")).toEqual([six.token]);
    const direct = await attackAs(caller, "E18", { "egress-address": "127.0.0.5", "egress-port": `${four.port}` });
    expect(direct.saw("E18", "direct")).toEqual([four.token]);
    expect((await attackAs(caller, "F02", keys)).saw("F02", "connection")).toEqual([four.token]);
  });

  test("E02 sends datagrams and has answers", async () => {
    await using four = await answer("udp4");
    await using six = await answer("udp6");
    const told = await attackAs(caller, "E02", { "udp4-port": `${four.port}`, "udp6-port": `${six.port}` });
    expect([told.saw("E02", "connected"), told.saw("E02", "unconnected")]).toEqual([[four.token], [four.token]]);
    expect(told.saw("E02", "connected6")).toEqual([six.token]);
    expect([four.received(), six.received()]).toEqual(["network-mark".repeat(2), "network-mark"]);
  });

  test("E04 asks by UDP and by TCP", async () => {
    await using stream = await listen({ host: "127.0.0.1", port: 0 });
    await using datagrams = await answer("udp4", stream.port);
    const told = await attackAs(caller, "E04", { "dns-port": `${stream.port}` });
    expect([told.saw("E04", "by-udp"), told.saw("E04", "by-tcp")]).toEqual([[datagrams.token], [stream.token]]);
    // A question as RFC 1035 has it: one name of one label, type TXT, class IN.
    expect(datagrams.received()).toEndWith("\x0cnetwork-mark\0\0\x10\0\x01");
  });

  test("E06, E07 and E08 reach Unix sockets, and pass something out", async () => {
    using directory = makeTempDir({ owner: caller });
    const path = directory.at("socket");
    const name = `cupel-${Bun.randomUUIDv7()}`;
    await using abstract = await listen({ path: `\0${name}` });
    await using byPath = await listen({ path });
    await execute(["chmod", "777", path]);
    const keys = { "abstract-name": name, "unix-path": path };
    const told = await attack(program, caller, ["E06", "E07", "E08"], { ...keys, mark: "out" });
    expect([told.saw("E06", "abstract"), told.saw("E07", "canary")]).toEqual([[abstract.token], [byPath.token]]);
    expect(told.did("E08", "send")).toEqual(["ok", "ok"]);
    const heard = (): boolean => [abstract, byPath].every((one) => one.received().endsWith("outout"));
    await until("both have what was sent with a descriptor", heard);
  });

  test("E10 names the interfaces, E03 and E11 open what they may", async () => {
    const told = await attack(program, caller, ["E10", "E03", "E11"], { families: "2\n1" });
    expect(told.facts("E10", "interface")).toContain("lo");
    expect(told.saw("E11", "gained")).toEqual(expect.arrayContaining(["a socket: 2", "a socket: 1"]));
  });

  test("E12 reads the file and connects without a call of its own", async () => {
    using places = makePlaces(caller);
    await using server = await listen({ host: "127.0.0.1", port: 0 });
    const told = await attackAs(caller, "E12", { ...places.keys, "tcp4-port": `${server.port}` });
    expect([told.saw("E12", "file"), told.saw("E12", "connection")]).toEqual([[places.token], [server.token]]);
  });

  test("E14 serves whoever connects", async () => {
    const free = await listen({ host: "127.0.0.1", port: 0 });
    await free[Symbol.asyncDispose]();
    const running = attackAs(caller, "E14", { "listen-port": `${free.port}` });
    const heard = await until("something is sent", () => hear(free.port));
    expect(heard).toBe("network-mark");
    expect((await running).ending("E14")).toBe("attempted");
  });

  test("E20 meets another on the loopback", async () => {
    const free = await listen({ host: "127.0.0.1", port: 0 });
    await free[Symbol.asyncDispose]();
    const keys = { "loopback-port": `${free.port}` };
    const listening = attackAs(caller, "E20", { ...keys, "loopback-role": "listen", mark: "the-other" });
    const seen = await until("they meet", async () => {
      const told = await attackAs(caller, "E20", { ...keys, "loopback-role": "connect" });
      return told.saw("E20", "loopback")[0];
    });
    expect(seen).toBe("the-other");
    await listening;
  });
});

/** What a port sends first; false where nobody listens. */
async function hear(port: number): Promise<string | false> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("data", (bytes) => {
      resolve(bytes.toString());
      socket.destroy();
    });
    socket.once("error", () => resolve(false));
  });
}

test("E13 uses a socket that it inherits", async () => {
  await using server = await listen({ host: "127.0.0.1", port: 0 });
  const script = `exec 5<>/dev/tcp/127.0.0.1/${server.port}; sleep 0.2; exec "$0"`;
  const words = [...ordinaryCaller.prefix, "bash", "-c", script, program];
  const told = readTold((await execute(words, { stdin: ordersOf(["E13"], {}) })).stdout);
  expect(told.saw("E13", "inherited")).toEqual([server.token]);
  expect(told.facts("E13", "socket")).toContain("5:2:1");
});

describe.each(rootCallers)("called by $name alone", (caller) => {
  test("E03 opens raw and packet sockets", async () => {
    const told = await attackAs(caller, "E03", {});
    expect(new Set(told.saw("E03", "gained"))).toEqual(new Set(["a socket: raw", "a socket: packet"]));
  });

  test("E05 reaches a metadata service", async () => {
    // A network namespace in which the only host is this one.
    const script = `ip link set lo up && ip address add 169.254.169.254/32 dev lo && exec "$@"`;
    const prefix = ["unshare", "--net", "sh", "-euc", script, "sh"];
    const keys = { "metadata-port": "8080" };
    const alone = await attack(program, caller, ["E05"], keys, { prefix });
    expect(alone.saw("E05", "gained")).toEqual([]);
    const served = `"$0" < /dev/fd/3 > /dev/null 3<&- & sleep 0.3; exec "$0"`;
    using directory = makeTempDir();
    const orders = directory.file("orders", ordersOf(["E14"], { "listen-port": "8080", mark: "served" }));
    const both = [...prefix, "sh", "-c", `exec 3< ${orders}; ${served}`, program];
    const told = readTold((await execute(both, { stdin: ordersOf(["E05"], keys) })).stdout);
    expect(told.saw("E05", "gained")).toEqual(["connected: 169.254.169.254"]);
    expect(told.saw("E05", "near")).toEqual(["served"]);
  });
});
