/** How text may look on the terminal it goes to: width, colour and letters. */

/** What a renderer may use. */
export interface TerminalStyle {
  /** Width of a line, at least 20. */
  readonly columns: number;
  readonly color: boolean;
  /** False: only ASCII is written. */
  readonly unicode: boolean;
}

/** What {@link detectTerminalStyle} decides from. */
export interface TerminalFacts {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly isTerminal: boolean;
  /** Width that the terminal reports, where it does. */
  readonly columns?: number | undefined;
}

/** Decides the style of one output stream. Pure: the caller says what it sees. */
export function detectTerminalStyle(facts: TerminalFacts): TerminalStyle {
  return {
    columns: widthOf(facts),
    color: hasColor(facts),
    unicode: /utf-?8/i.test(characterLocale(facts.environment)),
  };
}

const defaultColumns = 80;
const fewestColumns = 20;

function widthOf({ columns, environment }: TerminalFacts): number {
  // A terminal whose size nobody set says 0.
  const width = columns === undefined || columns === 0 ? Number(environment["COLUMNS"]) : columns;
  return Number.isInteger(width) && width > 0 ? Math.max(width, fewestColumns) : defaultColumns;
}

/** NO_COLOR (no-color.org) beats FORCE_COLOR (force-color.org); each counts only when it is not empty. */
function hasColor({ environment, isTerminal }: TerminalFacts): boolean {
  if (isSet(environment["NO_COLOR"])) return false;
  const forced = environment["FORCE_COLOR"];
  if (isSet(forced)) return forced !== "0" && forced !== "false";
  return isTerminal && environment["TERM"] !== "dumb";
}

/** The locale of characters, by the precedence of locale(7): the first variable that is not empty decides. */
function characterLocale(environment: TerminalFacts["environment"]): string {
  return [environment["LC_ALL"], environment["LC_CTYPE"], environment["LANG"]].find(isSet) ?? "";
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== "";
}
