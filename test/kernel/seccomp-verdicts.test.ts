/** The kernel's own verdict on every call, beside what the profiles say: none of the calls is carried out. */
import { describe, expect } from "bun:test";
import { compileSeccomp } from "../../src/launch/compile-seccomp.ts";
import { needs, needsPrograms } from "../support/must-work.ts";
import { allProfiles, ruleOf, tellingArguments } from "../support/seccomp-oracle.ts";
import { allowed, askKernel, findWrong, killed, type Call } from "../support/seccomp-verdicts.ts";

const architecture = process.arch === "arm64" ? "arm64" : "x64";

/**
 * uretprobe and uprobe of x86-64: where the kernel's own trampolines come back to it. It lets them pass every filter, and
 * refuses them from anywhere else (seccomp_uprobe_exception, kernel/seccomp.c, since Linux 6.14).
 */
const past = architecture === "x64" ? [335, 336] : [];
const numbers = Array.from({ length: 600 }, (_, number) => number).filter((number) => !past.includes(number));
const none: readonly bigint[] = [0n, 0n, 0n, 0n, 0n, 0n];

describe.each(Object.entries(allProfiles))("the kernel under the profile %s", (_, profile) => {
  const filter = compileSeccomp(profile, architecture);

  needsPrograms("gcc")("answers every call as the profile says, whatever the arguments' high bits", () => {
    const calls = numbers.flatMap((number) =>
      tellingArguments(ruleOf(profile, architecture, number)).map((values): Call => ({
        door: "syscall",
        number,
        values,
      })),
    );
    const verdicts = askKernel(filter, calls);
    expect(findWrong(profile, architecture, calls, verdicts).slice(0, 5)).toEqual([]);
    expect(verdicts.length).toBeGreaterThan(numbers.length);
  });

  needs(architecture === "x64" && Bun.which("gcc") !== null, "only x86-64 has x32 and int 0x80, or there is no gcc")(
    "kills whoever calls by x32's numbers or by int 0x80",
    () => {
      const some = [0, 1, 39, 41, 57, 59, 101, 135, 272, 310, 334, 435, 512, 547];
      const calls = some.flatMap((number): Call[] => [
        { door: "syscall", number: 0x4000_0000 | number, values: none },
        { door: "int 0x80", number, values: none },
      ]);
      // A call that is allowed stands between them: the supervisor still answers.
      const withControls = calls.flatMap((call): Call[] => [call, { door: "syscall", number: 39, values: none }]);
      expect(askKernel(filter, withControls)).toEqual(calls.flatMap(() => [killed, allowed]));
    },
  );

  needsPrograms("gcc")("answers -1, which is no call but what a tracer puts in the place of one", () => {
    const expected = typeof profile.otherwise === "object" ? profile.otherwise.errno : allowed;
    expect(askKernel(filter, [{ door: "syscall", number: -1, values: none }])).toEqual([expected]);
  });
});
