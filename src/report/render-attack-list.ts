/** What `verify --list` prints: the attacks on each guarantee, and those that are not made. */
import type { GuaranteeId } from "../model/guarantee.ts";
import { layOutBlocks } from "./lay-out-blocks.ts";
import { count, sentence } from "./phrase.ts";
import { renderJson } from "./render-json.ts";
import type { TerminalStyle } from "./terminal-style.ts";
import { definition, heading, paragraph } from "./text-block.ts";

/** One attack, as far as people are told. */
export interface ListedAttackWords {
  readonly id: string;
  readonly title: string;
  readonly guarantees: readonly GuaranteeId[];
}

/** Everything that is listed. */
export interface AttackList {
  readonly attacks: readonly ListedAttackWords[];
  readonly leftOut: readonly { readonly id: string; readonly title: string; readonly reason: string }[];
  readonly counts: readonly { readonly id: GuaranteeId; readonly attacks: number }[];
}

/** The list as text. */
export function renderAttackList({ attacks, leftOut, counts }: AttackList, style: TerminalStyle): string {
  return layOutBlocks(
    [
      paragraph("Attacks by guarantee:"),
      ...counts.map(({ id, attacks: amount }) => definition(id, count(amount, "attack"))),
      ...heading(`All ${attacks.length}`),
      ...attacks.map(({ id, title, guarantees }) => definition(id, sentence(`${title} (${guarantees.join(", ")})`))),
      ...heading("Not made"),
      ...leftOut.map(({ id, title, reason }) => definition(id, sentence(`${title}: ${reason}`))),
    ],
    style,
  );
}

/** The list as JSON. */
export function renderAttackListJson(list: AttackList): string {
  return renderJson({ schema: 1, ...list });
}
