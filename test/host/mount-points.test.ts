import { expect, test } from "bun:test";
import { parseMountPoints } from "../../src/host/mount-points.ts";

test("parseMountPoints reads the fifth word of each line, with its escapes", () => {
  const text = "22 1 8:1 / / rw - ext4 a rw\n23 22 0:5 / /a\\040b\\134c rw - tmpfs none rw\n";
  expect(parseMountPoints(text)).toEqual(["/", "/a b\\c"]);
  expect(parseMountPoints("")).toEqual([]);
});
