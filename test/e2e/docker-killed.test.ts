/** What Docker is left with where all of cupel was killed at once. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  findDockerChain,
  findJobs,
  placesIn,
  seeJob,
  startOpenDaemon,
  type OpenDaemon,
} from "../support/engine-jobs.ts";
import { freshMark, isAlive } from "../support/processes.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers } from "../support/tester.ts";
import { until } from "../support/until.ts";

const cupel = installCupel();
const inDocker = ["run", "--strategy", "docker", "--workspace", "none"];

let docker: OpenDaemon;
beforeAll(async () => {
  docker = await startOpenDaemon();
});
afterAll(() => docker[Symbol.asyncDispose]());

describe.each(callers)("a job of $name", (caller) => {
  test.each(["the next job", "cupel clean"])(
    "whose cupel is killed as a whole leaves nothing that %s does not take away",
    async (by) => {
      using state = makeTempDir({ owner: caller });
      const mark = freshMark();
      const env = { ...docker.env, XDG_STATE_HOME: state.at("state") };
      await using running = cupel.start(caller, [...inDocker, "--", "sleep", mark], { env });
      const { cupel: own, launcher, keeper, client } = await seeJob(running, mark, findDockerChain);
      const all = [own, launcher, keeper, client];
      for (const pid of all) process.kill(pid, "SIGKILL");
      // A process that is killed is there until the kernel has taken its memory away.
      await until("they are gone, and the job", () => !all.some(isAlive) && findJobs(mark).length === 0);
      const words = by === "cupel clean" ? ["clean"] : [...inDocker, "--", "true"];
      expect((await cupel.run(caller, words, { env })).code).toBe(0);
      const places = by === "the next job" ? placesIn(state) : [];
      expect({ ...(await docker.kept()), places }).toMatchObject({ images: ["tiny"], volumes: [], places: [] });
    },
  );
});
