/**
 * What can be asked of a job, as data: the flag and the fields of a job file that mean the same. A field's value is read by
 * turning it into the words that its flag would be given, so that the two cannot differ.
 */
import { guaranteeIds, isolationClasses, type GuaranteeId } from "../model/guarantee.ts";
import { applyModes, networkModes, outputActions, seccompProfileNames, type HeaderInjection } from "../model/job.ts";
import type { JobSettings } from "./job-request.ts";
import { limitEntries, limitFieldName, quantityParsers, type LimitKey } from "./limit-fields.ts";
import { parseArtifactCount, parseSizeBytes } from "./parse-quantity.ts";

/** The name of what can be asked. */
export type SettingKey = keyof JobSettings;

/** One thing that can be asked. */
export interface JobField<Value> {
  /** The flag, without its dashes. */
  readonly flag: string;
  /** Names that lead to it in a job file, with dots between them. */
  readonly fields: readonly string[];
  /**
   * Of several that are stated: the last counts; each does; each name's last does, in front of its value; the strongest does.
   */
  readonly merge: "last" | "each" | "variables" | "strongest";
  /** The word for an item of a field that is no text, a number or a switch. */
  readonly wordOf?: (item: never) => string;
  /** From words, the last of which counts where one does. @throws CupelError `usage` that begins with `name`. */
  readonly read: (words: readonly string[], name: string) => Value;
}

/** The word that a field gives for `false`: its flag cannot say that. */
export const offWord = "no";

/** Modes that a workspace can be asked for in. */
export const workspaceModes = ["cow", "ro", "rw", "none"] as const;
/** Preferences among strategies that fit. */
export const preferences = ["fastest", "strongest"] as const;

type Reader<Value> = Pick<JobField<Value>, "merge" | "read">;

/** One of some words; the command line and the schema let no other through. */
function oneOf<Word extends string>(known: readonly Word[]): Reader<Word | undefined> {
  return { merge: "last", read: (words) => known.find((word) => word === words.at(-1)) };
}

/** One of some words, where there is a default. */
function oneOfOr<Word extends string>(known: readonly Word[], otherwise: Word): Reader<Word> {
  const { read } = oneOf(known);
  return { merge: "last", read: (words, name) => read(words, name) ?? otherwise };
}

const isOn: Reader<boolean> = { merge: "last", read: (words) => words.at(-1) !== offWord };
const isStated: Reader<true | undefined> = {
  merge: "last",
  read: (words, name) => (isOn.read(words, name) ? true : undefined),
};
const list: Reader<readonly string[]> = { merge: "each", read: (words) => words };
const text: Reader<string | undefined> = { merge: "last", read: (words) => words.at(-1) };

function guaranteesIn(words: readonly string[]): GuaranteeId[] {
  const ids = words.flatMap((word) => word.split(","));
  return guaranteeIds.filter((id) => ids.includes(id));
}

const accepted: Reader<JobSettings["accept"]> = {
  merge: "each",
  read: (words) => (words.some((word) => word.split(",").includes("all")) ? "all" : guaranteesIn(words)),
};

/** What is kept of an output unless a field says how much. */
const keptOutputDefault = "10M";

function parseKeptOutput(word: string, name: string): number | undefined {
  return word === offWord ? undefined : parseSizeBytes(word === "" ? keptOutputDefault : word, name);
}

type LimitFields = { readonly [Key in LimitKey]: JobField<number | undefined> };

function limitJobFields(): LimitFields {
  const fields = limitEntries.map(([key, limit]) => {
    const { flag, quantity } = limit;
    const read: JobField<number>["read"] = (words, name) => quantityParsers[quantity](words.at(-1) ?? "", name);
    return [key, { flag, fields: [`limits.${limitFieldName(limit)}`], merge: "last", read }];
  });
  return Object.fromEntries(fields) as LimitFields;
}

/** Everything that can be asked, by its name in a request. */
export const jobFields: { readonly [Key in SettingKey]-?: JobField<JobSettings[Key]> } = {
  workspace: { flag: "workspace", fields: ["workspace.mode"], ...oneOf(workspaceModes) },
  ignore: { flag: "ignore", fields: ["workspace.ignore"], ...list },
  apply: { flag: "apply", fields: ["workspace.apply"], ...oneOfOr(applyModes, "never") },
  read: { flag: "read", fields: ["filesystem.read.allow"], ...list },
  write: { flag: "write", fields: ["filesystem.write.allow"], ...list },
  tools: { flag: "tools", fields: ["filesystem.tools"], ...isOn },
  deny: { flag: "deny", fields: ["filesystem.deny"], ...list },
  protect: { flag: "protect", fields: ["filesystem.protect"], ...list },
  root: { flag: "root", fields: ["root"], ...text },
  tmpfs: { flag: "tmpfs", fields: ["filesystem.tmpfs"], ...list, merge: "variables" },
  files: { flag: "file", fields: ["files"], ...list, merge: "variables" },
  network: { flag: "network", fields: ["network.mode"], ...oneOfOr(networkModes, "none") },
  allowedHosts: { flag: "allow-host", fields: ["network.allow"], ...list },
  isTransparent: { flag: "transparent-network", fields: ["network.transparent"], ...isStated },
  setup: { flag: "setup", fields: ["setup.command"], ...text },
  setupAllowedHosts: { flag: "setup-allow-host", fields: ["setup.network.allow"], ...list },
  publish: { flag: "publish", fields: ["publish"], ...list },
  injected: {
    flag: "inject-header",
    fields: ["network.inject"],
    ...list,
    wordOf: ({ host, header, value }: HeaderInjection) => `${host}: ${header}: ${value}`,
  },
  secrets: { flag: "secret", fields: ["secrets.files"], ...list, merge: "variables" },
  secretDescriptors: { flag: "secret-fd", fields: ["secrets.descriptors"], ...list, merge: "variables" },
  masksOutput: { flag: "mask-output", fields: ["secrets.mask_output"], ...isOn },
  seccomp: { flag: "seccomp", fields: ["syscalls.profile"], ...oneOfOr(seccompProfileNames, "default") },
  environment: { flag: "env", fields: ["env.inherit", "env.set"], ...list, merge: "variables" },
  terminal: {
    flag: "tty",
    fields: ["tty"],
    merge: "last",
    read: (words, name) => (isOn.read(words, name) ? "private" : "none"),
  },
  ...limitJobFields(),
  onOutput: { flag: "on-output", fields: ["limits.on_output"], ...oneOf(outputActions) },
  minimum: {
    flag: "min",
    fields: ["minimum.isolation", "require.isolation"],
    ...oneOf(isolationClasses),
    merge: "strongest",
  },
  require: {
    flag: "require",
    fields: ["minimum.guarantees", "require.guarantees"],
    merge: "each",
    read: guaranteesIn,
  },
  accept: { flag: "accept-missing", fields: ["minimum.accept_missing"], ...accepted },
  strict: { flag: "strict", fields: ["minimum.strict"], ...isOn },
  verified: { flag: "verified", fields: ["minimum.verified"], ...isStated },
  artifacts: { flag: "artifact", fields: ["artifacts.collect"], ...list },
  artifactsTo: { flag: "artifacts", fields: ["artifacts.to"], ...text },
  artifactBytes: {
    flag: "artifact-size",
    fields: ["artifacts.size"],
    merge: "last",
    read: (words, name) => parseSizeBytes(words.at(-1) ?? "", name),
  },
  artifactFiles: {
    flag: "artifact-files",
    fields: ["artifacts.files"],
    merge: "last",
    read: (words, name) => parseArtifactCount(words.at(-1) ?? "", name),
  },
  artifactsRequired: { flag: "require-artifacts", fields: ["artifacts.required"], ...isStated },
  isUnrecorded: { flag: "no-record", fields: ["records.off"], ...isStated },
  keptOutputBytes: {
    flag: "keep-output",
    fields: ["records.output"],
    merge: "last",
    read: (words, name) => parseKeptOutput(words.at(-1) ?? "", name),
  },
  strategy: { flag: "strategy", fields: ["require.strategy", "selection.strategy"], ...text },
  prefer: { flag: "prefer", fields: ["selection.prefer"], ...oneOfOr(preferences, "fastest") },
};

/** Names of all of them. */
export const settingKeys = Object.keys(jobFields) as readonly SettingKey[];

/** What is asked, from the words that state each; nothing of what is not stated. @throws CupelError `usage`. */
export function readSettings(
  wordsOf: (key: SettingKey) => readonly string[] | undefined,
  nameOf: (key: SettingKey) => string,
): Partial<JobSettings> {
  const stated = settingKeys.flatMap((key) => {
    const words = wordsOf(key);
    return words === undefined || words.length === 0 ? [] : [[key, jobFields[key].read(words, nameOf(key))] as const];
  });
  return Object.fromEntries(stated) as Partial<JobSettings>;
}
