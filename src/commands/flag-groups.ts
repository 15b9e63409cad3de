/** Flags under headings: of commands that are about a job there are too many for one list. */
import type { CommandDescription, FlagGroup } from "../report/command-description.ts";
import { jobFields, settingKeys, type SettingKey } from "../run/job-fields.ts";
import { limitEntries, type LimitKey } from "../run/limit-fields.ts";

/** In their order. */
const headings = [
  "Workspace",
  "Files",
  "Network",
  "Set-up",
  "Environment, terminal and system calls",
  "Secrets",
  "Limits",
  "Demands and the choice of a strategy",
  "Artifacts",
  "Output and records",
  "Job files and batches",
  "Help",
] as const;

type Heading = (typeof headings)[number];

/** A flag about a job without a heading is a type error. */
const headingsOfSettings: Readonly<Record<Exclude<SettingKey, LimitKey>, Heading>> = {
  workspace: "Workspace",
  ignore: "Workspace",
  apply: "Workspace",
  read: "Files",
  write: "Files",
  tools: "Files",
  deny: "Files",
  protect: "Files",
  root: "Files",
  tmpfs: "Files",
  files: "Files",
  network: "Network",
  allowedHosts: "Network",
  isTransparent: "Network",
  publish: "Network",
  injected: "Network",
  setup: "Set-up",
  setupAllowedHosts: "Set-up",
  environment: "Environment, terminal and system calls",
  terminal: "Environment, terminal and system calls",
  seccomp: "Environment, terminal and system calls",
  secrets: "Secrets",
  secretDescriptors: "Secrets",
  masksOutput: "Secrets",
  onOutput: "Limits",
  strategy: "Demands and the choice of a strategy",
  minimum: "Demands and the choice of a strategy",
  require: "Demands and the choice of a strategy",
  accept: "Demands and the choice of a strategy",
  verified: "Demands and the choice of a strategy",
  strict: "Demands and the choice of a strategy",
  prefer: "Demands and the choice of a strategy",
  artifacts: "Artifacts",
  artifactsTo: "Artifacts",
  artifactBytes: "Artifacts",
  artifactFiles: "Artifacts",
  artifactsRequired: "Artifacts",
  isUnrecorded: "Output and records",
  keptOutputBytes: "Output and records",
};

/** Flags that no file says. */
const otherHeadings: Readonly<Record<string, Heading>> = {
  fresh: "Demands and the choice of a strategy",
  "explain-denials": "Output and records",
  result: "Output and records",
  quiet: "Output and records",
  json: "Output and records",
  shell: "Output and records",
  "oci-seccomp": "Output and records",
  job: "Job files and batches",
  without: "Job files and batches",
  batch: "Job files and batches",
  parallel: "Job files and batches",
  capture: "Job files and batches",
  help: "Help",
};

const headingByFlag: ReadonlyMap<string, Heading> = new Map([
  ...Object.entries(otherHeadings),
  ...limitEntries.map(([, { flag }]) => [flag, "Limits"] as const),
  ...settingKeys.flatMap((key) =>
    key in headingsOfSettings
      ? [[jobFields[key].flag, headingsOfSettings[key as keyof typeof headingsOfSettings]] as const]
      : [],
  ),
]);

/** A command's flags by heading. @throws where a command that is about a job has a flag without one. */
export function groupFlags({ name, flags }: CommandDescription): readonly FlagGroup[] {
  const isAboutJob = flags.some((flag) => flag.name === jobFields.read.flag);
  if (!isAboutJob) return [{ heading: "Flags", flags }];
  const stray = flags.find((flag) => !headingByFlag.has(flag.name));
  if (stray !== undefined) throw new Error(`--${stray.name} of cupel ${name} has no heading`);
  return headings
    .map((heading) => ({ heading, flags: flags.filter((flag) => headingByFlag.get(flag.name) === heading) }))
    .filter((group) => group.flags.length > 0);
}
