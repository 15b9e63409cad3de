/** Whether a security module that goes by labels is what denies a namespace or a mount. */
import { creationErrnos, type Judgement } from "./_judgement.ts";
import type { NamespaceFacts } from "./_namespace-facts.ts";
import { errnoAt, type Reading } from "./_steps.ts";

/** Steps inside a namespace that its capabilities should allow. */
const exercises = ["mount-namespace", "private-root", "tmpfs", "set-hostname", "network-namespace", "loopback"];

function labelAt(reading: Reading, step: string): string | undefined {
  const found = reading.steps.get(step);
  return found?.errno === "ok" && found.text !== "" ? found.text : undefined;
}

/** user:role:type, with or without a level (selinux(8)). */
function isSelinuxLabel(label: string): boolean {
  return /^[^:\s]+:[^:\s]+:[^:\s]+/.test(label);
}

function appArmorLabel(reading: Reading, where: "" | "-inside"): string | undefined {
  const own = labelAt(reading, `apparmor-label${where}`);
  if (own !== undefined) return own;
  const shared = labelAt(reading, `label${where}`);
  return shared === undefined || isSelinuxLabel(shared) ? undefined : shared;
}

function firstDenied(facts: NamespaceFacts): string | undefined {
  const step = exercises.find((name) => ["EPERM", "EACCES"].includes(errnoAt(facts.reading, name) ?? ""));
  return step === undefined ? undefined : `${errnoAt(facts.reading, step)} at ${step}`;
}

/**
 * AppArmor moves a process without the `userns,` rule into the profile `unprivileged_userns`, where every capability is
 * refused though all are listed; it denies the creation itself (EACCES) where that profile is not loaded; and a profile
 * such as Docker's denies mounts with EACCES.
 */
export function judgeAppArmor(facts: NamespaceFacts): Judgement {
  const outside = appArmorLabel(facts.reading, "");
  const inside = appArmorLabel(facts.reading, "-inside");
  if (outside === undefined && inside === undefined) return "ruled-out";
  const cause = changedLabel(facts, outside, inside) ?? deniedLabel(facts, outside ?? "of this process");
  if (cause !== undefined) return { cause };
  return outside === "unconfined" && !isRestricted(facts) ? "ruled-out" : "cannot-tell";
}

function changedLabel(
  facts: NamespaceFacts,
  outside: string | undefined,
  inside: string | undefined,
): string | undefined {
  const denied = firstDenied(facts);
  if (inside === undefined || inside === outside || denied === undefined) return undefined;
  return `the label changes to ${inside} in a user namespace, which then gets ${denied}`;
}

function deniedLabel(facts: NamespaceFacts, label: string): string | undefined {
  const isConfined = label !== "unconfined";
  if (creationErrnos(facts).includes("EACCES") && (isConfined || isRestricted(facts))) {
    return `the label ${label} may not create a user namespace (EACCES)`;
  }
  const denial = firstDenied(facts) ?? `${facts.failure.errno} at ${facts.failure.step}`;
  return isConfined && denial.startsWith("EACCES") ? `the label ${label} gets ${denial}` : undefined;
}

function isRestricted({ settings }: NamespaceFacts): boolean {
  return settings["kernel.apparmor_restrict_unprivileged_userns"] === 1;
}

/** SELinux denies creation (class user_namespace, Linux 6.1) and mounts with EACCES, in enforcing mode only. */
export function judgeSelinux(facts: NamespaceFacts): Judgement {
  const label = labelAt(facts.reading, "label");
  if (label === undefined || !isSelinuxLabel(label) || !facts.selinuxEnforcing) return "ruled-out";
  const denied = [...creationErrnos(facts), facts.failure.errno, firstDenied(facts) ?? ""];
  return denied.some((errno) => errno.startsWith("EACCES"))
    ? { cause: `the label ${label} gets EACCES` }
    : "cannot-tell";
}
