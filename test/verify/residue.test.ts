import { expect, test } from "bun:test";
import { chmodSync, copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { verificationDirectoryStart } from "../../src/run/verification-files.ts";
import { freshMark } from "../../src/verify/attack-side.ts";
import { removeResidue, writeResidueNote } from "../../src/verify/residue.ts";
import { ordersOf } from "../support/attacker.ts";
import { repositoryRoot } from "../support/compile-c.ts";
import { execute } from "../support/execute.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { noneBut, sharedObjects } from "../support/traces.ts";

/** No process has a number so high (PID_MAX_LIMIT of linux/threads.h). */
const nobody = 2 ** 22 + 1;

test("what an attack left is taken away where its verification was killed, and not while it is under way", async () => {
  using place = makeTempDir();
  const uid = process.getuid?.() ?? -1;
  const mark = freshMark("B13");
  const own = place.at(`${verificationDirectoryStart()}abcdef`);
  const killed = own.replace(`-${process.pid}-`, `-${nobody}-`);
  for (const directory of [own, killed]) mkdirSync(directory);
  const built = join(repositoryRoot, "dist/helpers", process.arch, "attacker");
  for (const directory of [own, killed]) {
    copyFileSync(built, `${directory}/attacker`);
    chmodSync(`${directory}/attacker`, 0o755);
  }
  const before = sharedObjects();
  const stdin = ordersOf(["B13"], { mark, residue: "leave" });
  await execute([`${own}/attacker`], { stdin, env: {} });
  expect(sharedObjects().length).toBeGreaterThan(before.length);
  expect(existsSync(`/tmp/cupel-residue-${mark}`)).toBe(true);
  writeResidueNote(`${own}/attacker`, "B13", mark);
  removeResidue([place.path], uid);
  expect(existsSync(`/tmp/cupel-residue-${mark}`)).toBe(true);
  writeResidueNote(`${killed}/attacker`, "B13", mark);
  removeResidue([place.path], uid + 1);
  expect(existsSync(`/tmp/cupel-residue-${mark}`)).toBe(true);
  removeResidue([place.path], uid);
  expect(existsSync(`/tmp/cupel-residue-${mark}`)).toBe(false);
  await noneBut(before, sharedObjects);
});
