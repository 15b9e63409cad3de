/** The job of the self-test: what it is told to do, and whether it did that. Pure. */
import type { Ending } from "../model/ending.ts";
import type { SelfTestStep } from "../model/self-test.ts";

/** Words that nobody can guess, so that what is seen can only come from where it was put. */
export interface SelfTestWords {
  readonly input: string;
  readonly granted: string;
  readonly secret: string;
}

/** What was seen of the job. */
export interface SelfTestSeen {
  readonly ending: Ending;
  readonly stdout: string;
  readonly stderr: string;
}

/** What the job has to end with. */
export const selfTestExitCode = 7;

/** Built-in commands of sh(1) alone: the host may have no other program where the job looks. */
const script = `
IFS= read -r input; echo "input $input"
{ IFS= read -r granted < "$1"; } 2>/dev/null; echo "granted $granted"
{ IFS= read -r secret < "$2"; } 2>/dev/null; echo "secret $secret"
echo "errors $input" >&2
exit ${selfTestExitCode}
`;

/** The job's command: reads its input, a file that is granted and one that is not, writes to both outputs, and fails. */
export function selfTestCommand(grantedPath: string, secretPath: string): readonly [string, ...string[]] {
  return ["/bin/sh", "-c", script, "cupel-self-test", grantedPath, secretPath];
}

function failure({ ending, stdout, stderr }: SelfTestSeen, words: SelfTestWords): string | undefined {
  const lines = stdout.split("\n");
  const { status, cause, code } = ending;
  if (status === "setup-failed" || code === undefined) return `the job's end was ${status}: ${cause.summary}`;
  if (!lines.includes(`input ${words.input}`)) return "what was written to its standard input did not arrive";
  if (!lines.includes(`granted ${words.granted}`)) return "it could not read a file that was granted";
  if (stderr !== `errors ${words.input}\n`) return "its standard error did not arrive as it was written";
  if (code !== selfTestExitCode) return `it exited with ${selfTestExitCode}, and ${code} arrived`;
  return lines.length === 4 ? undefined : "its standard output did not arrive as it was written";
}

/** Judges it; `keepsFiles` is whether the strategy promises that only what is granted can be read (`fs.read`). */
export function judgeSelfTestJob(
  seen: SelfTestSeen,
  words: SelfTestWords,
  keepsFiles: boolean,
): Pick<SelfTestStep, "result" | "summary"> {
  const { status, cause } = seen.ending;
  if (cause.code === "program-not-found" || cause.code === "program-not-executable")
    return { result: "unknown", summary: `there is no shell to try it with: ${cause.summary}` };
  if (status === "timeout-wall") return { result: "unknown", summary: "the job did not end in time" };
  const isRead = seen.stdout.includes(words.secret);
  if (isRead && keepsFiles) return { result: "failed", summary: "the job read a file that was not granted" };
  const broken = failure(seen, words);
  if (broken !== undefined) return { result: "failed", summary: broken };
  const files = isRead
    ? "a file that was not granted was read, which this strategy does not prevent"
    : "a file that was not granted could not be read";
  return { result: "passed", summary: `one job ran: both outputs, input and exit code arrived; ${files}` };
}
