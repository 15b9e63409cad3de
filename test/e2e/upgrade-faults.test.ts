/** `cupel upgrade` where something is wrong: one sentence says what, and the old version stays and works. */
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { needs } from "../support/must-work.ts";
import { executableName, otherKeys, ownKeys, signRelease } from "../support/release-server.ts";
import { callers, isRoot, ordinaryCaller, rootCallers } from "../support/tester.ts";
import { scriptOf, useUpgradeTrials, type CopyOptions, type InstalledCopy } from "../support/upgrade-trials.ts";

const trials = useUpgradeTrials();
const asRoot = needs(isRoot, "only root can");
const name = executableName("2.0.0");

/** Says what cupel adds of its own about a release that it is at. */
function notUpgraded(stderr: string): string {
  const lines = stderr.split("\n").filter((line) => !line.startsWith("cupel: upgrade: getting "));
  expect(lines).toEqual([expect.stringMatching(/^cupel: \S/), ""]);
  expect(stderr).not.toMatch(/ at .*\.ts|\/\$bunfs|Error:|undefined|\[object/);
  return lines[0] ?? "";
}

async function expectRefusal(copy: InstalledCopy, words: string, options: CopyOptions = {}, code = 1): Promise<void> {
  const before = copy.survey();
  const ran = await copy.run(["upgrade"], options);
  expect([ran.code, ran.stdout, notUpgraded(ran.stderr)]).toEqual([code, "", expect.stringContaining(words)]);
  expect(copy.survey()).toEqual(before);
  expect(await copy.version()).toBe("1.0.0");
}

const tamper = (file: string, change: (content: Buffer) => Uint8Array) => (release: Map<string, Uint8Array>) => {
  release.set(file, change(Buffer.from(release.get(file) ?? "")));
};

/** Files of a release without its list and signatures. */
function unsigned(release: ReadonlyMap<string, Uint8Array>): Map<string, Uint8Array> {
  return new Map([...release].filter(([file]) => !file.startsWith("SHA256SUMS")));
}

const spoiled: readonly (readonly [string, (release: Map<string, Uint8Array>) => void, string])[] = [
  ["has another byte", tamper(name, (content) => content.fill("x", 20, 21)), `${name} as downloaded is not the file`],
  ["is empty", tamper(name, () => Buffer.alloc(0)), `${name} as downloaded is not the file of the release`],
  ["is cut short", tamper(name, (content) => content.subarray(0, 40)), `${name} as downloaded is not the file`],
  ["is not there", (release) => release.delete(name), `${name} could not be downloaded: it is not there (404)`],
  ["has no list", (release) => release.delete("SHA256SUMS"), "SHA256SUMS could not be downloaded"],
  [
    "has a list that somebody changed",
    tamper("SHA256SUMS", (content) => content.fill("0", 0, 4)),
    "is not by the key of this cupel",
  ],
  ["has another's signature", (release) => resign(release, otherKeys.privatePem), "is not by the key of this cupel"],
  ["has an empty signature", tamper("SHA256SUMS.sig", () => Buffer.alloc(0)), "is not by the key of this cupel"],
  [
    "has a signature that is longer",
    tamper("SHA256SUMS.sig", (content) => Buffer.concat([content, Buffer.alloc(1)])),
    "is not by the key of this cupel",
  ],
  ["has no signature", (release) => release.delete("SHA256SUMS.sig"), "The release has no signature that can be had"],
  [
    "has nothing for this platform",
    (release) => replaceAll(release, signRelease(new Map([["cupel.1", Buffer.from("x")]]), ownKeys.privatePem)),
    `it holds no executable for linux-${process.arch}`,
  ],
  [
    "cannot be unpacked",
    (release) => addSigned(release, `${name}.gz`, Buffer.from("no gzip")),
    `${name}.gz as released cannot be unpacked`,
  ],
  [
    "is another one than its compressed form holds",
    (release) => addSigned(release, `${name}.gz`, gzipSync("another")),
    `${name} as downloaded is not the file`,
  ],
];

function replaceAll(release: Map<string, Uint8Array>, other: ReadonlyMap<string, Uint8Array>): void {
  release.clear();
  for (const [file, content] of other) release.set(file, content);
}

function resign(release: Map<string, Uint8Array>, privatePem: string): void {
  replaceAll(release, signRelease(unsigned(release), privatePem));
}

function addSigned(release: Map<string, Uint8Array>, file: string, content: Uint8Array): void {
  release.set(file, content);
  resign(release, ownKeys.privatePem);
}

describe.each(callers)("called by $name, the old version stays when the new one", (caller) => {
  test.each(spoiled)("%s", async (_what, spoil, words) => {
    using copy = trials.install(caller);
    const release = trials.madeUp("2.0.0");
    spoil(release);
    trials.publish("2.0.0", release);
    await expectRefusal(copy, words);
  });

  test("is another than the one asked for", async () => {
    using copy = trials.install(caller);
    trials.publish("2.0.1", trials.madeUp("2.0.0"));
    const { code, stderr } = await copy.run(["upgrade", "--version", "2.0.1"]);
    expect([code, stderr]).toEqual([
      1,
      "cupel: The server gave release 2.0.0 in place of 2.0.1: it is not installed\n",
    ]);
  });

  test("comes over a connection that breaks half-way", async () => {
    using copy = trials.install(caller);
    trials.publish("2.0.0");
    trials.server.cutOff(name);
    await expectRefusal(copy, `${name} could not be downloaded: the connection broke (ECONNRESET)`);
  });

  test("lies on a server that is gone", async () => {
    using copy = trials.install(caller);
    const env = { CUPEL_BASE_URL: "http://127.0.0.1:9" };
    await expectRefusal(copy, "SHA256SUMS could not be downloaded: nothing answers there (ECONNREFUSED)", { env });
  });

  const doctors: readonly (readonly [string, string, string])[] = [
    ["does not start", "#!/nowhere\n", "does not run here: it cannot be started (ENOENT)"],
    ["lacks a library", "#!/bin/sh\necho 'libstdc++.so.6: not found' >&2\nexit 127\n", "it needs libstdc++"],
    [
      "says that it is another version",
      scriptOf("1.5.0", ":"),
      "does not run here: exit code 0: cupel 1.5.0 (made up)",
    ],
    [
      "has a doctor that fails",
      scriptOf("2.0.0", "echo oh >&2; exit 70"),
      "the doctor of 2.0.0 fails here: exit code 70",
    ],
    ["has a doctor that is killed", scriptOf("2.0.0", "kill -SEGV $$"), "the doctor of 2.0.0 fails here: SIGSEGV"],
    [
      "finds less here than the old one",
      scriptOf("2.0.0", "exit 1"),
      "the doctor of 2.0.0 does not find here what the installed one finds (exit code 1)",
    ],
    [
      "cannot tell what the old one can",
      scriptOf("2.0.0", "exit 3"),
      "does not find here what the installed one finds",
    ],
  ];
  test.each(doctors)("%s", async (_what, executable, words) => {
    using copy = trials.install(caller);
    copy.file("share/man/man1/cupel.1", "an old manual");
    trials.publish("2.0.0", trials.madeUp("2.0.0", { executable }));
    await expectRefusal(copy, words);
  });

  const places: readonly (readonly [string, string, string])[] = [
    ["has no room on the disk", "mount -t tmpfs -o size=130M,mode=777 none", "could not be written (ENOSPC)"],
    ["would go where nothing can be written", "mount -o bind,ro $1/old", "cannot be written to (EROFS)"],
  ];
  for (const [what, mount, words] of places) {
    asRoot(what, async () => {
      using copy = trials.install(caller);
      copy.folder("old");
      expect(Bun.spawnSync(["cp", "-p", copy.executable, copy.at("old/cupel")]).exitCode).toBe(0);
      const large = `${scriptOf("2.0.0", ":")}exit\n${"x".repeat(24 << 20)}`;
      trials.publish("2.0.0", trials.madeUp("2.0.0", { executable: large }));
      // The old version is asked in there, too: what is mounted is gone with the call.
      const before = `${mount} $1/bin && { [ -e $1/bin/cupel ] || cp -p $1/old/cupel $1/bin/; }`;
      const script = `"$0" upgrade; code=$?; "$0" version && ls -A "\${0%/*}"; exit $code`;
      const ran = await copy.shell(script, { before });
      expect([ran.code, notUpgraded(ran.stderr)]).toEqual([1, expect.stringContaining(words)]);
      expect(ran.stdout.split("\n")).toEqual([expect.stringMatching(/^cupel 1\.0\.0 \(/), "cupel", ""]);
    });
  }

  test("would go where the directory is not the caller's to write to", async () => {
    using copy = trials.install(caller);
    for (const other of callers.filter(({ uid }) => uid !== caller.uid)) {
      trials.publish("2.0.0");
      const [owner, whose] = caller.uid === 0 ? ["root", "root"] : [`user ${caller.uid}`, `user ${caller.uid}`];
      const words = `${copy.executable} belongs to ${owner}, so only ${owner} can upgrade it: call cupel upgrade as ${whose}`;
      await expectRefusal(copy, words, { as: other });
    }
  });

  const wrong: readonly (readonly [readonly string[], Record<string, string>, string])[] = [
    [["--version", "latest"], {}, '--version "latest" is not a version such as 1.2.3'],
    [["--version", "1.2.3/../x"], {}, "is not a version such as 1.2.3"],
    [["--force"], {}, "cupel upgrade has no flag --force"],
    [["now"], {}, 'cupel upgrade does not take "now"'],
    [[], { CUPEL_BASE_URL: "ftp://x" }, "CUPEL_BASE_URL has to start with https:// or http://"],
    [[], { CUPEL_BASE_URL: "https://" }, "CUPEL_BASE_URL has to start with https:// or http://"],
  ];
  test("is asked for in the wrong way", async () => {
    using copy = trials.install(caller);
    const before = copy.survey();
    for (const [words, env, sentence] of wrong) {
      const ran = await copy.run(["upgrade", ...words], { env });
      expect([ran.code, ran.stdout, notUpgraded(ran.stderr)]).toEqual([64, "", expect.stringContaining(sentence)]);
    }
    copy.file("lib/cupel/address", "elsewhere\n");
    await expectRefusal(copy, `${copy.at("lib/cupel/address")} has to start with https://`, {}, 64);
    expect(copy.survey().length).toBeGreaterThan(before.length);
  });
});

describe.each(callers)("called by $name, what is not to be replaced this way:", (caller) => {
  test("a build without a release key", async () => {
    trials.publish("2.0.0");
    using copy = trials.install(caller, "bin/cupel", "without a key");
    await expectRefusal(copy, "This build of cupel has no release key, so nothing would tell it who made a release");
  });

  const packages: readonly (readonly [string, string])[] = [
    ["lib/node_modules/cupel/node_modules/@cupel/linux-x64/cupel", "upgrade it with npm install --global cupel@latest"],
    ["project/node_modules/@cupel/linux-x64/cupel", "upgrade it in that project, with npm install cupel@latest"],
    [".npm/_npx/0123456789abcdef/node_modules/@cupel/linux-x64/cupel", "npx cupel@latest fetches a newer one"],
    ["bunx-1000-cupel@latest/node_modules/@cupel/linux-x64/cupel", "bunx cupel@latest fetches a newer one"],
  ];
  test.each(packages)("%s", async (path, words) => {
    trials.publish("2.0.0");
    using copy = trials.install(caller, path);
    await expectRefusal(copy, words);
  });

  asRoot("what a Debian package installed", async () => {
    trials.publish("2.0.0");
    using copy = trials.install(caller);
    copy.file("dpkg/info/cupel.list", `/.\n${copy.executable}\n/usr/share/doc/cupel/copyright\n`);
    await expectRefusal(copy, `${copy.executable} belongs to the Debian package cupel: upgrade that, with apt-get`, {
      before: "mount --bind $1/dpkg /var/lib/dpkg",
    });
  });
});

describe.each(rootCallers)("a rule that is about the path of root's executable", (root) => {
  const byPath = (path: string, otherwise: string): string =>
    scriptOf("2.0.0", `case $0 in ${path}) echo found; exit 0 ;; *) ${otherwise} ;; esac`);

  test("is no reason to refuse a version that it is not about until it is in place", async () => {
    using copy = trials.install(root);
    trials.publish("2.0.0", trials.madeUp("2.0.0", { executable: byPath(copy.executable, "exit 1") }));
    const ran = await copy.run(["upgrade"]);
    expect([ran.code, ran.stdout]).toEqual([0, `found\nupgrade: replaced 1.0.0 by 2.0.0 as ${copy.executable}\n`]);
    expect(await copy.version()).toBe("2.0.0");
    expect(readdirSync(copy.at("bin"))).toEqual(["cupel"]);
  });

  test("does not help one that finds less in place as well: all is put back", async () => {
    using copy = trials.install(root);
    copy.file("lib/cupel/launcher", "an old launcher", 0o755);
    trials.publish("2.0.0", trials.madeUp("2.0.0", { executable: byPath("/elsewhere", "exit 1") }));
    await expectRefusal(copy, "the doctor of 2.0.0 does not find here what the installed one finds (exit code 1)");
    expect(await Bun.file(copy.at("lib/cupel/launcher")).text()).toBe("an old launcher");
  });
});

test("a checkout's own build says how to have a newer one", async () => {
  using copy = trials.install(ordinaryCaller);
  const built = `${import.meta.dir}/../../dist/cupel`;
  expect(existsSync(built)).toBe(true);
  expect(Bun.spawnSync(["cp", built, copy.at("cupel")]).exitCode).toBe(0);
  const { exitCode, stderr } = Bun.spawnSync([copy.at("cupel"), "upgrade"], { env: { HOME: copy.path } });
  expect([exitCode, stderr.toString()]).toEqual([
    1,
    "cupel: This cupel was built from a checkout, without a key to know releases by: build it again from newer sources (git pull, then bun run build:here), or install a release\n",
  ]);
});
