/** The secrets of one run: read before anything else is started, and kept out of everything that cupel says. */
import type { Host } from "../host/host.ts";
import type { CallerStreams } from "../host/spawn-child.ts";
import { CupelError } from "../model/error.ts";
import type { Job } from "../model/job.ts";
import type { Outcome } from "../model/outcome.ts";
import type { CarryOutContext } from "../run/carry-out.ts";
import { statedAs, type JobRequest } from "../run/job-request.ts";
import { readSecrets } from "../run/secrets/read-secrets.ts";
import { redactValue, secretRedactor } from "../run/secrets/redact-secrets.ts";
import { statedSecrets } from "../run/secrets/resolve-secrets.ts";
import { formBytesMin, secretForms, withoutNewline, type SecretForm } from "../run/secrets/secret-forms.ts";
import { redactWith, say } from "./terminal.ts";

/** What `run` does with them. */
export interface JobSecrets {
  /** What carrying the job out needs of them. */
  prepare(streams: CallerStreams): Pick<CarryOutContext, "secrets" | "passOn" | "streams">;
  /** The same outcome without their values. */
  redact(outcome: Outcome): Outcome;
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
  if (job.terminal === "private")
    throw new CupelError("usage", `${mask} and ${statedAs(request, "tty")} do not go together; leave one out`);
}

/** Standard output and error come to cupel first, and then go where they would have gone. */
function masking(streams: CallerStreams, forms: readonly SecretForm[]): Pick<CarryOutContext, "passOn" | "streams"> {
  const [input, ...targets] = streams;
  const [output, errors] = targets.map((target) => (target === -1 ? -1 : ("pipe" as const)));
  return {
    streams: [input, output ?? -1, errors ?? -1],
    passOn: async (outputs) => {
      const { passMasked } = await import("../run/secrets/mask-output.ts");
      const lost = await Promise.all(
        outputs.map((stream, index) => {
          const target = targets[index];
          return stream === undefined || typeof target !== "number" ? undefined : passMasked(stream, target, forms);
        }),
      );
      const failed = lost.find((errno) => errno !== undefined && errno !== "EPIPE");
      if (failed !== undefined) say(`the job's output could not be written to its end (${failed})`);
    },
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
    prepare: (streams) => ({
      streams,
      secrets: values,
      ...(job.masksOutput === undefined ? {} : masking(streams, forms)),
    }),
    redact: (outcome) => redactValue(outcome, redact),
  };
}
