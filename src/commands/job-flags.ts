/** Flags by which `run`, `shell` and `plan` are told about the job. */
import { guaranteeIds } from "../model/guarantee.ts";
import { applyModes, networkModes, outputActions, seccompProfileNames } from "../model/job.ts";
import type { FlagDescription } from "../report/command-description.ts";
import { preferences, workspaceModes } from "../run/job-fields.ts";
import { limitFlags, minimumFlag, strategyFlag } from "./demand-flags.ts";
import { choice, path, text } from "./description-parts.ts";

/** What each says a job file can say as well. */
export const jobFlags: readonly FlagDescription[] = [
  {
    name: "workspace",
    description:
      "the current directory copy-on-write (cow, the default), read-only (ro), written through (rw), or not at all (none)",
    value: choice("MODE", workspaceModes),
  },
  {
    name: "ignore",
    description: "with cow: changes at these paths are not kept, as in a .gitignore",
    value: text("GLOB"),
    repeatable: true,
  },
  {
    name: "apply",
    description: "with cow: what to do with the changes at the end: keep them (never, the default), ask, or on-success",
    value: choice("WHEN", applyModes),
  },
  { name: "read", description: "grant a path, read-only", value: path("PATH"), repeatable: true },
  { name: "write", description: "grant a path, to be changed", value: path("PATH"), repeatable: true },
  { name: "tools", description: "grant the directories of your PATH and what the programs there need, read-only" },
  { name: "deny", description: "hide a path in what is granted", value: path("PATH"), repeatable: true },
  {
    name: "protect",
    description: "names that are protected too, as in a .gitignore: see fs.protected",
    value: text("GLOB"),
    repeatable: true,
  },
  {
    name: "root",
    description:
      "the host's programs (host, the default), a directory (dir:PATH), an unpacked OCI image (image:PATH), or one of an engine's (image:podman:NAME, image:docker:NAME)",
    value: text("ROOT"),
  },
  {
    name: "tmpfs",
    description: "a private directory at this path, in memory",
    value: text("PATH[:SIZE]"),
    repeatable: true,
  },
  {
    name: "file",
    description: "a file at this path of the job's root, with this content, read-only",
    value: text("PATH=CONTENT"),
    repeatable: true,
  },
  {
    name: "network",
    description: "no network but a loopback (none, the default), no socket at all (no-sockets), or the host's (host)",
    value: choice("MODE", networkModes),
  },
  {
    name: "allow-host",
    description: "what the job may connect to, and nothing else: api.example.com:443, *.example.org, 10.0.0.0/8:5432",
    value: text("HOST[:PORT]"),
    repeatable: true,
  },
  {
    name: "transparent-network",
    description: "with a list, for programs that know of no proxy: take what they connect to, wherever it leads",
  },
  {
    name: "setup",
    description: "what runs before the command, in the same sandbox: a script for sh, or words as a list in JSON",
    value: text("SCRIPT"),
  },
  {
    name: "setup-allow-host",
    description: "what that may connect to until it has ended; what --allow-host lists counts from then on",
    value: text("HOST[:PORT]"),
    repeatable: true,
  },
  {
    name: "publish",
    description:
      "a port of the host's loopback that leads to one of the job's: 8080:3000; 0:3000 takes one that is free, and says which",
    value: text("[ADDRESS:]PORT:PORT"),
    repeatable: true,
  },
  {
    name: "inject-header",
    description: "have the proxy put a header into requests to a listed host, with names of secrets in braces",
    value: text("HOST: HEADER: VALUE"),
    repeatable: true,
  },
  {
    name: "secret",
    description: "give a secret as /run/secrets/NAME, or to the header that names it: file:PATH, fd:N, command:PROGRAM",
    value: text("NAME=SOURCE"),
    repeatable: true,
  },
  {
    name: "secret-fd",
    description: "the same behind a descriptor, whose number is in CUPEL_SECRET_NAME_FD",
    value: text("NAME=SOURCE"),
    repeatable: true,
  },
  { name: "mask-output", description: "take the values of secrets out of what the job writes" },
  {
    name: "seccomp",
    description: "system calls: all but dangerous ones (default), the essential (strict), or debuggers' too (compat)",
    value: choice("PROFILE", seccompProfileNames),
  },
  { name: "env", description: "set a variable, or pass yours on", value: text("NAME[=VALUE]"), repeatable: true },
  { name: "tty", description: "give the job a terminal of its own, relayed to yours; the default is none" },
  ...limitFlags,
  {
    name: "on-output",
    description: "beyond it drop the rest (truncate, the default), or end the job (kill)",
    value: choice("WHAT", outputActions),
  },
  strategyFlag,
  minimumFlag,
  {
    name: "require",
    description: "demand these guarantees too",
    value: choice("ID,…", guaranteeIds, true),
    repeatable: true,
  },
  {
    name: "accept-missing",
    description: "give up these guarantees where nothing keeps them; recorded in the outcome",
    value: choice("ID,…|all", ["all", ...guaranteeIds], true),
    repeatable: true,
  },
  { name: "verified", description: "only where cupel verify saw every demanded guarantee hold, in this very sandbox" },
  { name: "strict", description: "demand the default limits as well" },
  {
    name: "artifact",
    description: "copy files of the workspace when the job has ended, as in a .gitignore: dist, *.log, out/**/*.xml",
    value: text("GLOB"),
    repeatable: true,
  },
  { name: "artifacts", description: "the directory for those copies", value: path("DIR") },
  { name: "artifact-size", description: "what they may have together; default 1G", value: text("SIZE") },
  { name: "artifact-files", description: "how many there may be; default 10000", value: text("N") },
  { name: "require-artifacts", description: "fail (125) where the job succeeds and a glob matches nothing" },
  { name: "no-record", description: "keep no record of the run for cupel runs" },
  {
    name: "keep-output",
    description: "keep what the job writes with its record, 10M of each output; secrets are masked",
  },
  {
    name: "prefer",
    description: "which strategy to take of those that fit; default fastest",
    value: choice("WHAT", preferences),
  },
];
