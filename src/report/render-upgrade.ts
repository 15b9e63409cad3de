/** What `cupel upgrade` prints: what the new version's doctor says, and what became of it as the last line. */
import type { UpgradeOutcome } from "../model/upgrade.ts";
import { renderJson } from "./render-json.ts";

function conclude({ result, from, to, isNamed, executable, address }: UpgradeOutcome): string {
  switch (result) {
    case "up-to-date":
      return isNamed
        ? `${from} is installed already`
        : `up to date: ${from} is installed, and ${to} is the latest release`;
    case "would-replace":
      return `would replace ${from} by ${to} from ${address} as ${executable}`;
    case "replaced":
      return `replaced ${from} by ${to} as ${executable}`;
  }
}

/** The whole output. */
export function renderUpgrade(outcome: UpgradeOutcome): string {
  return `${outcome.doctor?.text ?? ""}upgrade: ${conclude(outcome)}\n`;
}

/** The same as JSON. */
export function renderUpgradeJson({ doctor, ...outcome }: UpgradeOutcome): string {
  return renderJson({ schema: 1, ...outcome, ...(doctor === undefined ? {} : { doctorExitCode: doctor.exitCode }) });
}
