/**
 * A seccomp profile in the words of the OCI (runtime specification, "Seccomp"), as `docker run --security-opt seccomp=FILE` and
 * Podman's read them: for containers that are not cupel's. Pure.
 *
 * There a rule has one test of each argument at most, any of several rules may fit, and which of two comes first is left open
 * (seccomp_rule_add(3)). So clauses, of which the first that fits decides, are taken apart into regions that share nothing.
 */
import {
  argumentBits,
  type ArgumentTest,
  type SeccompAnswer,
  type SeccompProfile,
  type SeccompRule,
} from "../launch/seccomp-rule.ts";
import { systemCallNumber, type SeccompArchitecture } from "../launch/system-call-numbers.ts";

/** Values of an argument that have just these bits under the mask: SCMP_CMP_MASKED_EQ. */
interface Pattern {
  readonly mask: bigint;
  readonly value: bigint;
}

/** Argument lists, by the patterns that each argument has. */
type Region = ReadonlyMap<number, Pattern>;

interface Answered {
  readonly region: Region;
  readonly answer: SeccompAnswer;
}

const architectureNames: Readonly<Record<SeccompArchitecture, string>> = {
  x64: "SCMP_ARCH_X86_64",
  arm64: "SCMP_ARCH_AARCH64",
};

/** Of what the kernel does not take of an argument no bit is looked at. */
function maskOf({ mask = 0xffff_ffff, type }: ArgumentTest): bigint {
  const low = BigInt(mask >>> 0);
  return argumentBits[type] === 32 ? low : low | 0xffff_ffff_0000_0000n;
}

function patternsOf(test: ArgumentTest): Pattern[] {
  const mask = maskOf(test);
  return test.values
    .map((value) => BigInt(value >>> 0))
    .flatMap((value) => ((value & ~mask) === 0n ? [{ mask, value }] : []));
}

function bitsFrom(mask: bigint): bigint[] {
  return Array.from({ length: 64 }, (_, index) => 1n << BigInt(63 - index)).filter((bit) => (mask & bit) !== 0n);
}

/** What a test does not hold for: each beginning that no value shares, as short as can be. */
function othersThan(test: ArgumentTest): Pattern[] {
  const split = (bits: readonly bigint[], values: readonly bigint[], { mask, value }: Pattern): Pattern[] => {
    if (values.length === 0) return [{ mask, value }];
    const [bit, ...rest] = bits;
    if (bit === undefined) return [];
    return [0n, bit].flatMap((set) =>
      split(
        rest,
        values.filter((one) => (one & bit) === set),
        { mask: mask | bit, value: value | set },
      ),
    );
  };
  const values = patternsOf(test).map(({ value }) => value);
  return split(bitsFrom(maskOf(test)), values, { mask: 0n, value: 0n });
}

/** Undefined where they share nothing. */
function narrow(region: Region, argument: number, { mask, value }: Pattern): Region | undefined {
  const known = region.get(argument) ?? { mask: 0n, value: 0n };
  if (((known.value ^ value) & known.mask & mask) !== 0n) return undefined;
  return new Map([...region, [argument, { mask: known.mask | mask, value: known.value | value }]]);
}

function narrowAll(regions: readonly Region[], { argument }: ArgumentTest, patterns: readonly Pattern[]): Region[] {
  return regions.flatMap((region) => patterns.flatMap((pattern) => narrow(region, argument, pattern) ?? []));
}

/** Every argument list is in one of them. */
function regionsOf({ clauses, otherwise }: SeccompRule): Answered[] {
  const answered: Answered[] = [];
  let left: Region[] = [new Map()];
  for (const { when, answer } of clauses) {
    let inside = left;
    const outside: Region[] = [];
    for (const test of when) {
      outside.push(...narrowAll(inside, test, othersThan(test)));
      inside = narrowAll(inside, test, patternsOf(test));
    }
    answered.push(...inside.map((region) => ({ region, answer })));
    left = outside;
  }
  return [...answered, ...left.map((region) => ({ region, answer: otherwise }))];
}

/** @throws TypeError for what is left to a listener: no profile of the OCI's has one. */
function actionWords(answer: SeccompAnswer, action: string, errno: string): string[] {
  if (answer === "ask") throw new TypeError("a profile of the OCI's asks nobody");
  if (answer === "allow") return [`"${action}": "SCMP_ACT_ALLOW"`];
  return [`"${action}": "SCMP_ACT_ERRNO"`, `"${errno}": ${answer.errno}`];
}

/** Numbers of 64 bits are more than JSON.stringify() writes. */
function argumentWords([index, { mask, value }]: readonly [number, Pattern]): string {
  return `{ "index": ${index}, "value": ${mask}, "valueTwo": ${value}, "op": "SCMP_CMP_MASKED_EQ" }`;
}

function renderRule(names: readonly string[], { region, answer }: Answered): string {
  const tests = [...region].map(argumentWords);
  const words = [
    `"names": ${JSON.stringify(names)}`,
    ...actionWords(answer, "action", "errnoRet"),
    ...(tests.length === 0 ? [] : [`"args": [${tests.join(", ")}]`]),
  ];
  return `{ ${words.join(", ")} }`;
}

function isSame(one: SeccompAnswer, other: SeccompAnswer): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Calls with one answer for all arguments share a rule; the others have one for each region. */
function rulesOf(profile: SeccompProfile, architecture: SeccompArchitecture): string[] {
  const known = profile.entries.filter(({ name }) => systemCallNumber(name, architecture) !== undefined);
  const whole = known.filter(({ rule }) => rule.clauses.length === 0 && !isSame(rule.otherwise, profile.otherwise));
  const byAnswer = Map.groupBy(whole, ({ rule }) => JSON.stringify(rule.otherwise));
  const shared = [...byAnswer.values()].flatMap((entries) => {
    const [first] = entries;
    const names = entries.map(({ name }) => name).toSorted();
    return first === undefined ? [] : [renderRule(names, { region: new Map(), answer: first.rule.otherwise })];
  });
  const single = known
    .filter(({ rule }) => rule.clauses.length > 0)
    .flatMap(({ name, rule }) =>
      regionsOf(rule)
        .filter(({ answer }) => !isSame(answer, profile.otherwise))
        .map((answered) => renderRule([name], answered)),
    );
  return [...shared, ...single];
}

/** The whole document. */
export function renderOciSeccomp(profile: SeccompProfile, architecture: SeccompArchitecture): string {
  const rules = rulesOf(profile, architecture).map((rule) => `    ${rule}`);
  return [
    "{",
    `  ${actionWords(profile.otherwise, "defaultAction", "defaultErrnoRet").join(", ")},`,
    `  "architectures": ["${architectureNames[architecture]}"],`,
    '  "syscalls": [',
    rules.join(",\n"),
    "  ]",
    "}",
    "",
  ].join("\n");
}
