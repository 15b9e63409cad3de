/** Reads a command line against its description. Strict: what is not described is an error, with the nearest right name. */
import { CupelError } from "../model/error.ts";
import { nearestWord } from "../model/nearest-word.ts";
import type { CommandDescription, FlagDescription, ValueDescription } from "../report/command-description.ts";

/** What was given. */
export interface CommandLine {
  /** Values by flag name; a flag without a value is given as `[""]`. */
  readonly flags: ReadonlyMap<string, readonly string[]>;
  readonly operands: readonly string[];
}

function usage(command: CommandDescription, problem: string): CupelError {
  return new CupelError("usage", `${problem}; see cupel ${command.name} --help`);
}

function suggestion(word: string, known: readonly string[], prefix = ""): string {
  const nearest = nearestWord(word, known);
  return nearest === undefined ? "" : `, did you mean ${prefix}${nearest}?`;
}

function checkChoice(command: CommandDescription, name: string, value: string, description: ValueDescription): void {
  if (description.kind !== "choice") return;
  const words = description.list === true ? value.split(",") : [value];
  for (const word of words) {
    if (description.choices.includes(word)) continue;
    const near = suggestion(word, description.choices);
    const hint =
      near === ""
        ? `, choose ${description.choices.slice(0, 8).join(", ")}${description.choices.length > 8 ? ", …" : ""}`
        : near;
    throw usage(command, `${name} does not take ${JSON.stringify(word)}${hint}`);
  }
}

function findFlag(command: CommandDescription, word: string): FlagDescription {
  const isLong = word.startsWith("--");
  const name = isLong ? word.slice(2) : word.slice(1);
  const flag = command.flags.find((candidate) => (isLong ? candidate.name : candidate.short) === name);
  if (flag !== undefined) return flag;
  const known = command.flags.map((candidate) => candidate.name);
  throw usage(command, `cupel ${command.name} has no flag ${word}${suggestion(name, known, "--")}`);
}

class Reader {
  readonly flags = new Map<string, string[]>();
  readonly operands: string[] = [];
  readonly #command: CommandDescription;

  constructor(command: CommandDescription) {
    this.#command = command;
  }

  /** Reads words from `at` on, and gives the index of the next one. */
  flag(words: readonly string[], at: number): number {
    const word = words[at] ?? "";
    const split = word.startsWith("--") ? word.indexOf("=") : -1;
    const flag = findFlag(this.#command, split < 0 ? word : word.slice(0, split));
    const name = `--${flag.name}`;
    if (flag.value === undefined) {
      if (split >= 0) throw usage(this.#command, `${name} takes no value`);
      this.#add(flag, "");
      return at + 1;
    }
    const value = split < 0 ? words[at + 1] : word.slice(split + 1);
    if (value === undefined || (split < 0 && value === "--")) {
      throw usage(this.#command, `${name} needs a value (${flag.value.placeholder})`);
    }
    // The runtime puts U+FFFD for what it could not decode, and nobody meant that.
    if (value.includes("\uFFFD"))
      throw usage(
        this.#command,
        `${name} ${JSON.stringify(value)} is not valid UTF-8, so cupel cannot tell what is meant`,
      );
    checkChoice(this.#command, name, value, flag.value);
    this.#add(flag, value);
    return split < 0 ? at + 2 : at + 1;
  }

  /** A file that stands where a command would begin; false for any other word. */
  file(word: string): boolean {
    const { fileOperand } = this.#command;
    if (fileOperand?.endings.some((ending) => word.endsWith(ending)) !== true) return false;
    this.#add(findFlag(this.#command, `--${fileOperand.flag}`), word);
    return true;
  }

  /** Behind a file nothing but flags and `--` can stand: a command there would be one of two. */
  refuseBehindFile(word: string): void {
    const { fileOperand, name } = this.#command;
    const file = fileOperand === undefined ? undefined : this.flags.get(fileOperand.flag)?.[0];
    if (file === undefined || this.operands.length > 0) return;
    throw usage(
      this.#command,
      `cupel ${name} takes its job from ${file}; write a command that replaces its own behind --, not ${JSON.stringify(word)}`,
    );
  }

  #add(flag: FlagDescription, value: string): void {
    const values = this.flags.get(flag.name) ?? [];
    if (values.length > 0 && flag.value !== undefined && flag.repeatable !== true) {
      throw usage(this.#command, `--${flag.name} is given twice; give it once`);
    }
    this.flags.set(flag.name, [...values, value]);
  }
}

function checkOperands(command: CommandDescription, operands: readonly string[]): void {
  const described = command.operands ?? [];
  const isOpenEnded = described.at(-1)?.repeatable === true;
  const extra = operands[described.length];
  if (extra !== undefined && !isOpenEnded)
    throw usage(command, `cupel ${command.name} does not take ${JSON.stringify(extra)}`);
  described.forEach((operand, index) => {
    const given = operands[index];
    if (given === undefined) {
      if (operand.required) throw usage(command, `cupel ${command.name} needs ${operand.value.placeholder}`);
    } else {
      checkChoice(command, `cupel ${command.name}`, given, operand.value);
    }
  });
}

/**
 * Reads `words` (without the program and the command's name). Where the command passes a command of the user's on, the
 * first word that is no flag begins it, `--` or not, unless it names a file that holds one.
 * @throws CupelError `usage`.
 */
export function parseCommandLine(command: CommandDescription, words: readonly string[]): CommandLine {
  const reader = new Reader(command);
  let at = 0;
  while (at < words.length) {
    const word = words[at] ?? "";
    if (word === "--") {
      reader.operands.push(...words.slice(at + 1));
      break;
    }
    if (word.startsWith("-") && word !== "-") {
      at = reader.flag(words, at);
    } else if (reader.file(word)) {
      at += 1;
    } else if (command.passesCommand === true) {
      reader.refuseBehindFile(word);
      reader.operands.push(...words.slice(at));
      break;
    } else {
      reader.operands.push(word);
      at += 1;
    }
  }
  if (!reader.flags.has("help")) checkOperands(command, reader.operands);
  return { flags: reader.flags, operands: reader.operands };
}
