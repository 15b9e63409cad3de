/** Attacks by the host's side where nothing holds them back, and where nothing can be asked for. */
import { beforeAll, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { loadAttackHelpers } from "../../src/launch/attack-helpers.ts";
import type { SandboxWishes } from "../../src/verify/attack-spec.ts";
import { attemptHostAttack } from "../../src/verify/host-side.ts";
import { hostAttacks } from "../../src/verify/host-attacks.ts";
import type { HostFinding } from "../../src/verify/host-stage.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { victimProgram } from "../support/victim-program.ts";

beforeAll(loadAttackHelpers);

type Prefix = (wishes: SandboxWishes) => readonly string[] | undefined;

function attempt(id: string, home: string, prefix: Prefix): Promise<HostFinding> {
  const attack = hostAttacks.find((one) => one.id === id);
  if (attack === undefined) throw new Error(`there is no ${id}`);
  const environment = { PATH: "/usr/bin:/bin", HOME: home, XDG_STATE_HOME: home };
  const surroundings = { victimProgram, home, workspaceUse: "read", environment, hostFacts: {} } as const;
  return attemptHostAttack(attack, surroundings, (_program, wishes) => prefix(wishes));
}

const controlled = hostAttacks.filter(({ control }) => control.by !== "none").map(({ id }) => id);

/** What each comes to without a sandbox; numbers and places differ. */
const signs: Readonly<Record<string, RegExp>> = {
  B14: /^the job read it from its environment$/,
  E19: /^the job read it from its environment$/,
  C09: /^process \d+ \(stays\) outlived the job$/,
  D08: /^it did all that it had to do$/,
  D10: /^\d{7,} bytes of it arrived$/,
  D13: /^cupel-attack-D13-[0-9a-f]{8}-\d+ was left in the workspace$/,
  G01: /\/secret\/out\/deep was made: $/,
  G02: /^it read a file that lies in another directory$/,
  G03: /^(?:set-id has a set-ID bit|the link (?:link|direct) leads out)$/,
  G04: /\/secret\/out\/made-\d+ was made: $/,
};

describe("an attack by the host's side", () => {
  test.each(controlled)("%s gets through where nothing holds it back, and leaves nothing", async (id) => {
    using home = makeTempDir();
    const finding = await attempt(id, home.path, () => []);
    expect(finding).toEqual({ sign: expect.stringMatching(signs[id] ?? /^$/) });
    expect(readdirSync(home.path)).toEqual([]);
  });

  test.each(hostAttacks.map(({ id }) => id))("%s is not made where nobody can be asked for it", async (id) => {
    using home = makeTempDir();
    expect(await attempt(id, home.path, () => undefined)).toEqual({ failure: "it takes words of cupel's own" });
  });

  test("a sandbox that is slow to start its program is given time for it, and attacked", async () => {
    using home = makeTempDir();
    const slowly: Prefix = ({ timeoutMs = 0 }) => {
      return ["timeout", "-s", "KILL", `${timeoutMs / 1000}`, "/bin/sh", "-c", 'sleep 0.5; exec "$0" "$@"'];
    };
    const sign = expect.stringMatching(/^process \d+ \((?:stays|attacker)\) outlived the job$/);
    expect(await attempt("D08", home.path, slowly)).toEqual({ sign });
  });
});
