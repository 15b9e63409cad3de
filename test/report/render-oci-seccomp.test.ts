import { describe, expect, test } from "bun:test";
import { renderOciSeccomp } from "../../src/report/render-oci-seccomp.ts";
import type { SeccompAnswer, SeccompProfile } from "../../src/launch/seccomp-rule.ts";
import { systemCallNumber, systemCallNumbers, type SystemCallName } from "../../src/launch/system-call-numbers.ts";
import { allProfiles, answerOf, ruleOf, tellingArguments } from "../support/seccomp-oracle.ts";

interface OciRule {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly { index: number; value: bigint; valueTwo: bigint; op: string }[];
}

interface OciProfile {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  readonly syscalls: readonly OciRule[];
}

/** With numbers of 64 bits whole. */
function parse(text: string): OciProfile {
  const whole = text.replaceAll(/"(value|valueTwo)": (\d+)/g, '"$1": "$2"');
  return JSON.parse(whole, (key, value: unknown) =>
    key.startsWith("value") ? BigInt(String(value)) : value,
  ) as OciProfile;
}

function answerIn(action: string, errno: number | undefined): SeccompAnswer {
  return action === "SCMP_ACT_ALLOW" ? "allow" : { errno: errno ?? 1 };
}

/** Every answer that some rule gives: two that differ would leave it open. */
function answersFor(profile: OciProfile, name: string, given: readonly bigint[]): SeccompAnswer[] {
  const fitting = profile.syscalls.filter(
    ({ names, args = [] }) =>
      names.includes(name) && args.every(({ index, value, valueTwo }) => ((given[index] ?? 0n) & value) === valueTwo),
  );
  const answers = fitting.map(({ action, errnoRet }) => JSON.stringify(answerIn(action, errnoRet)));
  const found = [...new Set(answers)].map((text) => JSON.parse(text) as SeccompAnswer);
  return found.length > 0 ? found : [answerIn(profile.defaultAction, profile.defaultErrnoRet)];
}

describe.each(["x64", "arm64"] as const)("on %s", (architecture) => {
  const names = (Object.keys(systemCallNumbers) as SystemCallName[]).filter(
    (name) => systemCallNumber(name, architecture) !== undefined,
  );

  test.each(Object.entries(allProfiles))("%s says of every call what the filter does, once", (_, profile) => {
    const told = parse(renderOciSeccomp(profile, architecture));
    const wrong = names.flatMap((name) => {
      const rule = ruleOf(profile, architecture, systemCallNumber(name, architecture) ?? -1);
      return tellingArguments(rule).flatMap((given) => {
        const [expected, answers] = [answerOf(rule, given), answersFor(told, name, given)];
        return Bun.deepEquals(answers, [expected]) ? [] : [{ name, given, expected, answers }];
      });
    });
    expect(wrong.slice(0, 3)).toEqual([]);
    expect(told.syscalls.every(({ args = [] }) => new Set(args.map(({ index }) => index)).size === args.length)).toBe(
      true,
    );
  });
});

test("a profile is a document of the OCI's", () => {
  const profile: SeccompProfile = {
    otherwise: "allow",
    entries: [
      { name: "mount", rule: { clauses: [], otherwise: { errno: 1 } } },
      { name: "bpf", rule: { clauses: [], otherwise: { errno: 1 } } },
      { name: "read", rule: { clauses: [], otherwise: "allow" } },
      { name: "clone3", rule: { clauses: [], otherwise: { errno: 38 } } },
      {
        name: "chmod",
        rule: {
          clauses: [{ when: [{ argument: 1, type: "umode_t", mask: 0o6000, values: [0] }], answer: "allow" }],
          otherwise: { errno: 1 },
        },
      },
    ],
  };
  expect(renderOciSeccomp(profile, "x64")).toBe(`{
  "defaultAction": "SCMP_ACT_ALLOW",
  "architectures": ["SCMP_ARCH_X86_64"],
  "syscalls": [
    { "names": ["bpf","mount"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1 },
    { "names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38 },
    { "names": ["chmod"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "args": [{ "index": 1, "value": 3072, "valueTwo": 1024, "op": "SCMP_CMP_MASKED_EQ" }] },
    { "names": ["chmod"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "args": [{ "index": 1, "value": 2048, "valueTwo": 2048, "op": "SCMP_CMP_MASKED_EQ" }] }
  ]
}
`);
});
