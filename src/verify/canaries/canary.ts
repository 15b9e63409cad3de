/** Canaries: things of the host's that only a sandbox keeps an attack from. */
import { randomBytes } from "node:crypto";
import type { AttackKey } from "../attack-keys.ts";
import type { Hit } from "./hit.ts";

/** Values by key. */
export type AttackKeys = Readonly<Partial<Record<AttackKey, string>>>;

/** A set of canaries, planted. */
export interface PlantedCanaries {
  /** Where they are, for the attacker: never a token. */
  readonly keys: AttackKeys;
  /** What nobody can know who has not read it from a canary. */
  readonly tokens: readonly string[];
  /** What could not be planted on this host, by key, and why. */
  readonly absent: Readonly<Record<string, string>>;
  /** What was touched since the last look. */
  look(): Promise<readonly Hit[]>;
  /** Takes all of it away; never throws for what is gone already. */
  remove(): Promise<void>;
}

/** What every token begins with: attacks that search places with secrets of others tell of nothing else. */
export const tokenStart = "canary-";

/** A word that nobody can guess. */
export function freshToken(): string {
  return `${tokenStart}${randomBytes(16).toString("hex")}`;
}
