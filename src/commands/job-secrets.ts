/** The secrets of one run: read before anything else is started, and kept out of everything that cupel says. */
import type { Host } from "../host/host.ts";
import { CupelError } from "../model/error.ts";
import { statedAs, type JobRequest } from "../run/job-request.ts";
import { readSecrets } from "../run/secrets/read-secrets.ts";
import { redactValue, secretRedactor } from "../run/secrets/redact-secrets.ts";
import { statedSecrets } from "../run/secrets/resolve-secrets.ts";
import { formBytesMin, secretForms, withoutNewline, type SecretForm } from "../run/secrets/secret-forms.ts";
import { redactWith, say } from "./terminal.ts";

/** What `run` does with them. */
export interface JobSecrets {
  /** By their names. */
  readonly values: ReadonlyMap<string, Uint8Array>;
  /** What they are found by in what the job writes. */
  readonly forms: readonly SecretForm[];
  /** The same outcome without their values. */
  redact<Value>(value: Value): Value;
}

/** @throws CupelError `usage` for output that cannot be masked, and is to be, or is to be kept. */
function refuseUnmaskable(request: JobRequest, values: ReadonlyMap<string, Uint8Array>): void {
  const flag = request.masksOutput ? "mask-output" : "keep-output";
  if (!request.masksOutput && request.keptOutputBytes === undefined) return;
  const short = [...values].find(([, value]) => withoutNewline(value).length < formBytesMin);
  if (short !== undefined) {
    throw new CupelError(
      "usage",
      `${statedAs(request, flag)}: the secret ${short[0]} is shorter than ${formBytesMin} bytes, and taking it out would leave nothing readable; leave one of the two out`,
    );
  }
}

/** Reads them. @throws CupelError `usage`. */
export async function takeSecrets(request: JobRequest, host: Host): Promise<JobSecrets> {
  const { values, warnings } = await readSecrets(statedSecrets(request), host);
  warnings.forEach(say);
  refuseUnmaskable(request, values);
  const forms = secretForms(values);
  const redact = secretRedactor(forms);
  redactWith(redact);
  return { values, forms, redact: (outcome) => redactValue(outcome, redact) };
}
