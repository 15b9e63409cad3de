import { describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import type { Report } from "../../src/model/report.ts";
import { parseReport } from "../../src/report/report-schema.ts";
import { dropReport, loadSaved, saveReport } from "../../src/report/saved-report.ts";
import { parseVerdict, verdictOf } from "../../src/report/verdict.ts";
import { perfectHost } from "../fixtures/reports/perfect-host.ts";
import { evaluate } from "../support/evaluate.ts";
import { needs, needsPrograms } from "../support/must-work.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { isRoot, ordinaryCaller } from "../support/tester.ts";

const uid = process.geteuid?.() ?? -1;
const asRoot = needs(isRoot, "only root can give files to others");
const report: Report = perfectHost;
const parts = report.fingerprintParts;

function loadReport(...directories: readonly string[]): unknown {
  return loadSaved(directories, uid, { kind: "report", parse: parseReport, parts });
}

function loadVerdict(...directories: readonly string[]): unknown {
  return loadSaved(directories, uid, { kind: "verdict", parse: parseVerdict, parts });
}

/** A state directory with what was saved in it. */
function makeState(base: TempDir, name = "state"): string {
  const state = base.at(name);
  expect(saveReport(report, [state], uid)).toEqual({ ok: true, path: `${state}/report.json` });
  return state;
}

describe("saveReport", () => {
  test("writes report and verdict for their owner alone, and nothing beside them", () => {
    using directory = makeTempDir();
    const state = makeState(directory);
    expect(readdirSync(state)).toEqual(["report.json", "verdict.json"]);
    const modes = [".", "report.json", "verdict.json"].map((name) => statSync(`${state}/${name}`).mode & 0o777);
    expect(modes).toEqual([0o700, 0o600, 0o600]);
  });

  test("writes what loads again, whole", () => {
    using directory = makeTempDir();
    const state = makeState(directory);
    expect(loadReport(state)).toEqual({ ok: true, value: report });
    expect(loadVerdict(state)).toEqual({ ok: true, value: verdictOf(report) });
  });

  test("replaces what was saved before", () => {
    using directory = makeTempDir();
    const state = makeState(directory);
    saveReport({ ...report, id: "second" }, [state], uid);
    expect(loadReport(state)).toMatchObject({ ok: true, value: { id: "second" } });
    expect(loadVerdict(state)).toMatchObject({ ok: true, value: { id: "second" } });
  });

  test("writes beside and renames: whoever has the old file open reads it to its end", () => {
    using directory = makeTempDir();
    const state = makeState(directory);
    const before = statSync(`${state}/report.json`).ino;
    const old = readFileSync(`${state}/report.json`, "utf8");
    symlinkSync(`${state}/report.json`, directory.at("link"));
    execFileSync("ln", [`${state}/report.json`, directory.at("old")]);
    saveReport({ ...report, id: "second" }, [state], uid);
    expect(readFileSync(directory.at("old"), "utf8")).toBe(old);
    expect(statSync(`${state}/report.json`).ino).not.toBe(before);
  });

  test("removes what killed ones left, once it is old, and nothing else", () => {
    using directory = makeTempDir();
    const state = directory.folder("state", 0o700);
    const names = ["launcher-0123456789abcdef.77", "report.json.12", "trial-namespaces-31", "notes.txt"];
    for (const name of names) writeFileSync(`${state}/${name}`, "");
    const hourAgo = Date.now() / 1000 - 3600;
    for (const name of names.filter((one) => one !== "report.json.12"))
      utimesSync(`${state}/${name}`, hourAgo, hourAgo);
    saveReport(report, [state], uid);
    expect(readdirSync(state).toSorted()).toEqual(["notes.txt", "report.json", "report.json.12", "verdict.json"]);
  });

  test("is not stopped by what a killed cupel of the same process id left", () => {
    using directory = makeTempDir();
    const state = directory.folder("state", 0o700);
    writeFileSync(`${state}/report.json.${process.pid}`, "half");
    writeFileSync(`${state}/verdict.json.${process.pid}`, "half");
    expect(saveReport(report, [state], uid)).toEqual({ ok: true, path: `${state}/report.json` });
    expect(readdirSync(state)).toEqual(["report.json", "verdict.json"]);
  });

  test("takes the first directory that will do, and says of none why", () => {
    using directory = makeTempDir();
    const shared = directory.folder("shared", 0o777);
    const [own, other] = [directory.at("own"), directory.at("other")];
    expect(saveReport(report, [shared, own, other], uid)).toEqual({ ok: true, path: `${own}/report.json` });
    expect([readdirSync(shared), existsSync(other)]).toEqual([[], false]);
    expect(saveReport(report, [shared, "/proc/cupel"], uid)).toEqual({
      ok: false,
      reason: `${shared} can be changed by others; /proc/cupel: ENOENT`,
    });
  });

  test("leaves the old one, and nothing half-written, where it cannot be written", () => {
    using directory = makeTempDir();
    const state = directory.folder("state", 0o700);
    directory.folder("state/report.json");
    const saved = saveReport(report, [state], uid);
    expect(saved.ok ? "" : saved.reason).toMatch(/report\.json: E(ISDIR|EXIST|NOTEMPTY)$/);
    expect(readdirSync(state)).toEqual(["report.json"]);
  });
});

describe("loadSaved", () => {
  test("has nothing to say where nothing was saved", () => {
    using directory = makeTempDir();
    expect(loadReport(directory.at("absent"), directory.folder("empty", 0o700))).toEqual({ ok: false });
  });

  test("has nothing to say of a host that changed: that is what the fingerprint is for", () => {
    using directory = makeTempDir();
    const state = makeState(directory);
    const query = { kind: "verdict", parse: parseVerdict, parts: { ...parts, boot: "another" } } as const;
    expect(loadSaved([state], uid, query)).toEqual({ ok: false });
  });

  test.each([
    ["cut short", (text: string) => text.slice(0, -20), "it is cut short or not JSON"],
    ["empty", () => "", "it is cut short or not JSON"],
    [
      "of another version",
      (text: string) => text.replace('"schema":1', '"schema":2'),
      "it is of another version (schema: ",
    ],
    ["of another shape", (text: string) => text.replace("{", '{"more":1,'), "it is of another version (more: "],
  ])("says why one is not used that is %s", (_, change, reason) => {
    using directory = makeTempDir();
    const state = makeState(directory);
    const path = `${state}/verdict.json`;
    writeFileSync(path, change(readFileSync(path, "utf8")));
    const loaded = loadVerdict(state) as { ok: boolean; reason?: string };
    expect(loaded.ok).toBeFalse();
    expect(loaded.reason).toStartWith(`${path} is not used: ${reason}`);
  });

  test("does not use one that others could have written", () => {
    using directory = makeTempDir();
    const state = makeState(directory);
    chmodSync(`${state}/verdict.json`, 0o622);
    expect(loadVerdict(state)).toEqual({
      ok: false,
      reason: `${state}/verdict.json is not used: another user could have written it`,
    });
    expect(loadReport(state)).toMatchObject({ ok: true });
  });

  test("does not use one in a directory that others could have changed", () => {
    using directory = makeTempDir();
    const state = makeState(directory);
    chmodSync(state, 0o770);
    expect(loadVerdict(state)).toEqual({
      ok: false,
      reason: `${state}/verdict.json is not used: ${state} can be changed by others`,
    });
  });

  asRoot("does not use another user's file or directory", () => {
    using directory = makeTempDir();
    const [file, place] = [makeState(directory, "one"), makeState(directory, "two")];
    chownSync(`${file}/verdict.json`, ordinaryCaller.uid, ordinaryCaller.gid);
    chownSync(place, ordinaryCaller.uid, ordinaryCaller.gid);
    expect(loadVerdict(file)).toEqual({
      ok: false,
      reason: `${file}/verdict.json is not used: another user could have written it`,
    });
    expect(loadVerdict(place)).toEqual({
      ok: false,
      reason: `${place}/verdict.json is not used: ${place} belongs to user ${ordinaryCaller.uid}, not to 0`,
    });
  });

  test("goes on to the next directory where one does not hold, and says why only where none does", () => {
    using directory = makeTempDir();
    const [bad, good] = [makeState(directory, "bad"), makeState(directory, "good")];
    chmodSync(bad, 0o777);
    expect(loadVerdict(bad, good)).toMatchObject({ ok: true });
    expect(loadVerdict(bad, directory.at("absent"))).toMatchObject({ reason: expect.stringContaining("by others") });
  });

  test("takes the first that holds", () => {
    using directory = makeTempDir();
    const [first, second] = [makeState(directory, "first"), directory.at("second")];
    saveReport({ ...report, id: "second" }, [second], uid);
    expect(loadVerdict(first, second)).toMatchObject({ value: { id: report.id } });
    expect(loadVerdict(second, first)).toMatchObject({ value: { id: "second" } });
  });

  test("does not wait for the other end of a FIFO that another user put in the way", async () => {
    using directory = makeTempDir();
    const theirs = directory.folder("theirs", 0o777);
    execFileSync("mkfifo", [`${theirs}/verdict.json`]);
    const load = `(await import(src + "/report/saved-report.ts")).loadSaved([${JSON.stringify(theirs)}], ${uid},
      { kind: "verdict", parse: () => ({ ok: false, problem: "" }), parts: {} }).ok`;
    expect(await evaluate(load, { deadlineMs: 3000 })).toBeFalse();
  });

  test("does not wait for a FIFO of the caller's own, nor take it for a file", async () => {
    using directory = makeTempDir();
    const own = directory.folder("own", 0o700);
    execFileSync("mkfifo", ["-m", "600", `${own}/verdict.json`]);
    const load = `(await import(src + "/report/saved-report.ts")).loadSaved([${JSON.stringify(own)}], ${uid},
      { kind: "verdict", parse: () => ({ ok: false, problem: "" }), parts: {} })`;
    const loaded = (await evaluate(load, { deadlineMs: 3000 })) as { ok: boolean; reason: string };
    expect([loaded.ok, loaded.reason.startsWith(`${own}/verdict.json is not used: `)]).toEqual([false, true]);
  });

  needsPrograms("strace")(
    "opens nothing in a directory that others could have changed: opening a device may do something",
    async () => {
      using directory = makeTempDir();
      const theirs = directory.folder("theirs", 0o777);
      symlinkSync(directory.file("device"), `${theirs}/verdict.json`);
      const code = `(await import(src + "/report/saved-report.ts")).loadSaved([${JSON.stringify(theirs)}], ${uid},
      { kind: "verdict", parse: () => ({ ok: false, problem: "" }), parts: {} }).ok`;
      const trace = ["strace", "-f", "-e", "trace=open,openat", "-o", directory.at("trace")];
      expect(await evaluate(code, { prefix: trace, deadlineMs: 20_000 })).toBeFalse();
      const opened = readFileSync(directory.at("trace"), "utf8").split("\n");
      expect(opened.some((line) => line.includes("saved-report.ts"))).toBeTrue();
      expect(opened.filter((line) => line.includes(`${theirs}/verdict.json`))).toEqual([]);
    },
  );
});

describe("dropReport", () => {
  test("forgets both files in every directory of the caller's, and nothing else", () => {
    using directory = makeTempDir();
    const [one, two] = [makeState(directory, "one"), makeState(directory, "two")];
    writeFileSync(`${one}/launcher`, "");
    dropReport([one, directory.at("absent"), two], uid);
    expect([readdirSync(one), readdirSync(two)]).toEqual([["launcher"], []]);
  });

  test("touches nothing in a directory that others could have changed", () => {
    using directory = makeTempDir();
    const state = makeState(directory);
    chmodSync(state, 0o777);
    dropReport([state], uid);
    expect(readdirSync(state)).toEqual(["report.json", "verdict.json"]);
  });
});
