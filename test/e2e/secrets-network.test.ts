/** Secrets that the proxy puts into a job's requests, which the job itself never holds. */
import { describe, expect, test } from "bun:test";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { chmodSync, readFileSync } from "node:fs";
import { listing, see, throughProxy } from "../support/network-job.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { callers, ordinaryCaller, type Caller } from "../support/tester.ts";

const cupel = installCupel();

const secret = `s3cr3t-${crypto.randomUUID()}`;

/** What the server is told of a request, as it answers it. */
interface Heard {
  readonly line: string;
  readonly authorization: string | undefined;
  readonly key: string | undefined;
  readonly content: string;
}

interface SecureServer extends AsyncDisposable {
  readonly port: number;
  /** Its certificate, which nobody on the host trusts unless told to. */
  readonly certificate: string;
}

/** One on the host's loopback that answers with what it heard. */
async function startSecure(directory: TempDir): Promise<SecureServer> {
  const [key, certificate] = [directory.at("key.pem"), directory.at("certificate.pem")];
  const request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost -addext";
  const words = [...request.split(" "), "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate];
  Bun.spawnSync(["openssl", ...words]);
  chmodSync(certificate, 0o644);
  const server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (asked, answer) => {
    let content = "";
    asked.on("data", (chunk: Buffer) => (content += chunk.toString()));
    asked.on("end", () => {
      const { authorization, "x-key": own } = asked.headers;
      const heard = { line: `${asked.method} ${asked.url}`, authorization, key: own, content };
      answer.end(`${JSON.stringify(heard)}\n`);
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return { port, certificate, [Symbol.asyncDispose]: async () => void server.close() };
}

interface Setting extends AsyncDisposable {
  readonly port: number;
  readonly flags: readonly string[];
  readonly trusting: Readonly<Record<string, string>>;
}

/** A server, a secret, and the flags that put the one into requests to the other. */
async function setUp(caller: Caller): Promise<Setting> {
  const directory = makeTempDir({ owner: caller });
  const server = await startSecure(directory);
  const { port } = server;
  const token = directory.file("token", `${secret}\n`, 0o600);
  const header = `localhost:${port}: Authorization: Bearer {TOKEN}`;
  return {
    port,
    flags: [
      ...listing(`localhost:${port}`, `127.0.0.1:${port}`),
      ...throughProxy,
      "--secret",
      `TOKEN=file:${token}`,
      "--inject-header",
      header,
    ],
    trusting: { SSL_CERT_FILE: server.certificate },
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      directory[Symbol.dispose]();
    },
  };
}

/** Asks for a path through a tunnel, as Node's own modules do. */
const nodeClient = `
const { request } = require("node:http"), { connect } = require("node:tls"), [port] = process.argv.slice(1);
const target = { path: "localhost:" + port, headers: { host: "localhost:" + port } };
request({ host: "127.0.0.1", port: 61080, method: "CONNECT", ...target }).on("connect", (_, socket) => {
  const secured = connect({ socket, servername: "localhost", ALPNProtocols: ["h2", "http/1.1"] }, () => {
    console.log(secured.alpnProtocol, secured.authorized);
    secured.write("GET /node HTTP/1.1\\r\\nHost: localhost:" + port + "\\r\\n\\r\\n");
  });
  secured.on("data", (bytes) => process.stdout.write(bytes.toString().split("\\r\\n\\r\\n").slice(1).join("")));
}).end();`;

describe.each(callers)("a header with a secret, called by $name,", (caller) => {
  test("arrives in place of the job's own, by way of curl, SOCKS and node; the job itself has none of it", async () => {
    await using setting = await setUp(caller);
    const { port, flags, trusting } = setting;
    const url = `https://localhost:${port}`;
    const script = [
      `curl -sS -H 'authorization: mine' -H 'x-key: kept' -d content ${url}/curl`,
      `curl -sS --socks5-hostname 127.0.0.1:61081 ${url}/socks`,
      `node -e '${nodeClient.replaceAll("'", "'\\''")}' ${port}`,
      "ls /run/secrets 2>/dev/null",
      `grep -rs ${secret.slice(0, 20)} /run /proc/self/environ /tmp && echo found`,
    ].join("; ");
    const ran = await cupel.run(caller, ["run", ...flags, "--", "sh", "-c", script], { env: trusting });
    const heard = (line: string, parts: Partial<Heard> = {}): string =>
      JSON.stringify({ line, authorization: `Bearer ${secret}`, content: "", ...parts });
    const curl = JSON.stringify({
      line: "POST /curl",
      authorization: `Bearer ${secret}`,
      key: "kept",
      content: "content",
    });
    expect([ran.stdout.split("\n"), ran.stderr]).toEqual([
      [curl, heard("GET /socks"), "http/1.1 true", heard("GET /node"), ""],
      "",
    ]);
  });
});

describe("a header with a secret", () => {
  const caller = ordinaryCaller;

  test("is put into no request that names another host", async () => {
    await using setting = await setUp(caller);
    const { port, flags, trusting } = setting;
    const words = ["run", ...flags, "--", "curl", "-sS", "-H", "Host: other.example", `https://localhost:${port}/`];
    expect(await cupel.run(caller, words, { env: trusting })).toEqual({
      code: 0,
      signal: null,
      stdout: "cupel: Host is not the target's\n",
      stderr: "cupel: the job was denied 1 connection: a request that is none (Host is not the target's)\n",
    });
  });

  test("is put into nothing that asks, in TLS, for another server than the tunnel", async () => {
    await using setting = await setUp(caller);
    const { port, flags, trusting } = setting;
    const other = `other.example:${port}`;
    const words = [
      "run",
      ...flags,
      "--",
      "curl",
      "-sk",
      "--connect-to",
      `${other}:localhost:${port}`,
      `https://${other}/`,
    ];
    expect(await cupel.run(caller, words, { env: trusting })).toEqual({
      code: 35,
      signal: null,
      stdout: "",
      stderr: `cupel: the job was denied 1 connection: localhost:${port} (TLS asks for other.example)\n`,
    });
  });

  test("is put into what the set-up command asks for, too, where the host is listed for that alone", async () => {
    await using setting = await setUp(caller);
    const { port, flags, trusting } = setting;
    const ask = `curl -s https://localhost:${port}/`;
    const own = flags.map((flag) => (flag === "--allow-host" ? "--setup-allow-host" : flag));
    const ran = await cupel.run(caller, ["run", ...own, "--setup", `${ask}setup`, "--", "sh", "-c", `${ask}job`], {
      env: trusting,
    });
    const heard = { line: "GET /setup", authorization: `Bearer ${secret}`, content: "" };
    expect(ran).toEqual({
      code: 56,
      signal: null,
      stdout: `${JSON.stringify(heard)}\n`,
      stderr: `cupel: the job was denied 1 connection: localhost:${port} (--allow-host localhost:${port})\n`,
    });
  });

  test("is sent to no host that did not prove to be it", async () => {
    await using setting = await setUp(caller);
    const { port, flags } = setting;
    const command = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_connect}", `https://localhost:${port}/`];
    const { ran, network } = await see(cupel, caller, flags, command);
    const kind = network?.denials[0]?.kind ?? "";
    expect([ran.code, ran.stdout, ran.stderr]).toEqual([
      56,
      "502",
      `cupel: the job was denied 1 connection: localhost:${port}, which did not prove to be that host (${kind})\n`,
    ]);
    expect([kind, network?.denials]).toEqual([
      "DEPTH_ZERO_SELF_SIGNED_CERT",
      [{ host: "localhost", port, reason: "host-not-proven", kind, count: 1 }],
    ]);
  });

  test("is put into plain requests where their port was named", async () => {
    using directory = makeTempDir({ owner: caller });
    const token = directory.file("token", secret, 0o600);
    using server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: ({ headers }) => new Response(`${headers.get("x-key")}\n`),
    });
    const [host, other] = [`localhost:${server.port}`, `127.0.0.1:${server.port}`];
    const flags = [...listing(host, other), ...throughProxy, "--secret", `T=file:${token}`];
    const script = `curl -sS -H 'X-KEY: mine' http://${host}/; curl -sS -H 'X-KEY: mine' http://${other}/`;
    const words = [...flags, "--inject-header", `${host}: X-Key: {T}`, "--", "sh", "-c", script];
    expect((await cupel.run(caller, ["run", ...words])).stdout).toBe(`${secret}\nmine\n`);
  });

  test("that no header can hold is told before the job starts", async () => {
    using directory = makeTempDir({ owner: caller });
    const token = directory.file("token", `${secret}\nmore`, 0o600);
    const flags = [...listing("a.example"), "--secret", `T=file:${token}`, "--inject-header", "a.example: X-Key: {T}"];
    expect(await cupel.run(caller, ["run", ...flags, "--", "echo", "started"])).toEqual({
      code: 125,
      signal: null,
      stdout: "",
      stderr: "cupel: the secret T has several lines or unprintable bytes, which no header can hold\n",
    });
  });
});
