import { expect, test } from "bun:test";
import { Denials } from "../../../src/run/network/denials.ts";

test("denials are all counted, alike ones listed once, and no more than a hundred", () => {
  const denials = new Denials();
  const denied = { host: "a.example", port: 443, reason: "host-not-listed" } as const;
  denials.allow();
  denials.deny(denied);
  denials.deny(denied);
  denials.deny({ ...denied, port: 80 });
  expect(denials.read()).toEqual({
    allowed: 1,
    denied: 3,
    denials: [
      { ...denied, count: 2 },
      { ...denied, port: 80, count: 1 },
    ],
  });
  for (let port = 1000; port < 2000; port++) denials.deny({ ...denied, port });
  denials.deny(denied);
  const { denied: count, denials: listed } = denials.read();
  expect([count, listed.length, listed[0]?.count]).toEqual([1004, 100, 3]);
});
