/** How a report is written: flags that `doctor` and `check` share. */
import type { FlagDescription } from "../report/command-description.ts";
import { formatChoices } from "./chosen-format.ts";

/** They are these. */
export const formatFlags: readonly FlagDescription[] = [
  {
    name: "format",
    description: "how the report is written; default text; auto: github on GitHub's runners, text elsewhere",
    value: { kind: "choice", placeholder: "FORMAT", choices: formatChoices },
  },
  {
    name: "output",
    short: "o",
    description: "write the same report to this file too, in this format",
    value: { kind: "text", placeholder: "FORMAT=FILE" },
    repeatable: true,
  },
  {
    name: "location",
    description: "for sarif and github: the file in the repository that a finding is shown at",
    value: { kind: "path", placeholder: "FILE" },
  },
];
