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

/** SIGSYS (signal(7)). */
const badSystemCall = 31;

describe.each(callers)("called by $name", (caller) => {
  onX64("a call by the 32-bit table or x32 kills whoever makes it", async () => {
    using directory = makeTempDir();
    const path = directory.at("other-abis");
    copyFileSync(program, path);
    chmodSync(path, 0o755);
    // The control, where the kernel has that door at all: x32 is often left out.
    const outside = await cupel.outside(caller, [path, ...words32]);
    expect(outside.stdout).toMatch(/^(ok\nok\n|ENOSYS\nENOSYS\n|)$/);
    // The filter is asked before the kernel looks for the call, so that what has no such call is killed as well.
    for (const words of outside.stdout === "" ? [wordsX32] : [words32, wordsX32]) {
      const inside = await cupel.run(caller, ["run", "--read", path, "--", path, ...words]);
      expect({ door: words[0], code: inside.code, stdout: inside.stdout }).toEqual({
        door: words[0],
        code: 128 + badSystemCall,
        stdout: "",
      });
    }
  });
});
