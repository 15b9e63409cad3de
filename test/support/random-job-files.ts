/** Job files at random: valid ones with the request that each stands for, as a person would work it out. */
import fc from "fast-check";
import { describeWrongGlob } from "../../src/run/stated-globs.ts";
import { guaranteeIds, isolationClasses } from "../../src/model/guarantee.ts";
import { networkModes, seccompProfileNames } from "../../src/model/job.ts";
import { defaultRequest, type JobRequest } from "../../src/run/job-request.ts";
import { stringify } from "yaml";
import { randomLimits, same, type FileValue } from "./random-limits.ts";

/** A valid file. */
export interface ValidFile {
  readonly file: { readonly [name: string]: FileValue };
  readonly expected: JobRequest;
}

/** What a person may write, also where YAML would take it for something else. */
const word = fc
  .oneof(
    fc.string({ unit: "grapheme", maxLength: 12 }),
    fc.constantFrom("yes", "1e3", "null", "#", "- a", "{", "a: b", "~", "'", "\t", "a\nb"),
  )
  .filter((text) => !text.includes("\0") && text.isWellFormed());

const variables = fc.uniqueArray(
  fc.tuple(
    fc.oneof(
      fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/),
      fc.constantFrom("constructor", "prototype", "__proto__"),
    ),
    word,
  ),
  { selector: ([name]) => name, maxLength: 4 },
);

const path = word
  .filter((text) => text !== "" && !text.startsWith("~"))
  .map((text) => (text.startsWith("/") ? text : `/${text}`));

const destination = fc
  .tuple(
    fc.oneof(
      fc.stringMatching(/^(\*\.)?[a-z0-9]{1,9}\.[a-z]{2,9}$/),
      fc.ipV4(),
      fc.constantFrom("10.0.0.0/8", "[::1]", "[fd00::]/8", "localhost", "UP.Example."),
    ),
    fc.oneof(
      fc.constantFrom("", ":*"),
      fc.integer({ min: 1, max: 65_535 }).map((port) => `:${port}`),
    ),
  )
  .map(([host, port]) => host + port);

const publication = fc
  .tuple(
    fc.constantFrom("", "127.0.0.1:", "[::1]:"),
    fc.integer({ min: 0, max: 65_535 }),
    fc.integer({ min: 1, max: 65_535 }),
  )
  .map(([address, port, jobPort]) => `${address}${port}:${jobPort}`);

const isolation = same(isolationClasses);
const ids = fc.uniqueArray(fc.constantFrom(...guaranteeIds), { maxLength: 4 });
const inReportOrder = (chosen: readonly string[]) => guaranteeIds.filter((id) => chosen.includes(id));

const parts = fc.record(
  {
    command: fc.array(word, { minLength: 1, maxLength: 4 }).filter(([program]) => program !== ""),
    workspace: same(["cow", "ro", "rw", "none"]),
    read: fc.uniqueArray(path, { maxLength: 3 }),
    write: fc.uniqueArray(path, { maxLength: 3 }),
    tools: fc.boolean(),
    deny: fc.uniqueArray(path, { maxLength: 3 }),
    protect: fc.uniqueArray(
      word.filter((text) => describeWrongGlob(text, "") === undefined),
      { maxLength: 3 },
    ),
    tmpfs: fc.uniqueArray(word, { maxLength: 3, selector: (text) => text.replace(/:[^:]*$/, "") }),
    root: fc.oneof(
      fc.constant("host"),
      fc.tuple(fc.constantFrom("dir:", "image:"), path).map(([kind, of]) => kind + of),
    ),
    files: fc.dictionary(
      path.filter((text) => !text.includes("=")),
      word,
      { maxKeys: 3 },
    ),
    network: same(networkModes),
    allow: fc.uniqueArray(destination, { minLength: 1, maxLength: 3 }),
    transparent: fc.boolean(),
    setup: fc.array(word, { minLength: 1, maxLength: 3 }).filter(([program]) => program !== ""),
    setupAllow: fc.uniqueArray(destination, { minLength: 1, maxLength: 3 }),
    publish: fc.uniqueArray(publication, { maxLength: 3 }),
    secrets: variables,
    secretDescriptors: variables,
    masksOutput: fc.boolean(),
    seccomp: same(seccompProfileNames),
    inherit: fc.uniqueArray(fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,6}$/), { maxLength: 3 }),
    set: variables,
    tty: fc.boolean(),
    limits: randomLimits,
    minimum: isolation,
    guarantees: ids,
    accepted: fc.oneof(ids, fc.constant(["all"])),
    strict: fc.boolean(),
    strategy: same(["namespaces", "process"]),
    prefer: same(["fastest", "strongest"]),
  },
  { requiredKeys: ["command"] },
);

type Parts = typeof parts extends fc.Arbitrary<infer Value> ? Value : never;

/** A mapping of what is there; undefined where nothing is. */
function mapping(entries: Readonly<Record<string, FileValue | undefined>>): FileValue | undefined {
  const there = Object.entries(entries).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return there.length === 0 ? undefined : Object.fromEntries(there);
}

/** Where that can be: there is a list, and each of its rules says its ports. */
function isTransparent({ transparent, network, allow = [], setup, setupAllow = [], publish = [] }: Parts): boolean {
  const rules = [...allow, ...(setup === undefined ? [] : setupAllow)];
  const saysPorts = rules.every((rule) => !rule.endsWith(":*") && !rule.startsWith("198.1"));
  return transparent === true && network === undefined && allow.length > 0 && saysPorts && publish.length === 0;
}

function setupOf({ setup, setupAllow }: Parts): FileValue | undefined {
  return setup && mapping({ command: setup, network: setupAllow && mapping({ allow: setupAllow }) });
}

function secretsOf({ secrets, secretDescriptors, masksOutput }: Parts): FileValue | undefined {
  return mapping({
    files: secrets && Object.fromEntries(secrets),
    descriptors: secretDescriptors && Object.fromEntries(secretDescriptors),
    mask_output: masksOutput,
  });
}

function fileOf(of: Parts): ValidFile["file"] {
  const allowing = (paths: readonly string[] | undefined) => paths && mapping({ allow: paths });
  return mapping({
    command: of.command,
    workspace: of.workspace && mapping({ mode: of.workspace.written }),
    filesystem: mapping({
      read: allowing(of.read),
      write: allowing(of.write),
      tools: of.tools,
      deny: of.deny,
      protect: of.protect,
      tmpfs: of.tmpfs,
    }),
    root: of.root,
    files: of.files,
    network: mapping({
      mode: of.network?.written,
      allow: of.network === undefined ? of.allow : undefined,
      transparent: isTransparent(of) ? true : undefined,
    }),
    setup: setupOf(of),
    publish: of.publish,
    syscalls: of.seccomp && mapping({ profile: of.seccomp.written }),
    env: mapping({ inherit: of.inherit, set: of.set && Object.fromEntries(of.set) }),
    tty: of.tty,
    limits: of.limits && mapping(of.limits.written),
    minimum: mapping({
      isolation: of.minimum?.written,
      guarantees: of.guarantees,
      accept_missing: of.accepted,
      strict: of.strict,
    }),
    secrets: secretsOf(of),
    selection: mapping({ strategy: of.strategy?.written, prefer: of.prefer?.written }),
  }) as ValidFile["file"];
}

function textsOf(named: readonly (readonly [string, string])[] = []): string[] {
  return named.map(([name, text]) => `${name}=${text}`);
}

function environmentOf({ inherit = [], set = [] }: Parts): string[] {
  const values = set.map(([name, value]) => `${name}=${value}`);
  // Of one name in both, the value counts.
  return [...inherit.filter((name) => !set.some(([other]) => other === name)), ...values].toSorted();
}

function grantsOf({ read = [], write = [], tools = false }: Parts): Pick<JobRequest, "read" | "write" | "tools"> {
  return { read, write, tools };
}

function layoutOf(of: Parts): Pick<JobRequest, "deny" | "protect" | "tmpfs" | "files" | "root"> {
  const { deny = [], protect = [], tmpfs = [], files = {}, root } = of;
  return { deny, protect, tmpfs, root, files: Object.entries(files).map(([name, content]) => `${name}=${content}`) };
}

function demandsOf({ minimum, guarantees = [], accepted = [], strict = false, strategy }: Parts): Partial<JobRequest> {
  return {
    minimum: minimum?.means,
    require: inReportOrder(guarantees),
    accept: accepted[0] === "all" ? "all" : inReportOrder(accepted),
    strict,
    strategy: strategy?.means,
  };
}

function networkOf(of: Parts): Partial<JobRequest> {
  const { network, allow = [], setup, setupAllow = [], publish = [] } = of;
  return {
    network: network?.means ?? "none",
    allowedHosts: network === undefined ? allow : [],
    ...(isTransparent(of) ? { isTransparent: true } : {}),
    ...(setup === undefined ? {} : { setup: JSON.stringify(setup), setupAllowedHosts: setupAllow }),
    publish,
  };
}

function requestOf(of: Parts): JobRequest {
  return {
    ...defaultRequest,
    ...grantsOf(of),
    ...layoutOf(of),
    ...of.limits?.means,
    ...demandsOf(of),
    command: of.command as [string, ...string[]],
    workspace: of.workspace?.means,
    ...networkOf(of),
    seccomp: of.seccomp?.means ?? "default",
    secrets: textsOf(of.secrets),
    secretDescriptors: textsOf(of.secretDescriptors),
    masksOutput: of.masksOutput === true,
    environment: environmentOf(of),
    terminal: of.tty === true ? "private" : "none",
    prefer: of.prefer?.means ?? "fastest",
  };
}

/** Whether what it asks for makes no sense together. */
export function isContradictory(request: JobRequest): boolean {
  const { network, seccomp, allowedHosts, setup, setupAllowedHosts, publish, terminal } = request;
  const own = setupAllowedHosts.length + publish.length;
  const wantsNetwork = network === "host" || allowedHosts.length + own > 0;
  return (
    (wantsNetwork && seccomp === "strict") ||
    (own > 0 && network !== "none") ||
    (setup !== undefined && terminal !== "none")
  );
}

/** Valid files, each with the request that it stands for; of its variables the order does not count. */
export const validFiles: fc.Arbitrary<ValidFile> = parts.map((of) => ({ file: fileOf(of), expected: requestOf(of) }));

/** A file as text: JSON in its two usual forms, or YAML. */
export const textOf = (file: FileValue): fc.Arbitrary<string> =>
  fc.constantFrom(
    JSON.stringify(file),
    JSON.stringify(file, null, "\t"),
    stringify(file),
    stringify(file, { collectionStyle: "flow" }),
    `\u{feff}${stringify(file, { defaultStringType: "QUOTE_DOUBLE" })}`,
  );
