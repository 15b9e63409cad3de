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
import { execute } from "../support/execute.ts";
import { ownPlace } from "../../src/run/maker.ts";
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

/** More than any process has (PID_MAX_LIMIT, linux/threads.h). */
const left = `running-4194305-${ownPlace()}-abc`;
const shown = ["/bin", "/lib", "/lib64", "/usr"].map((path) => `--volume=${path}:${path}:ro`);

test.each(callers)(
  "an image of $name's that a container still has keeps its name until that is gone",
  async (caller) => {
    using state = makeTempDir({ owner: caller });
    const env = { ...docker.env, XDG_STATE_HOME: state.at("state") };
    const told = `state/cupel/layers/${left}`;
    await execute([...caller.prefix, "mkdir", "-p", "-m", "700", state.at("state/cupel/layers")]);
    await execute([...caller.prefix, "tar", "-C", state.path, "-cf", state.at("image.tar"), "state"]);
    await execute([...caller.prefix, "install", "-D", state.at("image.tar"), state.at(`${told}/image.tar`)]);
    const ask = (...words: readonly string[]) => execute(["docker", "--host", docker.env.DOCKER_HOST, ...words]);
    await ask("import", state.at("image.tar"), `cupel:${left}`);
    await ask("run", "--detach", "--rm", "--network=none", "--name=held", ...shown, `cupel:${left}`, "sleep", "600");
    const look = async () => ({
      code: (await cupel.run(caller, ["clean"], { env })).code,
      images: (await ask("image", "ls", "--all", "--format", "{{.Repository}}:{{.Tag}}")).stdout.trim().split("\n"),
      places: placesIn(state),
    });
    const tiny = "tiny:latest";
    expect(await look()).toEqual({ code: 0, images: [`cupel:${left}`, tiny], places: [told] });
    await ask("rm", "--force", "held");
    expect(await look()).toEqual({ code: 0, images: [tiny], places: [] });
  },
);
