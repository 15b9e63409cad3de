/** Somebody else's sandbox as a subject: words that run a program, with the attacker as that program. */
import { CupelError } from "../model/error.ts";
import type { GuaranteeId } from "../model/guarantee.ts";
import type { Subject } from "./verify-subject.ts";

/** Where in the words the attacker's path belongs, besides at their end: for flags that bind it. */
const placeholder = "{}";

/** A word: quoted parts, and others without blanks. */
const wordPattern = /(?:'[^']*'|"[^"]*"|[^\s'"])+/gu;

/**
 * The words of a command line, split at blanks; quotes of either kind keep words together, and nothing is expanded.
 * @throws CupelError `usage` where a quote is not ended, or where there is no word.
 */
export function splitCommand(text: string): string[] {
  if (/['"]/.test(text.replaceAll(wordPattern, "")))
    throw new CupelError("usage", `--subject ${JSON.stringify(text)} has a quote that is not ended`);
  const words = text.match(wordPattern) ?? [];
  if (words.length === 0)
    throw new CupelError("usage", "--subject needs a command, as in --subject 'bwrap --ro-bind / / --'");
  return words.map((word) => word.replaceAll(/'([^']*)'|"([^"]*)"/gu, "$1$2"));
}

/** Caps are given by words that differ from one command to the other, and not every promise can be made by one. */
function isTold(id: GuaranteeId): boolean {
  return !id.startsWith("limit.") && id !== "net.allowlist" && id !== "secret.private";
}

/** It as a subject. @throws CupelError `usage`. */
export function commandSubject(text: string): Subject {
  const words = splitCommand(text);
  return {
    attacked: { kind: "command", name: text, mechanisms: "" },
    declared: undefined,
    tells: isTold,
    // It has caps of its own, or none: what cupel would ask for is not asked of it.
    prefix: (program, wishes) =>
      Object.keys(wishes).length > 0 ? undefined : words.map((word) => word.replaceAll(placeholder, program)),
  };
}
