import { expect, test } from "bun:test";
import type { KernelDenial } from "../../src/model/denial.ts";
import { describeKernelDenials } from "../../src/report/kernel-denial-words.ts";

const path: KernelDenial = {
  call: "openat",
  errno: "ENOENT",
  subject: "/a b\u001b",
  access: "read",
  count: 3,
  grant: ["--read", "/a b"],
};
const call: KernelDenial = { call: "unshare", errno: "EPERM", access: "call", count: 1, note: "no flag grants it" };

test("a line each, with what would grant it", () =>
  expect(describeKernelDenials([path, call])).toBe(
    `cupel: 2 denials in the trace of the job's calls, the last first, with what would grant it:
  read /a b\\x1b (openat: ENOENT, 3 times): --read '/a b'
  unshare (EPERM): no flag grants it
`,
  ));

test("nothing is said to be nothing", () =>
  expect(describeKernelDenials([])).toBe("cupel: the trace of the job's calls shows nothing that cupel denied it\n"));

test("of many the first, and where the others are", () => {
  const lines = describeKernelDenials(Array.from({ length: 23 }, () => call)).split("\n");
  expect([lines.length, lines.at(-2)]).toEqual([23, "  and 3 more; --result FILE has them all"]);
});
