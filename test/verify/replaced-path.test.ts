import { expect, test } from "bun:test";
import { existsSync, lstatSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { errnoOf } from "../../src/host/errno-of.ts";
import { overManyTurns, whileReplaced } from "../../src/verify/replaced-path.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";

test("a directory is at its path at first and in the end, and meanwhile also what a link leads to", async () => {
  using directory = makeTempDir();
  directory.file("own/file", "own");
  directory.file("other/file", "other");
  const seen: string[] = [];
  const look = (): void => {
    try {
      seen.push(readFileSync(directory.at("own/file"), "utf8"));
    } catch {
      // It is on its way.
    }
  };
  const result = await whileReplaced(directory.at("own"), directory.at("other"), async () => {
    look();
    await until("both were seen", () => {
      look();
      return new Set(seen).size > 1;
    });
    return "done";
  });
  expect([result, seen[0], new Set(seen)]).toEqual(["done", "own", new Set(["own", "other"])]);
  expect(readdirSync(directory.path).toSorted()).toEqual(["other", "own"]);
  expect(readFileSync(directory.at("own/file"), "utf8")).toBe("own");
});

test("whoever makes something at the path meanwhile stops nothing", async () => {
  using directory = makeTempDir();
  directory.file("own/file", "own");
  directory.folder("other");
  // Ends when what it made was moved aside.
  const making = 'my $p = shift; until (glob "$p.aside-*") { mkdir $p; mkdir "$p/made" }';
  await whileReplaced(directory.at("own"), directory.at("other"), async () => {
    await Bun.spawn(["perl", "-e", making, directory.at("own")], { timeout: 60_000 }).exited;
  });
  expect(readdirSync(directory.path).filter((name) => name.startsWith("own.aside-"))).not.toBeEmpty();
  expect(readFileSync(directory.at("own/file"), "utf8")).toBe("own");
});

test("whoever takes away what lies beside the path stops nothing, where it is away in another place", async () => {
  using directory = makeTempDir();
  directory.file("place/own/file", "own");
  directory.folder("other");
  const act = async (): Promise<void> => {
    const beside = (): string[] => readdirSync(directory.at("place")).filter((name) => name !== "own");
    const endMs = performance.now() + 100;
    while (performance.now() < endMs) {
      for (const name of beside()) rmSync(directory.at(`place/${name}`), { recursive: true, force: true });
      await Bun.sleep(0);
    }
  };
  await whileReplaced(directory.at("place/own"), directory.at("other"), act, directory.at("away"));
  expect(readFileSync(directory.at("place/own/file"), "utf8")).toBe("own");
  expect(readdirSync(directory.path).toSorted()).toEqual(["other", "place"]);
});

test("whoever takes the directory itself away stops nothing, and another one comes in its place", async () => {
  using directory = makeTempDir();
  directory.file("own/file", "own");
  directory.folder("other");
  const act = async (): Promise<void> => {
    const [here, away] = [directory.at("own"), directory.at("away")];
    const isIn = (path: string): boolean => existsSync(`${path}/file`);
    // Only once it was replaced: until then there has to be one.
    await until("it was", () => isIn(away));
    await until("it is gone", () => {
      if (lstatSync(here, { throwIfNoEntry: false })?.isDirectory() === true)
        rmSync(here, { recursive: true, force: true });
      return !isIn(away) && !isIn(here) && !isIn(away);
    });
    await Bun.sleep(30);
  };
  await whileReplaced(directory.at("own"), directory.at("other"), act, directory.at("away"));
  expect(readdirSync(directory.path).toSorted()).toEqual(["other", "own"]);
  expect(readdirSync(directory.at("own"))).toEqual([]);
});

test("what failed is told when all is over", async () => {
  using directory = makeTempDir();
  const state = { isOver: false };
  const act = async (): Promise<void> => {
    await Bun.sleep(20);
    state.isOver = true;
  };
  const failed = whileReplaced(directory.at("nowhere"), directory.path, act);
  expect(await failed.catch((error: unknown) => errnoOf(error))).toBe("ENOENT");
  expect(state).toEqual({ isOver: true });
});

test("a shell does it again and again, and ends well whatever comes of it", () => {
  using directory = makeTempDir();
  const act = `printf . ; true >${directory.at("nowhere/file")}`;
  const shell = Bun.spawnSync(["/bin/sh", "-c", overManyTurns(act)]);
  expect([shell.stdout.toString(), shell.exitCode]).toEqual([".".repeat(20), 0]);
});
