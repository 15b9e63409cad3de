/** Why bubblewrap could not make a sandbox: what it says, taken to the judges that tell why cupel's launcher could not. */
import type { Finding } from "../model/capability.ts";
import { engineFailed, type EngineRun } from "./_isolation.ts";
import { judgeStep } from "./_judge-rehearsal.ts";
import type { ProbeContext } from "./_probe.ts";
import { complaint } from "./_program.ts";

/** What strerror(3) says in the C locale, as far as a sandbox meets it. */
const errnosByText: readonly (readonly [RegExp, string])[] = [
  [/Operation not permitted|No permissions to creat/i, "EPERM"],
  [/Permission denied/i, "EACCES"],
  [/No space left on device/i, "ENOSPC"],
  [/Invalid argument/i, "EINVAL"],
  [/Function not implemented/i, "ENOSYS"],
];

/** Messages of bubblewrap.c and network.c, as the launcher calls the same step. */
const stepsByText: readonly (readonly [RegExp, string])[] = [
  [/mount proc/i, "mount-proc"],
  [/uid map|gid map|setgroups/i, "map-ids"],
  [/loopback|RTM_/i, "loopback"],
  [/make \/ slave|mount .*private/i, "mount-private"],
  [/pivot/i, "pivot-root"],
  [/mount tmpfs/i, "mount-tmpfs"],
  [/namespace/i, "user-namespace"],
];

/** The step and errno that a message of bubblewrap's is about; undefined for any other. Pure. */
export function parseBubblewrapComplaint(text: string): { readonly step: string; readonly errno: string } | undefined {
  const step = stepsByText.find(([pattern]) => pattern.test(text))?.[1];
  const errno = errnosByText.find(([pattern]) => pattern.test(text))?.[1];
  return step === undefined || errno === undefined ? undefined : { step, errno };
}

/** The finding: with the causes that the facts of this host show, or with what bubblewrap said alone. */
export async function judgeBubblewrapFailure(context: ProbeContext, run: EngineRun): Promise<Finding> {
  const said = complaint(run.result);
  const failure = parseBubblewrapComplaint(said);
  const plain = engineFailed(run);
  if (failure === undefined) return plain;
  const judged = await judgeStep(context, failure, plain.evidence);
  if (judged.blockers.every(({ code }) => code === "unknown")) {
    return { ...plain, evidence: judged.evidence, ruledOut: judged.ruledOut };
  }
  const causes = judged.blockers.map(({ detail }) => detail).join("; ");
  return { ...judged, state: "blocked", summary: `${said}: ${causes}` };
}
