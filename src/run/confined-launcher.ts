/** A resident launcher for jobs without a root of their own: each finds its directory as if nobody had been there. */
import { confinedStart } from "../launch/encode-confinement.ts";
import type { LaunchBinding } from "../launch/launch-binding.ts";
import { startResidentLauncher, type ResidentLauncher } from "../launch/resident-launcher.ts";
import type { HelperPlaces } from "../launch/start-launch.ts";
import type { ConfinementPlan, LauncherPlan } from "../model/plan.ts";
import { closeScratch, emptyScratch, openScratch } from "./open-scratch.ts";

/** The same launcher; its jobs run one after another, and the directory is gone when it is. */
function withScratch(
  launcher: ResidentLauncher,
  plan: LauncherPlan,
  { scratch }: ConfinementPlan,
  binding: LaunchBinding & { readonly scratch: string },
): ResidentLauncher {
  return {
    run: async (job) => {
      emptyScratch(binding.scratch, scratch);
      const { directory, environment } = confinedStart({ ...plan, environment: job.environment }, binding);
      return launcher.run({ ...job, directory, environment });
    },
    get isAlive() {
      return launcher.isAlive;
    },
    close: async () => {
      await launcher.close();
      closeScratch(binding.scratch);
    },
    kill: () => launcher.kill(),
    pid: launcher.pid,
  };
}

/** As {@link startResidentLauncher}, for a plan that confines. @throws CupelError `set-up`. */
export async function startConfinedLauncher(
  plan: LauncherPlan,
  confinement: ConfinementPlan,
  shared: LaunchBinding,
  places: HelperPlaces,
): Promise<ResidentLauncher | undefined> {
  const binding = { ...shared, scratch: openScratch(confinement.scratch, places.directories, places.uid) };
  let launcher: ResidentLauncher | undefined;
  try {
    launcher = await startResidentLauncher(plan, binding, places);
  } finally {
    if (launcher === undefined) closeScratch(binding.scratch);
  }
  return launcher === undefined ? undefined : withScratch(launcher, plan, confinement, binding);
}
