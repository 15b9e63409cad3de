/** A container by Docker, from an image that is there already: nothing is pulled, and no image is left. */
import type { Finding } from "../model/capability.ts";
import { containerName } from "./_container-name.ts";
import type { DockerClient } from "./_docker-endpoint.ts";
import { parseSecurityOptions, type DockerInfo } from "./_docker-engine.ts";
import { judgeEngineFailure } from "./_engine-failure.ts";
import { oneLine } from "./_host-text.ts";
import { judgeIsolation, lookOutside, type EngineRun } from "./_isolation.ts";
import { finding, type ProbeContext } from "./_probe.ts";
import { describeEnd, endedWell } from "./_program.ts";
import { valueAt, type Reading } from "./_steps.ts";

const deadlineMs = 8000;

/** Where the prober appears in the container, beside whatever the image holds. */
const programInside = "/.cupel-prober";

/** Runs the prober, mounted from here, in place of what the image would run. */
export async function runDockerContainer(
  context: ProbeContext,
  { path, environment }: DockerClient,
  info: DockerInfo,
): Promise<Finding> {
  const { helpers } = context;
  const listed = await helpers.keep(path, ["image", "ls", "--quiet", "--no-trunc"], { deadlineMs, environment });
  const image = endedWell(listed) ? /^sha256:[0-9a-f]{64}$/m.exec(listed.stdout)?.[0] : undefined;
  const action = "docker image ls";
  if (image === undefined) return notTried(action, endedWell(listed) ? "no image is here" : describeEnd(listed));
  const root = await helpers.root();
  if (!root.ok) return notTried("make a place for the prober", root.reason);
  const name = containerName();
  const flags = ["--rm", "--pull=never", "--network=none", "--read-only", "--cap-drop=ALL"];
  const safety = ["--security-opt=no-new-privileges", "--workdir=/", "--user=0"];
  const mount = `--mount=type=bind,readonly,source=${root.path}/prober,target=${programInside}`;
  const words = ["run", ...flags, ...safety, `--name=${name}`, mount, `--entrypoint=${programInside}`, image, "inside"];
  const [outside, result] = await Promise.all([
    lookOutside(context),
    helpers.keep(path, words, { deadlineMs, environment }),
  ]);
  if (!endedWell(result)) await helpers.keep(path, ["rm", "--force", name], { deadlineMs, environment });
  const options = parseSecurityOptions(info.SecurityOptions);
  const engine: EngineRun = {
    name: "docker",
    action: `docker run ${[...flags, ...safety].join(" ")} IMAGE prober`,
    result,
    namespaces: ["pid", "mount", "ipc", "uts", "network"],
    lacks: (inside) => findLack(inside, options.includes("seccomp")),
    evidence: [{ action, result: oneLine(image, 30) }],
    summary: () => "ran a container from an image that is here, without a network",
  };
  return judgeIsolation(engine, outside) ?? judgeEngineFailure(context, engine);
}

function notTried(action: string, result: string): Finding {
  const summary = `not tried: ${result}, and nothing is pulled or left for a probe`;
  return finding({ state: "unknown", level: "inferred", summary, evidence: [{ action, result }] });
}

function findLack(inside: Reading, hasFilter: boolean): string | undefined {
  if (valueAt(inside, "no-new-privs") !== 1) return "no_new_privs is not set";
  if (hasFilter && valueAt(inside, "seccomp-mode") !== 2) return "no system call filter is loaded";
  return valueAt(inside, "capabilities-effective") === 0 ? undefined : "capabilities are left";
}
