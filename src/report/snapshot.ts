/** What is expected to stay on a host: its matrix without what changes from run to run. Pure. */
import type { BlockerCode, CapabilityState } from "../model/capability.ts";
import type { GuaranteeId, IsolationClass } from "../model/guarantee.ts";
import type { Report } from "../model/report.ts";

/** One capability as it is expected. */
export interface ExpectedCapability {
  readonly state: CapabilityState;
  readonly value?: string | number | undefined;
  /** Codes, each once, in alphabetical order. */
  readonly blockers?: readonly BlockerCode[] | undefined;
}

/** One strategy as it is expected. */
export interface ExpectedStrategy {
  readonly isolation: IsolationClass;
  readonly available: boolean;
  /** What it keeps for the default job. */
  readonly keeps: readonly GuaranteeId[];
}

/** The expected matrix, sorted by id, with the facts of the host that explain a difference. */
export interface Snapshot {
  readonly host: Readonly<Record<string, string>>;
  readonly capabilities: Readonly<Record<string, ExpectedCapability>>;
  readonly strategies: Readonly<Record<string, ExpectedStrategy>>;
  readonly selection: { readonly chosen?: string | undefined };
}

function sorted<T>(entries: readonly (readonly [string, T])[]): Record<string, T> {
  return Object.fromEntries(entries.toSorted(([left], [right]) => (left < right ? -1 : 1)));
}

/** Facts joined as `a=1 b=2`, each by its own name. */
function splitFacts(kind: string, joined: string): [string, string][] {
  return joined
    .split(/\s+(?=[^\s=]+=)/)
    .filter((fact) => fact.includes("="))
    .map((fact) => [`${kind} ${fact.slice(0, fact.indexOf("="))}`, fact.slice(fact.indexOf("=") + 1)]);
}

function limitFacts(joined: string): [string, string][] {
  return joined.split(";").flatMap((line) => {
    const match = /^\s*(Max [a-z ]+?)\s{2,}(\S+)\s+(\S+)/.exec(line);
    return match === null
      ? []
      : [[`limit ${match[1] ?? ""}`, `${match[2] ?? ""} ${match[3] ?? ""}`] as [string, string]];
  });
}

/** Facts of the host that explain a difference: none that is one boot's, one session's or one user's alone. */
function hostFacts({ fingerprintParts: parts, cupel, user }: Report): Record<string, string> {
  return sorted([
    ["kernel", parts["kernel"] ?? ""],
    ["cupel", `${cupel.version} (build ${cupel.build})`],
    ["caller", user.uid === 0 ? "root" : "an ordinary user"],
    ["lsm label", parts["lsmLabel"] ?? ""],
    ["uid map", (parts["uidMap"] ?? "").replaceAll(/\s+/g, " ").trim()],
    ...splitFacts("privilege", parts["privileges"] ?? ""),
    ...splitFacts("sysctl", parts["sysctls"] ?? ""),
    ...limitFacts(parts["resourceLimits"] ?? ""),
  ]);
}

/** Every fact that a report holds, those of one boot or session too. */
function allFacts(report: Report): Record<string, string> {
  const { boot = "", namespaces = "", programs = "", controlGroup = "", user = "" } = report.fingerprintParts;
  return sorted([
    ...Object.entries(hostFacts(report)),
    ["boot", boot],
    ["user", user],
    ["control group", controlGroup.replaceAll("\n", " ")],
    ...namespaces
      .split(" ")
      .filter((word) => word.includes(":"))
      .map((word): [string, string] => [
        `namespace ${word.slice(0, word.indexOf(":"))}`,
        word.slice(word.indexOf(":") + 1),
      ]),
    ...splitFacts("program", programs),
  ]);
}

/** Whether the value is an amount of the moment: times, free memory and space are never the same twice. */
function isMomentary(id: string): boolean {
  return id === "kvm.latency" || id.startsWith("resource.");
}

/** Who calls explains differences, and is none. */
const ofTheCaller = ["layer.session"];

/** A path may be one session's or user's, and the kernel's release explains differences and is none. */
function isLasting(id: string, value: string | number, release: string): boolean {
  if (ofTheCaller.includes(id)) return false;
  const text = String(value);
  return !text.startsWith("/") && (release === "" || !text.includes(release));
}

/** What of a report is expected to stay; or with every value and fact, for two reports that are compared. */
export function snapshotOf(report: Report, extent: "lasting" | "all" = "lasting"): Snapshot {
  const release = (report.fingerprintParts["kernel"] ?? "").split(" ")[0] ?? "";
  const isShown = (id: string, value: string | number | undefined): boolean =>
    value !== undefined && !isMomentary(id) && (extent === "all" || isLasting(id, value, release));
  const capabilities = report.capabilities.map(({ id, state, value, blockers }): [string, ExpectedCapability] => {
    const codes = [...new Set(blockers.map(({ code }) => code))].toSorted();
    return [
      id,
      {
        state,
        ...(isShown(id, value) ? { value } : {}),
        ...(codes.length === 0 ? {} : { blockers: codes }),
      },
    ];
  });
  const strategies = report.strategies.map(({ id, isolation, available, guarantees }): [string, ExpectedStrategy] => [
    id,
    { isolation, available, keeps: guarantees.filter(({ kept }) => kept).map((decision) => decision.id) },
  ]);
  const { chosen } = report.selection;
  return {
    host: extent === "all" ? allFacts(report) : hostFacts(report),
    capabilities: sorted(capabilities),
    strategies: sorted(strategies),
    selection: chosen === undefined ? {} : { chosen },
  };
}
