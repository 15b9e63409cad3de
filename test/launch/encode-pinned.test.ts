/** How the launcher is told which directory is meant by the path where the caller stands. */
import { expect, test } from "bun:test";
import { encodeInstruction } from "../../src/launch/encode-instruction.ts";
import type { LaunchBinding } from "../../src/launch/launch-binding.ts";
import { CupelError } from "../../src/model/error.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";
import { decodeInstruction } from "../support/decode-instruction.ts";

function encode(pinned: LaunchBinding["pinned"]): Uint8Array {
  const outside = { uid: 1001, gid: 1002 };
  return encodeInstruction(barePlan(["a"]), {
    outside,
    controlGroups: [],
    rehearsal: false,
    architecture: "x64",
    pinned,
  });
}

test("is said byte by byte, in numbers of 64 bits", () => {
  const bytes = encode({ directory: "/süß", inode: `${2n ** 64n - 1n}:${2n ** 53n + 1n}` });
  const record = "1300 0000 1b000000 06000000 2f73c3bcc39f 00 ffffffffffffffff 0100000000002000";
  expect(Buffer.from(bytes).toString("hex")).toContain(record.replaceAll(" ", ""));
});

test("is said once, where the caller stands somewhere", () => {
  const said = (pinned: LaunchBinding["pinned"]): unknown[] =>
    decodeInstruction(encode(pinned)).filter(([kind]) => kind === "pinned");
  expect(said({ directory: "/a", inode: "2049:131" })).toEqual([["pinned", "/a", 2049, 131]]);
  expect(said(undefined)).toEqual([]);
});

test("is refused with a NUL in it", () => expect(() => encode({ directory: "/\0", inode: "1:2" })).toThrow(CupelError));
