/** Processes that stand for others of the caller's: that they go on is all that is asked of them. */
import { spawn, type ChildProcess } from "node:child_process";
import { copyFileSync, readFileSync } from "node:fs";
import { errnoOf } from "../../host/errno-of.ts";
import type { PlantedCanaries } from "./canary.ts";
import type { Hit } from "./hit.ts";

/** The state of a process (proc_pid_stat(5)): `Z` has ended, `T` was stopped; empty where there is none. */
function stateOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3);
  } catch (error) {
    errnoOf(error);
    return "";
  }
}

class Bystander {
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  readonly #canary: string;
  #told = "";

  constructor(canary: string, program: string, words: readonly string[] = []) {
    this.#canary = canary;
    this.#child = spawn(program, words, { stdio: ["pipe", "ignore", "ignore"], detached: true, env: {}, cwd: "/" });
    this.#closed = new Promise((resolve) => {
      this.#child.once("close", resolve);
      this.#child.once("error", resolve);
    });
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** What became of it, told once. */
  look(): Hit[] {
    const state = stateOf(this.pid);
    const what = state === "" || state === "Z" ? "it was ended" : state === "T" ? "it was stopped" : "";
    if (what === this.#told) return [];
    this.#told = what;
    return what === "" ? [] : [{ canary: this.#canary, text: what }];
  }

  async end(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#closed;
  }
}

/** One that looks after a job, one whose program an attack may want to write, and one in namespaces of its own. */
export function plantBystanders(program: string, directory: string): PlantedCanaries {
  const copy = `${directory}/bystander`;
  copyFileSync(program, copy);
  const supervisor = new Bystander("supervisor-pid", program);
  const executed = new Bystander("exe-pid", copy);
  const apart = new Bystander("apart-pid", program, ["--apart"]);
  const all = [supervisor, executed, apart];
  return {
    keys: {
      "supervisor-pid": String(supervisor.pid),
      "exe-pid": String(executed.pid),
      "exe-file": copy,
      "apart-pid": String(apart.pid),
    },
    tokens: [],
    absent: {},
    look: () => Promise.resolve(all.flatMap((bystander) => bystander.look())),
    remove: async () => {
      await Promise.all(all.map((bystander) => bystander.end()));
    },
  };
}
