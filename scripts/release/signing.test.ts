import { describe, expect, test } from "bun:test";
import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { needsPrograms } from "../../test/support/must-work.ts";
import { makeTempDir } from "../../test/support/temp-dir.ts";
import { derivePublicKey, encodePublicKey, encodeSshKey, makeKeys, signForSsh, signRaw } from "./signing.ts";

const { privatePem, publicPem } = makeKeys();
const publicKey = encodePublicKey(publicPem);
const message = Buffer.from("what is signed\n");

describe("keys", () => {
  test("a public key is the DER of its PEM, and follows from the private one", () => {
    expect(publicPem).toBe(`-----BEGIN PUBLIC KEY-----\n${publicKey}\n-----END PUBLIC KEY-----\n`);
    expect(derivePublicKey(privatePem)).toBe(publicKey);
  });

  test.each([
    ["no key", "nothing", "not a key in PEM"],
    [
      "a key of another kind",
      generateKeyPairSync("x25519").publicKey.export({ type: "spki", format: "pem" }),
      "an Ed25519 key is needed, and this one is x25519",
    ],
  ])("%s is refused", (_, pem, words) => expect(() => encodePublicKey(pem)).toThrow(words));
});

describe("signRaw", () => {
  test("is the signature of RFC 8032", () => {
    const signature = signRaw(message, privatePem);
    expect(signature).toHaveLength(64);
    expect(verify(null, message, createPublicKey(publicPem), signature)).toBeTrue();
  });

  needsPrograms("openssl")("is what OpenSSL verifies, for this message alone", () => {
    using directory = makeTempDir();
    const key = directory.file("key", publicPem);
    const signature = directory.file("signature", signRaw(message, privatePem));
    const command = ["openssl", "pkeyutl", "-verify", "-pubin", "-rawin", "-inkey", key, "-sigfile", signature, "-in"];
    const check = (text: string | Uint8Array): number =>
      Bun.spawnSync([...command, directory.file("message", text)]).exitCode;
    expect([check(message), check("what is not signed\n")]).toEqual([0, 1]);
  });
});

describe("signForSsh", () => {
  needsPrograms("ssh-keygen")("is what OpenSSH verifies, for this message and key alone", () => {
    using directory = makeTempDir();
    const signature = directory.file("signature", signForSsh(message, privatePem));
    const command = ["ssh-keygen", "-Y", "verify", "-I", "cupel", "-n", "cupel-release", "-s", signature, "-f"];
    const check = (text: string | Uint8Array, key: string): number => {
      const signers = directory.file("signers", `cupel ${encodeSshKey(key)}\n`);
      return Bun.spawnSync([...command, signers], { stdin: Buffer.from(text) }).exitCode;
    };
    expect(check(message, publicKey)).toBe(0);
    expect(check("what is not signed\n", publicKey)).not.toBe(0);
    expect(check(message, encodePublicKey(makeKeys().publicPem))).not.toBe(0);
  });
});
