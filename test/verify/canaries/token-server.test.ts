import { expect, test } from "bun:test";
import { plantTokenServer } from "../../../src/verify/canaries/token-server.ts";

test("whoever asks it anything has the token, until it is closed", async () => {
  const server = await plantTokenServer("canary-0123", "127.0.0.1");
  const url = `http://127.0.0.1:${server.port}/`;
  expect(await (await fetch(url)).text()).toBe("canary-0123\n");
  server.close();
  expect(fetch(url)).rejects.toThrow();
});
