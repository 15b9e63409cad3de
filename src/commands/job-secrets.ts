/** The secrets of one run: read before anything else is started, and kept out of everything that cupel says. */
import { openSync } from "node:fs";
import type { Host } from "../host/host.ts";
import type { Launch } from "../launch/start-launch.ts";
import { CupelError } from "../model/error.ts";
import type { Job } from "../model/job.ts";
import type { CarryOutContext } from "../run/carry-out.ts";
import { statedAs, type JobRequest } from "../run/job-request.ts";
import { readSecrets } from "../run/secrets/read-secrets.ts";
import { redactValue, secretRedactor } from "../run/secrets/redact-secrets.ts";
import { statedSecrets } from "../run/secrets/resolve-secrets.ts";
import { formBytesMin, secretForms, withoutNewline, type SecretForm } from "../run/secrets/secret-forms.ts";
import { redactWith, say } from "./terminal.ts";

/** Descriptors of the caller's; -1 is none. */
type Streams = readonly [number, number, number];

/** What `run` does with them. */
export interface JobSecrets {
  /** What carrying the job out needs of them. */
  prepare(streams: Streams): Promise<Pick<CarryOutContext, "secrets" | "passOn" | "streams">>;
  /** The same outcome without their values. */
  redact<Value>(value: Value): Value;
}

/** @throws CupelError `usage` for output that cannot be masked. */
function refuseUnmaskable(job: Job, request: JobRequest, values: ReadonlyMap<string, Uint8Array>): void {
  if (job.masksOutput === undefined) return;
  const mask = statedAs(request, "mask-output");
  const short = [...values].find(([, value]) => withoutNewline(value).length < formBytesMin);
  if (short !== undefined) {
    throw new CupelError(
      "usage",
      `${mask}: the secret ${short[0]} is shorter than ${formBytesMin} bytes, and taking it out would leave nothing readable; leave one of the two out`,
    );
  }
}

/** The terminal that a job's own is relayed to, to be written to; undefined where there is none. */
async function openTerminal(): Promise<number> {
  const { isatty } = await import("node:tty");
  return [1, 2].find((descriptor) => isatty(descriptor)) ?? openSync("/dev/tty", "w");
}

/** Where what comes out of each of a launch's outputs goes. */
type Targets = readonly (number | undefined)[];

async function passOnMasked(outputs: Launch["outputs"], targets: Targets, forms: readonly SecretForm[]): Promise<void> {
  const { passMasked } = await import("../run/secrets/mask-output.ts");
  const passing = outputs.map(async (stream, index) => {
    const target = targets[index];
    return stream === undefined || target === undefined ? undefined : passMasked(stream, target, forms);
  });
  const failed = (await Promise.all(passing)).find((errno) => errno !== undefined && errno !== "EPIPE");
  if (failed !== undefined) say(`the job's output could not be written to its end (${failed})`);
}

type Masking = Pick<CarryOutContext, "passOn" | "streams">;

/** What is written comes to cupel first, and then goes where it would have gone. */
async function masking(
  [input, ...targets]: Streams,
  { terminal }: Job,
  forms: readonly SecretForm[],
): Promise<Masking> {
  const { isatty } = await import("node:tty");
  const isPrivate = terminal === "private";
  // Of a job with a terminal of its own what is one of the caller's is to be one of the job's.
  const [output, errors] = targets.map((target) => (target < 0 || (isPrivate && isatty(target)) ? target : "pipe"));
  const streams = [input, output ?? -1, errors ?? -1] as const;
  const all = isPrivate ? [...targets, await openTerminal()] : targets;
  return {
    streams: isPrivate ? [...streams, "pipe"] : streams,
    passOn: (outputs) => passOnMasked(outputs, all, forms),
  };
}

/** Reads them. @throws CupelError `usage`. */
export async function takeSecrets(job: Job, request: JobRequest, host: Host): Promise<JobSecrets> {
  const { values, warnings } = await readSecrets(statedSecrets(request), host);
  warnings.forEach(say);
  refuseUnmaskable(job, request, values);
  const forms = secretForms(values);
  const redact = secretRedactor(forms);
  redactWith(redact);
  return {
    prepare: async (streams) => ({
      secrets: values,
      ...(job.masksOutput === undefined ? { streams } : await masking(streams, job, forms)),
    }),
    redact: (outcome) => redactValue(outcome, redact),
  };
}
