/**
 * Signatures of a release: Ed25519 over SHA256SUMS, once as `openssl pkeyutl` verifies it and once as `ssh-keygen -Y
 * verify` does. One of the two is on nearly every machine; few have both OpenSSL 3 and OpenSSH missing.
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { BuildError } from "../build/build-error.ts";

/** What ssh-keygen is told that a signature is for; scripts/install.sh says the same. */
const sshNamespace = "cupel-release";

/** A new key pair in PEM. */
export function makeKeys(): { readonly privatePem: string; readonly publicPem: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return {
    privatePem: privateKey.export({ type: "pkcs8", format: "pem" }),
    publicPem: publicKey.export({ type: "spki", format: "pem" }),
  };
}

/** A public key as releases carry it: DER of its SubjectPublicKeyInfo (RFC 8410) in base64. @throws BuildError */
export function encodePublicKey(pem: string): string {
  return exportDer(demandEd25519(() => createPublicKey(pem)));
}

/** The public half of a private key, likewise. @throws BuildError */
export function derivePublicKey(privatePem: string): string {
  return exportDer(createPublicKey(readPrivateKey(privatePem)));
}

/** The same public key as OpenSSH writes it in its files. */
export function encodeSshKey(publicKey: string): string {
  return `ssh-ed25519 ${sshKeyBlob(publicKey).toString("base64")}`;
}

/** The bare signature of RFC 8032: 64 bytes. @throws BuildError */
export function signRaw(message: Uint8Array, privatePem: string): Buffer {
  return sign(null, message, readPrivateKey(privatePem));
}

/** The signature in the armoured form of OpenSSH's PROTOCOL.sshsig. @throws BuildError */
export function signForSsh(message: Uint8Array, privatePem: string): string {
  const key = readPrivateKey(privatePem);
  const digest = createHash("sha512").update(message).digest();
  const common = [field(sshNamespace), field(""), field("sha512")];
  const signature = sign(null, Buffer.concat([magic, ...common, field(digest)]), key);
  const blob = Buffer.concat([
    magic,
    Buffer.from([0, 0, 0, 1]),
    field(sshKeyBlob(derivePublicKey(privatePem))),
    ...common,
    field(Buffer.concat([field("ssh-ed25519"), field(signature)])),
  ]);
  const lines = blob.toString("base64").match(/.{1,70}/g) ?? [];
  return ["-----BEGIN SSH SIGNATURE-----", ...lines, "-----END SSH SIGNATURE-----", ""].join("\n");
}

// --- internal ---

const magic = Buffer.from("SSHSIG");

/** A string of RFC 4251: its length in four bytes, then itself. */
function field(content: string | Uint8Array): Buffer {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** The key proper is the last 32 bytes of its DER. */
function sshKeyBlob(publicKey: string): Buffer {
  return Buffer.concat([field("ssh-ed25519"), field(Buffer.from(publicKey, "base64").subarray(-32))]);
}

function exportDer(key: KeyObject): string {
  return key.export({ type: "spki", format: "der" }).toString("base64");
}

function readPrivateKey(pem: string): KeyObject {
  return demandEd25519(() => createPrivateKey(pem));
}

function demandEd25519(read: () => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = read();
  } catch (error) {
    throw new BuildError(`not a key in PEM: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (key.asymmetricKeyType === "ed25519") return key;
  throw new BuildError(`an Ed25519 key is needed, and this one is ${String(key.asymmetricKeyType)}`);
}
