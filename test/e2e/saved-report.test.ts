/** The saved report saves time and nothing else: it is used while it holds, and never trusted where it could be another's. */
import { beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { underConditions } from "../support/condition.ts";
import { usePrivatePlaces } from "../support/private-places.ts";
import { installCupel, type CallOptions } from "../support/run-cli.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { callers, ordinaryCaller, rootCallers, type Caller } from "../support/tester.ts";

const cupel = installCupel();
const apart = usePrivatePlaces();

interface Used {
  readonly report: string;
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** One run in a state directory of its own, and the id of the report that it was chosen from. */
async function use(
  caller: Caller,
  home: TempDir,
  options: CallOptions = {},
  words: readonly string[] = [],
): Promise<Used> {
  using directory = makeTempDir({ owner: caller });
  const path = directory.at("result.json");
  const env = { XDG_STATE_HOME: home.path, HOME: home.path, ...options.env };
  const ran = await cupel.run(
    apart(caller, cupel.workspace(caller)),
    ["run", "--result", path, ...words, "--", "echo", "ran"],
    { ...options, env },
  );
  const { report } = JSON.parse(readFileSync(path, "utf8")) as { report: string };
  return { ...ran, report };
}

const saved = (home: TempDir): string => home.at("cupel/report.json");

function savedId(home: TempDir): string {
  return (JSON.parse(readFileSync(saved(home), "utf8")) as { id: string }).id;
}

/** Everything that lies in the state directory except the helpers: what speaks about the host. */
function spoilAll(home: TempDir, spoil: (text: string) => string): void {
  for (const name of readdirSync(home.at("cupel")).filter((entry) => entry.endsWith(".json"))) {
    const path = home.at(join("cupel", name));
    writeFileSync(path, spoil(readFileSync(path, "utf8")));
  }
}

describe.each(callers)("a saved report of $name", (caller) => {
  test("is made by the first run, private, and used by the next", async () => {
    using home = makeTempDir({ owner: caller });
    const first = await use(caller, home);
    expect(first).toMatchObject({ code: 0, stdout: "ran\n", stderr: "" });
    expect(savedId(home)).toBe(first.report);
    for (const path of [saved(home), home.at("cupel")]) {
      expect([path, statSync(path).uid, statSync(path).mode & 0o077]).toEqual([path, caller.uid, 0]);
    }
    expect((await use(caller, home)).report).toBe(first.report);
    expect((await use(caller, home)).report).toBe(first.report);
  });

  test("is measured anew by the doctor, and by --fresh", async () => {
    using home = makeTempDir({ owner: caller });
    const first = await use(caller, home);
    const fresh = await use(caller, home, {}, ["--fresh"]);
    expect(fresh.report).not.toBe(first.report);
    expect(savedId(home)).toBe(fresh.report);
    const doctor = await cupel.run(apart(caller, cupel.workspace(caller)), ["doctor", "--json"], {
      env: { XDG_STATE_HOME: home.path },
    });
    const { id } = JSON.parse(doctor.stdout) as { id: string };
    expect((await use(caller, home)).report).toBe(id);
  });

  test("that a run would be refused from is measured anew first", async () => {
    using home = makeTempDir({ owner: caller });
    const first = await use(caller, home);
    const refused = await use(caller, home, {}, ["--require", "net.allowlist"]);
    expect(refused.code).toBe(125);
    expect(refused.report).not.toBe(first.report);
  });

  test.each([
    ["cut short", (text: string) => text.slice(0, text.length / 2)],
    ["empty", () => ""],
    ["garbage", () => "\u0000\u0001garbage{{{"],
    ["of another kind", () => "[]"],
    ["of another version", (text: string) => text.replace(/"schema": ?\d+/, '"schema": 999')],
    ["deep beyond measure", () => "[".repeat(200_000)],
  ])("that is %s is put aside with one line, and replaced", async (_name, spoil) => {
    using home = makeTempDir({ owner: caller });
    const first = await use(caller, home);
    spoilAll(home, spoil);
    const next = await use(caller, home);
    expect(next).toMatchObject({ code: 0, stdout: "ran\n" });
    expect(next.stderr).toMatch(/^cupel: [^\n]*\.json is not used: [^\n]+\n$/);
    expect(next.report).not.toBe(first.report);
    expect(await use(caller, home)).toMatchObject({ report: next.report, stderr: "" });
  });

  test("of another host is measured anew without a word", async () => {
    using home = makeTempDir({ owner: caller });
    const first = await use(caller, home);
    spoilAll(home, (text) => text.replaceAll(/("boot": ?)"[^"]*"/g, '$1"another"'));
    const next = await use(caller, home);
    expect(next).toMatchObject({ code: 0, stderr: "" });
    expect(next.report).not.toBe(first.report);
  });

  test("of the same host in another context is not used there", async () => {
    using home = makeTempDir({ owner: caller });
    const first = await use(caller, home);
    const under = { ...caller, prefix: [...caller.prefix, ...underConditions(["no-new-privs"], [])] };
    const other = await use(under, home);
    expect(other).toMatchObject({ code: 0, stderr: "" });
    expect(other.report).not.toBe(first.report);
  });

  test("is no lie that is believed: what it promises is tried", async () => {
    using home = makeTempDir({ owner: caller });
    await use(caller, home);
    // A report that says that nothing works leads to measuring again, never to a refusal.
    spoilAll(home, (text) => text.replaceAll(/("state": ?)"works"/g, '$1"blocked"'));
    expect(await use(caller, home)).toMatchObject({ code: 0, stdout: "ran\n" });
  });

  test("survives two first runs at once", async () => {
    using home = makeTempDir({ owner: caller });
    const runs = await Promise.all([1, 2, 3].map(() => use(caller, home)));
    for (const run of runs) expect(run).toMatchObject({ code: 0, stdout: "ran\n", stderr: "" });
    expect(runs.map(({ report }) => report)).toContain(savedId(home));
    expect(readdirSync(home.at("cupel")).filter((name) => /\.\d+$|tmp/.test(name))).toEqual([]);
  });
});

/** What another user could have written is not read, whoever wrote it. */
describe.each(rootCallers)("a report that $name did not write", (root) => {
  // Where a directory is not to be trusted the next place is taken, and would serve the next test.
  beforeEach(async () => {
    await cupel.outside(apart(root, "/"), ["rm", "-rf", "/var/lib/cupel", "/run/cupel", "/dev/shm/cupel-0"], {
      cwd: "/",
    });
  });

  test("itself, is put aside", async () => {
    using home = makeTempDir();
    const first = await use(root, home);
    for (const name of readdirSync(home.at("cupel")).filter((entry) => entry.endsWith(".json"))) {
      chownSync(home.at(join("cupel", name)), ordinaryCaller.uid, ordinaryCaller.gid);
    }
    const next = await use(root, home);
    expect(next).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^cupel: [^\n]*another user could have written it\n$/),
    });
    expect(next.report).not.toBe(first.report);
    expect(statSync(saved(home)).uid).toBe(0);
  });

  test("in a directory of another's is not read, and none is written there", async () => {
    using home = makeTempDir({ owner: ordinaryCaller });
    const planted = await use(ordinaryCaller, home);
    const next = await use(root, home);
    expect(next).toMatchObject({ code: 0, stdout: "ran\n" });
    expect(next.report).not.toBe(planted.report);
    expect(savedId(home)).toBe(planted.report);
    expect(readdirSync(home.at("cupel")).map((name) => statSync(home.at(join("cupel", name))).uid)).not.toContain(0);
  });

  test("behind a symlink of another's is not read either", async () => {
    using home = makeTempDir({ owner: ordinaryCaller });
    using elsewhere = makeTempDir();
    const first = await use(root, elsewhere);
    symlinkSync(elsewhere.at("cupel"), home.at("cupel"));
    const next = await use(root, home);
    expect(next.code).toBe(0);
    expect(savedId(elsewhere)).toBe(first.report);
  });

  test("because everyone may write to it, is put aside", async () => {
    using home = makeTempDir();
    await use(root, home);
    for (const name of readdirSync(home.at("cupel")).filter((entry) => entry.endsWith(".json"))) {
      chmodSync(home.at(join("cupel", name)), 0o666);
    }
    const next = await use(root, home);
    expect(next.stderr).toContain("another user could have written it");
    expect(statSync(saved(home)).mode & 0o022).toBe(0);
  });
});

describe.each(callers)("the state of $name", (caller) => {
  test("is out of a job's reach, also where what holds it was granted", async () => {
    using home = makeTempDir({ owner: caller, parent: caller.home });
    const env = { XDG_STATE_HOME: undefined, HOME: home.path, XDG_RUNTIME_DIR: undefined };
    home.file("visible", "seen");
    const state = home.folder(".local/state");
    const own = { XDG_STATE_HOME: state, HOME: home.path };
    for (const variables of caller.uid === 0 ? [own] : [own, env]) {
      await cupel.run(caller, ["run", "--fresh", "--", "true"], { env: variables });
      expect(existsSync(join(state, "cupel/report.json"))).toBe(true);
      const script = `cat ${home.at("visible")}; ls -A ${state}/cupel; cat ${state}/cupel/*; echo planted > ${state}/cupel/report.json`;
      const read = await cupel.run(caller, ["run", "--read", home.path, "--", "sh", "-c", script], { env: variables });
      expect(read.stdout).toBe("seen");
      // To be written, what holds the state could be moved away with it.
      const write = await cupel.run(caller, ["run", "--write", home.path, "--", "sh", "-c", script], {
        env: variables,
      });
      expect(write).toMatchObject({ code: 125, stdout: "" });
      expect(write.stderr).toMatch(/^cupel: [^\n]*state[^\n]*\n$/);
      expect(write.stderr).toContain(home.path);
      expect(readFileSync(join(state, "cupel/report.json"), "utf8")).not.toContain("planted");
    }
  });
});

const again = "; probing again, as the report was a saved one\n";

describe.each(rootCallers)("a saved report of $name", (caller) => {
  test.each([
    ["job", ["--", "true"], /^cupel: Control group [^\n]*ENOENT[^\n]*$/],
    ["batch", ["--batch", "-"], /^cupel: Setting up what jobs share failed at control-group: ENOENT$/],
  ])("under which a %s cannot be set up is made anew, with a line that says why", async (_name, words, why) => {
    using home = makeTempDir({ owner: caller });
    const capped = ["run", "--workspace", "none", "--memory", "64M", ...words];
    const options = { env: { XDG_STATE_HOME: home.path, HOME: home.path }, stdin: '{"command":["true"]}\n' };
    const call = () => cupel.run(apart(caller, cupel.workspace(caller)), capped, options);
    expect(await call()).toMatchObject({ code: 0, stderr: "" });
    const first = savedId(home);
    spoilAll(home, (text) => text.replaceAll(/"\/sys\/fs\/cgroup\/[^"]*"/g, '"/sys/fs/cgroup/none"'));
    const { code, stderr } = await call();
    expect([code, stderr.endsWith(again)]).toEqual([0, true]);
    expect(stderr.slice(0, -again.length)).toMatch(why);
    expect(savedId(home)).not.toBe(first);
  });
});
