/** Jobs that may connect to listed destinations, and what their outcomes say of the network. */
import { readFileSync } from "node:fs";
import * as v from "valibot";
import { guaranteeIds } from "../../src/model/guarantee.ts";
import type { NetworkOutcome } from "../../src/model/denial.ts";
import type { Outcome } from "../../src/model/outcome.ts";
import { outcomeShape } from "../../src/run/outcome-shape.ts";
import type { Ran } from "./execute.ts";
import type { InstalledCupel } from "./run-cli.ts";
import { makeTempDir } from "./temp-dir.ts";
import type { Caller } from "./tester.ts";

/** Clients keep 127.0.0.1 and localhost to the job's own loopback, but for those of a test. */
export const throughProxy = ["--env", "no_proxy=", "--env", "NO_PROXY="];

/** Gives up whatever else a strategy does not keep. */
export const onlyTheList = ["--accept-missing", guaranteeIds.filter((id) => id !== "net.allowlist").join(",")];

/** The flags of a list. */
export const listing = (...rules: readonly string[]): string[] => rules.flatMap((rule) => ["--allow-host", rule]);

/** A job that has ended. */
export interface Seen {
  readonly ran: Ran;
  readonly network: NetworkOutcome | undefined;
}

/** Runs a job and reads what its outcome says of the network. */
export async function see(
  cupel: InstalledCupel,
  caller: Caller,
  flags: readonly string[],
  command: readonly string[],
  cwd?: string,
): Promise<Seen> {
  using directory = makeTempDir({ owner: caller });
  const path = directory.at("outcome.json");
  const ran = await cupel.run(
    caller,
    ["run", ...flags, "--result", path, "--", ...command],
    cwd === undefined ? {} : { cwd },
  );
  const outcome: Outcome = v.parse(outcomeShape, JSON.parse(readFileSync(path, "utf8")));
  return { ran, network: outcome.network };
}

/** Of a job that connected once. */
export const once: NetworkOutcome = { isCutOff: false, allowed: 1, denied: 0, denials: [] };
/** A job that said this and nothing else. */
export const ended = (stdout: string): Ran => ({ code: 0, signal: null, stdout, stderr: "" });
