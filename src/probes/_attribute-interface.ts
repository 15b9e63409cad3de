/** Why an interface of the kernel is denied: a setting, a system call filter, a missing privilege, or neither. */
import type { Host } from "../host/host.ts";
import type { Blocker, BlockerCode, Evidence, Finding } from "../model/capability.ts";
import { capabilityBits, hasCapability } from "./_capability-masks.ts";
import { finding } from "./_probe.ts";
import { readSetting, numberOf, settingEvidence, settingWords, type Setting } from "./_settings.ts";
import { errnoAt, valueAt, type Reading } from "./_steps.ts";

/** How an interface is told apart from what denies it. `askedFirst`: older kernels heed the setting before arguments. */
export interface DenialSigns {
  /** As the report calls it. */
  readonly name: string;
  /** A call with arguments that no kernel accepts, and what the kernel says to it before it asks for privileges. */
  readonly bad: { readonly step: string; readonly answers: readonly string[]; readonly askedFirst?: true };
  /**
   * The setting that restricts it, the least value that does, and the least that does so to the host's root, too. It is
   * there only where the interface is built in.
   */
  readonly setting: { readonly name: string; readonly deniesFrom: number; readonly deniesRootFrom?: number };
  /** Settings of security modules that restrict it. */
  readonly modules?: Readonly<Record<string, BlockerCode>>;
}

/** What denial means for whoever runs jobs: nothing that a job of cupel's needs. */
const meaning = "no job of cupel's needs it, and less of the kernel can be attacked";

/** A use that failed, and what was done before. */
export interface Denied {
  readonly errno: string;
  readonly evidence: readonly Evidence[];
}

/** The finding for an interface whose use failed with EPERM, EACCES or ENOSYS. */
export function judgeDenied(host: Host, reading: Reading, signs: DenialSigns, denied: Denied): Finding {
  const facts = lookFor(host, reading, signs, denied.errno);
  const modules = Object.keys(signs.modules ?? {}).map((name) => readSetting(host, name));
  const evidence = [...denied.evidence, settingEvidence(facts.setting), ...modules.map(settingEvidence)];
  if (facts.errno === "ENOSYS" && (!facts.isFiltered || !facts.setting.answer.ok))
    return absent(signs, facts, evidence);
  const causes: Blocker[] = [
    ...(facts.filterAnswers ? [filterCause(signs, facts)] : []),
    ...(facts.restricts && facts.errno !== "ENOSYS"
      ? [{ code: "sysctl", detail: settingWords(facts.setting) } as const]
      : []),
    ...modules.flatMap((setting) => moduleCause(signs, setting)),
  ];
  const blockers = causes.length > 0 ? causes : [unattributed(signs, facts)];
  return finding({
    state: "blocked",
    level: "exercised",
    summary: `denied (${facts.errno}); ${meaning}`,
    evidence,
    blockers,
    ruledOut: ruledOutOf(facts).filter((code) => blockers.every((blocker) => blocker.code !== code)),
  });
}

/** What speaks for and against each cause. */
interface Facts {
  readonly errno: string;
  readonly setting: Setting;
  readonly restricts: boolean;
  readonly isFiltered: boolean;
  /** A filter, and not the kernel, answered. */
  readonly filterAnswers: boolean;
  /** The kernel itself looked at the bad arguments, so no filter denies every such call. */
  readonly kernelAnswers: boolean;
}

function lookFor(host: Host, reading: Reading, { bad, setting: sign }: DenialSigns, errno: string): Facts {
  const setting = readSetting(host, sign.name);
  const value = numberOf(setting) ?? Number.NEGATIVE_INFINITY;
  const least = isHostRoot(host, reading) ? (sign.deniesRootFrom ?? Number.POSITIVE_INFINITY) : sign.deniesFrom;
  const restricts = value >= least;
  // prctl(2): without a filter PR_GET_SECCOMP says 0.
  const isFiltered = valueAt(reading, "seccomp-mode") !== 0;
  const answer = errnoAt(reading, bad.step);
  const isOdd = answer !== undefined && !bad.answers.includes(answer);
  const maySettingAnswer = bad.askedFirst === true && restricts && answer === "EPERM";
  const filterAnswers = isFiltered && (errno === "ENOSYS" || (isOdd && !maySettingAnswer));
  return { errno, setting, restricts, isFiltered, filterAnswers, kernelAnswers: answer !== undefined && !isOdd };
}

/** Root of a user namespace has every capability there, and none that these settings ask for. */
function isHostRoot(host: Host, reading: Reading): boolean {
  const map = host.readText("/proc/self/uid_map");
  const isInitial = map.ok && /^\s*0\s+0\s+4294967295\s*$/.test(map.value);
  return isInitial && hasCapability(valueAt(reading, "capabilities") ?? 0, capabilityBits.CAP_SYS_ADMIN);
}

function absent({ name }: DenialSigns, { isFiltered }: Facts, evidence: readonly Evidence[]): Finding {
  const detail = `this kernel has no ${name} (ENOSYS)${isFiltered ? ", or a filter says so" : ""}`;
  const blockers = [{ code: "kernel-config", detail }] as const;
  return finding({ state: "absent", level: "exercised", summary: detail, evidence, blockers });
}

function filterCause({ name }: DenialSigns, { errno }: Facts): Blocker {
  return { code: "seccomp", detail: `a system call filter denies ${name} (${errno})` };
}

function moduleCause({ modules = {} }: DenialSigns, setting: Setting): Blocker[] {
  const code = modules[setting.name];
  return code !== undefined && (numberOf(setting) ?? 0) > 0 ? [{ code, detail: settingWords(setting) }] : [];
}

/** A filter that looks at arguments lets a bad call pass: where one is in force, it cannot be excluded. */
function unattributed({ name }: DenialSigns, { errno, isFiltered }: Facts): Blocker {
  return isFiltered
    ? { code: "seccomp", detail: `a system call filter is in force, and nothing else denies ${name} (${errno})` }
    : { code: "unknown", detail: `neither a setting nor a filter denies ${name} (${errno}): a security module may` };
}

function ruledOutOf({ setting, restricts, isFiltered, kernelAnswers }: Facts): BlockerCode[] {
  return [
    ...(!isFiltered || (restricts && kernelAnswers) ? (["seccomp"] as const) : []),
    ...(setting.answer.ok && !restricts ? (["sysctl"] as const) : []),
  ];
}
