import { expect, test } from "bun:test";
import type { Host } from "../../src/host/host.ts";
import { ownPlace } from "../../src/run/maker.ts";
import { findLeftContainers, removalCalls, removeLeftContainers } from "../../src/run/left-containers.ts";
import { makingName } from "../../src/run/run-id.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";

/** More than any process has (PID_MAX_LIMIT, linux/threads.h). */
const left = `running-4194305-${ownPlace()}-abc`;

/** A state with a place of a cupel that is gone, one of this process's, and two that are none of Docker's. */
function makeState(): TempDir {
  const state = makeTempDir();
  state.file(`layers/${left}/image.tar`);
  state.file(`layers/${makingName()}/image.tar`);
  state.file(`layers/${left}def/containers.conf`);
  state.file("layers/other/image.tar");
  return state;
}

test("what a cupel that is gone had for Docker tells what may be left", () => {
  using state = makeState();
  expect(findLeftContainers([state.at("none"), state.path])).toEqual([left]);
});

test("containers go before their images, and nobody is asked where there are none", () =>
  expect([removalCalls(["a", "b"]), removalCalls([])]).toEqual([
    [
      ["rm", "--force", "--volumes", "cupel-a", "cupel-b"],
      ["image", "rm", "--force", "cupel:a", "cupel:b"],
    ],
    [],
  ]));

test("the caller's client is told so, and where there is no client nobody is", async () => {
  using state = makeState();
  const called: unknown[] = [];
  const host = (clients: readonly string[]): Host =>
    ({
      environment: { DOCKER_HOST: "unix:///run/docker.sock", SECRET: "any" },
      findPrograms: () => clients,
      run: (...words: readonly unknown[]) => {
        called.push(words);
        return Promise.resolve({ status: "not-started" });
      },
    }) as unknown as Host;
  await removeLeftContainers(host([]), [state.path]);
  await removeLeftContainers(host(["/opt/docker", "/usr/bin/docker"]), [state.path]);
  const options = {
    deadlineMs: 10_000,
    environment: { PATH: "/usr/local/bin:/usr/bin:/bin", LC_ALL: "C", DOCKER_HOST: "unix:///run/docker.sock" },
  };
  expect(called).toEqual([
    ["/opt/docker", ["rm", "--force", "--volumes", `cupel-${left}`], options],
    ["/opt/docker", ["image", "rm", "--force", `cupel:${left}`], options],
  ]);
});
