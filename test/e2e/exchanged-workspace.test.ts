/**
 * A current directory that another process of the caller's keeps exchanging with another real one: no job is ever shown
 * that one.
 */
import { describe, expect } from "bun:test";
import { needsPrograms } from "../support/must-work.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { ordinaryCaller } from "../support/tester.ts";

const cupel = installCupel();

const runs = 40;
const racesMax = 10;

/** Of renameat2(2), which perl has no name for. */
const renameat2 = process.arch === "arm64" ? 276 : 316;

/** Every half a millisecond, so that either directory may be there at each of the two looks. Ends with its parent. */
const exchanging = `my ($one, $other) = @ARGV; my $parent = getppid;
  while (getppid == $parent) { syscall(${renameat2}, -100, $one, -100, $other, 2) == 0 or die $!; select undef, undef, undef, 0.0005 }`;

/** The shell stands in \`own\` before anything moves, and so does each cupel that it starts. A line for each run. */
const script = `
top=$PWD
cd own
"$CUPEL" run "$@" -- cat file >"$top/out" 2>"$top/err" || { cat "$top/err" >&2; exit 1; }
perl -e '${exchanging}' "$top/own" "$top/other" &
for each in $(seq ${runs}); do
  "$CUPEL" run "$@" -- cat file >"$top/out" 2>"$top/err"
  echo "$? $(cat "$top/out") $(tr '\\n' ' ' <"$top/err")"
done
kill $!`;

const refusals = [
  /^125 {2}(?:cupel: .* )?cupel: The current directory \S+ was moved, or replaced by another one; change to one that stays $/,
  // Its own look at what it has mounted, where the directory is exchanged behind ours.
  /^125 {2}cupel: the program that makes the sandbox exited with 1: bwrap: Race condition binding dirfd: [\w ]+ $/,
];

async function race(words: readonly string[]): Promise<string[]> {
  using directory = makeTempDir({ owner: ordinaryCaller });
  directory.file("own/file", "own\n");
  directory.file("other/file", "secret\n");
  const ran = await cupel.outside(ordinaryCaller, ["sh", "-c", script, "sh", ...words], {
    cwd: directory.path,
    deadlineMs: 100_000,
  });
  if (ran.code !== 0 && ran.stdout === "") throw new Error(ran.stderr);
  return ran.stdout.split("\n").slice(0, -1);
}

/** What may follow: that it is a copy, or in what that differs from the directory that is there by then. */
const isShown = (line: string): boolean => /^0 own (?:cupel: .*)?$/.test(line);
const isRefused = (line: string): boolean => refusals.some((refusal) => refusal.test(line));

/** Until both directories were met, or it was no race: a busy machine may exchange them in step with the runs. */
async function raceWithBoth(words: readonly string[]): Promise<string[]> {
  const lines: string[] = [];
  for (let races = 0; races < racesMax && !(lines.some(isShown) && lines.some(isRefused)); races++)
    lines.push(...(await race(words)));
  return lines;
}

const needsPerl = needsPrograms("perl");
const needsBubblewrap = needsPrograms("perl", "bwrap");
const needsPodman = needsPrograms("perl", "podman");

describe("an exchanged current directory", () => {
  for (const [needed, words] of [
    [needsPerl, ["--workspace", "ro"]],
    [needsPerl, ["--workspace", "cow"]],
    [needsBubblewrap, ["--workspace", "ro", "--strategy", "bubblewrap"]],
    [needsBubblewrap, ["--workspace", "cow", "--strategy", "bubblewrap"]],
    [needsPodman, ["--workspace", "ro", "--strategy", "podman"]],
  ] as const)
    needed(`is never shown: ${words.join(" ")}`, async () => {
      const lines = await raceWithBoth(words);
      expect(lines.length % runs).toBe(0);
      expect(lines.filter((line) => !isShown(line) && !isRefused(line))).toEqual([]);
      expect({ shown: lines.some(isShown), refused: lines.some(isRefused) }).toEqual({ shown: true, refused: true });
    });
});
