import { expect, test } from "bun:test";
import { formatBytes } from "../../src/probes/_quantity-words.ts";

test.each([
  [0, "0 bytes"],
  [1, "1 bytes"],
  [1023, "1023 bytes"],
  [1024, "1 KiB"],
  [1536, "1.5 KiB"],
  [64 * 1024 * 1024, "64 MiB"],
  [123.4 * 1024 ** 3, "123 GiB"],
  [2 ** 63, "8192 PiB"],
])("%p is %p", (bytes, words) => {
  expect(formatBytes(bytes)).toBe(words);
});
