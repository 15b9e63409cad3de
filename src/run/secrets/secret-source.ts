/** Where a secret comes from, as it is stated: `NAME=file:PATH`, `NAME=fd:N`, `NAME=command:PROGRAM ARGUMENT…`. Pure. */
import { CupelError } from "../../model/error.ts";

/** Where a value comes from. */
export type SecretSource =
  | { readonly kind: "file"; readonly path: string }
  /** Of cupel's own, above the standard streams. */
  | { readonly kind: "descriptor"; readonly number: number }
  /** What this program writes on its standard output. No shell reads the words. */
  | { readonly kind: "command"; readonly words: readonly [string, ...string[]] };

/** A secret that was stated. */
export interface StatedSecret {
  readonly name: string;
  readonly source: SecretSource;
  /** How it was stated, for a sentence about it: `--secret TOKEN`. */
  readonly stated: string;
}

const descriptorMax = 1_048_576;

function parseDescriptor(text: string): SecretSource | undefined {
  const number = Number(text);
  return /^\d{1,7}$/.test(text) && number > 2 && number <= descriptorMax ? { kind: "descriptor", number } : undefined;
}

function parseCommand(text: string): SecretSource | undefined {
  const [program, ...rest] = text.split(/[ \t]+/).filter((word) => word !== "");
  return program === undefined ? undefined : { kind: "command", words: [program, ...rest] };
}

function parseSource(text: string): SecretSource | undefined {
  const { kind, rest = "" } = /^(?<kind>[a-z]+):(?<rest>.+)$/s.exec(text)?.groups ?? {};
  if (kind === "file") return { kind, path: rest };
  if (kind === "fd") return parseDescriptor(rest);
  return kind === "command" ? parseCommand(rest) : undefined;
}

/** Long enough, and short enough for a name of a file and of a variable. */
const namePattern = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

/**
 * What `text` states; `prefix` is how, in front of the name.
 * @throws CupelError `usage`, which never repeats what stands in the place of a source: it may be the secret itself.
 */
export function parseSecret(text: string, prefix: string): StatedSecret {
  const at = text.indexOf("=");
  const name = at < 0 ? "" : text.slice(0, at);
  if (!namePattern.test(name)) {
    throw new CupelError(
      "usage",
      `${prefix} states no secret; write NAME=file:PATH, NAME=fd:N or NAME=command:PROGRAM, with a name of at most 64 letters, digits and _`,
    );
  }
  const source = parseSource(text.slice(at + 1));
  if (source !== undefined) return { name, source, stated: `${prefix} ${name}` };
  throw new CupelError(
    "usage",
    `${prefix} ${name} names no source; write ${name}=file:PATH, ${name}=fd:N with a descriptor above 2, or ${name}=command:PROGRAM, and never the value itself`,
  );
}
