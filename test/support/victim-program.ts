/** The victim of attacks, as it was built for this machine. */
import { join } from "node:path";
import { repositoryRoot } from "./compile-c.ts";

/** Its path. */
export const victimProgram = join(repositoryRoot, "dist/helpers", process.arch, "victim");
