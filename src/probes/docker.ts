/** Docker: whether an engine answers, on which machine, to whom, and what a container of its making keeps. */
import { dockerEnvironment } from "../launch/docker-environment.ts";
import type { Finding } from "../model/capability.ts";
import { findingsFor, onLinux } from "./_elsewhere.ts";
import { judgeEngine } from "./_docker-engine.ts";
import { findEndpoint, judgeSilence } from "./_docker-endpoint.ts";
import { runDockerContainer } from "./_docker-run.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { askVersion, behind, describeEnd, findProgram, installed } from "./_program.ts";

const ids = ["program.docker", "docker.engine", "docker.run"] as const;

const deadlineMs = 5000;

async function run(context: ProbeContext) {
  const { host, helpers } = context;
  const version = await askVersion(host, findProgram(host, "docker"));
  if (!version.ok) return findingsFor(ids, () => version.finding);
  const program = installed(version, "docker.engine and docker.run");
  const client = { path: version.path, environment: dockerEnvironment(host.environment) };
  const endpoint = await findEndpoint(context, client);
  if ("finding" in endpoint) return { "program.docker": program, ...bothFrom(endpoint.finding) };
  const result = await helpers.keep(client.path, ["info", "--format", "{{json .}}"], {
    deadlineMs,
    environment: client.environment,
  });
  if (result.status !== "exited") {
    const evidence = [...endpoint.evidence, { action: "docker info", result: describeEnd(result) }];
    const summary = `the engine at ${endpoint.socket} did not answer: ${describeEnd(result)}`;
    return {
      "program.docker": program,
      ...bothFrom(finding({ state: "unknown", level: "inferred", summary, evidence })),
    };
  }
  const judged = judgeEngine(context, result, endpoint);
  if (judged === undefined) return { "program.docker": program, ...bothFrom(judgeSilence(host, result, endpoint)) };
  const ran = judged.finding.state === "works" ? await runDockerContainer(context, client, judged.info) : undefined;
  return { "program.docker": program, "docker.engine": judged.finding, "docker.run": ran ?? behind(judged.finding) };
}

function bothFrom(engine: Finding): { "docker.engine": Finding; "docker.run": Finding } {
  return { "docker.engine": engine, "docker.run": behind(engine) };
}

/** Probe `docker`. */
export default defineProbe({
  id: "docker",
  area: "programs",
  capabilities: {
    "program.docker": "Docker client",
    "docker.engine": "Docker engine",
    "docker.run": "A container by Docker",
  },
  pace: "slow",
  deadlineMs: 31_000,
  run: onLinux(ids, run),
});
