/** scripts/install.sh and the question who made a release. */
import { describe, expect } from "bun:test";
import { expectRefusal, install, installedVersion, survey, useInstallerTrials } from "../support/installer-trials.ts";
import { needs } from "../support/must-work.ts";
import { executableName, makeUpRelease, otherKeys, signRelease } from "../support/release-server.ts";
import { isRoot } from "../support/tester.ts";

const asRoot = needs(isRoot, "only root can make a root directory of its own");
const trials = useInstallerTrials();

describe("who made a release", () => {
  const withoutVerifiers = ["curl"];

  asRoot("is never taken on trust where nothing can verify it", async () => {
    using root = trials.machine(withoutVerifiers);
    const refused = await install(root);
    expect([refused.code, refused.stdout]).toEqual([1, ""]);
    expect(refused.stderr).toContain("nothing here can verify who made the release");
    expect(refused.stderr).toContain("--insecure-unsigned");
    expect(survey(root)).toEqual(survey(trials.machine(withoutVerifiers)));
    const insecure = await install(root, ["--insecure-unsigned"]);
    expect([insecure.code, insecure.stderr]).toEqual([
      0,
      "cupel: not verified who made this release (--insecure-unsigned)\n",
    ]);
  });

  const oldOnes = {
    openssl: "#!/bin/sh\necho 'OpenSSL 1.1.1w  11 Sep 2023'\n",
    "ssh-keygen": "#!/bin/sh\necho 'unknown option -- Y' >&2\nexit 1\n",
  };
  asRoot("is not asked of programs too old to tell", async () => {
    using root = trials.machine(withoutVerifiers);
    for (const [program, text] of Object.entries(oldOnes)) root.file(`usr/bin/${program}`, text, 0o755);
    expect((await install(root)).stderr).toContain("nothing here can verify who made the release");
  });

  for (const program of ["openssl", "ssh-keygen"]) {
    asRoot(`is verified with ${program} alone: its own key passes, another does not`, async () => {
      using root = trials.machine(["curl", program]);
      expect(await install(root)).toMatchObject({ code: 0, stderr: "" });
      const forged = signRelease(
        new Map([...trials.goodRelease("2.0.0")].filter(([file]) => !file.startsWith("SHA256SUMS"))),
        otherKeys.privatePem,
      );
      trials.server.publish("2.0.0", forged);
      await expectRefusal(root, "signature of the release is not by the key of cupel");
    });
  }

  asRoot("cannot be told by an installer without a key", async () => {
    using root = trials.machine();
    const unsigned = makeUpRelease({ version: "1.0.0", address: trials.server.address });
    root.file("install.sh", unsigned.get("install.sh") ?? "", 0o755);
    trials.server.publish("1.0.0", unsigned);
    const refused = await install(root);
    expect([refused.code, refused.stderr.includes("this install.sh holds no key")]).toEqual([1, true]);
    expect((await install(root, ["--insecure-unsigned"])).code).toBe(0);
  });

  asRoot("does not make checksums optional", async () => {
    using root = await trials.installed();
    const release = trials.goodRelease("2.0.0");
    release.set(executableName("2.0.0"), Buffer.from("something else"));
    trials.server.publish("2.0.0", release);
    const { code, stderr } = await install(root, ["--insecure-unsigned"]);
    expect([code, stderr.includes("is not the file of the release")]).toEqual([1, true]);
    expect(installedVersion(root)).toBe("1.0.0");
  });
});
