import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listFiles, repositoryRoot } from "./source/repository.ts";

const copied = ["src", "scripts", "platform", "package.json", "bun.lock", "bunfig.toml", "tsconfig.json"];
const standIn = `import { helpers } from "./launch/helpers.gen.ts";
console.log([...Object.keys(helpers), ...process.argv.slice(2)].join(" "));
`;
const printed = (words: string): string => `courier launcher prober ${words}\n`;

/** Somebody who owns nothing else: `nobody` where root runs the tests, the caller otherwise. */
const isRoot = process.getuid?.() === 0;
const nobody = 65534;
const asOrdinary = isRoot ? ["setpriv", `--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups"] : [];

let folder = "";

/** A checkout as cloned, with a program in place of cupel that says how it was called. */
function makeClone(name: string): string {
  const clone = join(folder, name);
  mkdirSync(clone);
  for (const path of copied) cpSync(join(repositoryRoot, path), join(clone, path), { recursive: true });
  for (const path of listFiles(["src/{launch/{{attack-,front-,}helpers,compiled-seccomp},model/build}.gen.ts"], clone))
    rmSync(join(clone, path));
  writeFileSync(join(clone, "src/main.ts"), standIn);
  return clone;
}

/** Gives a clone the dependencies of this checkout, as links: what is fetched is another test's subject. */
function linkDependencies(clone: string): void {
  const linked = Bun.spawnSync(["cp", "-al", join(repositoryRoot, "node_modules"), clone]);
  // Another file system: copies, then.
  if (linked.exitCode !== 0)
    cpSync(join(repositoryRoot, "node_modules"), join(clone, "node_modules"), { recursive: true });
  rmSync(join(clone, "node_modules/.cupel-installed"), { force: true });
}

interface Run {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

async function run(command: readonly string[], environment: Record<string, string> = {}): Promise<Run> {
  const child = Bun.spawn([...command], {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { stdout, stderr, code };
}

/** A PATH with these programs alone. */
function makePath(name: string, programs: readonly string[]): string {
  const path = join(folder, name);
  mkdirSync(path);
  for (const program of programs) symlinkSync(Bun.which(program) ?? "/nonexistent", join(path, program));
  return path;
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cupel-test-"));
  chmodSync(folder, 0o755);
});

afterAll(() => rmSync(folder, { recursive: true }));

describe("scripts/cupel in a fresh clone", () => {
  test("fetches, builds and runs, and the second time says nothing", async () => {
    const clone = makeClone("fresh");
    // Not the Bun that runs this test: it has to be fetched. What was fetched once is taken from npm's and Bun's caches.
    const path = (process.env["PATH"] ?? "").split(":").filter((entry) => !existsSync(join(entry, "bun")));
    const environment = { PATH: path.join(":"), npm_config_prefer_offline: "true" };
    const first = await run([join(clone, "scripts/cupel"), "a b", "c"], environment);
    expect(first).toMatchObject({ stdout: printed("a b c"), code: 0 });
    expect(first.stderr).toMatch(/^cupel: fetching Bun [\d.]+\ncupel: installing dependencies\ncupel: built \w+: /);
    const second = await run([join(clone, "scripts/cupel"), "again"], environment);
    expect(second).toEqual({ stdout: printed("again"), stderr: "", code: 0 });
  });

  test("works for an ordinary user, twice at once, and builds once", async () => {
    const clone = makeClone("ordinary");
    linkDependencies(clone);
    // Not the links: they are this checkout's own files too.
    const owned = ["(", "-links", "1", "-o", "-type", "d", ")"];
    if (isRoot) await run(["find", clone, ...owned, "-exec", "chown", "-h", `${nobody}:${nobody}`, "{}", "+"]);
    const start = (word: string): Promise<Run> =>
      run([...asOrdinary, join(clone, "scripts/cupel"), word], { HOME: clone });
    const both = await Promise.all([start("one"), start("other")]);
    expect(both.map(({ code, stdout, stderr }) => ({ stdout, code, fault: code === 0 ? "" : stderr }))).toEqual([
      { stdout: printed("one"), code: 0, fault: "" },
      { stdout: printed("other"), code: 0, fault: "" },
    ]);
    expect(both.filter(({ stderr }) => stderr.includes("built dist/cupel"))).toHaveLength(1);
    expect(both.filter(({ stderr }) => stderr.includes("waiting for another set-up"))).toHaveLength(1);
  });

  test("builds again after a change, also if what was deleted is the change", async () => {
    const clone = makeClone("changed");
    linkDependencies(clone);
    const start = (): Promise<Run> => run([join(clone, "scripts/cupel"), "x"]);
    writeFileSync(join(clone, "src/model/extra.ts"), "");
    expect((await start()).stderr).toContain("built dist/cupel");
    expect((await start()).stderr).toBe("");
    writeFileSync(join(clone, "src/main.ts"), 'console.log("changed");\n');
    expect(await start()).toMatchObject({ stdout: "changed\n", code: 0 });
    rmSync(join(clone, "src/model/extra.ts"));
    expect((await start()).stderr).toContain("built dist/cupel");
    expect((await start()).stderr).toBe("");
  });
});

describe("scripts/cupel where it cannot set up", () => {
  const tools = ["sh", "find", "sed", "dirname", "readlink", "mkdir", "stat", "id", "rm", "touch", "tail"];

  test("names everything that is missing in one sentence", async () => {
    const clone = makeClone("toolless");
    const start = (path: string): Promise<Run> => run([join(clone, "scripts/cupel")], { PATH: path, CC: "" });
    expect(await start(makePath("no-npm", [...tools, "flock", "gcc"]))).toEqual({
      stdout: "",
      stderr: "cupel: cannot set up without npm, node (Debian: apt-get install npm nodejs)\n",
      code: 125,
    });
    expect((await start(makePath("nothing", tools))).stderr).toBe(
      "cupel: cannot set up without npm, node, a C compiler, flock (Debian: apt-get install npm nodejs gcc libc6-dev util-linux)\n",
    );
  });

  test("says who owns the folder that is not writable", async () => {
    const clone = makeClone("foreign");
    mkdirSync(join(clone, "dist"));
    if (!isRoot) chmodSync(join(clone, "dist"), 0o555);
    if (isRoot) chownSync(join(clone, "dist"), 0, 0);
    const { stdout, stderr, code } = await run([...asOrdinary, join(clone, "scripts/cupel")]);
    expect(stderr).toMatch(
      /^cupel: the build is missing or older than its sources, and \S+\/foreign\/dist \(owner: \w+\) is not writable for \S+: run/,
    );
    expect({ stdout, code }).toEqual({ stdout: "", code: 125 });
  });
});
