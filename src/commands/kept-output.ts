/** `run --keep-output`: from the wish to the copy in the run's record. */
import type { Host } from "../host/host.ts";
import { CupelError } from "../model/error.ts";
import { formatBytes } from "../report/phrase.ts";
import { statedAs, type JobRequest } from "../run/job-request.ts";
import { OutputKeeper } from "../run/keep-output.ts";
import { readRecordLimits } from "../run/prune-runs.ts";
import type { FinishedRun } from "../run/record-run.ts";
import type { SecretForm } from "../run/secrets/secret-forms.ts";
import { say } from "./terminal.ts";

interface Places {
  readonly host: Host;
  readonly directories: readonly string[];
}

/** @throws CupelError `usage` for what would be kept nowhere, or removed as soon as it is. */
function refuseInVain(request: JobRequest, bytesMax: number, host: Host): void {
  const stated = statedAs(request, "keep-output");
  const off = statedAs(request, "no-record");
  if (request.isUnrecorded === true) {
    throw new CupelError(
      "usage",
      `${stated} keeps the output with the run's record, and ${off} keeps none; leave one out`,
    );
  }
  const { bytes } = readRecordLimits(host);
  if (2 * bytesMax <= bytes) return;
  throw new CupelError(
    "usage",
    `${stated}: twice ${formatBytes(bytesMax)} is more than all records may take together (${formatBytes(bytes)}); keep less, or raise records.size in your configuration`,
  );
}

/** The copy of one run's output. */
export class RunOutput {
  readonly #bytesMax: number;
  readonly #places: Places;
  readonly #forms: readonly SecretForm[];
  #keeper: OutputKeeper | undefined;

  /** @throws CupelError `usage` where it could not be kept. */
  constructor(request: JobRequest, places: Places, forms: readonly SecretForm[]) {
    this.#bytesMax = request.keptOutputBytes ?? 0;
    this.#places = places;
    this.#forms = forms;
    refuseInVain(request, this.#bytesMax, places.host);
  }

  /** Where it is written to; of a job that is tried once more the same. @throws CupelError `set-up` where there is no place. */
  open(): OutputKeeper {
    const { host, directories } = this.#places;
    const keeping = { bytesMax: this.#bytesMax, forms: this.#forms };
    return (this.#keeper ??= new OutputKeeper(directories, host.identity.uid, keeping));
  }

  /** What there is of it; undefined where the job never began. */
  finish(): FinishedRun["kept"] {
    const keeper = this.#keeper;
    if (keeper === undefined) return undefined;
    this.#keeper = undefined;
    if (keeper.failure !== undefined) say(`the job's output could not be kept to its end (${keeper.failure})`);
    return { place: keeper.place, output: keeper.close() };
  }

  /** Of a run that cannot be recorded nothing is left. */
  abandon(): void {
    this.#keeper?.abandon();
  }
}
