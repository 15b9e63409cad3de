/** What the Docker client is told of its caller. Pure. */

import { engineVariables } from "./engine-variables.ts";

const names = ["HOME", ...engineVariables, "XDG_RUNTIME_DIR"];

/** The client's environment, of the caller's own: what it finds its engine by, and nothing else of the user's. */
export function dockerEnvironment(own: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept = names.flatMap((name) => (own[name] === undefined ? [] : [[name, own[name]] as const]));
  return { PATH: "/usr/local/bin:/usr/bin:/bin", LC_ALL: "C", ...Object.fromEntries(kept) };
}
