/** The server that releases come from: the one that this cupel came from, unless the caller names another. */
import type { Host } from "../host/host.ts";
import { CupelError } from "../model/error.ts";

/** Names another server, for scripts/install.sh likewise. */
export const addressVariable = "CUPEL_BASE_URL";

/** Where an installation from another server than the release's own says so: beside its helpers. */
export const recordName = "address";

/** A server, and where its name was found. */
export interface ReleaseAddress {
  /** No slash at its end. */
  readonly url: string;
  /** The caller named it in this call. */
  readonly isStated: boolean;
}

function check(address: string, origin: string): string {
  if (/^https?:\/\/[^\s/]/.test(address) && URL.canParse(address)) return address.replace(/\/+$/, "");
  const problem = `${origin} has to start with https:// or http:// and name a server, not ${JSON.stringify(address)}`;
  throw new CupelError("usage", problem);
}

/**
 * The address: what the variable says, else what the installation recorded, else the build's own.
 * @throws CupelError `usage` where none is known, or what is said is none.
 */
export function chooseAddress(
  host: Pick<Host, "environment" | "readText">,
  recordPath: string | undefined,
  own: string | null,
): ReleaseAddress {
  const stated = host.environment[addressVariable] ?? "";
  if (stated !== "") return { url: check(stated, addressVariable), isStated: true };
  const recorded = recordPath === undefined ? undefined : host.readText(recordPath);
  if (recordPath !== undefined && recorded?.ok === true && recorded.value.trim() !== "")
    return { url: check(recorded.value.trim(), recordPath), isStated: false };
  if (own !== null) return { url: check(own, "the address of this build"), isStated: false };
  throw new CupelError("usage", `This cupel knows no server that releases are on: name one with ${addressVariable}`);
}

/** The address without a name and a password in it, as it may be shown and kept. */
export function withoutCredentials(address: string): string {
  const url = new URL(address);
  if (url.username === "" && url.password === "") return address;
  url.username = url.password = "";
  return url.href.replace(/\/+$/, "");
}

/** Folder of the latest release, or of the one with a version. */
export function releaseFolder(address: string, version: string | undefined): string {
  return version === undefined ? `${address}/latest/download` : `${address}/download/v${version}`;
}
