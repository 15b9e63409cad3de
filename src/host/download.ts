/** Gets files from a web server, whole or not at all: nothing of them is believed here. */
import { setTimeout as pause } from "node:timers/promises";

/** How a file is got. */
export interface DownloadOptions {
  /** A file that is longer is not taken. */
  readonly bytesMax: number;
  /** A server that gives nothing for so long is given up. */
  readonly idleMs?: number | undefined;
  /** Ends it: its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
  /** Between two tries. */
  readonly pauseMs?: number | undefined;
}

/** Takes what comes, piece by piece; what it throws ends the download. */
export type TakeChunk = (chunk: Uint8Array) => void;

/** Why a try failed, and whether another might not. */
interface Failure {
  readonly reason: string;
  readonly isTransient: boolean;
}

const tries = 3;
const defaultIdleMs = 30_000;
const defaultPauseMs = 500;

/** RFC 9110: what may be otherwise in a moment. */
const transientStatuses = [408, 429, 500, 502, 503, 504];

const problems: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing answers there",
  ECONNRESET: "the connection broke",
  ENOTFOUND: "its name is not known here",
  EAI_AGAIN: "its name cannot be looked up now",
};

/** As the runtimes' TLS names what it has against a certificate (OpenSSL's X509_V_ERR_…). */
const certificateCode = /CERT|SIGNATURE|SELF_SIGNED|ISSUER/;

function describe(error: unknown): Failure {
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
  const [message = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
  if (code === undefined) return { reason: message, isTransient: true };
  if (certificateCode.test(code)) {
    const advice = "NODE_EXTRA_CA_CERTS can name a file with the certificates that you trust";
    return { reason: `its certificate is not trusted here (${code}); ${advice}`, isTransient: false };
  }
  const isTransient = code !== "ERR_INVALID_URL";
  const problem = problems[code];
  return { reason: problem === undefined ? `${code}: ${message}` : `${problem} (${code})`, isTransient };
}

/** Ends `work` where it gets nowhere for too long; `alive` says that it does. */
async function watched<T>(
  { idleMs = defaultIdleMs, signal }: DownloadOptions,
  work: (signal: AbortSignal, alive: () => void) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error(`it gave nothing for ${idleMs / 1000} s`)), idleMs);
  const stop = (): void => controller.abort(signal?.reason);
  signal?.addEventListener("abort", stop);
  try {
    signal?.throwIfAborted();
    const result = await work(controller.signal, () => void timer.refresh());
    signal?.throwIfAborted();
    return result;
  } finally {
    signal?.removeEventListener("abort", stop);
    clearTimeout(timer);
    // Of what is not wanted any more nothing more shall come.
    controller.abort();
  }
}

/** A file is taken as it lies there: a server may call one that is compressed an encoding of another. */
const requestInit = { headers: { "accept-encoding": "identity" }, decompress: false };

/** The next piece; a failure of the network is a value, so that what `take` throws is not mistaken for one. */
async function readNext(
  reader: Pick<ReadableStreamDefaultReader<Uint8Array>, "read">,
): Promise<Uint8Array | Failure | undefined> {
  try {
    const { value, done } = await reader.read();
    return done ? undefined : value;
  } catch (error) {
    return describe(error);
  }
}

async function request(url: string, signal: AbortSignal): Promise<Response | Failure> {
  let response: Response;
  try {
    response = await fetch(url, { ...requestInit, signal });
  } catch (error) {
    return describe(error);
  }
  if (response.ok) return response;
  const { status } = response;
  const reason = status === 404 ? "it is not there (404)" : `the server answered ${status}`;
  return { reason, isTransient: transientStatuses.includes(status) };
}

function tryOnce(url: string, take: TakeChunk, options: DownloadOptions): Promise<Failure | undefined> {
  const { bytesMax } = options;
  return watched(options, async (signal, alive) => {
    const response = await request(url, signal);
    if (!(response instanceof Response)) return response;
    const reader = response.body?.getReader();
    if (reader === undefined) return undefined;
    for (let bytes = 0; ;) {
      const next = await readNext(reader);
      if (!(next instanceof Uint8Array)) return next;
      alive();
      bytes += next.length;
      if (bytes > bytesMax)
        return { reason: `it is longer than such a file can be (${bytesMax} bytes)`, isTransient: false };
      take(next);
    }
  });
}

/**
 * Gets what lies at `url`; gives why that failed. `begin` is asked at the start of each try for what takes the pieces.
 * @throws what that throws, and the reason of an aborted signal.
 */
export async function download(
  url: string,
  begin: () => TakeChunk,
  options: DownloadOptions,
): Promise<string | undefined> {
  let failure: Failure | undefined;
  for (let left = tries; left > 0; left--) {
    failure = await tryOnce(url, begin(), options);
    if (failure === undefined || !failure.isTransient) break;
    if (left > 1) await pause(options.pauseMs ?? defaultPauseMs);
  }
  return failure?.reason;
}

/** A short file, or why it could not be got. */
export async function downloadBytes(
  url: string,
  options: DownloadOptions,
): Promise<{ readonly ok: true; readonly bytes: Buffer } | { readonly ok: false; readonly reason: string }> {
  let chunks: Uint8Array[] = [];
  const begin = (): TakeChunk => {
    chunks = [];
    return (chunk) => void chunks.push(chunk);
  };
  const reason = await download(url, begin, options);
  return reason === undefined ? { ok: true, bytes: Buffer.concat(chunks) } : { ok: false, reason };
}
