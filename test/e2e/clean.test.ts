/** `cupel clean`: what is cupel's own goes, nothing else does, and whoever is at work meanwhile does not notice. */
import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Ran } from "../support/execute.ts";
import { needs } from "../support/must-work.ts";
import { usePrivatePlaces } from "../support/private-places.ts";
import { installCupel } from "../support/run-cli.ts";
import { ownPlace } from "../../src/run/maker.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { callers, isRoot, ordinaryCaller, type Caller } from "../support/tester.ts";

const cupel = installCupel();
const apart = usePrivatePlaces();

function call(caller: Caller, home: TempDir, ...words: readonly string[]): Promise<Ran> {
  const env = { XDG_STATE_HOME: home.path, HOME: home.path, TMPDIR: home.path };
  return cupel.run(apart(caller, cupel.workspace(caller)), words, { env });
}

function lastLine({ stdout }: Ran): string {
  return stdout.trimEnd().split("\n").at(-1) ?? "";
}

/** Lines about what lies in `home`: a user's other directories are there for every test. */
function linesAbout(home: TempDir, { stdout }: Ran): string[] {
  const lines = stdout.split("\n").filter((line) => line.includes(home.path));
  return lines.map((line) =>
    line
      .replace(home.path, "HOME")
      .replace(/[0-9a-f]{16}/, "HASH")
      .replace(/, [0-9.]+ .i?B$|, \d+ bytes$/, ""),
  );
}

describe.each(callers)("clean, called by $name", (caller) => {
  test("removes all that a run kept, says so first with --dry-run, and has nothing to do then", async () => {
    using home = makeTempDir({ owner: caller });
    await call(caller, home, "run", "--", "true");
    const before = readdirSync(home.at("cupel"));
    const dry = await call(caller, home, "clean", "--dry-run");
    expect(dry).toMatchObject({ code: 0, stderr: "" });
    expect(lastLine(dry)).toMatch(/^clean: would remove \d+ entries, \d+ bytes/);
    expect(readdirSync(home.at("cupel"))).toEqual(before);
    const ran = await call(caller, home, "clean");
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(linesAbout(home, ran)).toEqual([
      "removed HOME/cupel/launcher-HASH: a copy of the launcher",
      "removed HOME/cupel/layers: what jobs changed",
      "removed HOME/cupel/prober-HASH: a copy of the prober",
      "removed HOME/cupel/report.json: the saved report",
      "removed HOME/cupel/runs: records of runs",
      "removed HOME/cupel/verdict.json: the saved verdict",
      "removed HOME/cupel: the directory itself",
    ]);
    expect(lastLine(ran)).toMatch(/^clean: removed \d+ entries, \d{5,} bytes/);
    expect(readdirSync(home.path)).toEqual([]);
    expect(linesAbout(home, await call(caller, home, "clean"))).toEqual([]);
    expect(await call(caller, home, "run", "--", "echo", "ran")).toMatchObject({ code: 0, stdout: "ran\n" });
  });

  test("removes what the doctor's engines were given", async () => {
    using home = makeTempDir({ owner: caller });
    await call(caller, home, "doctor", "--brief");
    expect(existsSync(home.at("cupel/root/prober"))).toBe(true);
    expect(await call(caller, home, "clean")).toMatchObject({ code: 0, stderr: "" });
    expect(readdirSync(home.path)).toEqual([]);
  });

  test("removes what an engine that was killed left closed", async () => {
    using home = makeTempDir({ owner: caller });
    await call(caller, home, "run", "--", "true");
    const closed = home.at("cupel/engines/crun/run/closed");
    for (const name of ["engines", "engines/crun", "engines/crun/run", "engines/crun/run/closed"])
      home.folder(`cupel/${name}`);
    home.file("cupel/engines/crun/run/closed/file", "text");
    chmodSync(closed, 0);
    expect(await call(caller, home, "clean", "--dry-run")).toMatchObject({ code: 0, stderr: "" });
    expect(existsSync(closed)).toBe(true);
    expect(await call(caller, home, "clean")).toMatchObject({ code: 0, stderr: "" });
    expect(readdirSync(home.path)).toEqual([]);
  });

  test.each([
    ["itself", "cupel", "cupel: the directory itself"],
    ["'s records of runs", "cupel/runs", "cupel/runs: records of runs"],
  ])("opens a state directory%s that is closed, and a dry run does not", async (_name, name, what) => {
    using home = makeTempDir({ owner: caller });
    await call(caller, home, "run", "--", "true");
    chmodSync(home.at(name), 0);
    const dry = await call(caller, home, "clean", "--dry-run");
    expect(dry).toMatchObject({ code: 0, stderr: "" });
    const told =
      caller.uid === 0 ? `would remove HOME/${what}` : `left HOME/${name}: it is closed, and a dry run opens nothing`;
    expect(linesAbout(home, dry)).toContain(told);
    expect(statSync(home.at(name)).mode & 0o777).toBe(0);
    const ran = await call(caller, home, "clean");
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(linesAbout(home, ran)).toContain(`removed HOME/${what}`);
    expect(readdirSync(home.path)).toEqual([]);
  });

  test("leaves and names what it does not know, and follows no symlink", async () => {
    using home = makeTempDir({ owner: caller });
    using outside = makeTempDir({ owner: caller });
    outside.file("precious");
    await call(caller, home, "run", "--", "true");
    home.file("cupel/notes.txt");
    home.file("cupel/root/notes.txt");
    home.folder("cupel/engines");
    home.folder("cupel/engines/crun");
    for (const name of [
      "report.json.99999999",
      "launcher-0000000000000000",
      "engines/link",
      "engines/crun/link",
      "root/tmp",
    ])
      symlinkSync(outside.path, home.at(join("cupel", name)));
    const ran = await call(caller, home, "clean");
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(linesAbout(home, ran).filter((line) => line.startsWith("left"))).toEqual([
      "left HOME/cupel/engines/link: it is no directory, so it is not cupel's",
      "left HOME/cupel/launcher-HASH: it is no file, so it is not cupel's",
      "left HOME/cupel/notes.txt: it is not cupel's",
      "left HOME/cupel/report.json.99999999: it is no file, so it is not cupel's",
      "left HOME/cupel/root/notes.txt: it is not cupel's",
      "left HOME/cupel/root/tmp: it is no directory, so it is not cupel's",
    ]);
    expect(readdirSync(outside.path)).toEqual(["precious"]);
    expect(existsSync(home.at("cupel/engines/crun"))).toBe(false);
  });

  test("removes what a killed cupel was writing, and the files of a killed self-test", async () => {
    using home = makeTempDir({ owner: caller });
    for (const name of ["report.json.99999999", "prober-0123456789abcdef.99999999", "trial-namespaces-99999999"])
      home.file(`cupel/${name}`);
    home.file("cupel-self-test-aB3dE6/secret");
    await cupel.outside(caller, ["touch", "--date=1 hour ago", home.at("cupel-self-test-aB3dE6")]);
    chmodSync(home.at("cupel"), 0o700);
    expect(await call(caller, home, "clean")).toMatchObject({ code: 0, stderr: "" });
    expect(readdirSync(home.path)).toEqual([]);
  });

  test.each([
    [
      "a directory that others may write to",
      (home: TempDir) => chmodSync(home.at("cupel"), 0o777),
      "can be changed by others",
    ],
  ])("touches nothing in %s", async (_name, spoil, reason) => {
    using home = makeTempDir({ owner: caller });
    home.file("cupel/report.json");
    spoil(home);
    const ran = await call(caller, home, "clean");
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(ran.stdout).toContain(`left ${home.at("cupel")}: ${home.at("cupel")} ${reason}`);
    expect(readdirSync(home.at("cupel"))).toEqual(["report.json"]);
  });

  test("a state directory that is a symlink is left", async () => {
    using home = makeTempDir({ owner: caller });
    home.file("elsewhere/report.json");
    symlinkSync(home.at("elsewhere"), home.at("cupel"));
    const ran = await call(caller, home, "clean");
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain("is not a directory");
    expect(readdirSync(home.at("elsewhere"))).toEqual(["report.json"]);
  });

  test("runs that go on meanwhile all succeed", async () => {
    using home = makeTempDir({ owner: caller });
    const over = new AbortController();
    const cleanOn = async (): Promise<(number | null)[]> => {
      const codes: (number | null)[] = [];
      while (!over.signal.aborted) codes.push((await call(caller, home, "clean")).code);
      return codes;
    };
    const cleaning = cleanOn();
    const runs = async (words: readonly string[]): Promise<Ran[]> => {
      const ran: Ran[] = [];
      for (let index = 0; index < 12; index++) ran.push(await call(caller, home, "run", ...words, "--", "echo", "ran"));
      return ran;
    };
    const ran = (await Promise.all([runs([]), runs([]), runs(["--fresh"])])).flat();
    over.abort();
    const codes = await cleaning;
    expect(codes.filter((code) => code !== 0)).toEqual([]);
    expect(codes.length).toBeGreaterThan(3);
    expect(ran.filter(({ code, stdout }) => code !== 0 || stdout !== "ran\n")).toEqual([]);
    expect(ran.filter(({ stderr }) => stderr !== "")).toEqual([]);
  }, 60_000);

  test.each([["extra"], ["--dry"], ["--dry-run=yes"], ["--json"]])("clean %s is a wrong command line", async (word) => {
    using home = makeTempDir({ owner: caller });
    home.file("cupel/report.json");
    const ran = await call(caller, home, "clean", word);
    expect(ran).toMatchObject({ code: 64, stdout: "" });
    expect(ran.stderr).toMatch(/^cupel: [^\n]+\n$/);
    expect(readdirSync(home.at("cupel"))).toEqual(["report.json"]);
  });
});

needs(isRoot, "not root, who alone can put another's directory in the way")(
  "what cannot be removed is said in one sentence, and 70 is the exit code",
  async () => {
    using home = makeTempDir({ owner: ordinaryCaller });
    home.file("cupel/verdict.json");
    const place = home.folder("cupel/engines/podman");
    chmodSync(home.at("cupel"), 0o700);
    chownSync(home.at("cupel/engines"), ordinaryCaller.uid, ordinaryCaller.gid);
    mkdirSync(join(place, "store"));
    writeFileSync(join(place, "store/layer"), "");
    const ran = await call(ordinaryCaller, home, "clean");
    expect(ran.code).toBe(70);
    expect(ran.stderr).toBe(`cupel: "${place}" could not be removed (${place}/store/layer: EACCES)\n`);
    expect(lastLine(ran)).toMatch(/; 1 could not be removed$/);
    expect(existsSync(home.at("cupel/verdict.json"))).toBe(false);
  },
);

needs(isRoot, "not root, whose directory another user may not own")(
  "root touches nothing in a directory of another user's",
  async () => {
    using home = makeTempDir({ owner: ordinaryCaller });
    home.file("cupel/report.json");
    const [root] = callers;
    if (root === undefined) throw new Error("there is no root");
    const ran = await call(root, home, "clean");
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain(`left ${home.at("cupel")}: `);
    expect(readdirSync(home.at("cupel"))).toEqual(["report.json"]);
  },
);

const hierarchies = ["/sys/fs/cgroup", "/sys/fs/cgroup/memory"].filter((path) => existsSync(`${path}/cgroup.procs`));

needs(isRoot && hierarchies.length > 0, "not root, or no control groups")(
  "removes the control group of a cupel that was killed, and leaves others",
  async () => {
    using home = makeTempDir();
    const [root] = callers;
    const [hierarchy] = hierarchies;
    if (root === undefined || hierarchy === undefined) throw new Error("there is no root");
    const unlike = `${hierarchy}/cupel-test-${process.pid}`;
    // Beyond the largest process id that a kernel can be told to give out (proc_sys_kernel(5)).
    const stale = `${unlike}/cupel-9999999-${ownPlace()}-abc`;
    mkdirSync(stale, { recursive: true });
    try {
      const dry = await call(root, home, "clean", "--dry-run");
      expect(dry.stdout).toContain(`would remove ${stale}: a control group of a cupel that was killed\n`);
      expect(await call(root, home, "clean")).toMatchObject({ code: 0, stderr: "" });
      expect([existsSync(stale), existsSync(unlike)]).toEqual([false, true]);
    } finally {
      for (const path of [stale, unlike]) if (existsSync(path)) rmdirSync(path);
    }
  },
);
