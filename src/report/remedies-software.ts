/** Remedies for programs that are missing, too old or not set up. */
import { findProgram, installCommand } from "./package-names.ts";
import { advice, isInContainer } from "./remedy-case.ts";
import type { RemedyCase, RemedyRow, RemedyText } from "./remedy-case.ts";

/** Packages and id ranges. */
export const softwareRemedies: readonly RemedyRow[] = [
  { code: "package-missing", remedy: (remedyCase) => install(remedyCase, "install", "the program") },
  { code: "package-version", remedy: (remedyCase) => install(remedyCase, "install a newer", "version of the program") },
  { code: "idmap", when: ({ blocker }) => /sub[ug]id|new[ug]idmap|\brange/u.test(blocker.detail), remedy: addIdRanges },
  {
    code: "idmap",
    remedy: () =>
      advice(
        "host operator",
        "run cupel in a user namespace that maps its user, and for root some ids more, or in none",
      ),
  },
];

function install(remedyCase: RemedyCase, verb: string, unnamed: string): RemedyText {
  const { capability, blocker, facts, sudo } = remedyCase;
  const named = capability.id.startsWith("program.") ? capability.id.slice("program.".length) : undefined;
  const program = findProgram([capability.id, blocker.detail]) ?? named;
  const line = program === undefined ? undefined : installCommand(program, facts.packageManager);
  const inImage = isInContainer(remedyCase);
  return {
    summary: `${verb} ${program ?? unnamed}${inImage ? " in the container's image" : ""}`,
    commands: line === undefined ? [] : [inImage ? line : `${sudo}${line}`],
    appliedBy: inImage ? "image author" : "administrator",
    reversible: true,
    risk: "",
  };
}

/** The first command shows which ranges are taken: usermod does not look. */
function addIdRanges({ sudo }: RemedyCase): RemedyText {
  return {
    summary: "give this user id ranges that nobody else has: look at what is taken, then change the numbers if need be",
    commands: [
      "grep . /etc/subuid /etc/subgid",
      `${sudo}usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "$(id -un)"`,
    ],
    appliedBy: "administrator",
    reversible: true,
    risk: "two users with the same range can reach into each other's containers",
  };
}
