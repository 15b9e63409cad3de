/**
 * Certificates of one job (RFC 5280): an authority that may speak for the hosts that it was made for and for no others, and
 * one certificate for each of these. Its keys are never written anywhere.
 */
import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from "node:crypto";
import { bits, integer, isTrue, objectId, octets, sequence, setOf, tagged, text, time } from "./der.ts";
import type { HostName } from "./host-name.ts";

/** A certificate and its key, as a TLS server takes them. */
export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
}

/** An authority that exists as long as its job. */
export interface Authority {
  /** Its own certificate (PEM), which a job is to trust. */
  readonly certificate: string;
  /** A certificate for one of its hosts. */
  issue(host: HostName): ServerCertificate;
}

interface Keys {
  readonly privateKey: KeyObject;
  /** SubjectPublicKeyInfo. */
  readonly publicKey: Buffer;
  readonly id: Buffer;
}

const dayMs = 24 * 60 * 60 * 1000;

/** Longer than any job; begun before, for a clock in the job's image of the world that is behind. */
const validity = { beforeMs: dayMs, afterMs: 30 * dayMs } as const;

/** RFC 5758, section 3.2. */
const ecdsaWithSha256 = sequence(objectId("1.2.840.10045.4.3.2"));

/** Arcs of RFC 5280, section 4.2.1. */
const extensions = {
  subjectKey: "2.5.29.14",
  keyUsage: "2.5.29.15",
  names: "2.5.29.17",
  constraints: "2.5.29.19",
  nameConstraints: "2.5.29.30",
  authorityKey: "2.5.29.35",
  extendedUsage: "2.5.29.37",
} as const;

const serverUse = objectId("1.3.6.1.5.5.7.3.1");

function makeKeys(): Keys {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = publicKey.export({ type: "spki", format: "der" });
  return { privateKey, publicKey: spki, id: createHash("sha1").update(spki).digest() };
}

function extension(id: string, value: Uint8Array, isCritical = false): Buffer {
  return sequence(objectId(id), ...(isCritical ? [isTrue] : []), octets(value));
}

function named(name: string): Buffer {
  return sequence(setOf(sequence(objectId("2.5.4.3"), text(name))));
}

function toPem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

/** dNSName and iPAddress of GeneralName (RFC 5280, section 4.2.1.6); a constraint has a mask behind the address. */
function generalName(host: HostName, isConstraint = false): Buffer {
  if (host.kind === "name") return tagged(2, false, Buffer.from(host.name));
  const bytes = Buffer.from(host.address.bytes);
  return tagged(7, false, bytes, isConstraint ? Buffer.alloc(bytes.length, 0xff) : Buffer.alloc(0));
}

interface Request {
  readonly subject: string;
  readonly keys: Keys;
  readonly extensions: readonly Buffer[];
}

const issuerName = "cupel, for one job";

function certify({ subject, keys, extensions: wanted }: Request, issuer: Keys): string {
  const now = Date.now();
  // Never 0, nor negative, nor longer than 20 bytes.
  const serial = Buffer.concat([Buffer.of(1), randomBytes(15)]);
  const content = sequence(
    tagged(0, true, integer(Buffer.of(2))),
    integer(serial),
    ecdsaWithSha256,
    named(issuerName),
    sequence(time(new Date(now - validity.beforeMs)), time(new Date(now + validity.afterMs))),
    named(subject),
    keys.publicKey,
    tagged(
      3,
      true,
      sequence(
        ...wanted,
        extension(extensions.subjectKey, octets(keys.id)),
        extension(extensions.authorityKey, sequence(tagged(0, false, issuer.id))),
      ),
    ),
  );
  return toPem(sequence(content, ecdsaWithSha256, bits(sign("sha256", content, issuer.privateKey))));
}

function unique(names: readonly Buffer[]): Buffer[] {
  return names.filter((name, index) => names.findIndex((other) => other.equals(name)) === index);
}

/** A host that is no name must not be allowed every address, nor the other way round: what is not named is excluded. */
function nameConstraints(hosts: readonly HostName[]): Buffer {
  const subtrees = (names: readonly Uint8Array[]): Buffer[] => names.map((name) => sequence(name));
  const missing = [
    ...(hosts.some(({ kind }) => kind === "name") ? [] : [tagged(2, false)]),
    ...(hosts.some(({ kind }) => kind === "address")
      ? []
      : [tagged(7, false, Buffer.alloc(8)), tagged(7, false, Buffer.alloc(32))]),
  ];
  return sequence(
    tagged(0, true, ...subtrees(unique(hosts.map((host) => generalName(host, true))))),
    ...(missing.length === 0 ? [] : [tagged(1, true, ...subtrees(missing))]),
  );
}

/** An authority for these hosts. */
export function createAuthority(hosts: readonly HostName[]): Authority {
  const own = makeKeys();
  const certificate = certify(
    {
      subject: issuerName,
      keys: own,
      extensions: [
        extension(extensions.constraints, sequence(isTrue, integer(Buffer.of(0))), true),
        // keyCertSign
        extension(extensions.keyUsage, bits(Buffer.of(0x04), 2), true),
        extension(extensions.nameConstraints, nameConstraints(hosts), true),
      ],
    },
    own,
  );
  const issue = (host: HostName): ServerCertificate => {
    const keys = makeKeys();
    const cert = certify(
      {
        subject: "cupel",
        keys,
        extensions: [
          // digitalSignature
          extension(extensions.keyUsage, bits(Buffer.of(0x80), 7), true),
          extension(extensions.extendedUsage, sequence(serverUse)),
          extension(extensions.names, sequence(generalName(host))),
        ],
      },
      own,
    );
    return { cert, key: keys.privateKey.export({ type: "pkcs8", format: "pem" }) };
  };
  return { certificate, issue };
}
