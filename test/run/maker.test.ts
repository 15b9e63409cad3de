import { expect, test } from "bun:test";
import { foldDigits, ownPlace } from "../../src/run/maker.ts";
import { needs } from "../support/must-work.ts";

test.each([
  ["0123456789abcdef0123456789abcdef\n", "00000000"],
  ["0123456789abcdef0123456789abcdee\n", "00000001"],
  ["8f0c2f2e-0c1a-4a53-9b54-93e7f1a0c3d2", "e9e23548"],
  ["f0000001", "f0000001"],
  ["uninitialized\n", "00000000"],
])("digits of %p are %s, which are none of its own", (text, digits) => expect(foldDigits(text)).toBe(digits));

const apart = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc"];
const inNamespaces = needs(Bun.spawnSync([...apart, "true"]).success, "no user namespace can be made here");

inNamespaces("a process's place is another one in a PID namespace of its own", () => {
  const script = `console.log((await import(${JSON.stringify(`${import.meta.dir}/../../src/run/maker.ts`)})).ownPlace())`;
  const words = [process.execPath, "-e", script];
  const [here, inside] = [words, [...apart, ...words]].map((command) =>
    Bun.spawnSync(command).stdout.toString().trim(),
  );
  expect(here).toBe(ownPlace());
  expect(inside).toMatch(/^[0-9a-f]{24}$/);
  expect(inside?.slice(0, 16)).toBe(ownPlace().slice(0, 16));
  expect(inside).not.toBe(ownPlace());
});
