import { expect, test } from "bun:test";
import { plantOpenProxy } from "../../../src/verify/canaries/open-proxy.ts";
import { plantTokenServer } from "../../../src/verify/canaries/token-server.ts";
import { saidBy } from "../../support/said-by.ts";

test.each([
  ["a tunnel", (port: number) => `CONNECT 127.0.0.1:${port} HTTP/1.1\r\n\r\n`],
  [
    "a request, by its last Host",
    (port: number) => `GET http://a/ HTTP/1.1\r\nHost: a:1\r\nHost: [::1]:${port}\r\n\r\n`,
  ],
  ["a name behind somebody else's", (port: number) => `CONNECT a.invalid@localhost:${port} HTTP/1.1\r\n\r\n`],
])("lets %s through", async (_, requestFor) => {
  const [server, proxy] = [await plantTokenServer("canary-0123"), await plantOpenProxy()];
  expect(await saidBy(proxy.port, requestFor(server.port))).toContain("canary-0123");
  proxy.close();
  server.close();
});

test("ends what is no request", async () => {
  const proxy = await plantOpenProxy();
  expect(await saidBy(proxy.port, "no request")).toBe("");
  proxy.close();
});
