/** A package whose dependencies come over a network that leads to its registry alone, installed and tested. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../support/compile-c.ts";
import { execute } from "../support/execute.ts";
import { idIn } from "../support/filled-workspace.ts";
import { needsPrograms } from "../support/must-work.ts";
import { listing, see, throughProxy } from "../support/network-job.ts";
import { startNpmRegistry, type NpmRegistry } from "../support/npm-registry.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { callers, ordinaryCaller, type Caller } from "../support/tester.ts";
import { readTree, readTreeExactly } from "../support/tree.ts";

const cupel = installCupel();
const fixtures = join(repositoryRoot, "test/fixtures/npm");
const withNpm = needsPrograms("npm", "node");
const npm = ["--no-audit", "--no-fund", "--no-update-notifier"];

const archives = makeTempDir();
let registry: NpmRegistry;
let port = "";
/** Of the tree of dependencies as npm itself resolves it, with the checksums of this npm's own archives. */
let lock = "";

/** Where npm finds it, by its name: as an address it would be the job's own loopback. */
const registryAddress = (): string => `http://localhost:${port}/`;

async function npmOutside(words: readonly string[], cwd: string): Promise<void> {
  const env = { PATH: process.env["PATH"] ?? "", HOME: archives.path, npm_config_registry: registryAddress() };
  const ran = await execute(["npm", ...words, ...npm], { cwd, env, deadlineMs: 50_000 });
  expect(ran).toMatchObject({ code: 0 });
}

beforeAll(async () => {
  const packages = readdirSync(fixtures).filter((name) => name !== "project");
  for (const name of packages) await npmOutside(["pack", "--silent", join(fixtures, name)], archives.path);
  registry = await startNpmRegistry(archives.path);
  port = new URL(registry.address).port;
  using project = makeTempDir();
  cpSync(join(fixtures, "project"), project.path, { recursive: true });
  await npmOutside(["install", "--package-lock-only"], project.path);
  lock = readFileSync(project.at("package-lock.json"), "utf8");
});

afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  archives[Symbol.dispose]();
});

function projectOf(caller: Caller): TempDir {
  const project = makeTempDir({ owner: caller });
  cpSync(join(fixtures, "project"), project.path, { recursive: true });
  writeFileSync(project.at("package-lock.json"), lock);
  Bun.spawnSync(["chown", "-R", `${caller.uid}:${caller.gid}`, project.path]);
  return project;
}

const script = `npm ci --silent --fetch-retries 0 ${npm.join(" ")} && npm test --silent`;
const flags = (): string[] => [...throughProxy, "--env", `npm_config_registry=${registryAddress()}`];

describe.each(callers)("npm ci && npm test, called by $name,", (caller) => {
  withNpm(
    "works with the registry listed, leaves the host's tree alone, and is applied as npm would do it",
    async () => {
      using project = projectOf(caller);
      const before = readTreeExactly(project.path);
      const rules = listing(`localhost:${port}`, `127.0.0.1:${port}`);
      const seen = await see(cupel, caller, [...rules, ...flags()], ["sh", "-c", script], project.path);
      const { allowed = 0, ...network } = seen.network ?? {};
      // Three archives; npm asks more of it when it likes.
      expect({ ran: seen.ran, network, isThere: allowed >= 3 }).toEqual({
        ran: { code: 0, signal: null, stdout: "1 passed, 0 failed\n", stderr: expect.stringContaining("cupel apply ") },
        network: { isCutOff: false, denied: 0, denials: [] },
        isThere: true,
      });
      expect(readTreeExactly(project.path)).toEqual(before);

      const applied = await cupel.run(caller, ["apply", idIn(seen.ran.stderr)]);
      expect(applied).toMatchObject({ code: 0, stderr: "" });
      using native = projectOf(caller);
      await npmOutside(["ci", "--silent"], native.path);
      Bun.spawnSync(["chown", "-hR", `${caller.uid}:${caller.gid}`, native.path]);
      expect(readTree(project.path)).toEqual(readTree(native.path));
    },
  );
});

withNpm("npm ci with another registry listed fails, and cupel names what was denied", async () => {
  using project = projectOf(ordinaryCaller);
  const before = readTreeExactly(project.path);
  const rules = listing("registry.example");
  const { ran, network } = await see(cupel, ordinaryCaller, [...rules, ...flags()], ["sh", "-c", script], project.path);
  expect([ran.code === 0, ran.stdout]).toEqual([false, ""]);
  expect(network?.denials[0]).toMatchObject({ host: "localhost", port: Number(port), reason: "host-not-listed" });
  expect(ran.stderr).toContain(`localhost:${port} (--allow-host localhost:${port})`);
  expect(readTreeExactly(project.path)).toEqual(before);
});

needsPrograms(
  "npm",
  "node",
  "strace",
)("npm ci without a network fails, and its denial is explained", async () => {
  using project = projectOf(ordinaryCaller);
  const before = readTreeExactly(project.path);
  const flagsWithout = ["run", "--explain-denials", "--env", `npm_config_registry=${registryAddress()}`, "--"];
  const ran = await cupel.run(ordinaryCaller, [...flagsWithout, "sh", "-c", script], { cwd: project.path });
  expect([ran.code === 0, ran.stdout]).toEqual([false, ""]);
  const grant = `--allow-host 127.0.0.1:${port} --env no_proxy= --env NO_PROXY=`;
  expect(ran.stderr).toMatch(new RegExp(`connect 127.0.0.1:${port} \\(connect: EINPROGRESS.*: ${grant};`));
  expect(readTreeExactly(project.path)).toEqual(before);
});
