import { describe, expect, test } from "bun:test";
import type { CauseCode, Ending, OutcomeStatus } from "../../src/model/ending.ts";
import { judgeSelfTestJob, selfTestCommand, type SelfTestSeen } from "../../src/verify/judge-self-test.ts";
import { execute } from "../support/execute.ts";
import { makeTempDir } from "../support/temp-dir.ts";

const words = { input: "in", granted: "given", secret: "hidden" };

function ending(status: OutcomeStatus, code: CauseCode, summary: string, exit?: number): Ending {
  return { status, cause: { code, summary, evidence: [] }, code: exit };
}

const exited = (code: number): Ending => ending("nonzero", "exit", "", code);
const seen: SelfTestSeen = {
  ending: exited(7),
  stdout: "input in\ngranted given\nsecret \n",
  stderr: "errors in\n",
};
const leaky = { ...seen, stdout: seen.stdout.replace("secret ", "secret hidden") };

describe("judgeSelfTestJob", () => {
  test("passes what did as it was told, and says whether the secret was kept", () => {
    const ran = "one job ran: both outputs, input and exit code arrived; a file that was not granted";
    expect(judgeSelfTestJob(seen, words, true)).toEqual({ result: "passed", summary: `${ran} could not be read` });
    const summary = `${ran} was read, which this strategy does not prevent`;
    expect(judgeSelfTestJob(leaky, words, false)).toEqual({ result: "passed", summary });
  });

  test.each([
    ["the job read a file that was not granted", leaky],
    ["it exited with 7, and 0 arrived", { ...seen, ending: exited(0) }],
    [
      "the job's end was setup-failed: no launcher",
      { ...seen, ending: ending("setup-failed", "set-up", "no launcher") },
    ],
    ["the job's end was signalled: by SIGSYS", { ...seen, ending: ending("signalled", "signal", "by SIGSYS") }],
    ["what was written to its standard input did not arrive", { ...seen, stdout: "input \ngranted given\nsecret \n" }],
    ["it could not read a file that was granted", { ...seen, stdout: "input in\ngranted \nsecret \n" }],
    ["its standard error did not arrive as it was written", { ...seen, stderr: "" }],
    ["its standard output did not arrive as it was written", { ...seen, stdout: `${seen.stdout}more\n` }],
  ] satisfies [string, SelfTestSeen][])("fails: %s", (summary, what) =>
    expect(judgeSelfTestJob(what, words, true)).toEqual({ result: "failed", summary }),
  );

  test.each([
    [
      ending("setup-failed", "program-not-found", "/bin/sh: not found"),
      "there is no shell to try it with: /bin/sh: not found",
    ],
    [ending("timeout-wall", "wall-time", ""), "the job did not end in time"],
  ] satisfies [Ending, string][])("cannot tell: %p", (end, summary) =>
    expect(judgeSelfTestJob({ ...seen, ending: end }, words, true)).toEqual({ result: "unknown", summary }),
  );
});

test("the job does as it is told, whether or not it can read the secret", async () => {
  using directory = makeTempDir();
  const granted = directory.file("granted", "given\n");
  const secret = directory.file("secret", "hidden\n");
  const options = { stdin: Buffer.from("in\n"), env: {} };
  const run = async (path: string): Promise<SelfTestSeen> => {
    const { code, stdout, stderr } = await execute([...selfTestCommand(granted, path)], options);
    return { ending: exited(code ?? -1), stdout, stderr };
  };
  expect(await run(directory.at("missing"))).toEqual(seen);
  expect(await run(secret)).toEqual(leaky);
});
