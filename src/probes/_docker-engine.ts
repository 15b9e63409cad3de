/** `docker info`, as far as it decides anything. */
import * as v from "valibot";
import type { ProgramResult } from "../host/host.ts";
import type { Finding } from "../model/capability.ts";
import type { DockerEndpoint } from "./_docker-endpoint.ts";
import { oneLine } from "./_host-text.ts";
import { finding, type ProbeContext } from "./_probe.ts";

const text = v.pipe(v.string(), v.maxLength(2000));

/** Docker Engine API, /info; an engine that did not answer leaves the version empty. */
const infoSchema = v.object({
  ServerVersion: v.pipe(text, v.nonEmpty()),
  SecurityOptions: v.nullish(v.array(text), []),
  CgroupVersion: v.nullish(text, "1"),
  CgroupDriver: v.nullish(text, "unknown"),
  DefaultRuntime: v.nullish(text, "unknown"),
  Runtimes: v.nullish(v.record(text, v.unknown()), {}),
  KernelVersion: v.nullish(text, ""),
  Warnings: v.nullish(v.array(text), []),
});

/** What an engine says of itself. */
export type DockerInfo = v.InferOutput<typeof infoSchema>;

/** The options' names: `name=seccomp,profile=default` is seccomp. Pure. */
export function parseSecurityOptions(options: readonly string[]): string[] {
  return options.map((option) => /(?:^|,)name=([\w-]+)/.exec(option)?.[1] ?? oneLine(option, 40));
}

/** Which make a container of this kernel's namespaces, best known first. */
const plainRuntimes = ["runc", "crun"] as const;

/**
 * The runtime to ask for where the daemon takes another one by default (`default-runtime` of dockerd(8)): one with a kernel of
 * its own has no way for the descriptors that cupel's launcher is given, and others may add devices. Undefined where the default
 * will do, or is all that there is. Pure.
 */
export function chooseRuntime({ DefaultRuntime, Runtimes }: DockerInfo): string | undefined {
  const isPlain = plainRuntimes.some((name) => name === DefaultRuntime);
  return isPlain ? undefined : plainRuntimes.find((name) => Object.hasOwn(Runtimes, name));
}

/** The account and its finding; undefined where no engine answered. */
export function judgeEngine(
  { host }: ProbeContext,
  result: ProgramResult,
  endpoint: DockerEndpoint,
): { readonly info: DockerInfo; readonly finding: Finding } | undefined {
  const stdout = result.status === "exited" ? result.stdout : "";
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), infoSchema), stdout);
  if (!parsed.success) return undefined;
  const info = parsed.output;
  const options = parseSecurityOptions(info.SecurityOptions);
  const said = describeInfo(info, options);
  const warnings = info.Warnings.map((warning) => ({ action: "it warns", result: oneLine(warning, 200) }));
  const evidence = [...endpoint.evidence, { action: "docker info", result: said }, ...warnings];
  const kernel = host.readText("/proc/sys/kernel/osrelease");
  const isElsewhere = kernel.ok && info.KernelVersion !== "" && info.KernelVersion !== kernel.value.trim();
  if (isElsewhere) return { info, finding: elsewhere(info, evidence) };
  const isRootless = options.includes("rootless");
  const warning =
    host.identity.uid === 0 || isRootless ? "" : "; who may speak to it is as good as root on this machine";
  const value = isRootless ? endpoint.socket : "root";
  const found = finding({ state: "works", level: "exercised", summary: `${said}${warning}`, evidence, value });
  return { info, finding: found };
}

function describeInfo(info: DockerInfo, options: readonly string[]): string {
  return [
    `Docker ${oneLine(info.ServerVersion, 60)}`,
    options.includes("rootless") ? "rootless" : "as root",
    `control groups v${oneLine(info.CgroupVersion, 20)} by ${oneLine(info.CgroupDriver, 40)}`,
    `runtime ${oneLine(info.DefaultRuntime, 60)}`,
    `with ${options.filter((name) => name !== "rootless").join(", ") || "no security option"}`,
  ].join("; ");
}

/** Docker Desktop and the like: the socket is here, the engine in a virtual machine with a kernel of its own. */
function elsewhere(info: DockerInfo, evidence: Finding["evidence"]): Finding {
  const summary = `the engine runs on another kernel (${oneLine(info.KernelVersion, 80)}): nothing that it can do is said of this machine`;
  return finding({ state: "unknown", level: "declared", summary, evidence });
}
