/** The authorities that this host trusts, as its own programs find them. */
import { readFileSync } from "node:fs";
import { errnoOf } from "../../host/errno-of.ts";

/** Where distributions keep all of them in one file: Debian, Fedora, openSUSE, Alpine. */
const bundles = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

function readBundle(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    errnoOf(error);
    return undefined;
  }
}

/** PEM, one behind the other; the caller's SSL_CERT_FILE counts first. Undefined: those that the runtime brings. */
export function findTrustedAuthorities(environment: Readonly<Record<string, string | undefined>>): string | undefined {
  const stated = environment["SSL_CERT_FILE"];
  for (const path of stated === undefined || stated === "" ? bundles : [stated]) {
    const text = readBundle(path);
    if (text?.includes("BEGIN CERTIFICATE") === true) return text;
  }
  return undefined;
}
