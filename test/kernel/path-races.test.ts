/** A process of the same user swaps paths for symlinks while sandboxes are built from them: none ever shows the target. */
import { describe, expect, test } from "bun:test";
import { readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { RootStep } from "../../src/model/root-step.ts";
import { compileC } from "../support/compile-c.ts";
import { start } from "../support/execute.ts";
import { launchProgram, type Launched } from "../support/launch-program.ts";
import { bindOf, sandboxPlan } from "../support/sandbox-plan.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";

const racer = compileC(join(import.meta.dir, "swap-paths.c"), { flags: ["-O1"] });
const launches = Number(process.env["RACED_LAUNCHES"] ?? 220);
const atOnce = 2;

/** Launches the same thing over and over while two names change places. */
async function raceLaunches(swapped: readonly [string, string], script: string, steps: readonly RootStep[]) {
  await using racing = start([racer, ...swapped]);
  await racing.wrote("swapping");
  const launched: Launched[] = [];
  const launchSome = async (): Promise<void> => {
    while (launched.length < launches) launched.push(await launchProgram(sandboxPlan(script, steps)));
  };
  await Promise.all(Array.from({ length: atOnce }, launchSome));
  return launched;
}

/** What came of each: what the job wrote, or the step that failed. */
function tally(launched: readonly Launched[]): Record<string, number> {
  const words = launched.map(({ events, stdout }) => {
    const failure = events.find((event) => event.event === "failed");
    return failure === undefined ? `wrote ${stdout.trim()}` : `${failure.step} ${failure.errno}`;
  });
  return Object.fromEntries(
    Map.groupBy(words, (word) => word)
      .entries()
      .map(([word, all]) => [word, all.length]),
  );
}

function makePlaces(): TempDir {
  const places = makeTempDir();
  places.file("secret/below/file", "secret");
  return places;
}

describe("while this changes places with a symlink or another directory:", () => {
  test("a component of a granted path", async () => {
    using places = makePlaces();
    places.file("granted/below/file", "public");
    symlinkSync(places.at("secret"), places.at("link"));
    const steps = [bindOf(places.at("granted/below"), "read", "/given")];
    const counts = tally(await raceLaunches([places.at("granted"), places.at("link")], "cat /given/file", steps));
    // Both were met, or it was no race.
    expect(Object.keys(counts).toSorted()).toEqual(["bind-source 40", "wrote public"]);
  });

  test("a granted directory itself", async () => {
    using places = makePlaces();
    places.file("granted/file", "public");
    symlinkSync(places.at("secret/below"), places.at("link"));
    const steps = [bindOf(places.at("granted"), "write", "/given")];
    const counts = tally(await raceLaunches([places.at("granted"), places.at("link")], "cat /given/file", steps));
    expect(Object.keys(counts).toSorted()).toEqual(["bind-source 40", "wrote public"]);
  });

  test("a mount point beneath a writable grant: nothing is mounted on it, or made in it", async () => {
    using places = makePlaces();
    places.file("granted/file", "public");
    places.folder("workspace/point");
    symlinkSync(places.at("secret"), places.at("workspace/link"));
    const [workspace, point] = [places.at("workspace"), places.at("workspace/point")];
    const steps = [bindOf(workspace, "write"), bindOf(places.at("granted"), "read", point)];
    const script = `cat ${point}/file ${workspace}/link/file 2>/dev/null | head -c 6`;
    const counts = tally(await raceLaunches([point, places.at("workspace/link")], script, steps));
    const known = ["mount-point 40", "wrote public", "wrote "];
    expect(Object.keys(counts).filter((word) => !known.includes(word))).toEqual([]);
    expect(counts).toMatchObject({ "mount-point 40": expect.any(Number), "wrote public": expect.any(Number) });
    expect(readdirSync(places.at("secret"))).toEqual(["below"]);
    expect(readdirSync(places.at("secret/below"))).toEqual(["file"]);
  });

  test("what is masked: it stays hidden under either name", async () => {
    using places = makeTempDir();
    places.file("workspace/state/file", "secret");
    symlinkSync("/usr", places.at("workspace/link"));
    const [workspace, state] = [places.at("workspace"), places.at("workspace/state")];
    const steps: RootStep[] = [bindOf(workspace, "read"), { step: "mask", destination: state }];
    // As often as it takes to meet the directory under both names.
    const script = `for i in 1 2 3 4 5 6 7 8; do cat ${state}/file ${workspace}/link/file; done 2>/dev/null; echo end`;
    const counts = tally(await raceLaunches([state, places.at("workspace/link")], script, steps));
    expect(Object.keys(counts).toSorted()).toEqual(["mask 40", "wrote end"]);
  });

  test("a masked directory that is another by now: the next mask is as empty as the first", async () => {
    using places = makeTempDir();
    places.file("workspace/state/file", "masked");
    places.file("workspace/other/file", "other");
    places.file("second/file", "masked as well");
    const [workspace, state, second] = [places.at("workspace"), places.at("workspace/state"), places.at("second")];
    const steps: RootStep[] = [
      bindOf(workspace, "read"),
      bindOf(second, "read"),
      { step: "mask", destination: state },
      { step: "mask", destination: second },
    ];
    const counts = tally(await raceLaunches([state, places.at("workspace/other")], `ls -A ${second}; echo end`, steps));
    expect(Object.keys(counts)).toEqual(["wrote end"]);
  });
});
