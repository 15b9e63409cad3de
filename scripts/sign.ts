/**
 * Signs a release, and makes the keys for it.
 *
 *   bun scripts/sign.ts --new-key FILE        writes a private key to FILE and its public half to FILE.pub
 *   bun scripts/sign.ts --key FILE [FOLDER]   signs FOLDER/SHA256SUMS (dist/release)
 */
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BuildError } from "./build/build-error.ts";
import { derivePublicKey, makeKeys, signForSsh, signRaw } from "./release/signing.ts";
import { repositoryRoot } from "./source/repository.ts";

const usage = "usage: bun scripts/sign.ts --new-key FILE | --key FILE [FOLDER]";

/** Never over an existing key: releases signed with it could not be followed by others. */
function writeKeys(path: string): void {
  const { privatePem, publicPem } = makeKeys();
  writeFileSync(path, privatePem, { mode: 0o600, flag: "wx" });
  // The mode above is less what the umask takes away; a key that is too private is fixed here.
  chmodSync(path, 0o600);
  writeFileSync(`${path}.pub`, publicPem, { flag: "wx" });
  console.log(`wrote ${path} (keep it secret, and off the machines that build) and ${path}.pub`);
}

function signRelease(keyPath: string, folder: string): void {
  const privatePem = readFileSync(keyPath, "utf8");
  const installer = readFileSync(join(folder, "install.sh"), "utf8");
  if (!installer.includes(`public_key='${derivePublicKey(privatePem)}'`)) {
    throw new BuildError(`${folder} was not built for the key in ${keyPath}: its installer would refuse the signature`);
  }
  const sums = readFileSync(join(folder, "SHA256SUMS"));
  writeFileSync(join(folder, "SHA256SUMS.sig"), signRaw(sums, privatePem));
  writeFileSync(join(folder, "SHA256SUMS.sshsig"), signForSsh(sums, privatePem));
  console.log(`signed ${join(folder, "SHA256SUMS")}`);
}

function main([flag, path, folder, ...rest]: readonly string[]): void {
  if (path === undefined || rest.length > 0) throw new BuildError(usage);
  if (flag === "--new-key" && folder === undefined) return writeKeys(path);
  if (flag === "--key") return signRelease(path, folder ?? join(repositoryRoot, "dist/release"));
  throw new BuildError(usage);
}

try {
  main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof BuildError) && !(error instanceof Error && "syscall" in error)) throw error;
  console.error(`cupel: ${error.message}`);
  process.exitCode = error.message === usage ? 64 : 125;
}
