/** Globs as flags and files state them: what would match nothing, or means something elsewhere, is refused. Pure. */
import { CupelError } from "../model/error.ts";
import { statedAs, type JobRequest } from "./job-request.ts";

/** No path is longer (limits.h), in characters. */
export const globLengthMax = 4096;

const name = String.raw`(?!\.{1,2}(?:/|$))[^/\u0000\[{\\]+`;

/** The same as a regular expression, but for the length. */
export const globPattern = `^(?!!)/?${name}(?:/${name})*/?$`;

const problems: readonly (readonly [wrong: RegExp, problem: string])[] = [
  [/^$/, "is empty; write one, or leave it out"],
  [/\0/, "holds a NUL byte, which no name has; leave it out"],
  [/^!/, "begins with !, and there are no exceptions; leave it out, or write ? for the ! of a name"],
  [/\[/, "has a [, and there are no sets of characters; write a glob for each name, or ? for any one character"],
  [/\{/, "has a {, and there are no alternatives; write a glob for each of them, or ? for the { of a name"],
  [/\\/, "has a backslash, which takes no meaning away; write ? for a character that has one, and / between names"],
  [/^\/+$/, "names nothing; write ** for everything"],
  [/(?:^|\/)\.{1,2}(?:\/|$)/, "has . or .. for a name; write it from the workspace on, without them"],
  [/\/\//, "has two slashes with nothing between them; write one"],
];

/** What is wrong with it, and what to do; undefined where nothing is. */
function problemOf(glob: string): string | undefined {
  if (glob.length > globLengthMax)
    return `is longer than a path can be (${globLengthMax} characters); write a shorter one`;
  return problems.find(([wrong]) => wrong.test(glob))?.[1];
}

const longestShown = 60;

/** One sentence about a glob that `stated` is about; undefined where nothing is wrong with it. */
export function describeWrongGlob(glob: string, stated: string): string | undefined {
  const problem = problemOf(glob);
  const shown = glob.length > longestShown ? `${JSON.stringify(glob.slice(0, longestShown))}…` : JSON.stringify(glob);
  return problem === undefined ? undefined : `${stated} ${shown} ${problem}`;
}

/** @throws CupelError `usage` for the first that is wrong. */
export function checkGlobs(request: JobRequest): void {
  const { ignore, protect, artifacts } = request;
  for (const [flag, globs] of Object.entries({ ignore, protect, artifact: artifacts })) {
    for (const glob of globs) {
      const problem = describeWrongGlob(glob, statedAs(request, flag, glob));
      if (problem !== undefined) throw new CupelError("usage", problem);
    }
  }
}
