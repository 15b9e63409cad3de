/** From words to a command. Every command but `run` is loaded only when it is called. */
import { CupelError } from "../model/error.ts";
import { nearestWord } from "../model/nearest-word.ts";
import type { CommandDescription } from "../report/command-description.ts";
import { runDescription } from "./descriptions-job.ts";
import { parseCommandLine, type CommandLine } from "./parse-command-line.ts";
import { run } from "./run.ts";

type Command = (line: CommandLine) => number | Promise<number>;

const commands: Readonly<Record<string, () => Promise<Command>>> = {
  doctor: async () => (await import("./doctor.ts")).doctor,
  check: async () => (await import("./check.ts")).check,
  lock: async () => (await import("./lock.ts")).lock,
  diff: async () => (await import("./diff.ts")).diff,
  explain: async () => (await import("./explain.ts")).explain,
  schema: async () => (await import("./schema.ts")).schema,
  plan: async () => (await import("./plan.ts")).plan,
  verify: async () => (await import("./verify.ts")).verify,
  "self-test": async () => (await import("./self-test.ts")).selfTest,
  clean: async () => (await import("./clean.ts")).clean,
  completion: async () => (await import("./completion.ts")).completion,
  version: async () => (await import("./version.ts")).version,
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
  const [{ renderUsage }, { styleOf }] = await Promise.all([
    import("../report/render-usage.ts"),
    import("./style-of.ts"),
  ]);
  process.stdout.write(renderUsage(path, description, styleOf(process.stdout)));
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
  if (word === "run") return runOrHelp(rest);
  if (word === undefined || ["help", "--help", "-h"].includes(word)) return showUsage([], await describeProgram());
  if (word === "--version") return dispatch(["version"]);
  const descriptions = await loadDescriptions();
  const description = descriptions.find(({ name }) => name === word);
  const load = commands[word];
  if (description === undefined || load === undefined) throw unknownCommand(word, descriptions);
  const line = parseCommandLine(description, rest);
  return line.flags.has("help") ? showUsage(["cupel"], description) : (await load())(line);
}

async function runOrHelp(words: readonly string[]): Promise<number> {
  const line = parseCommandLine(runDescription, words);
  if (line.flags.has("help")) return showUsage(["cupel"], runDescription);
  return line.flags.has("batch") ? (await import("./run-batch.ts")).runMany(line) : run(line);
}
