/** The doctor looks and leaves: run often, or killed at any moment, it changes nothing but its own report. */
import { describe, expect, test } from "bun:test";
import { lstatSync, readdirSync } from "node:fs";
import { execute } from "../support/execute.ts";
import { needs } from "../support/must-work.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { callers, isRoot } from "../support/tester.ts";
import {
  cupelControlGroups,
  mountLines,
  noneBut,
  processesFrom,
  sharedObjects,
  temporaryFiles,
} from "../support/traces.ts";

const cupel = installCupel();

/** How often, for each caller; a soak sets it to hundreds. */
const rounds = Number(process.env["CUPEL_DOCTOR_ROUNDS"] ?? 5);

/** Names, kinds, sizes and times of everything below: what a change of any file shows in. */
function fingerprint(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .map((name) => {
      const { mode, size, mtimeMs, ctimeMs } = lstatSync(`${directory}/${name}`);
      return [name, mode, size, mtimeMs, ctimeMs].join(" ");
    })
    .toSorted();
}

/** Everything that a doctor could change, but its state. */
function look(...directories: readonly string[]): Record<string, unknown> {
  return {
    files: directories.map(fingerprint),
    shared: sharedObjects(),
    root: readdirSync("/").map((name) => `${name} ${lstatSync("/").mtimeMs}`),
    // Other tests have directories there meanwhile.
    memory: readdirSync("/dev/shm").filter((name) => !name.startsWith("cupel-test-")),
  };
}

function places(home: TempDir): [string, string] {
  const project = home.folder("project");
  home.file("project/file", "text");
  home.file(".profile", "text");
  return [project, home.path];
}

const ownNames = /^((report|verdict)\.json|(launcher|prober)-[0-9a-f]{16}|root|engines)$/;

describe.each(callers)("a doctor called by $name", (caller) => {
  const call = (home: TempDir, state: TempDir) => ({
    cwd: home.at("project"),
    env: { HOME: home.path, XDG_STATE_HOME: state.path },
  });

  test(
    `${rounds} times leaves nothing, and every report says the same`,
    async () => {
      using home = makeTempDir({ owner: caller });
      using state = makeTempDir({ owner: caller });
      const before = [look(...places(home)), cupelControlGroups(), temporaryFiles(), mountLines()] as const;
      const seen = new Map<string, Set<string>>();
      for (let round = 0; round < rounds; round++) {
        const { code, stdout } = await cupel.run(caller, ["doctor", "--json"], call(home, state));
        expect(code).toBe(0);
        const { capabilities } = JSON.parse(stdout) as { capabilities: { id: string; state: string }[] };
        for (const { id, state: found } of capabilities) seen.set(id, (seen.get(id) ?? new Set()).add(found));
      }
      expect(look(home.at("project"), home.path)).toEqual(before[0]);
      await noneBut(before[3], mountLines);
      await noneBut(before[1], cupelControlGroups);
      await noneBut(before[2], temporaryFiles);
      expect(processesFrom(state.path)).toEqual([]);
      expect(readdirSync(state.at("cupel")).filter((name) => !ownNames.test(name))).toEqual([]);
      expect([...seen].filter(([, { size }]) => size > 1)).toEqual([]);
    },
    20_000 + rounds * 3000,
  );

  test(
    `killed ${rounds} times at any moment leaves nothing behind the next one`,
    async () => {
      using home = makeTempDir({ owner: caller });
      using state = makeTempDir({ owner: caller });
      const before = [look(...places(home)), cupelControlGroups(), temporaryFiles(), mountLines()] as const;
      for (let round = 0; round < rounds; round++) {
        await using running = cupel.start(caller, ["doctor"], call(home, state));
        await Bun.sleep(Math.random() * 250);
        running.kill("SIGKILL");
        await running.ended;
      }
      await noneBut([], () => processesFrom(state.path).map(String));
      await cupel.run(caller, ["doctor"], call(home, state));
      expect(look(home.at("project"), home.path)).toEqual(before[0]);
      await noneBut(before[3], mountLines);
      await noneBut(before[1], cupelControlGroups);
      await noneBut(before[2], temporaryFiles);
      // What was being written is removed once it is old: see saved-report.ts.
      const left = readdirSync(state.at("cupel")).map((name) => name.replace(/\.\d+$/, ""));
      expect(left.filter((name) => !ownNames.test(name))).toEqual([]);
    },
    20_000 + rounds * 3000,
  );
});

needs(isRoot, "only root has a network namespace that is watched from inside")(
  "a doctor makes no link in the network that it finds, not even for a moment",
  async () => {
    using state = makeTempDir();
    const script = [
      `ip -o monitor link >> "$SEEN" & sleep 0.3`,
      `ip link set lo up; sleep 0.3; echo ---- >> "$SEEN"`,
      `"${cupel.path}" doctor > /dev/null; sleep 0.3; kill $!; cat "$SEEN"`,
    ].join("\n");
    const env = { PATH: process.env["PATH"] ?? "", XDG_STATE_HOME: state.path, SEEN: state.at("seen") };
    const { stdout } = await execute(["unshare", "--net", "--", "sh", "-c", script], { cwd: "/", env });
    const [control, seen] = stdout.split("----\n");
    expect(control).toContain(": lo: ");
    expect(seen).toBe("");
  },
);
