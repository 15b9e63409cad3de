import { describe, expect } from "bun:test";
import { createAuthority } from "../../../src/run/network/certificate.ts";
import { parseHostName, type HostName } from "../../../src/run/network/host-name.ts";
import { needsPrograms } from "../../support/must-work.ts";
import { makeTempDir } from "../../support/temp-dir.ts";

function hostOf(text: string): HostName {
  const host = parseHostName(text);
  if (host === undefined) throw new Error(`${text} is no host`);
  return host;
}

const needsOpenssl = needsPrograms("openssl");

/** What another program's reading of it says, with the strictness of RFC 5280. */
function verify(authority: string, certificate: string, ...flags: readonly string[]): string {
  using directory = makeTempDir();
  const words = ["-x509_strict", "-purpose", "sslserver", ...flags, "-CAfile", directory.file("authority", authority)];
  const ran = Bun.spawnSync(["openssl", "verify", ...words, directory.file("own", certificate)], { stderr: "pipe" });
  return /^error.*$/m.exec(ran.stderr.toString())?.[0] ?? ran.stdout.toString().replace(/^.*: /, "").trim();
}

describe("an authority for one job", () => {
  const hosts = ["api.example.com", "127.0.0.1", "[::1]"].map(hostOf);
  const authority = createAuthority(hosts);

  needsOpenssl("speaks for its hosts, each of which has a certificate and a key of its own", () => {
    const flags = [
      ["-verify_hostname", "api.example.com"],
      ["-verify_ip", "127.0.0.1"],
      ["-verify_ip", "::1"],
    ];
    const said = hosts.map((host, index) =>
      verify(authority.certificate, authority.issue(host).cert, ...(flags[index] ?? [])),
    );
    expect(said).toEqual(["OK", "OK", "OK"]);
    expect(new Set(hosts.map((host) => authority.issue(host).key)).size).toBe(3);
  });

  needsOpenssl("is believed of no other host, name or address", () => {
    const strangers = ["other.example.com", "example.com", "127.0.0.2"].map(hostOf);
    const said = strangers.map((host) => verify(authority.certificate, authority.issue(host).cert));
    expect(new Set(said)).toEqual(new Set(["error 47 at 0 depth lookup: permitted subtree violation"]));
  });

  needsOpenssl("made for names is believed of no address, and the other way round", () => {
    const byName = createAuthority([hostOf("a.example")]);
    const byAddress = createAuthority([hostOf("127.0.0.1")]);
    const said = [
      verify(byName.certificate, byName.issue(hostOf("127.0.0.1")).cert),
      verify(byName.certificate, byName.issue(hostOf("[::1]")).cert),
      verify(byAddress.certificate, byAddress.issue(hostOf("a.example")).cert),
    ];
    expect(new Set(said)).toEqual(new Set(["error 48 at 0 depth lookup: excluded subtree violation"]));
  });

  needsOpenssl("is another one each time", () => {
    const other = createAuthority(hosts);
    const { cert } = authority.issue(hostOf("api.example.com"));
    expect(verify(other.certificate, cert)).toMatch(/^error (?:7|20|30) at 0 depth lookup/);
  });
});
