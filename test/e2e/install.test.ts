/** The one-line install of a real release, on machines with next to nothing on them. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../../scripts/source/repository.ts";
import { buildImage } from "../support/container-engines.ts";
import { execute } from "../support/execute.ts";
import { addLibraries, describeFile, linkShell, makeFreshRoot, type FreshRoot } from "../support/fresh-root.ts";
import { fencedBlocks } from "../support/markdown.ts";
import { needs } from "../support/must-work.ts";
import { ownKeys, startReleaseServer, type ReleaseServer } from "../support/release-server.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, isRoot, ordinaryCaller, rootCallers } from "../support/tester.ts";

const asRoot = needs(isRoot, "only root can make a root directory of its own");
const built = makeTempDir();
afterAll(() => built[Symbol.dispose]());
const release = built.at("release");
let server: ReleaseServer;

beforeAll(async () => {
  if (!isRoot) return;
  server = await startReleaseServer();
  const key = built.file("key", ownKeys.privatePem, 0o600);
  const env = {
    ...(process.env as Record<string, string>),
    CUPEL_RELEASE_PUBLIC_KEY: built.file("key.pub", ownKeys.publicPem),
    CUPEL_RELEASE_URL: server.address,
  };
  const script = (...words: string[]) =>
    execute([process.execPath, ...words], { cwd: repositoryRoot, env, deadlineMs: 120_000 });
  const outcomes = [
    await script("scripts/release.ts", "--output", release, `linux-${process.arch}`),
    await script("scripts/sign.ts", "--key", key, release),
  ];
  expect(outcomes.map(({ code, stderr }) => [code, stderr])).toEqual([
    [0, ""],
    [0, ""],
  ]);
  const names = readdirSync(release);
  server.publish(releasedVersion(), new Map(names.map((name) => [name, readFileSync(join(release, name))])));
});

afterAll(() => server?.[Symbol.asyncDispose]());

function releasedVersion(): string {
  return JSON.parse(readFileSync(join(repositoryRoot, "package.json"), "utf8")).version;
}

/** What is on each machine besides busybox, and how its users fetch the installer. */
const machines = [
  { shell: "busybox", programs: ["openssl"], fetch: "wget -qO-" },
  { shell: "dash", programs: ["dash", "curl", "ssh-keygen"], fetch: "curl -fsSL" },
  { shell: "bash", programs: ["bash", "curl", "openssl", "ssh-keygen"], fetch: "curl -fsSL" },
] as const;

function makeMachine({ shell, programs }: (typeof machines)[number]): FreshRoot {
  const root = makeFreshRoot(programs, callers);
  addLibraries(root, join(repositoryRoot, "dist/cupel"));
  if (shell !== "busybox") linkShell(root, shell);
  return root;
}

describe.each(machines)("with $shell", (machine) => {
  for (const caller of callers) {
    asRoot(`${caller.name} installs in one line, can use it, and takes it away again`, async () => {
      using root = makeMachine(machine);
      const prefix = caller.uid === 0 ? "/usr/local" : `/home/user-${caller.uid}/.local`;
      const env = { PATH: `${prefix}/bin:/usr/bin:/bin` };
      const sh = (script: string) => root.run(caller, ["sh", "-c", script], { env });
      const installed = await sh(`${machine.fetch} ${server.address}/latest/download/install.sh | sh`);
      expect(installed.stderr).toBe("");
      const [first, ...verdict] = installed.stdout.trim().split("\n");
      expect([installed.code, first]).toEqual([0, `cupel: installed ${releasedVersion()} as ${prefix}/bin/cupel`]);
      expect(verdict.join(" ")).toContain("all demanded guarantees hold");

      expect(server.asked).not.toContain(`/latest/download/cupel-${releasedVersion()}-linux-${process.arch}`);

      const version = await sh("cupel version");
      expect(version.stdout).toStartWith(`cupel ${releasedVersion()} (build `);
      expect(version.stdout).not.toContain("no release key");
      expect((await sh("cupel run --workspace none -- sh -c 'echo from a sandbox'")).stdout).toBe("from a sandbox\n");

      const uninstalled = await sh(
        `${machine.fetch} ${server.address}/latest/download/install.sh | sh -s -- --uninstall`,
      );
      expect([uninstalled.code, uninstalled.stderr]).toEqual([0, ""]);
      const left = ["bin", "lib", "share/man/man1"].map((folder) => root.at(`${prefix.slice(1)}/${folder}`));
      expect(left.flatMap((folder) => (describeFile(folder) === "missing" ? [] : readdirSync(folder)))).toEqual([]);
    });
  }
});

describe("what root installed", () => {
  asRoot("is root's, and its helpers are the ones that everybody's jobs start with", async () => {
    using root = makeMachine(machines[1]);
    for (const caller of rootCallers)
      await root.run(caller, ["sh", "-c", `curl -fsSL ${server.address}/latest/download/install.sh | sh`]);
    const installed = ["bin/cupel", "lib/cupel/launcher", "lib/cupel/prober", "share/man/man1/cupel.1"];
    expect(installed.map((path) => describeFile(root.at(`usr/local/${path}`)))).toEqual([
      "0 755",
      "0 755",
      "0 755",
      "0 644",
    ]);
    // Called by somebody who has not used cupel before: a launcher of his own would be written to his state directory.
    const ran = await root.run(ordinaryCaller, ["cupel", "run", "--workspace", "none", "--", "true"]);
    expect([ran.code, ran.stderr]).toEqual([0, ""]);
    const state = join(root.home(ordinaryCaller), ".local/state/cupel");
    expect(readdirSync(state).filter((name) => /^(launcher|prober)-/.test(name))).toEqual([]);
  });

  asRoot("goes without helpers where they are another version's", async () => {
    using root = makeMachine(machines[1]);
    for (const caller of rootCallers)
      await root.run(caller, ["sh", "-c", `curl -fsSL ${server.address}/latest/download/install.sh | sh`]);
    root.file("usr/local/lib/cupel/launcher", "#!/bin/sh\n", 0o755);
    const ran = await root.run(ordinaryCaller, ["cupel", "run", "--workspace", "none", "--", "true"]);
    expect([ran.code, ran.stderr]).toEqual([0, ""]);
    const state = join(root.home(ordinaryCaller), ".local/state/cupel");
    expect(readdirSync(state).some((name) => name.startsWith("launcher-"))).toBeTrue();
  });
});

describe("the Dockerfile of the README", () => {
  asRoot("makes an image with cupel in it", async () => {
    // Stands for the Debian image: what apt-get would fetch is there already.
    using root = makeMachine(machines[2]);
    root.file("usr/bin/apt-get", "#!/bin/sh\n", 0o755);
    const text = readFileSync(join(repositoryRoot, "README.md"), "utf8");
    const [dockerfile] = fencedBlocks(text).filter(({ kind }) => kind === "dockerfile");
    const stated = dockerfile?.text.replaceAll("ADDRESS", server.address) ?? "";
    const { built: image, said } = await buildImage(stated, root.path, ["cupel", "version"]);
    expect([image.code, image.stdout]).toEqual([0, expect.stringContaining("/usr/local/bin/cupel")]);
    expect([said.code, said.stdout]).toEqual([0, expect.stringContaining(`cupel ${releasedVersion()} (build `)]);
  });
});

describe("the release", () => {
  asRoot("holds the same executable as any other build of these sources", async () => {
    const again = built.at("again");
    const env = {
      ...(process.env as Record<string, string>),
      CUPEL_RELEASE_PUBLIC_KEY: built.at("key.pub"),
      CUPEL_RELEASE_URL: server.address,
    };
    await execute([process.execPath, "scripts/release.ts", "--output", again, `linux-${process.arch}`], {
      cwd: repositoryRoot,
      env,
    });
    expect(readFileSync(join(again, "SHA256SUMS"), "utf8")).toBe(readFileSync(join(release, "SHA256SUMS"), "utf8"));
    expect(statSync(join(again, "install.sh")).mode & 0o777).toBe(0o755);
  });
});
