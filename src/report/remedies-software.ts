/** Remedies for programs that are missing, too old or not set up. */
import { findProgram, packageCommands } from "./package-names.ts";
import { advice, isInContainer, steps } from "./remedy-case.ts";
import type { RemedyCase, RemedyRow, RemedyText } from "./remedy-case.ts";

/** Packages and id ranges. */
export const softwareRemedies: readonly RemedyRow[] = [
  { id: "install-package", code: "package-missing", scope: "programs of this machine or image", remedy: install },
  {
    id: "install-newer-package",
    code: "package-version",
    scope: "programs of this machine or image",
    remedy: (remedyCase) =>
      advice(
        isInContainer(remedyCase) ? "image author" : "administrator",
        `install a newer ${programOf(remedyCase) ?? "version of the program"}${imageWords(remedyCase)}`,
      ),
  },
  {
    id: "add-id-ranges",
    code: "idmap",
    scope: "one user of this machine",
    when: ({ blocker }) => /sub[ug]id|new[ug]idmap|\brange/u.test(blocker.detail),
    remedy: () =>
      advice(
        "administrator",
        "give this user id ranges that nobody else has in /etc/subuid and /etc/subgid: look at what is taken there, then " +
          "usermod with --add-subuids and --add-subgids",
        "two users with the same range can reach into each other's containers",
      ),
  },
  {
    id: "map-more-ids",
    code: "idmap",
    scope: "how cupel is started",
    remedy: () =>
      advice(
        "host operator",
        "run cupel in a user namespace that maps its user, and for root some ids more, or in none",
      ),
  },
];

/** The program that a capability or its blocker names. */
function programOf({ capability, blocker }: RemedyCase): string | undefined {
  const named = capability.id.startsWith("program.") ? capability.id.slice("program.".length) : undefined;
  return findProgram([capability.id, blocker.detail]) ?? named;
}

function imageWords(remedyCase: RemedyCase): string {
  return isInContainer(remedyCase) ? " in the container's image" : "";
}

function install(remedyCase: RemedyCase): RemedyText {
  const { facts, sudo } = remedyCase;
  const program = programOf(remedyCase);
  const lines = program === undefined ? undefined : packageCommands(program, facts.packageManager);
  const inImage = isInContainer(remedyCase);
  const prefix = inImage ? "" : sudo;
  return steps({
    summary: `install ${program ?? "the program"}${imageWords(remedyCase)}`,
    commands: lines === undefined ? [] : [`${prefix}${lines.install}`],
    undo: lines === undefined ? [] : [`${prefix}${lines.remove}`],
    appliedBy: inImage ? "image author" : "administrator",
  });
}
