/** From words to a command, which is loaded with what it describes itself by, and no other. */
import { CupelError } from "../model/error.ts";
import { nearestWord } from "../model/nearest-word.ts";
import type { CommandDescription } from "../report/command-description.ts";
import { parseCommandLine, type CommandLine } from "./parse-command-line.ts";
import { writeOutput } from "./terminal.ts";

type Command = (line: CommandLine) => number | Promise<number>;

/** Where a command and its description are found. */
interface Entry {
  readonly describe: () => Promise<CommandDescription>;
  readonly load: () => Promise<Command>;
}

/** One whose words are another program's: none of them is cupel's to read. */
interface FrontEntry {
  readonly describe: () => Promise<CommandDescription>;
  readonly loadFront: () => Promise<(words: readonly string[]) => number>;
}

const changed = () => import("./descriptions-changes.ts");
const job = () => import("./descriptions-job.ts");
const report = () => import("./descriptions-report.ts");
const upkeep = () => import("./descriptions-upkeep.ts");

const commands: Readonly<Record<string, Entry | FrontEntry>> = {
  run: { describe: async () => (await job()).runDescription, load: async () => (await import("./run.ts")).run },
  shell: { describe: async () => (await job()).shellDescription, load: async () => (await import("./shell.ts")).shell },
  doctor: {
    describe: async () => (await report()).doctorDescription,
    load: async () => (await import("./doctor.ts")).doctor,
  },
  check: {
    describe: async () => (await report()).checkDescription,
    load: async () => (await import("./check.ts")).check,
  },
  lock: { describe: async () => (await report()).lockDescription, load: async () => (await import("./lock.ts")).lock },
  diff: { describe: async () => (await report()).diffDescription, load: async () => (await import("./diff.ts")).diff },
  explain: {
    describe: async () => (await report()).explainDescription,
    load: async () => (await import("./explain.ts")).explain,
  },
  schema: {
    describe: async () => (await report()).schemaDescription,
    load: async () => (await import("./schema.ts")).schema,
  },
  plan: { describe: async () => (await job()).planDescription, load: async () => (await import("./plan.ts")).plan },
  changes: {
    describe: async () => (await changed()).changesDescription,
    load: async () => (await import("./changes.ts")).changes,
  },
  apply: {
    describe: async () => (await changed()).applyDescription,
    load: async () => (await import("./apply.ts")).apply,
  },
  discard: {
    describe: async () => (await changed()).discardDescription,
    load: async () => (await import("./discard.ts")).discard,
  },
  runs: {
    describe: async () => (await import("./description-runs.ts")).runsDescription,
    load: async () => (await import("./runs.ts")).runs,
  },
  strategies: {
    describe: async () => (await import("./description-strategies.ts")).strategiesDescription,
    load: async () => (await import("./strategies.ts")).listStrategies,
  },
  verify: {
    describe: async () => (await import("./description-verify.ts")).verifyDescription,
    load: async () => (await import("./verify.ts")).verify,
  },
  init: {
    describe: async () => (await upkeep()).initDescription,
    load: async () => (await import("./init.ts")).init,
  },
  trust: {
    describe: async () => (await upkeep()).trustDescription,
    load: async () => (await import("./trust.ts")).trust,
  },
  bwrap: {
    describe: async () => (await import("./description-bwrap.ts")).bwrapDescription,
    loadFront: async () => (await import("./bwrap.ts")).bwrap,
  },
  "self-test": {
    describe: async () => (await upkeep()).selfTestDescription,
    load: async () => (await import("./self-test.ts")).selfTest,
  },
  upgrade: {
    describe: async () => (await upkeep()).upgradeDescription,
    load: async () => (await import("./upgrade.ts")).upgrade,
  },
  clean: {
    describe: async () => (await upkeep()).cleanDescription,
    load: async () => (await import("./clean.ts")).clean,
  },
  completion: {
    describe: async () => (await upkeep()).completionDescription,
    load: async () => (await import("./completion.ts")).completion,
  },
  version: {
    describe: async () => (await upkeep()).versionDescription,
    load: async () => (await import("./version.ts")).version,
  },
};

async function loadDescriptions(): Promise<readonly CommandDescription[]> {
  return (await import("./descriptions.ts")).descriptions;
}

async function describeProgram(): Promise<CommandDescription> {
  return {
    name: "cupel",
    summary:
      "finds out what this host can really enforce, and runs jobs in a sandbox that keeps what they were promised",
    flags: [
      { name: "help", short: "h", description: "show this text" },
      { name: "version", description: "show the version and build" },
    ],
    subcommands: await loadDescriptions(),
    examples: ["cupel doctor", 'cupel run -- echo "hello from a sandbox"'],
  };
}

async function showUsage(path: readonly string[], description: CommandDescription): Promise<number> {
  const [{ renderUsage }, { styleOf }, { groupFlags }] = await Promise.all([
    import("../report/render-usage.ts"),
    import("./style-of.ts"),
    import("./flag-groups.ts"),
  ]);
  writeOutput(renderUsage(path, description, styleOf(1), groupFlags(description)));
  return 0;
}

function unknownCommand(word: string, descriptions: readonly CommandDescription[]): CupelError {
  const known = descriptions.map(({ name }) => name);
  const near = nearestWord(word, known);
  const hint = near === undefined ? `there are ${known.join(", ")}` : `did you mean ${near}?`;
  return new CupelError("usage", `cupel has no command ${JSON.stringify(word)}: ${hint}`);
}

/** Carries out a command line (without the program's name); gives the exit code. @throws CupelError. */
export async function dispatch(words: readonly string[]): Promise<number> {
  const [word, ...rest] = words;
  if (word === undefined || ["help", "--help", "-h"].includes(word)) return showUsage([], await describeProgram());
  if (word === "--version") return dispatch(["version"]);
  const entry = Object.hasOwn(commands, word) ? commands[word] : undefined;
  if (entry === undefined) throw unknownCommand(word, await loadDescriptions());
  const isFront = "loadFront" in entry;
  // Nothing that such a program knows.
  if (isFront && rest[0] !== "-h") return (await entry.loadFront())(rest);
  const description = await entry.describe();
  if (isFront) return showUsage(["cupel"], description);
  const line = parseCommandLine(description, rest);
  return line.flags.has("help") ? showUsage(["cupel"], description) : (await entry.load())(line);
}
