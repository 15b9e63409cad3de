/** A filter on one table of system calls is none on the others: their doors have to be shut. */
import { describe, expect } from "bun:test";
import { chmodSync, copyFileSync } from "node:fs";
import { join } from "node:path";
import { compileC } from "../support/compile-c.ts";
import { needs } from "../support/must-work.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers } from "../support/tester.ts";

const cupel = installCupel();
const program = compileC(join(import.meta.dir, "other-abis.c"), { flags: ["-D_GNU_SOURCE", "-static", "-O1"] });
const onX64 = needs(process.arch === "x64", "only x86-64 has three tables of system calls");

/** getpid and unshare(CLONE_NEWUSER), by the numbers of each table (arch/x86/entry/syscalls). */
const newUser = String(0x1000_0000);
const words32 = ["32", "20", "0", "32", "310", newUser];
const wordsX32 = ["x32", "39", "0", "x32", "272", newUser];

describe.each(callers)("called by $name", (caller) => {
  onX64("no call gets through the 32-bit table or x32", async () => {
    using directory = makeTempDir();
    const path = directory.at("other-abis");
    copyFileSync(program, path);
    chmodSync(path, 0o755);
    for (const words of [words32, wordsX32]) {
      const inside = await cupel.run(caller, ["run", "--read", path, "--", path, ...words]);
      const isKilled = inside.code === 128 + 31;
      const lines = inside.stdout.split("\n").filter((line) => line !== "");
      expect([words[0], isKilled || lines.every((line) => ["EPERM", "ENOSYS"].includes(line))]).toEqual([
        words[0],
        true,
      ]);
      expect(inside.stdout).not.toContain("ok");
      if (!isKilled) expect(lines).toHaveLength(2);
    }
    // The control, where the kernel has that door at all.
    const outside = await cupel.outside(caller, [path, ...words32]);
    if (!outside.stdout.startsWith("ENOSYS")) expect(outside.stdout).toBe("ok\nok\n");
  });
});
