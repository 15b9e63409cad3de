import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { download, downloadBytes } from "../../src/host/download.ts";
import { needsPrograms } from "../support/must-work.ts";
import { makeTempDir } from "../support/temp-dir.ts";

const plenty = { bytesMax: 1024 * 1024, pauseMs: 1 };
const asked: string[] = [];
const archive = gzipSync("what is packed");

const answers: Readonly<Record<string, RequestListener>> = {
  "/whole": (_request, response) => response.end("a file"),
  "/empty": (_request, response) => response.end(),
  "/moved": (_request, response) => response.writeHead(302, { location: "/whole" }).end(),
  "/encoded": (_request, response) => response.writeHead(200, { "content-encoding": "gzip" }).end(archive),
  "/forbidden": (_request, response) => response.writeHead(403).end("no"),
  "/busy": (_request, response) => {
    const tries = asked.filter((path) => path === "/busy").length;
    response.writeHead(tries < 3 ? 503 : 200).end("at last");
  },
  "/cut": (_request, response) => {
    response.writeHead(200, { "content-length": 100_000 });
    response.write("x".repeat(5000), () => response.socket?.destroy());
  },
  "/hangs": (_request, response) => {
    response.writeHead(200, { "content-length": 100_000 });
    response.write("some");
  },
  "/silent": () => undefined,
};

const answer: RequestListener = (request, response) => {
  const path = request.url ?? "";
  asked.push(path);
  const known = answers[path];
  if (known === undefined) response.writeHead(404).end();
  else known(request, response);
};

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

let server: Server;
let address = "";

beforeAll(async () => {
  server = createServer(answer);
  address = `http://127.0.0.1:${await listen(server)}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function get(path: string, options = plenty): Promise<{ text?: string; reason?: string; tries: number }> {
  asked.length = 0;
  const got = await downloadBytes(`${address}${path}`, options);
  return got.ok
    ? { text: got.bytes.toString("latin1"), tries: asked.length }
    : { reason: got.reason, tries: asked.length };
}

describe("downloadBytes", () => {
  test.each([
    ["/whole", { text: "a file", tries: 1 }],
    ["/empty", { text: "", tries: 1 }],
    ["/moved", { text: "a file", tries: 2 }],
    ["/encoded", { text: archive.toString("latin1"), tries: 1 }],
    ["/busy", { text: "at last", tries: 3 }],
    ["/missing", { reason: "it is not there (404)", tries: 1 }],
    ["/forbidden", { reason: "the server answered 403", tries: 1 }],
    ["/cut", { reason: "the connection broke (ECONNRESET)", tries: 3 }],
  ])("%s", async (path, expected) => expect(await get(path)).toEqual(expected));

  test.each(["/hangs", "/silent"])("%s: gives up a server that gives nothing", async (path) => {
    expect(await get(path, { ...plenty, idleMs: 50 } as typeof plenty)).toEqual({
      reason: "it gave nothing for 0.05 s",
      tries: 3,
    });
  });

  test("takes no more than it should", async () => {
    expect(await get("/whole", { ...plenty, bytesMax: 6 })).toEqual({ text: "a file", tries: 1 });
    expect(await get("/whole", { ...plenty, bytesMax: 5 })).toEqual({
      reason: "it is longer than such a file can be (5 bytes)",
      tries: 1,
    });
  });

  test.each([
    ["http://127.0.0.1:9/", "nothing answers there (ECONNREFUSED)"],
    ["http://nobody.invalid/", "its name is not known here (ENOTFOUND)"],
  ])("%s", async (url, reason) => expect(await downloadBytes(url, plenty)).toEqual({ ok: false, reason }));

  needsPrograms("openssl")("says of a certificate that it is not trusted, and what can be done", async () => {
    using directory = makeTempDir();
    const [key, certificate] = [directory.at("key"), directory.at("certificate")];
    const words = [
      "-x509",
      "-newkey",
      "ed25519",
      "-nodes",
      "-keyout",
      key,
      "-out",
      certificate,
      "-subj",
      "/CN=localhost",
    ];
    expect(Bun.spawnSync(["openssl", "req", ...words]).exitCode).toBe(0);
    const secure = createTlsServer({ key: readFileSync(key), cert: readFileSync(certificate) }, answer);
    try {
      const got = await downloadBytes(`https://localhost:${await listen(secure)}/whole`, plenty);
      expect(got).toEqual({
        ok: false,
        reason: expect.stringMatching(/^its certificate is not trusted here \([A-Z_]+\); NODE_EXTRA_CA_CERTS can name/),
      });
    } finally {
      secure.closeAllConnections();
      secure.close();
    }
  });
});

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    return await promise;
  } catch (error) {
    return error;
  }
}

describe("download", () => {
  test("begins anew with each try", async () => {
    const begun: string[][] = [];
    const begin = () => {
      const chunks: string[] = [];
      begun.push(chunks);
      return (chunk: Uint8Array): void => void chunks.push(Buffer.from(chunk).toString());
    };
    expect(await download(`${address}/cut`, begin, plenty)).toBe("the connection broke (ECONNRESET)");
    expect(begun).toHaveLength(3);
  });

  test("passes on what the taker throws", async () => {
    const full = new Error("no room");
    const begin = () => (): void => {
      throw full;
    };
    expect(await rejection(download(`${address}/whole`, begin, plenty))).toBe(full);
  });

  test("ends when it is told to, with the reason given", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const begin = () => (): void => controller.abort(reason);
    const under = { ...plenty, signal: controller.signal };
    expect(await rejection(download(`${address}/hangs`, begin, under))).toBe(reason);
    const late = { ...plenty, signal: AbortSignal.abort(reason) };
    expect(await rejection(download(`${address}/whole`, begin, late))).toBe(reason);
  });
});
