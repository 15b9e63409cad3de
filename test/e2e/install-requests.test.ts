/** scripts/install.sh and what it is asked for, on which machine. */
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { execute } from "../support/execute.ts";
import type { FreshRoot } from "../support/fresh-root.ts";
import { install, installedVersion, survey, useInstallerTrials } from "../support/installer-trials.ts";
import { needs } from "../support/must-work.ts";
import { executableName } from "../support/release-server.ts";
import { isRoot, ordinaryCaller } from "../support/tester.ts";

const asRoot = needs(isRoot, "only root can make a root directory of its own");
const trials = useInstallerTrials();

/** As `uname -m` calls it. */
const otherMachine = process.arch === "x64" ? "aarch64" : "x86_64";

describe("what is asked for", () => {
  asRoot("is done again without harm, and replaces an older version", async () => {
    using root = await trials.installed();
    const once = survey(root);
    expect((await install(root)).code).toBe(0);
    expect(survey(root)).toEqual(once);
    trials.publishGood("2.0.0");
    expect((await install(root)).stdout).toContain("installed 2.0.0 as /usr/local/bin/cupel");
    expect(installedVersion(root)).toBe("2.0.0");
    trials.server.publish("1.0.0", trials.goodRelease("1.0.0"));
    expect((await install(root, ["--version=v1.0.0"])).code).toBe(0);
    expect(installedVersion(root)).toBe("1.0.0");
  });

  asRoot("takes away what one that was killed left behind, not what another is at", async () => {
    using root = await trials.installed();
    for (const name of ["old", "new"]) root.file(`usr/local/bin/.cupel-installing.${name}/cupel`, "half");
    Bun.spawnSync(["touch", "-d", "2 hours ago", root.at("usr/local/bin/.cupel-installing.old")]);
    expect((await install(root)).code).toBe(0);
    expect(readdirSync(root.at("usr/local/bin")).toSorted()).toEqual([".cupel-installing.new", "cupel"]);
  });

  asRoot("is only said by --dry-run", async () => {
    using root = trials.machine();
    const before = survey(root);
    const dry = await install(root, ["--dry-run"]);
    const from = `${trials.server.address}/latest/download/${executableName("1.0.0")}`;
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
    using root = await trials.installed();
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
    using root = trials.machine();
    const { code, stderr } = await install(root, ["--prefix", "/opt/cupel"]);
    expect([code, stderr]).toEqual([
      0,
      `cupel: /opt/cupel/bin is not in PATH: call /opt/cupel/bin/cupel, or add it with  PATH="/opt/cupel/bin:$PATH"\n`,
    ]);
    expect(readdirSync(root.at("opt/cupel")).toSorted()).toEqual(["bin", "lib", "share"]);
  });

  asRoot("is remembered with the server that it came from, where that is not the release's own", async () => {
    using root = trials.machine();
    const mirror = trials.server.address.replace("127.0.0.1", "localhost");
    const from = async (url: string | undefined): Promise<string> => {
      const { code, stderr } = await install(root, [], { env: url === undefined ? {} : { CUPEL_BASE_URL: url } });
      expect([code, stderr]).toEqual([0, ""]);
      const path = root.at("usr/local/lib/cupel/address");
      return existsSync(path) ? readFileSync(path, "utf8") : "none";
    };
    const recorded: string[] = [];
    for (const url of [
      undefined,
      `${mirror}/`,
      trials.server.address,
      mirror,
      mirror.replace("//", "//a:b@"),
      undefined,
    ])
      recorded.push(await from(url));
    expect(recorded).toEqual(["none", `${mirror}\n`, "none", `${mirror}\n`, "none", "none"]);
  });

  asRoot("is told when another cupel comes first in PATH", async () => {
    using root = trials.machine();
    root.file("usr/bin/cupel", "#!/bin/sh\n", 0o755);
    const { code, stderr } = await install(root, [], { env: { PATH: "/usr/bin:/bin:/usr/local/bin" } });
    expect([code, stderr]).toEqual([0, "cupel: `cupel` still means /usr/bin/cupel, which comes first in PATH\n"]);
  });

  asRoot("fails for an ordinary user where root alone may write", async () => {
    using root = trials.machine();
    root.folder("opt");
    const { code, stderr } = await root.run(ordinaryCaller, ["sh", "/install.sh", "--prefix", "/opt/cupel"]);
    expect([code, stderr]).toEqual([
      1,
      "cupel: /opt/cupel/bin cannot be made: choose another place with --prefix DIR\n",
    ]);
  });

  asRoot("fails on a machine that cupel does not run on", async () => {
    using root = trials.machine();
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

describe("what machine it is", () => {
  const asked = async (root: FreshRoot, before = ""): Promise<string> => {
    const { stdout, stderr } = await install(root, ["--dry-run"], { before });
    return stdout + stderr;
  };
  const muslLoader = `lib/ld-musl-${process.arch === "x64" ? "x86_64" : "aarch64"}.so.1`;

  asRoot("has glibc where both loaders are there, but for Alpine's stand-in", async () => {
    using root = trials.machine();
    root.file(muslLoader);
    expect(await asked(root)).toContain(`${executableName("1.0.0")} as `);
    root.file("etc/alpine-release", "3.22.0\n");
    expect(await asked(root)).toBe(`cupel: the release holds no executable for linux-${process.arch}-musl\n`);
  });

  needs(isRoot && process.arch === "x64", "only root can, and only x86-64 has it")(
    "is refused with a processor that Bun does not start on",
    async () => {
      using root = trials.machine();
      root.file("tmp/cpuinfo", "flags\t\t: fpu sse sse2 ssse3 sse4_1 cx16\n");
      const before = "mount --bind tmp/cpuinfo proc/cpuinfo";
      expect(await asked(root, before)).toContain("this processor has no SSE 4.2");
    },
  );
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
    using root = trials.machine();
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
  const script = join(import.meta.dir, "../../scripts/install.sh");
  const { code, stderr } = await execute(["sh", script], { env: { PATH: "/usr/bin:/bin", HOME: "/nonexistent" } });
  expect([code, stderr]).toEqual([
    64,
    "cupel: this copy of install.sh knows no server: set CUPEL_BASE_URL (see --help)\n",
  ]);
});
