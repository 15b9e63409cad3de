/** scripts/install.sh where a release is wrong: one sentence says what, and what was installed before stays as it was. */
import { describe } from "bun:test";
import { gzipSync } from "node:zlib";
import { expectRefusal, useInstallerTrials } from "../support/installer-trials.ts";
import { needs } from "../support/must-work.ts";
import { executableName, makeUpRelease, otherKeys, ownKeys, signRelease } from "../support/release-server.ts";
import { isRoot } from "../support/tester.ts";

const asRoot = needs(isRoot, "only root can make a root directory of its own");
const trials = useInstallerTrials();

describe("an older version stays, and works, when the new one", () => {
  const name = executableName("2.0.0");
  const tamper = (file: string, change: (content: Buffer) => Uint8Array) => (release: Map<string, Uint8Array>) => {
    release.set(file, change(Buffer.from(release.get(file) ?? "")));
  };
  const cases: readonly (readonly [string, (release: Map<string, Uint8Array>) => void, string])[] = [
    [
      "arrives with another byte",
      tamper(name, (content) => content.fill("x", 20, 21)),
      `${name} as downloaded is not the file of the release`,
    ],
    ["arrives empty", tamper(name, () => Buffer.alloc(0)), `${name} as downloaded is not the file of the release`],
    ["is not there", (release) => release.delete(name), `${name} could not be downloaded`],
    ["has no list", (release) => release.delete("SHA256SUMS"), "SHA256SUMS could not be downloaded"],
    [
      "has a list that somebody changed",
      tamper("SHA256SUMS", (content) => content.fill("0", 0, 4)),
      "signature of the release is not by the key of cupel",
    ],
    [
      "has a signature by somebody else",
      (release) => {
        for (const [file, content] of signRelease(trials.goodRelease("2.0.0"), otherKeys.privatePem))
          if (file.startsWith("SHA256SUMS.")) release.set(file, content);
      },
      "signature of the release is not by the key of cupel",
    ],
    [
      "has an empty signature",
      tamper("SHA256SUMS.sig", () => Buffer.alloc(0)),
      "signature of the release is not by the key of cupel",
    ],
    [
      "has no signature",
      (release) => release.delete("SHA256SUMS.sig"),
      "the release has no signature that can be had, so it is not installed",
    ],
    [
      "has a helper with another byte",
      tamper(`cupel-helper-2.0.0-linux-${process.arch}-launcher`, () => Buffer.from("another")),
      "as downloaded is not the file of the release",
    ],
  ];
  for (const [what, spoil, words] of cases) {
    asRoot(what, async () => {
      using root = await trials.installed();
      const release = trials.goodRelease("2.0.0");
      spoil(release);
      trials.server.publish("2.0.0", release);
      await expectRefusal(root, words);
    });
  }

  const compressed: readonly (readonly [string, Uint8Array, string])[] = [
    ["is compressed and cannot be unpacked", Buffer.from("no gzip"), `${name}.gz could not be unpacked`],
    ["is another one than its compressed form holds", gzipSync("another"), `${name} as downloaded is not the file`],
  ];
  for (const [what, content, words] of compressed) {
    asRoot(what, async () => {
      using root = await trials.installed();
      const files = [...trials.goodRelease("2.0.0")].filter(([file]) => !file.startsWith("SHA256SUMS"));
      const release = signRelease(new Map([...files, [`${name}.gz`, content]]), ownKeys.privatePem);
      trials.server.publish("2.0.0", release);
      await expectRefusal(root, words);
    });
  }

  asRoot("does not start here", async () => {
    using root = await trials.installed();
    const broken = "#!/bin/sh\necho 'libstdc++.so.6: not found' >&2\nexit 127\n";
    trials.server.publish(
      "2.0.0",
      makeUpRelease({ version: "2.0.0", address: trials.server.address, signedBy: ownKeys, executable: broken }),
    );
    await expectRefusal(root, "does not run here, so nothing was changed: it needs libstdc++");
  });

  asRoot("says that it is another version", async () => {
    using root = await trials.installed();
    trials.server.publish(
      "2.0.0",
      makeUpRelease({
        version: "2.0.0",
        address: trials.server.address,
        signedBy: ownKeys,
        executable: "#!/bin/sh\necho 'cupel 1.0.0 (x)'\n",
      }),
    );
    await expectRefusal(root, "does not run here, so nothing was changed: cupel 1.0.0 (x)");
  });

  for (const program of ["curl", "wget"]) {
    asRoot(`breaks off half-way (${program})`, async () => {
      using root = await trials.installed();
      if (program === "wget") Bun.spawnSync(["rm", root.at("usr/bin/curl")]);
      trials.publishGood("2.0.0");
      trials.server.cutOff(name);
      // The one tells of the broken connection, the other of what came.
      await expectRefusal(root, name);
      trials.server.cutOff(undefined);
    });
  }

  asRoot("does not fit on the disk", async () => {
    using root = await trials.installed();
    const large = `#!/bin/sh\necho 'cupel 2.0.0 (large)'\nexit\n${"x".repeat(8 << 20)}`;
    trials.server.publish(
      "2.0.0",
      makeUpRelease({ version: "2.0.0", address: trials.server.address, signedBy: ownKeys, executable: large }),
    );
    const tiny =
      "cp -a usr/local/bin tmp/kept; mount -t tmpfs -o size=2M,mode=755 none usr/local/bin; cp -a tmp/kept/cupel usr/local/bin; rm -r tmp/kept";
    await expectRefusal(root, "could not be downloaded", [], { before: tiny });
  });

  asRoot("cannot be reached", async () => {
    using root = await trials.installed();
    await expectRefusal(root, "SHA256SUMS could not be downloaded", [], { offline: true });
  });

  asRoot("is older than the installer, and nobody asked for it", async () => {
    using root = await trials.installed();
    trials.server.publish("0.9.9", trials.goodRelease("0.9.9"));
    await expectRefusal(root, "to go back, say --version 0.9.9");
  });

  asRoot("is not the one asked for", async () => {
    using root = await trials.installed();
    trials.server.publish("2.0.1", trials.goodRelease("2.0.0"));
    await expectRefusal(root, "the server gave release 2.0.0 in place of 2.0.1", ["--version", "2.0.1"]);
  });
});
