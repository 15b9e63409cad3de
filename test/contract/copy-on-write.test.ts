/** Strategy `namespaces` and copy-on-write workspaces. */
import { expect, test } from "bun:test";
import type { Standings } from "../../src/model/capability.ts";
import type { GuaranteeDecision } from "../../src/model/guarantee.ts";
import namespaces from "../../src/strategies/namespaces.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import { except, rootEverything, userEverything } from "../fixtures/matrices/standings.ts";

const workspace = { mode: "cow", path: "/w", isStated: true, manner: "overlay", ignore: [], apply: "never" } as const;

function decide(standings: Standings, id: string, parts: object): GuaranteeDecision | undefined {
  const job = jobOf({ workspace: { ...workspace, ...parts } });
  return namespaces.guarantees(job, standings).find((one) => one.id === id);
}

test("of a job with a copy-on-write workspace say how it is made", () => {
  const mechanism = (standings: Standings, parts: object = {}): unknown => {
    const found = decide(standings, "fs.workspace", parts);
    return found?.kept === true ? [found.mechanism, ...found.capabilities.slice(4)] : found;
  };
  const overlay = "an overlay: what the job changes goes to a layer, which the caller may apply";
  const copy = "the job has a copy of it, whose changes the caller may apply";
  const none = "nothing of the workspace is writable";
  expect(mechanism(rootEverything)).toEqual([overlay, "mount.overlay", "mount.idmap"]);
  expect(mechanism(userEverything)).toEqual([overlay, "mount.overlay-user"]);
  expect(mechanism(userEverything, { manner: "copy" })).toEqual([copy]);
  const without = except(userEverything, "absent", "mount.overlay-user");
  expect(mechanism(without)).toEqual([copy]);
  expect(mechanism(without, { isStated: false })).toEqual([none]);
  const disk = (standings: Standings, parts: object): boolean | undefined =>
    decide(standings, "limit.disk", parts)?.kept;
  expect([disk(userEverything, {}), disk(without, {}), disk(without, { isStated: false })]).toEqual([
    false,
    false,
    true,
  ]);
});
