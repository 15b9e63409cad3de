/** Commands as data: usage texts and shell completion are made from it, so that neither can go stale. */

/** What a flag or an operand takes. */
export type ValueDescription =
  | { readonly kind: "path"; readonly placeholder: string }
  | {
      readonly kind: "choice";
      readonly placeholder: string;
      readonly choices: readonly string[];
      /** Several, with commas between them. */
      readonly list?: boolean | undefined;
    }
  | { readonly kind: "text"; readonly placeholder: string };

/** One flag. */
export interface FlagDescription {
  /** Without dashes: `accept-missing`. */
  readonly name: string;
  /** One letter, without its dash. */
  readonly short?: string | undefined;
  readonly description: string;
  /** Absent: the flag takes no value. */
  readonly value?: ValueDescription | undefined;
  /** May be given more than once. */
  readonly repeatable?: boolean | undefined;
}

/** Flags under one heading. */
export interface FlagGroup {
  readonly heading: string;
  readonly flags: readonly FlagDescription[];
}

/** One operand. */
export interface OperandDescription {
  readonly value: ValueDescription;
  readonly description: string;
  readonly required: boolean;
  readonly repeatable?: boolean | undefined;
}

/** What an exit code means. */
export interface ExitCodeDescription {
  /** `0`, or `128+n`. */
  readonly code: string;
  readonly meaning: string;
}

/** One command. */
export interface CommandDescription {
  readonly name: string;
  /** A few words, no full stop. */
  readonly summary: string;
  readonly flags: readonly FlagDescription[];
  readonly operands?: readonly OperandDescription[] | undefined;
  readonly subcommands?: readonly CommandDescription[] | undefined;
  /** The operands are a command of the user's own: its words, flags included, begin at the first operand or behind `--`. */
  readonly passesCommand?: boolean | undefined;
  /** It stands in for another program, whose words all of them are, but for its own flags at the beginning. */
  readonly isFront?: boolean | undefined;
  /** A word in front of that command that ends so is the value of this flag: a file that holds the command. */
  readonly fileOperand?: { readonly flag: string; readonly endings: readonly string[] } | undefined;
  readonly exitCodes?: readonly ExitCodeDescription[] | undefined;
  /** Command lines to be pasted. */
  readonly examples?: readonly string[] | undefined;
}
