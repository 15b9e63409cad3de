/** The packages of a release: installed, used and taken away as npm and dpkg do it. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../../scripts/source/repository.ts";
import { execute, type Ran } from "../support/execute.ts";
import { addLibraries, makeFreshRoot, type FreshRoot } from "../support/fresh-root.ts";
import { needs, needsPrograms } from "../support/must-work.ts";
import { startNpmRegistry } from "../support/npm-registry.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, isRoot, ordinaryCaller, rootCallers } from "../support/tester.ts";

const built = makeTempDir();
const packages = built.folder("packages");
afterAll(() => built[Symbol.dispose]());

beforeAll(async () => {
  const release = built.at("release");
  const script = (...words: string[]): Promise<Ran> =>
    execute([process.execPath, ...words], { cwd: repositoryRoot, deadlineMs: 120_000 });
  const made = await script("scripts/release.ts", "--output", release, `linux-${process.arch}`);
  const packed = await script("scripts/package.ts", release, packages);
  expect([made, packed].map(({ code, stderr }) => [code, stderr])).toEqual([
    [0, ""],
    [0, ""],
  ]);
});

describe("npm", () => {
  needsPrograms("npm", "npx")("runs it without any install script, and with its exit codes and signals", async () => {
    await using registry = await startNpmRegistry(packages);
    using home = makeTempDir({ owner: ordinaryCaller });
    const env = {
      PATH: process.env["PATH"] ?? "",
      HOME: home.path,
      npm_config_registry: registry.address,
      npm_config_update_notifier: "false",
    };
    const call = (...words: string[]): Promise<Ran> =>
      execute([...ordinaryCaller.prefix, ...words], { cwd: home.path, env, deadlineMs: 60_000 });
    const doctor = await call("npx", "--yes", "cupel", "doctor", "--brief");
    expect([doctor.code, doctor.stdout.includes("all demanded guarantees hold")]).toEqual([0, true]);

    expect((await call("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "cupel")).code).toBe(0);
    expect(readdirSync(home.at("node_modules/@cupel"))).toEqual([`linux-${process.arch}`]);
    const installed = home.at("node_modules/.bin/cupel");
    expect(await call(installed, "run", "--workspace", "none", "--", "sh", "-c", "exit 7")).toMatchObject({
      code: 7,
      stderr: "",
    });
    const killed = await call(
      "sh",
      "-c",
      `"${installed}" run --workspace none -- sleep 1000 & pid=$!; sleep 1; kill -TERM $pid; wait $pid; echo $?`,
    );
    expect(killed.stdout).toBe("143\n");
  });

  needsPrograms("npm", "node")("says which package is missing where npm left it out", async () => {
    await using registry = await startNpmRegistry(packages);
    using home = makeTempDir();
    const env = { PATH: process.env["PATH"] ?? "", HOME: home.path, npm_config_registry: registry.address };
    await execute(["npm", "install", "--omit=optional", "--no-audit", "--no-fund", "cupel"], { cwd: home.path, env });
    const { code, stderr } = await execute([home.at("node_modules/.bin/cupel"), "doctor"], { cwd: home.path, env });
    expect([code, stderr]).toEqual([
      125,
      `cupel: the package @cupel/linux-${process.arch} is not installed: there is none for this platform, or npm was told to leave optional dependencies out\n`,
    ]);
  });
});

const withDpkg = needs(isRoot && Bun.which("dpkg-deb") !== null, "needs root and dpkg");

/** A machine with a package database, in which there is a C library. */
function makeDebian(): FreshRoot {
  const root = makeFreshRoot([], callers);
  addLibraries(root, join(repositoryRoot, "dist/cupel"));
  for (const folder of ["info", "updates", "triggers"]) root.folder(`var/lib/dpkg/${folder}`);
  const libc = ["Package: libc6", "Status: install ok installed", "Version: 2.36-9", "Architecture: amd64"];
  const own = Bun.spawnSync(["dpkg", "--print-architecture"]).stdout.toString().trim();
  const fields = [...libc.slice(0, -1), `Architecture: ${own}`, "Maintainer: nobody", "Description: stands for it"];
  root.file("var/lib/dpkg/status", `${fields.join("\n")}\n\n`);
  root.file("var/lib/dpkg/info/libc6.list", "/.\n");
  return root;
}

describe("Debian", () => {
  withDpkg("installs, uses, removes and purges it", async () => {
    using root = makeDebian();
    const dpkg = (...words: string[]): Promise<Ran> =>
      execute(["dpkg", `--root=${root.path}`, "--log=/dev/null", ...words], { deadlineMs: 60_000 });
    const archive = readdirSync(packages).find((name) => name.endsWith(".deb")) ?? "";
    expect(await dpkg("--install", join(packages, archive))).toMatchObject({ code: 0, stderr: "" });

    const ran = await root.run(ordinaryCaller, ["cupel", "run", "--workspace", "none", "--", "echo", "hello"]);
    expect([ran.code, ran.stdout, ran.stderr]).toEqual([0, "hello\n", ""]);
    const state = join(root.home(ordinaryCaller), ".local/state/cupel");
    expect(readdirSync(state).filter((name) => /^(launcher|prober)-/.test(name))).toEqual([]);
    for (const caller of rootCallers) expect((await root.run(caller, ["cupel", "doctor", "--brief"])).code).toBe(0);

    expect((await dpkg("--remove", "cupel")).code).toBe(0);
    const places = ["usr/bin/cupel", "usr/lib/cupel", "usr/share/man/man1/cupel.1.gz"];
    expect(places.filter((path) => existsSync(root.at(path)))).toEqual([]);
    expect(existsSync(root.at("var/lib/cupel"))).toBeTrue();
    expect((await dpkg("--purge", "cupel")).code).toBe(0);
    expect(existsSync(root.at("var/lib/cupel"))).toBeFalse();
  });
});
