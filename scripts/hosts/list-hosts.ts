/** The lab's hosts: the files of test/hosts that are no tests. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../source/repository.ts";
import type { LabHost } from "./lab-host.ts";

/** Where they are, relative to the root. */
const hostsDirectory = "test/hosts";

/** Sorted. */
export function listHosts(root: string = repositoryRoot): string[] {
  const names = readdirSync(join(root, hostsDirectory)).filter(
    (name) => name.endsWith(".ts") && !name.endsWith(".test.ts"),
  );
  return names.map((name) => name.slice(0, -".ts".length)).toSorted();
}

/** The host of this name. @throws Error, if there is none. */
export async function loadHost(name: string, root: string = repositoryRoot): Promise<LabHost> {
  const all = listHosts(root);
  if (!all.includes(name)) throw new Error(`there is no host ${name}; there are ${all.join(", ")}`);
  const loaded = (await import(join(root, hostsDirectory, `${name}.ts`))) as { default: LabHost };
  return loaded.default;
}
