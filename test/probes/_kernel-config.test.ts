import { expect, test } from "bun:test";
import { parseKernelConfig } from "../../src/probes/_kernel-config.ts";

test("options that are set, by name", () => {
  const text =
    '# comment\nCONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C_64=m\nCONFIG_D="x y"\n CONFIG_E=y\nCONFIG_F=0x10\n';
  expect([...parseKernelConfig(text)]).toEqual([
    ["A", "y"],
    ["C_64", "m"],
    ["D", "x y"],
    ["F", "0x10"],
  ]);
});

test.each(["", "\0\u0001", "CONFIG_=y\n"])("no configuration: %j", (text) => {
  expect(parseKernelConfig(text).size).toBe(0);
});
