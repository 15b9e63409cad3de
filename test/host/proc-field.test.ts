import { describe, expect, test } from "bun:test";
import { procField } from "../../src/host/proc-field.ts";

const status = "Name:\tcupel: x\nVmPeak:\t 1000 kB\nSeccomp_filters:\t1\nSeccomp:\t2\nLast:\t7";

describe("procField", () => {
  test.each([
    ["the first line", "Name", "cupel: x"],
    ["one with blanks", "VmPeak", "1000 kB"],
    ["one whose name another begins with", "Seccomp", "2"],
    ["the last line, without an end", "Last", "7"],
    ["the middle of a name", "filters", undefined],
    ["none", "Peak", undefined],
  ])("of %s", (_, name, value) => expect(procField(status, name)).toBe(value));

  test("of nothing", () => {
    expect(procField("", "Name")).toBeUndefined();
    expect(procField("Name:", "Name")).toBe("");
  });
});
