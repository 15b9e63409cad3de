import { describe, expect, test } from "bun:test";
import type { GuaranteeResult } from "../../src/model/verification.ts";
import { putTable, renderPeers, type Peer } from "./render-peers.ts";

const result = (parts: Partial<GuaranteeResult>): GuaranteeResult => ({
  id: "fs.read",
  state: "held",
  attacks: 1,
  brokenBy: [],
  because: "",
  ...parts,
});

const cupel: Peer = {
  name: "cupel",
  caller: "user",
  shown: "cupel run --",
  version: "0.1.0",
  guarantees: [
    result({}),
    result({ id: "limit.memory" }),
    result({ id: "kernel.boundary", state: "not-provided", brokenBy: ["B10"] }),
  ],
};

const other: Peer = {
  name: "bwrap",
  caller: "root",
  shown: "bwrap --",
  version: "0.8.0",
  guarantees: [
    result({ state: "broken", brokenBy: ["A01", "A02"] }),
    result({ id: "net.none", state: "unknown" }),
    result({ id: "kernel.boundary", state: "broken", brokenBy: ["B10"] }),
  ],
};

describe("renderPeers", () => {
  test("compares what can be told of every sandbox, and says what was called", () =>
    expect(renderPeers([cupel, other], "2026-11-21", "6.1")).toBe(`\
As measured on 2026-11-21, on Linux 6.1; **no** names the first attack that broke it (\`cupel verify --list\`).

| guarantee | cupel | bwrap |
| --- | --- | --- |
| \`fs.read\` | held | **no** A01 |
| \`net.none\` |  | unknown |
| \`kernel.boundary\` | **no** B10 | **no** B10 |

- cupel: 0.1.0, called by an ordinary user: \`cupel run --\`
- bwrap: 0.8.0, called by root: \`bwrap --\``));
});

describe("putTable", () => {
  const page =
    "before\n\n<!-- written by scripts/peers.ts -->\nold\n<!-- end of what scripts/peers.ts wrote -->\n\nafter\n";

  test("replaces the last one", () =>
    expect(putTable(page, "new")).toBe(
      "before\n\n<!-- written by scripts/peers.ts -->\n\nnew\n\n<!-- end of what scripts/peers.ts wrote -->\n\nafter\n",
    ));

  test("needs a place for it", () => expect(() => putTable("no place", "new")).toThrow("no place for what other"));
});
