/** scripts/install.sh where something is wrong: one sentence says what, and what was there before stays as it was. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import type { Ran } from "../support/execute.ts";
import { makeFreshRoot, type FreshRoot, type InRootOptions } from "../support/fresh-root.ts";
import { needs } from "../support/must-work.ts";
import {
  executableName,
  makeUpRelease,
  otherKeys,
  ownKeys,
  signRelease,
  startReleaseServer,
  type ReleaseServer,
} from "../support/release-server.ts";
import { callers, isRoot, ordinaryCaller } from "../support/tester.ts";

const asRoot = needs(isRoot, "only root can make a root directory of its own");
const executable = "usr/local/bin/cupel";
/** As `uname -m` calls it. */
const otherMachine = process.arch === "x64" ? "aarch64" : "x86_64";

let server: ReleaseServer;
beforeAll(async () => {
  server = await startReleaseServer();
});
afterAll(() => server[Symbol.asyncDispose]());

/** A signed release, as it should be. */
function goodRelease(version: string): Map<string, Uint8Array> {
  return makeUpRelease({ version, address: server.address, signedBy: ownKeys });
}

function publishGood(version: string): void {
  server.cutOff(undefined);
  server.publish(version, goodRelease(version));
}

const plainPrograms = ["dash", "bash", "curl", "openssl", "ssh-keygen"];

/** A machine with release 1.0.0 installed by root. */
async function makeMachine(programs: readonly string[] = plainPrograms): Promise<FreshRoot> {
  const root = makeFreshRoot(programs, callers);
  publishGood("1.0.0");
  root.file("install.sh", Buffer.from(goodRelease("1.0.0").get("install.sh") ?? ""), 0o755);
  return root;
}

function install(
  root: FreshRoot,
  words: readonly string[] = [],
  options: InRootOptions = {},
  shell = "sh",
): Promise<Ran> {
  const [caller = ordinaryCaller] = callers;
  return root.run(caller, [shell, "/install.sh", ...words], options);
}

/** Every path below the root but for what belongs to the kernel, with the content of what the installer wrote. */
function survey(root: FreshRoot): string[] {
  const places = ["usr/local", "root", "tmp", "home"];
  return places.flatMap((place) => {
    const found = Bun.spawnSync(["find", root.at(place), "-printf", "%P %y %m %s\n"]);
    return found.stdout
      .toString()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => `${place}/${line}`)
      .toSorted();
  });
}

/** What the installed one says that it is. */
function installedVersion(root: FreshRoot): string {
  return /cupel ([0-9.]+) \(/.exec(readFileSync(root.at(executable), "utf8"))?.[1] ?? "none";
}

/** Runs it over release 1.0.0 with something wrong in 2.0.0, and expects one sentence and no change. */
async function expectRefusal(
  root: FreshRoot,
  words: string,
  flags: readonly string[] = [],
  options: InRootOptions = {},
): Promise<void> {
  const before = survey(root);
  const { code, stdout, stderr } = await install(root, flags, options);
  expect(stderr).toContain(words);
  expect([code, stdout, stderr.trim().split("\n")]).toEqual([1, "", [expect.any(String)]]);
  expect(survey(root)).toEqual(before);
  expect(installedVersion(root)).toBe("1.0.0");
}

async function installed(): Promise<FreshRoot> {
  const root = await makeMachine();
  expect(await install(root)).toMatchObject({ code: 0, stderr: "" });
  expect(installedVersion(root)).toBe("1.0.0");
  return root;
}

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
        for (const [file, content] of signRelease(goodRelease("2.0.0"), otherKeys.privatePem))
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
      using root = await installed();
      const release = goodRelease("2.0.0");
      spoil(release);
      server.publish("2.0.0", release);
      await expectRefusal(root, words);
    });
  }

  asRoot("does not start here", async () => {
    using root = await installed();
    const broken = "#!/bin/sh\necho 'libstdc++.so.6: not found' >&2\nexit 127\n";
    server.publish(
      "2.0.0",
      makeUpRelease({ version: "2.0.0", address: server.address, signedBy: ownKeys, executable: broken }),
    );
    await expectRefusal(root, "does not run here, so nothing was changed: it needs libstdc++");
  });

  asRoot("says that it is another version", async () => {
    using root = await installed();
    server.publish(
      "2.0.0",
      makeUpRelease({
        version: "2.0.0",
        address: server.address,
        signedBy: ownKeys,
        executable: "#!/bin/sh\necho 'cupel 1.0.0 (x)'\n",
      }),
    );
    await expectRefusal(root, "does not run here, so nothing was changed: cupel 1.0.0 (x)");
  });

  for (const program of ["curl", "wget"]) {
    asRoot(`breaks off half-way (${program})`, async () => {
      using root = await installed();
      if (program === "wget") Bun.spawnSync(["rm", root.at("usr/bin/curl")]);
      publishGood("2.0.0");
      server.cutOff(name);
      // The one tells of the broken connection, the other of what came.
      await expectRefusal(root, name);
      server.cutOff(undefined);
    });
  }

  asRoot("does not fit on the disk", async () => {
    using root = await installed();
    const large = `#!/bin/sh\necho 'cupel 2.0.0 (large)'\nexit\n${"x".repeat(8 << 20)}`;
    server.publish(
      "2.0.0",
      makeUpRelease({ version: "2.0.0", address: server.address, signedBy: ownKeys, executable: large }),
    );
    const tiny =
      "cp -a usr/local/bin tmp/kept; mount -t tmpfs -o size=2M,mode=755 none usr/local/bin; cp -a tmp/kept/cupel usr/local/bin; rm -r tmp/kept";
    await expectRefusal(root, "could not be downloaded", [], { before: tiny });
  });

  asRoot("cannot be reached", async () => {
    using root = await installed();
    await expectRefusal(root, "SHA256SUMS could not be downloaded", [], { offline: true });
  });

  asRoot("is older than the installer, and nobody asked for it", async () => {
    using root = await installed();
    server.publish("0.9.9", goodRelease("0.9.9"));
    await expectRefusal(root, "to go back, say --version 0.9.9");
  });

  asRoot("is not the one asked for", async () => {
    using root = await installed();
    server.publish("2.0.1", goodRelease("2.0.0"));
    await expectRefusal(root, "the server gave release 2.0.0 in place of 2.0.1", ["--version", "2.0.1"]);
  });
});

describe("who made a release", () => {
  const withoutVerifiers = ["curl"];

  asRoot("is never taken on trust where nothing can verify it", async () => {
    using root = await makeMachine(withoutVerifiers);
    const refused = await install(root);
    expect([refused.code, refused.stdout]).toEqual([1, ""]);
    expect(refused.stderr).toContain("nothing here can verify who made the release");
    expect(refused.stderr).toContain("--insecure-unsigned");
    expect(survey(root)).toEqual(survey(await makeMachine(withoutVerifiers)));
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
    using root = await makeMachine(withoutVerifiers);
    for (const [program, text] of Object.entries(oldOnes)) root.file(`usr/bin/${program}`, text, 0o755);
    expect((await install(root)).stderr).toContain("nothing here can verify who made the release");
  });

  for (const program of ["openssl", "ssh-keygen"]) {
    asRoot(`is verified with ${program} alone: its own key passes, another does not`, async () => {
      using root = await makeMachine(["curl", program]);
      expect(await install(root)).toMatchObject({ code: 0, stderr: "" });
      const forged = signRelease(
        new Map([...goodRelease("2.0.0")].filter(([file]) => !file.startsWith("SHA256SUMS"))),
        otherKeys.privatePem,
      );
      server.publish("2.0.0", forged);
      await expectRefusal(root, "signature of the release is not by the key of cupel");
    });
  }

  asRoot("cannot be told by an installer without a key", async () => {
    using root = await makeMachine();
    const unsigned = makeUpRelease({ version: "1.0.0", address: server.address });
    root.file("install.sh", unsigned.get("install.sh") ?? "", 0o755);
    server.publish("1.0.0", unsigned);
    const refused = await install(root);
    expect([refused.code, refused.stderr.includes("this install.sh holds no key")]).toEqual([1, true]);
    expect((await install(root, ["--insecure-unsigned"])).code).toBe(0);
  });

  asRoot("does not make checksums optional", async () => {
    using root = await installed();
    const release = goodRelease("2.0.0");
    release.set(executableName("2.0.0"), Buffer.from("something else"));
    server.publish("2.0.0", release);
    const { code, stderr } = await install(root, ["--insecure-unsigned"]);
    expect([code, stderr.includes("is not the file of the release")]).toEqual([1, true]);
    expect(installedVersion(root)).toBe("1.0.0");
  });
});

describe("what is asked for", () => {
  asRoot("is done again without harm, and replaces an older version", async () => {
    using root = await installed();
    const once = survey(root);
    expect((await install(root)).code).toBe(0);
    expect(survey(root)).toEqual(once);
    publishGood("2.0.0");
    expect((await install(root)).stdout).toContain("installed 2.0.0 as /usr/local/bin/cupel");
    expect(installedVersion(root)).toBe("2.0.0");
    server.publish("1.0.0", goodRelease("1.0.0"));
    expect((await install(root, ["--version=v1.0.0"])).code).toBe(0);
    expect(installedVersion(root)).toBe("1.0.0");
  });

  asRoot("is only said by --dry-run", async () => {
    using root = await makeMachine();
    const before = survey(root);
    const dry = await install(root, ["--dry-run"]);
    const from = `${server.address}/latest/download/${executableName("1.0.0")}`;
    expect(dry).toMatchObject({
      code: 0,
      stderr: "",
      stdout: `cupel: would install ${from} as /usr/local/bin/cupel\n`,
    });
    expect(survey(root)).toEqual(before);
    await install(root);
    const after = survey(root);
    const removal = await install(root, ["--dry-run", "--uninstall"]);
    expect(removal.stdout).toBe(
      ["bin/cupel", "lib/cupel", "share/man/man1/cupel.1"]
        .map((path) => `cupel: would remove /usr/local/${path}\n`)
        .join(""),
    );
    expect(survey(root)).toEqual(after);
  });

  asRoot("is taken away whole, and only once", async () => {
    using root = await installed();
    root.file("usr/local/bin/other", "stays");
    expect((await install(root, ["--uninstall"])).code).toBe(0);
    expect(readdirSync(root.at("usr/local/bin"))).toEqual(["other"]);
    expect(readdirSync(root.at("usr/local/lib"))).toEqual([]);
    expect(await install(root, ["--uninstall"])).toMatchObject({
      code: 0,
      stdout: "cupel: nothing is installed in /usr/local\n",
    });
  });

  asRoot("goes where --prefix says, and a PATH without it is told", async () => {
    using root = await makeMachine();
    const { code, stderr } = await install(root, ["--prefix", "/opt/cupel"]);
    expect([code, stderr]).toEqual([
      0,
      `cupel: /opt/cupel/bin is not in PATH: call /opt/cupel/bin/cupel, or add it with  PATH="/opt/cupel/bin:$PATH"\n`,
    ]);
    expect(readdirSync(root.at("opt/cupel")).toSorted()).toEqual(["bin", "lib", "share"]);
  });

  asRoot("is told when another cupel comes first in PATH", async () => {
    using root = await makeMachine();
    root.file("usr/bin/cupel", "#!/bin/sh\n", 0o755);
    const { code, stderr } = await install(root, [], { env: { PATH: "/usr/bin:/bin:/usr/local/bin" } });
    expect([code, stderr]).toEqual([0, "cupel: `cupel` still means /usr/bin/cupel, which comes first in PATH\n"]);
  });

  asRoot("fails for an ordinary user where root alone may write", async () => {
    using root = await makeMachine();
    root.folder("opt");
    const { code, stderr } = await root.run(ordinaryCaller, ["sh", "/install.sh", "--prefix", "/opt/cupel"]);
    expect([code, stderr]).toEqual([
      1,
      "cupel: /opt/cupel/bin cannot be made: choose another place with --prefix DIR\n",
    ]);
  });

  asRoot("fails on a machine that cupel does not run on", async () => {
    using root = await makeMachine();
    const faults: readonly (readonly [machine: string, system: string, words: string])[] = [
      ["riscv64", "Linux", "there is no cupel for riscv64 processors"],
      ["x86_64", "FreeBSD", "there is no cupel for FreeBSD"],
      ["x86_64", "MINGW64_NT-10.0", "on Windows, run this in WSL 2"],
      [otherMachine, "Linux", "and neither is here"],
    ];
    for (const [machine, system, words] of faults) {
      root.file("usr/bin/uname", `#!/bin/sh\n[ "$1" = -m ] && echo ${machine} || echo ${system}\n`, 0o755);
      // Busybox as a shell would take its own uname.
      const { code, stderr } = await install(root, [], {}, "/usr/bin/dash");
      expect([code, stderr.includes(words), stderr]).toEqual([1, true, stderr]);
    }
  });
});

describe.each(["/bin/sh", "/usr/bin/dash", "/usr/bin/bash"])("wrong input to %s", (shell) => {
  const cases: readonly (readonly [readonly string[], Record<string, string>, string])[] = [
    [["--unknown"], {}, "install.sh has no flag --unknown (see --help)"],
    [["word"], {}, "install.sh has no flag word (see --help)"],
    [["--version"], {}, "--version needs a value (see --help)"],
    [["--version", "latest"], {}, "--version latest is not a version such as 1.2.3 (see --help)"],
    [["--version", "1.2.3/../../x"], {}, "--version 1.2.3/../../x is not a version such as 1.2.3 (see --help)"],
    [["--prefix", "here"], {}, "--prefix takes an absolute directory other than /, not 'here' (see --help)"],
    [["--prefix=/"], {}, "--prefix takes an absolute directory other than /, not '/' (see --help)"],
    [
      [],
      { CUPEL_BASE_URL: "ftp://x" },
      "CUPEL_BASE_URL has to start with https:// or http://, not 'ftp://x' (see --help)",
    ],
  ];
  asRoot("is one sentence and code 64", async () => {
    using root = await makeMachine();
    const before = survey(root);
    for (const [words, env, sentence] of cases) {
      expect(await install(root, words, { env }, shell)).toMatchObject({
        code: 64,
        stdout: "",
        stderr: `cupel: ${sentence}\n`,
      });
    }
    expect(survey(root)).toEqual(before);
  });
});

test("the script as it lies in the repository asks for a server", async () => {
  const { code, stderr } = await (
    await import("../support/execute.ts")
  ).execute(["sh", "scripts/install.sh"], {
    cwd: `${import.meta.dir}/../..`,
    env: { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent" },
  });
  expect([code, stderr]).toEqual([
    64,
    "cupel: this copy of install.sh knows no server: set CUPEL_BASE_URL (see --help)\n",
  ]);
});
