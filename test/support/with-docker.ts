/** Runs a command beside a Docker daemon of its own, which every user of this machine may speak to. */
import { chmodSync } from "node:fs";
import { startDocker } from "./container-engines.ts";

const [program = "", ...rest] = process.argv.slice(2);
await using docker = await startDocker("/usr");
chmodSync(docker.env.DOCKER_HOST.replace("unix://", ""), 0o666);
const child = Bun.spawn([program, ...rest], {
  env: { ...process.env, ...docker.env },
  stdin: "ignore",
  stdout: "inherit",
  stderr: "inherit",
});
process.exitCode = await child.exited;
