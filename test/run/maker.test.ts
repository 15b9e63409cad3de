import { expect, test } from "bun:test";
import { ownPlace } from "../../src/run/maker.ts";

test("a process's place is another one in a PID namespace of its own", () => {
  const script = `console.log((await import(${JSON.stringify(`${import.meta.dir}/../../src/run/maker.ts`)})).ownPlace())`;
  const words = [process.execPath, "-e", script];
  const [here, inside] = [
    words,
    ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc", ...words],
  ].map((command) => Bun.spawnSync(command).stdout.toString().trim());
  expect(here).toBe(ownPlace());
  expect(inside).toMatch(/^[0-9a-f]{24}$/);
  expect(inside?.slice(0, 16)).toBe(ownPlace().slice(0, 16));
  expect(inside).not.toBe(ownPlace());
});
