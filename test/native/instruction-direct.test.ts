/** What the launcher's reader takes for ports that every address is listened on at. */
import { expect } from "bun:test";
import { assemble, least, text, u32 } from "../support/assemble-instruction.ts";
import { needsPrograms } from "../support/must-work.ts";
import { readInstructions, verdicts } from "../support/read-instructions.ts";

const needsCompiler = needsPrograms("gcc");
const { malformed, accepted } = verdicts;
const [proxyKind, directKind] = [15, 31];

const proxy = [proxyKind, Buffer.concat([text("/run/proxy"), u32(61_080)])] as const;
const direct = (...ports: readonly number[]) => [directKind, Buffer.concat(ports.map(u32))] as const;
const many = Array.from({ length: 63 }, (_, index) => index + 1);

needsCompiler("refuses ports that there are not, too many of them, and those that lead to no proxy", async () => {
  const wrong = [
    assemble(...least, proxy, direct(0)),
    assemble(...least, proxy, direct(65_536)),
    assemble(...least, proxy, direct()),
    assemble(...least, proxy, direct(...many, 64)),
    assemble(...least, proxy, direct(1), direct(2)),
    assemble(...least, proxy, proxy),
    assemble(...least, direct(443), proxy),
    assemble(...least, direct(443)),
  ];
  expect(new Set(await readInstructions(wrong))).toEqual(new Set([malformed]));
  const right = [assemble(...least, proxy, direct(53, 443)), assemble(...least, proxy, direct(...many))];
  expect(new Set(await readInstructions(right))).toEqual(new Set([accepted]));
});
