import { expect, test } from "bun:test";
import { constants } from "node:os";
import type { PublishedPort } from "../../src/model/job.ts";
import { describePublished, describeUnpublished } from "../../src/report/published-words.ts";

const one: PublishedPort = { address: { version: 4, bytes: [127, 0, 0, 1] }, port: 80, jobPort: 3000 };
const six = { version: 6, bytes: [...Array.from({ length: 15 }, () => 0), 1] } as const;

test("a plan says where each leads", () =>
  expect([one, { ...one, port: 0 }, { ...one, address: six }].map(describePublished)).toEqual([
    "127.0.0.1:80 to its port 3000",
    "a free port of 127.0.0.1 to its port 3000",
    "[::1]:80 to its port 3000",
  ]));

test.each([
  [constants.errno.EACCES, "(EACCES): ports below 1024 are root's; take a higher one"],
  [constants.errno.EADDRINUSE, "(EADDRINUSE): something else listens there; take another, or 0 for any that is free"],
  [constants.errno.ENOMEM, "(ENOMEM): take another"],
])("why it cannot be, %d", (errno, words) =>
  expect(describeUnpublished(one, errno)).toBe(`port 80 of 127.0.0.1 cannot be published ${words}`),
);
