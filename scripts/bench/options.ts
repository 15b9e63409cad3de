/** What the bench is asked for. */

/** Bad input: said as one sentence, without a stack. */
export class BenchError extends Error {}

/** A whole command line. */
export interface Options {
  /** Latency samples of each contestant; slow ones give fewer. */
  readonly runs: number;
  /** Names of the contestants; all where empty. */
  readonly only: readonly string[];
  /** Few samples and short blocks: shows that everything runs, measures nothing well. */
  readonly quick: boolean;
  readonly json: boolean;
  readonly installPeers: boolean;
  /** Directory for what the bench builds and installs. */
  readonly workshop: string;
}

/** Shown for `--help` and after bad input. */
export const usage = `bench [--runs N] [--only NAME,…] [--quick] [--json] [--workshop DIR] [--install-peers]
  --runs N         latency samples of each (default 200); what is slow gives fewer
  --only NAME,…    these alone, and what targets compare them with is then not measured
  --quick          few samples: shows that everything runs
  --json           JSON instead of tables
  --workshop DIR   where the bench builds and installs (default: cupel-bench in the user's cache)
  --install-peers  install the peers first: Debian packages as root, npm packages into the workshop`;

const defaultRuns = 200;
const quickRuns = 10;

function parseRuns(word: string | undefined): number {
  const runs = Number(word);
  if (!Number.isSafeInteger(runs) || runs < 1) throw new BenchError(`--runs wants a number above 0, not ${word ?? ""}`);
  return runs;
}

function defaultWorkshop(environment: Readonly<Record<string, string | undefined>>): string {
  const { XDG_CACHE_HOME: cache, HOME: home } = environment;
  if (cache !== undefined && cache.startsWith("/")) return `${cache}/cupel-bench`;
  if (home === undefined || !home.startsWith("/")) throw new BenchError("HOME is not set: say --workshop DIR");
  return `${home}/.cache/cupel-bench`;
}

function valueAt(words: readonly string[], index: number): string {
  const value = words[index];
  if (value === undefined || value === "") throw new BenchError(`${words[index - 1] ?? ""} wants a value`);
  return value;
}

/** Parses the words behind the script's name. Pure. @throws BenchError. */
export function parseOptions(
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Options {
  const values = new Map<string, string>();
  const switches = new Set<string>();
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? "";
    if (["--quick", "--json", "--install-peers"].includes(word)) switches.add(word);
    else if (["--runs", "--only", "--workshop"].includes(word)) values.set(word, valueAt(words, ++index));
    else throw new BenchError(`there is no option ${word}`);
  }
  const quick = switches.has("--quick");
  return {
    runs: values.has("--runs") ? parseRuns(values.get("--runs")) : quick ? quickRuns : defaultRuns,
    only: (values.get("--only") ?? "").split(",").filter((name) => name !== ""),
    quick,
    json: switches.has("--json"),
    installPeers: switches.has("--install-peers"),
    workshop: values.get("--workshop") ?? defaultWorkshop(environment),
  };
}
