/** What a page may name between back quotes or type: the ids, flags, variables, places and files that there are. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { listFiles, repositoryRoot } from "../../scripts/source/repository.ts";
import { descriptions } from "../../src/commands/descriptions.ts";
import { stateDirectories } from "../../src/host/private-directory.ts";
import { capabilityIds } from "../../src/matrix/capability-ids.ts";
import { blockerCodes, capabilityStates, evidenceLevels } from "../../src/model/capability.ts";
import { guaranteePromises, isolationClasses } from "../../src/model/guarantee.ts";
import { outcomeStatuses } from "../../src/model/ending.ts";
import type { FlagDescription } from "../../src/report/command-description.ts";
import { strategies } from "../../src/strategies/registry.gen.ts";
import { createFixtureHost } from "./fixture-host.ts";
import { variablesOfProgram, variablesOfScripts, variablesOfShellScripts } from "./variables-read.ts";

const read = (path: string): string => readFileSync(join(repositoryRoot, path), "utf8");

const families = capabilityIds.map((id) => `${id.split(".")[0] ?? ""}.*`);
const commandNames = descriptions.map(({ name }) => name);
const ids: ReadonlySet<string> = new Set([
  ...commandNames,
  ...Object.keys(guaranteePromises),
  ...capabilityIds,
  ...families,
  ...strategies.map(({ id }) => id),
  ...blockerCodes,
  ...capabilityStates,
  ...evidenceLevels,
  ...isolationClasses,
  ...outcomeStatuses,
]);

/** Those that whoever calls cupel, installs it or runs the preflight can set. */
export const callersVariables = [
  ...variablesOfProgram(),
  ...variablesOfShellScripts(["scripts/install.sh", "platform/ci/**/*.sh", "platform/ci/**/*.yml"]),
];
/** Those that the project's own scripts read. */
export const makersVariables = variablesOfScripts();
const variables: ReadonlySet<string> = new Set([...callersVariables, ...makersVariables, "BUN_OPTIONS"]);

/** Where state may lie, in the pages' words. */
export function places(): string[] {
  const environment = { HOME: "/HOME", XDG_STATE_HOME: "/STATE", XDG_RUNTIME_DIR: "/RUNTIME" };
  const of = (uid: number): string[] => stateDirectories(createFixtureHost({ uid, environment }));
  const words = (path: string): string =>
    path
      .replace("/HOME", "~")
      .replace("/STATE", "$XDG_STATE_HOME")
      .replace("/RUNTIME", "$XDG_RUNTIME_DIR")
      .replace("4711", "UID");
  return [...new Set([...of(4711), ...of(0)].map(words))];
}

/** What stands between back quotes and is none of the program's names. */
const otherWords: ReadonlySet<string> = new Set([
  // What a shell in a sandbox is, and how it knows.
  "/bin/bash",
  "/bin/sh",
  "CUPEL=1",
  "/dev/stdin",
  // What lays an overlay where the kernel does not.
  "/dev/fuse",
  "fuse-overlayfs",
  // Fields of job files, batch lines, outcomes, probes and strategies, and what is shown of them.
  "command",
  "setup",
  "setup: { command: [npm, ci], network: { allow: [registry.npmjs.org] } }",
  "inSetup",
  "published",
  'publish: ["8080:3000"]',
  "0.0.0.0:8080:3000",
  "[::1]:8080:3000",
  "require",
  "usage",
  "blocks",
  "denied",
  "tree.io",
  "rw",
  "ro",
  "none",
  "*.o",
  "id",
  "idle",
  "cpu_time",
  "status",
  "cause",
  "denials",
  "grant",
  "note",
  "kept",
  "base64",
  "bytes",
  "network",
  "network: { allow: [...] }",
  'files: { /opt/greeting: "hello" }',
  "capabilities",
  "requires",
  "isolation",
  "rank",
  "context.helpers",
  "context.host",
  "keptBy(MECHANISM, CAPABILITY…)",
  "notProvided(REASON)",
  '"env": {"set": {"NAME": "VALUE"}}',
  '"limits": {"timeout": "5s", "grace": "100ms"}',
  '{"bytes": 6, "isTruncated": false, "text": "hello\\n"}',
  // Secrets: their sources, and where they are found.
  "file:PATH",
  "fd:N",
  "command:PROGRAM",
  "[secret TOKEN]",
  "/run/secrets/NAME",
  "CUPEL_SECRET_NAME_FD",
  "Host",
  'secrets: { files: {TOKEN: "file:token"}, descriptors: {…}, mask_output: true }',
  "inject: [{ host, header, value }]",
  "network: { allow: [...], transparent: true }",
  "localhost:8080",
  // Destinations, and how programs find and talk to a proxy.
  "api.example.com:443",
  "api.example.com:*",
  "*.example.org",
  "10.0.0.0/8:5432",
  "[::1]:8080",
  "localhost",
  "127.0.0.1",
  "::1",
  "http://",
  "CONNECT",
  "http_proxy",
  "https_proxy",
  "all_proxy",
  "socks_proxy",
  "no_proxy",
  "NODE_USE_ENV_PROXY=1",
  // What other programs are called, and what is typed for them.
  "ssh",
  ".git/config",
  ".envrc",
  ".npmrc",
  ".vscode",
  "EOVERFLOW",
  "ssh-keygen",
  "bash",
  "zsh",
  "fish",
  "ulimit -u",
  "systemd-run --user --scope",
  "busctl",
  "apk add libstdc++",
  "Makefile",
  ".git/hooks",
  "no_new_privs",
  "cupel-preflight",
  "launcher",
  "prober",
  // What is written or shown.
  "N passed, N failed",
  "0 failed",
  "area: what changes",
  "junit.xml",
  "summary.md",
  "cupel-report/report.json",
  "cupel.yaml",
  "job.yaml",
  ".yml",
  ".json",
  "cupel.lock.json",
  "cupel-…",
  "cupel-PID.scope",
  "all",
  "-",
  "cupel",
  // Where a user's configuration lies.
  "$XDG_CONFIG_HOME/cupel/config.yaml",
  "~/.config/cupel/config.yaml",
  "/etc/cupel/config.yaml",
  // Where an installation goes.
  "PREFIX/bin/cupel",
  "PREFIX/share/man/man1",
  "PREFIX/lib/cupel",
  "~/.local/bin",
  "/usr/local/bin",
  // Directories of every Linux.
  "/",
  "/tmp",
  "/proc",
  "/dev",
  "/run",
  "/etc/passwd",
  "group",
  "hosts",
  "hostname",
  // An OCI image layout.
  "oci-layout",
  "index.json",
  "blobs",
  "/proc/sys",
  "/dev/shm",
  "/etc",
  "/usr",
]);

/** Flags that pages name for other programs. */
const foreignFlags: Readonly<Record<string, readonly string[]>> = {
  bwrap: ["exec-label", "file-label"],
  unshare: ["user", "map-root-user"],
  kubectl: ["overwrite"],
  "scripts/test": ["hosts"],
  "scripts/hosts.ts": ["all", "matrix"],
  "scripts/fuzz.ts": ["runs", "keep"],
};

const allFlags = descriptions.flatMap(({ flags }) => flags);
/** Of scripts/install.sh. */
export const installerFlags = Array.from(
  read("scripts/install.sh").matchAll(/^ {2}--([a-z-]+)/gmu),
  ([, name = ""]) => name,
);
const otherFlags = [...installerFlags, ...Object.values(foreignFlags).flat()];

/** What is wrong with the flags in a line, as flags of these. */
function flagProblems(line: string, known: readonly FlagDescription[]): string[] {
  return Array.from(line.matchAll(/(?<![\w-])--([a-z][a-z-]*)(?:[ =]([^\s;]+))?/gu)).flatMap(([text, name, stated]) => {
    const flags = known.filter((flag) => flag.name === name);
    if (flags.length === 0) return [`${text}: no such flag`];
    const right = flags.some(({ value }) => {
      if (value === undefined || stated === undefined || value.kind !== "choice") return true;
      const words = stated === value.placeholder ? [] : stated.split(/[|,]/u);
      return words.every((word) => /^[A-Z]+$/u.test(word) || word === "…" || value.choices.includes(word));
    });
    return right ? [] : [`${text}: no such value`];
  });
}

/** Calls of cupel in a line of shell: the command and its own words, without the job's. */
function callsIn(line: string): { name: string; words: string }[] {
  const calls = line.matchAll(/(?<![\w/.$-])cupel ([a-z][a-z-]*|COMMAND)((?:(?! -- )[^|;&>)`])*)/gu);
  return Array.from(calls, ([, name = "", words = ""]) => ({ name, words }));
}

/** What is wrong with the calls of cupel in a line of shell. */
export function callProblems(line: string): string[] {
  return callsIn(line).flatMap(({ name, words }) => {
    if (name === "COMMAND") return flagProblems(words, allFlags);
    const description = descriptions.find((one) => one.name === name);
    if (description === undefined) return [`cupel ${name}: no such command`];
    return description.isFront === true ? [] : flagProblems(words, description.flags);
  });
}

/** Whether a path is one of this repository, where NAME stands for any. */
function isOwnPath(text: string): boolean {
  if (text === "platform/release.pub") return read("scripts/release.ts").includes(text);
  const path = text.replace(/^\.\//u, "").replace(/\/NAME\.(?:test\.)?ts$/u, "");
  return /^[\w./-]+$/u.test(path) && (existsSync(join(repositoryRoot, path)) || isOwnScript(path));
}

const isOwnScript = (name: string): boolean => listFiles([`scripts/${name}`, `platform/ci/${name}`]).length > 0;

function isScriptCall(text: string): boolean {
  const [, name = "", kind] = /^(?:bun|npm) run ([a-z]+)(?: (probe|strategy) NAME)?$/u.exec(text) ?? [];
  if (/^bun scripts\/\S+$/u.test(text)) return isOwnPath(text.slice(4));
  return (
    name in (JSON.parse(read("package.json")) as { scripts: object }).scripts && (kind === undefined || name === "new")
  );
}

/** Whether a text is, whole, a name of the program's or of the repository's, or one that is listed above. */
function isName(text: string): boolean {
  const isKnown = ids.has(text) || otherWords.has(text) || variables.has(text.replace(/=.*$/u, ""));
  return isKnown || text.startsWith("export PATH=") || places().includes(text) || isScriptCall(text) || isOwnPath(text);
}

/** What is wrong with a text between back quotes; nothing where it is a name, a call or flags that there are. */
export function spanProblems(text: string): string[] {
  if (isName(text)) return [];
  if (/^(?:kubectl|(?:npx )?cupel) /u.test(text)) return callProblems(text);
  if (text.startsWith("run --")) return callProblems(`cupel ${text}`);
  if (!text.startsWith("-")) return [`${text}: names nothing`];
  const bare = text.replace(/^--/u, "").replace(/ .*$/u, "");
  return otherFlags.includes(bare) ? [] : flagProblems(text, allFlags);
}
