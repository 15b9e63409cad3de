import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { findTrustedAuthorities } from "../../../src/run/network/trusted-authorities.ts";
import { makeTempDir } from "../../support/temp-dir.ts";

const bundle = "/etc/ssl/certs/ca-certificates.crt";

test("the caller's own authorities go before the host's, and what holds none counts for nothing", () => {
  using directory = makeTempDir();
  const own = directory.file("own.pem", "-----BEGIN CERTIFICATE-----\n");
  const find = (path: string | undefined) => findTrustedAuthorities({ SSL_CERT_FILE: path });
  const hosts = existsSync(bundle) ? readFileSync(bundle, "utf8") : find("");
  expect([find(own), find(directory.file("empty")), find(directory.at("nothing")), find(undefined), find("")]).toEqual([
    "-----BEGIN CERTIFICATE-----\n",
    undefined,
    undefined,
    hosts,
    hosts,
  ]);
});
