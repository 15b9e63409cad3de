/** Jobs by a daemon whose default runtime is another one than Docker's own. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startOpenDaemon, type OpenDaemon } from "../support/engine-jobs.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers } from "../support/tester.ts";

const cupel = installCupel();

let docker: OpenDaemon;
beforeAll(async () => {
  // By gVisor none of cupel's containers runs.
  docker = await startOpenDaemon(["--add-runtime=guarded=/usr/bin/runsc", "--default-runtime=guarded"]);
});
afterAll(() => docker[Symbol.asyncDispose]());

describe.each(callers)("called by $name", (caller) => {
  test("a job is run by runc, on the host's kernel", async () => {
    using state = makeTempDir({ owner: caller });
    const env = { ...docker.env, XDG_STATE_HOME: state.at("state") };
    const words = ["--strategy", "docker", "--workspace", "none", "--", "cat", "/proc/sys/kernel/osrelease"];
    const ran = await cupel.run(caller, ["run", ...words], { env });
    const outside = await cupel.outside(caller, ["cat", "/proc/sys/kernel/osrelease"]);
    expect(ran).toMatchObject({ code: 0, stdout: outside.stdout, stderr: "" });
    const script = await cupel.run(caller, ["plan", "--shell", ...words], { env });
    expect(script.stdout).toContain("--runtime=runc");
    const found = JSON.parse((await cupel.run(caller, ["doctor", "--json"], { env })).stdout) as {
      capabilities: { id: string; state: string; value?: string }[];
    };
    expect(found.capabilities.find(({ id }) => id === "docker.run")).toMatchObject({ state: "works", value: "runc" });
  });
});
