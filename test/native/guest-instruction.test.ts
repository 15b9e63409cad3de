/** What an instruction has to say of a kernel of the job's own: all of it, or it is refused whole. */
import { expect } from "bun:test";
import { assemble, least, text, u32 } from "../support/assemble-instruction.ts";
import { needsPrograms } from "../support/must-work.ts";
import { readInstructions, verdicts } from "../support/read-instructions.ts";

const needsCompiler = needsPrograms("gcc");
const { accepted, malformed } = verdicts;

needsCompiler(
  "refuses a kernel of the job's own without a program, a root, or the namespaces to end with",
  async () => {
    const [namespaces, proc, around, word] = [2, 26, 34, 40];
    const kinds = (flags: number): Uint8Array => Buffer.concat([u32(flags), u32(0)]);
    const [mount, pid] = [0x0002_0000, 0x2000_0000];
    const records = [
      [namespaces, kinds(mount + pid)],
      [proc, text("/proc")],
      [around, Buffer.alloc(0)],
      [word, text("/runsc")],
    ] as const;
    const without = (left: number): Uint8Array => assemble(...least, ...records.filter(([kind]) => kind !== left));
    const inNamespaces = (flags: number): Uint8Array =>
      assemble(...least, [namespaces, kinds(flags)], ...records.slice(1));
    const results = await readInstructions([
      assemble(...least, ...records),
      without(namespaces),
      without(proc),
      without(word),
      inNamespaces(mount),
      inNamespaces(pid),
      assemble(...least, ...records, [around, Buffer.alloc(0)]),
      assemble(...least, ...records, [42, text("input")]),
    ]);
    expect(results).toEqual([accepted, ...results.slice(1).map(() => malformed)]);
  },
);
