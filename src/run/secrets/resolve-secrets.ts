/** The secrets that a request states, as far as they are part of a job: names, how each is given, and headers. Pure. */
import { CupelError } from "../../model/error.ts";
import { isWithin, type HeaderInjection, type Job, type JobSecret } from "../../model/job.ts";
import { secretDirectory } from "../../strategies/_secrets.ts";
import { isOfThisJob, statedAs, type JobRequest } from "../job-request.ts";
import { parseDestinationRule } from "../network/destination-rule.ts";
import { judgeDestination } from "../network/judge-destination.ts";
import { namesIn, parseInjection, splitInjection } from "./header-injection.ts";
import { parseSecret, type StatedSecret } from "./secret-source.ts";

/** More are no list of a person's. */
const secretsMax = 32;

/** Those that are stated, each with its source. @throws CupelError `usage`. */
export function statedSecrets(request: JobRequest): (StatedSecret & { readonly isDescriptor: boolean })[] {
  const read = (flag: string, words: readonly string[], isDescriptor: boolean) =>
    words.map((text) => ({ ...parseSecret(text, statedAs(request, flag, text.split("=", 1)[0])), isDescriptor }));
  const all = [...read("secret", request.secrets, false), ...read("secret-fd", request.secretDescriptors, true)];
  const twice = all.find(({ name }, index) => all.findIndex((one) => one.name === name) !== index);
  if (twice !== undefined)
    throw new CupelError("usage", `${twice.stated} is stated twice; give each secret a name of its own`);
  if (all.length > secretsMax)
    throw new CupelError("usage", `${all.length} secrets are stated, and a job is given at most ${secretsMax}`);
  return all;
}

/** @throws CupelError `usage` for one that goes to a host which the job may not connect to. */
function checkInjection(injection: HeaderInjection, request: JobRequest, known: readonly StatedSecret[]): void {
  const stated = statedAs(request, "inject-header", `${injection.host}: ${injection.header}: ${injection.value}`);
  const rule = parseInjection(injection, stated);
  const listed = [...request.allowedHosts, ...request.setupAllowedHosts];
  const rules = listed.map((text) => parseDestinationRule(text, "--allow-host"));
  if (!judgeDestination(rules, rule).allowed) {
    throw new CupelError(
      "usage",
      `${stated}: the job may not connect to ${injection.host}; list it (--allow-host ${injection.host})`,
    );
  }
  const names = namesIn(injection);
  if (names.length === 0)
    throw new CupelError("usage", `${stated} names no secret; write its name in braces, as in Bearer {TOKEN}`);
  const unknown = names.find((name) => !known.some((secret) => secret.name === name));
  if (unknown !== undefined)
    throw new CupelError(
      "usage",
      `${stated} names {${unknown}}, and no such secret is stated; add --secret ${unknown}=…`,
    );
}

function deliveryOf({ name, isDescriptor, stated }: ReturnType<typeof statedSecrets>[number], named: Set<string>) {
  if (!named.has(name)) return isDescriptor ? "descriptor" : "file";
  if (!isDescriptor) return "proxy";
  throw new CupelError(
    "usage",
    `${stated} is named by a header, so that the job itself is not given it; state it by --secret, or under another name too`,
  );
}

/** @throws CupelError `usage` where something is granted that lies over, or under, the place of the secrets. */
function refuseCovered({ grants, workspace }: Job, secrets: readonly JobSecret[]): void {
  if (!secrets.some(({ delivery }) => delivery === "file")) return;
  const paths = [...grants.map(({ path }) => path), ...(workspace.mode === "empty" ? [] : [workspace.path])];
  const covering = paths.find((path) => isWithin(secretDirectory, path) || isWithin(path, secretDirectory));
  if (covering === undefined) return;
  throw new CupelError(
    "usage",
    `${covering} cannot be granted beside secrets, whose files lie in ${secretDirectory}; leave it out, or give them by --secret-fd`,
  );
}

function resolveInjections(request: JobRequest, known: readonly StatedSecret[]): HeaderInjection[] {
  const injections = request.injected.map((text) => splitInjection(text, statedAs(request, "inject-header", text)));
  for (const injection of injections) checkInjection(injection, request, known);
  return injections;
}

/** The same job with its secrets. @throws CupelError `usage`. */
export function withSecrets(job: Job, request: JobRequest): Job {
  const stated = statedSecrets(request);
  const injections = resolveInjections(request, stated);
  const named = new Set(injections.flatMap(namesIn));
  const secrets = stated.map((secret) => ({ name: secret.name, delivery: deliveryOf(secret, named) }) as const);
  const masksOutput = request.masksOutput && (secrets.length > 0 || isOfThisJob(request, "mask-output"));
  if (masksOutput && secrets.length === 0) {
    throw new CupelError(
      "usage",
      `${statedAs(request, "mask-output")} takes secrets out of the output, and none is stated; add --secret, or leave it out`,
    );
  }
  refuseCovered(job, secrets);
  return {
    ...job,
    ...(secrets.length > 0 ? { secrets } : {}),
    ...(injections.length > 0 ? { injections } : {}),
    ...(masksOutput ? { masksOutput: true } : {}),
  };
}
