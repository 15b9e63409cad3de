/** What the launcher's reader takes for a port that is to be published. */
import { expect } from "bun:test";
import { assemble, least, u32 } from "../support/assemble-instruction.ts";
import { needsPrograms } from "../support/must-work.ts";
import { readInstructions, verdicts } from "../support/read-instructions.ts";

const needsCompiler = needsPrograms("gcc");
const { malformed } = verdicts;
const publishKind = 17;

needsCompiler("refuses ports that there are not, and addresses of no kind", async () => {
  const publish = (length: number, port: number, jobPort: number): Uint8Array =>
    assemble(...least, [publishKind, Buffer.concat([u32(length), Buffer.alloc(length), u32(port), u32(jobPort)])]);
  const wrong = [publish(4, 65_536, 1), publish(4, 1, 0), publish(16, 1, 65_536), publish(0, 1, 1), publish(5, 1, 1)];
  expect(new Set(await readInstructions(wrong))).toEqual(new Set([malformed]));
});
