import { expect, test } from "bun:test";
import { createServer } from "node:net";
import { plantKnocker } from "../../../src/verify/canaries/knocker.ts";
import { until } from "../../support/until.ts";

test("whoever offers the port is heard, once", async () => {
  const knocker = await plantKnocker();
  expect(await knocker.look()).toEqual([]);
  let served = 0;
  const server = createServer((socket) => socket.end(served++ === 0 ? "E14-0123abcd" : ""));
  server.listen(Number(knocker.keys["listen-port"]), "127.0.0.1");
  await until("it has knocked twice", () => served > 1);
  expect(await knocker.look()).toEqual([{ canary: "listen-port", text: "E14-0123abcd" }]);
  await knocker.remove();
  server.close();
});
