/** `verify`. */
import { guaranteeIds } from "../model/guarantee.ts";
import { jobNetworks, seccompProfileNames } from "../model/job.ts";
import type { CommandDescription } from "../report/command-description.ts";
import { strategyFlag } from "./demand-flags.ts";
import { choice, helpFlag, jsonFlag, text, usageCodes } from "./description-parts.ts";
import { formatFlags } from "./format-flags.ts";

/** `cupel verify`. */
export const verifyDescription: CommandDescription = {
  name: "verify",
  summary: "attack sandboxes on this host, and find out which guarantees hold",
  flags: [
    { ...strategyFlag, description: "attack this strategy; default the one of the default job", repeatable: true },
    { name: "all", description: "attack every strategy that is here" },
    {
      name: "subject",
      description: "attack somebody else's sandbox: words that run a program; {} is the program's path",
      value: text("'COMMAND…'"),
      repeatable: true,
    },
    {
      name: "guarantee",
      description: "only these guarantees, and all of them have to hold",
      value: choice("ID,…", guaranteeIds, true),
      repeatable: true,
    },
    { name: "quick", description: "one attack on each guarantee, the one that says most" },
    {
      name: "workspace",
      description: "attack jobs with this workspace: cow (the default), ro or rw",
      value: choice("MODE", ["cow", "ro", "rw"]),
    },
    {
      name: "network",
      description: "and with this network; default none; allow is what a job with --allow-host has",
      value: choice("MODE", jobNetworks),
    },
    {
      name: "transparent-network",
      description: "and, with allow, as with that flag: programs need to know of no proxy",
    },
    {
      name: "seccomp",
      description: "and with these system calls; default default",
      value: choice("PROFILE", seccompProfileNames),
    },
    { name: "tty", description: "and with a terminal of their own" },
    { name: "list", description: "list the attacks, by guarantee; nothing is attacked" },
    { name: "fresh", description: "probe again instead of using the saved report" },
    jsonFlag,
    ...formatFlags,
    helpFlag,
  ],
  exitCodes: [
    { code: "0", meaning: "what a strategy says it keeps held, and so did what was named" },
    { code: "1", meaning: "something of it was broken, or is not provided" },
    { code: "3", meaning: "something of it could not be told" },
    ...usageCodes,
  ],
  examples: [
    "cupel verify",
    "cupel verify --quick --guarantee net.none,fs.read",
    "cupel verify --all",
    "cupel verify --subject 'bwrap --ro-bind / / --unshare-all --'",
  ],
};
