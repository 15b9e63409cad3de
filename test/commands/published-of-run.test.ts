import { expect, test } from "bun:test";
import { publishedAmong } from "../../src/commands/published-of-run.ts";

const publish = [
  { address: { version: 4, bytes: [127, 0, 0, 1] }, port: 0, jobPort: 3000 },
  { address: { version: 4, bytes: [127, 0, 0, 1] }, port: 8080, jobPort: 80 },
] as const;

test("published ports are those that the launcher took", () => {
  expect(
    publishedAmong(publish, [
      { event: "published", index: 0, port: 40_000 },
      { event: "started", pid: 2 },
      { event: "published", index: 1, port: 8080 },
    ]),
  ).toEqual([
    { address: "127.0.0.1", port: 40_000, jobPort: 3000 },
    { address: "127.0.0.1", port: 8080, jobPort: 80 },
  ]);
  expect(publishedAmong(publish, [])).toEqual([]);
});
