/** Plants every canary for one round of attacks. */
import { plantBystanders } from "./bystander.ts";
import type { PlantedCanaries } from "./canary.ts";
import { plantFiles, type PlantedFiles, type WorkspaceUse } from "./files.ts";
import type { Hit } from "./hit.ts";
import { findHostAddresses } from "./host-address.ts";
import { plantKnocker } from "./knocker.ts";
import { watchSettings } from "./settings.ts";
import { plantVictim } from "./victim.ts";

/** All canaries together. */
export type Canaries = PlantedCanaries & Pick<PlantedFiles, "workspace" | "openFile" | "places">;

/** Where to plant. */
export interface CanaryOrder {
  /** The victim, as it is executed. */
  readonly victimProgram: string;
  readonly home: string | undefined;
  readonly workspaceUse: WorkspaceUse;
}

async function plantOthers(files: PlantedFiles, program: string, planted: PlantedCanaries[]): Promise<void> {
  const directory = `${files.directory}/secret`;
  planted.push(await plantVictim({ program, directory, file: files.openFile }));
  planted.push(plantBystanders(program, directory), await plantKnocker(), watchSettings());
}

async function removeAll(planted: readonly PlantedCanaries[]): Promise<void> {
  for (const canaries of planted.toReversed()) await canaries.remove();
}

/** @throws CupelError `set-up`, or the runtime's error where there is no room for files. */
export async function plantCanaries({ victimProgram, home, workspaceUse }: CanaryOrder): Promise<Canaries> {
  const files = plantFiles(home, workspaceUse);
  const planted: PlantedCanaries[] = [files];
  try {
    await plantOthers(files, victimProgram, planted);
  } catch (error) {
    await removeAll(planted);
    throw error;
  }
  return {
    workspace: files.workspace,
    openFile: files.openFile,
    places: files.places,
    keys: Object.assign({ ...findHostAddresses() }, ...planted.map(({ keys }) => keys)),
    tokens: planted.flatMap(({ tokens }) => tokens),
    absent: Object.assign({}, ...planted.map(({ absent }) => absent)),
    look: async () => {
      const hits: Hit[] = [];
      for (const canaries of planted) hits.push(...(await canaries.look()));
      return hits;
    },
    remove: () => removeAll(planted),
  };
}
