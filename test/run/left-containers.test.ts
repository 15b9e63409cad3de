import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import type { ProgramResult } from "../../src/host/host.ts";
import { createRealHost } from "../../src/host/real-host.ts";
import { exited } from "../support/fixture-host.ts";
import { closeScratch, openScratch } from "../../src/run/open-scratch.ts";
import { findLeftContainers, removalCalls, removeLeftContainers } from "../../src/run/left-containers.ts";
import { removeAbandoned } from "../../src/run/kept-layers.ts";
import { ownPlace } from "../../src/run/maker.ts";
import { makingName } from "../../src/run/run-id.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";

const uid = process.getuid?.() ?? 0;
/** More than any process has (PID_MAX_LIMIT, linux/threads.h). */
const left = `running-4194305-${ownPlace()}-abc`;
const live = makingName();

/** A state with a place of a cupel that is gone, one of this process's, and two that are none of Docker's. */
function makeState(mode = 0o700): TempDir {
  const state = makeTempDir({ mode, parent: "/var/tmp" });
  state.folder("layers", 0o700);
  for (const name of [left, live, "other"]) state.file(`layers/${name}/image.tar`);
  state.file(`layers/${left}def/containers.conf`);
  return state;
}

function namesIn(state: TempDir): string[] {
  return readdirSync(state.at("layers")).toSorted();
}

const all = [left, live, `${left}def`, "other"].toSorted();

describe("findLeftContainers", () => {
  test("goes by what a cupel that is gone had for Docker", () => {
    using state = makeState();
    expect(findLeftContainers([state.at("none"), state.path], uid)).toEqual([state.at(`layers/${left}`)]);
  });

  test("looks at nothing that others can have made", () => {
    using state = makeState(0o777);
    expect(findLeftContainers([state.path], uid)).toEqual([]);
  });
});

test("containers go before their images", () =>
  expect(removalCalls(["/state/a", "/state/b"])).toEqual([
    ["rm", "--force", "--volumes", "cupel-a", "cupel-b"],
    ["image", "rm", "cupel:a", "cupel:b"],
  ]));

/** Has them taken away by a client that answers so, and then always the last; gives its calls, and what is left. */
async function removeWith(state: TempDir, ...answers: readonly [ProgramResult, ...ProgramResult[]]) {
  const calls: unknown[][] = [];
  const run = (...words: readonly unknown[]): Promise<ProgramResult> => {
    calls.push([...words]);
    return Promise.resolve(answers[calls.length - 1] ?? (answers.at(-1) as ProgramResult));
  };
  const environment = { DOCKER_HOST: "unix:///run/docker.sock", SECRET: "any" };
  const host = { identity: createRealHost().identity, environment, run };
  const remaining = await removeLeftContainers(host, "/opt/docker", [state.path]);
  return { calls, remaining };
}

describe("removeLeftContainers", () => {
  test("tells the caller's client, and then the directory goes", async () => {
    using state = makeState();
    const { calls, remaining } = await removeWith(state, exited(0, "", ""));
    const options = {
      deadlineMs: 5000,
      environment: { PATH: "/usr/local/bin:/usr/bin:/bin", LC_ALL: "C", DOCKER_HOST: "unix:///run/docker.sock" },
    };
    const [containers, images] = removalCalls([left]);
    expect(calls).toEqual([
      ["/opt/docker", containers, options],
      ["/opt/docker", images, options],
    ]);
    expect([remaining, namesIn(state)]).toEqual([[], all.filter((name) => name !== left)]);
    expect((await removeWith(state, exited(0, "", ""))).calls).toEqual([]);
  });

  test("takes what is not there for what is away", async () => {
    using state = makeState();
    const busy = "Error response from daemon: removal of container cupel-b is already in progress";
    const said = `Error: No such container: cupel-a\n${busy}\nError response from daemon: No such image: cupel:a\n`;
    expect((await removeWith(state, exited(1, "", said))).remaining).toEqual([]);
    expect(namesIn(state)).toEqual(all.filter((name) => name !== left));
  });

  test("asks again for an image while a container that is on its way out has it", async () => {
    using state = makeState();
    const name = `cupel:${left}`;
    const held = `conflict: unable to remove repository reference "${name}" (must force) - container b is using it`;
    const { calls, remaining } = await removeWith(
      state,
      exited(1, "", "removal of container b is already in progress\n"),
      exited(1, "", `${held}\n`),
      exited(0, "", ""),
    );
    const [containers, images] = removalCalls([left]);
    expect([calls.map(([, words]) => words), remaining]).toEqual([[containers, images, images], []]);
  });

  test.each<[string, ProgramResult]>([
    ["does not do it", exited(1, "", "Error: No such container: a\nError response from daemon: conflict\n")],
    ["fails without a word", exited(1, "", "")],
    ["finds no daemon", exited(1, "", "Cannot connect to the Docker daemon at unix:///run/docker.sock.\n")],
    ["never ends", { status: "timeout", stdout: "", stderr: "", durationMs: 5000 }],
  ])("asks for no more of a client that %s, and keeps what tells of it", async (_, answer) => {
    using state = makeState();
    const { calls, remaining } = await removeWith(state, answer);
    expect([calls.length, remaining, namesIn(state)]).toEqual([1, [state.at(`layers/${left}`)], all]);
  });
});

test("nothing else of cupel's removes the directory", () => {
  using state = makeState();
  closeScratch(openScratch(undefined, [state.path], uid));
  expect(namesIn(state)).toEqual(all.filter((name) => name !== `${left}def`));
  removeAbandoned(state.path);
  expect(namesIn(state)).toEqual(all.filter((name) => name !== `${left}def`));
});
