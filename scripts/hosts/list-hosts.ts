/** Names of the lab's hosts: the files of test/hosts that are no tests. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../source/repository.ts";

/** Where they are. */
export const hostsDirectory = join(repositoryRoot, "test/hosts");

/** Sorted. */
export function listHosts(): string[] {
  const names = readdirSync(hostsDirectory).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));
  return names.map((name) => name.slice(0, -".ts".length)).toSorted();
}
