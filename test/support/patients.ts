/** Hosts that a remedy is tried on: probed, changed by the lines that it prints, probed again. */
import { expect } from "bun:test";
import { underConditions, type Condition, type ConditionWith } from "./condition.ts";
import type { ContainerEngine } from "./container-engines.ts";
import { execute, type Ran } from "./execute.ts";
import { holdConditions, type HeldNamespace } from "./held-conditions.ts";
import type { Findings } from "./reported-findings.ts";
import { strangerId, type Stage } from "./run-real-probes.ts";

/** A host that can be probed and changed. */
export interface Patient extends AsyncDisposable {
  probe(ids: readonly string[]): Promise<Findings>;
  /** Runs lines as they are printed, and takes flags over. */
  apply(lines: readonly string[], flags: readonly string[]): Promise<void>;
}

/** Namespaces in which a condition holds for as long as the patient lives; root there is who applies. */
export async function makeHere(
  stage: Stage,
  conditions: readonly (Condition | ConditionWith)[],
  namespaces: readonly HeldNamespace[],
  path = process.env["PATH"] ?? "",
): Promise<Patient> {
  const { enter, ...held } = await holdConditions(conditions, namespaces);
  const env = { PATH: path };
  return {
    probe: async (ids) => {
      const words = [stage.bun, stage.script, stage.directory.at("user"), ...ids];
      return read(await execute([...enter, ...underConditions([{ "as-user": strangerId }], words)], { cwd: "/", env }));
    },
    apply: async (lines) => {
      const ran = await execute([...enter, "sh", "-euc", `sudo() { "$@"; }\n${lines.join("\n")}`], { cwd: "/", env });
      expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: "" });
    },
    ...held,
  };
}

function read(ran: Ran): Findings {
  if (ran.code !== 0) throw new Error(`the probes ended with ${String(ran.code)}: ${ran.stderr}`);
  return JSON.parse(ran.stdout) as Findings;
}

/** How a container is started, and the cupel that its flags' files are made with. */
export interface ContainerStart {
  readonly uid: number;
  readonly flags: readonly string[];
  readonly cupel: string;
}

/** A container for each look; what is applied are files and flags for the next one. */
export function makeContainer(stage: Stage, engine: ContainerEngine, { uid, flags, cupel }: ContainerStart): Patient {
  const all = [...flags, "--user", `${uid}:${uid}`];
  const directory = stage.directory.folder(`files-${Bun.randomUUIDv7()}`);
  const place = stage.directory.at(uid === 0 ? "root" : "user");
  return {
    probe: async (ids) => read(await engine.run(all, [stage.bun, stage.script, place, ...ids], directory)),
    apply: async (lines, added) => {
      const script = [`cupel() { ${cupel} "$@"; }`, ...lines].join("\n");
      expect(await execute(["sh", "-euc", script], { cwd: directory })).toMatchObject({ code: 0, stderr: "" });
      all.push(...added.flatMap((flag) => flag.split(" ")));
    },
    [Symbol.asyncDispose]: async () => {},
  };
}
