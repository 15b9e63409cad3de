/** A process that stands for others of the caller's: that it goes on is all that is asked of it. */
import { spawn } from "node:child_process";
import { copyFileSync } from "node:fs";
import type { PlantedCanaries } from "./canary.ts";

/** Two of them: one that looks after a job, and one whose program an attack may want to write. */
export function plantBystanders(program: string, directory: string): PlantedCanaries {
  const copy = `${directory}/bystander`;
  copyFileSync(program, copy);
  const start = (path: string): ReturnType<typeof spawn> =>
    spawn(path, [], { stdio: ["pipe", "ignore", "ignore"], detached: true, env: {}, cwd: "/" });
  const bystanders = { "supervisor-pid": start(program), "exe-pid": start(copy) } as const;
  const all = Object.entries(bystanders);
  const ended = new Set<string>();
  for (const [key, child] of all) {
    child.on("error", () => ended.add(key));
    child.on("exit", () => ended.add(key));
  }
  return {
    keys: {
      "supervisor-pid": String(bystanders["supervisor-pid"].pid ?? ""),
      "exe-pid": String(bystanders["exe-pid"].pid ?? ""),
      "exe-file": copy,
    },
    tokens: [],
    absent: {},
    look: () => Promise.resolve([...ended].map((canary) => ({ canary, text: "it was ended" }))),
    remove: async () => {
      for (const [key, child] of all) {
        if (ended.has(key)) continue;
        const end = new Promise((resolve) => child.once("close", resolve));
        child.kill("SIGKILL");
        await end;
      }
    },
  };
}
