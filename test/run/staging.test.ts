import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { CupelError } from "../../src/model/error.ts";
import { ownPlace } from "../../src/run/maker.ts";
import { cleanStaging, openStaging } from "../../src/run/staging.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";

const uid = process.getuid?.() ?? -1;
const really = { dryRun: false, mountPoints: [] };
const own = ".cupel-installing.upgrade";
/** Beyond the largest process id that a kernel can be told to give out (proc_sys_kernel(5)). */
const nobody = 9_999_999;

function refusal(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

function startTime(pid: number): string {
  return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[19] ?? "";
}

function age(directory: TempDir, name: string): void {
  const twoHoursAgo = Date.now() / 1000 - 7200;
  utimesSync(directory.at(name), twoHoursAgo, twoHoursAgo);
}

describe("openStaging", () => {
  test("makes a folder for its owner alone, and takes it away with what is in it", () => {
    using directory = makeTempDir();
    const staging = openStaging(directory.path, uid);
    writeFileSync(staging.at("cupel"), "new");
    expect(readdirSync(directory.path)).toEqual([own]);
    expect(readFileSync(directory.at(`${own}/owner`), "utf8")).toBe(`${process.pid} ${startTime(process.pid)}`);
    staging.remove();
    expect(readdirSync(directory.path)).toEqual([]);
  });

  test("is for one at a time", () => {
    using directory = makeTempDir();
    const staging = openStaging(directory.path, uid);
    expect(refusal(() => openStaging(directory.path, uid))).toEqual(
      new CupelError("refused", `another upgrade of ${directory.path}/cupel is under way (process ${process.pid})`),
    );
    expect(readdirSync(directory.path)).toEqual([own]);
    staging.remove();
    openStaging(directory.path, uid).remove();
  });

  test.each([
    ["has ended", `${nobody} 1`],
    ["has a number that is another's by now", `${process.pid} 1`],
  ])("takes the place of one whose process %s", (_what, owner) => {
    using directory = makeTempDir();
    directory.file(`${own}/owner`, owner);
    directory.file(`${own}/cupel`, "half");
    const staging = openStaging(directory.path, uid);
    expect(readdirSync(directory.at(own))).toEqual(["owner"]);
    staging.remove();
    expect(readdirSync(directory.path)).toEqual([]);
  });

  test("says where nothing can be written", () => {
    using directory = makeTempDir();
    expect(refusal(() => openStaging(directory.at("missing"), uid))).toMatchObject({
      code: "refused",
      message: `${directory.at("missing")} cannot be written to (ENOENT): nothing was changed`,
    });
  });
});

describe("cleanStaging", () => {
  test("removes what killed ones left, and leaves what is at work and what is not its own", () => {
    using directory = makeTempDir();
    directory.file(".cupel-installing.dead/owner", `${nobody} 1`);
    directory.file(".cupel-installing.alive/owner", `${process.pid} ${startTime(process.pid)}`);
    for (const name of ["old", "young"]) directory.file(`.cupel-installing.${name}/cupel`);
    age(directory, ".cupel-installing.alive");
    age(directory, ".cupel-installing.old");
    directory.file(".cupel-installing.file");
    symlinkSync(directory.folder("elsewhere"), directory.at(".cupel-installing.link"));
    const reason = "an installation may be under way";
    const what = "files of an installation that was killed";
    const at = (name: string): string => directory.at(`.cupel-installing.${name}`);
    expect(cleanStaging(directory.path, uid, { ...really, dryRun: true })).toHaveLength(4);
    expect(cleanStaging(directory.path, uid, really)).toEqual([
      { result: "left", path: at("alive"), reason },
      { result: "removed", path: at("dead"), what, bytes: 9 },
      { result: "removed", path: at("old"), what, bytes: 0 },
      { result: "left", path: at("young"), reason },
    ]);
    expect(cleanStaging(directory.path, uid + 1, really)).toEqual([]);
    expect(readdirSync(directory.path).toSorted()).toEqual([
      ".cupel-installing.alive",
      ".cupel-installing.file",
      ".cupel-installing.link",
      ".cupel-installing.young",
      "elsewhere",
    ]);
  });

  test("removes the folder of one that was killed before it had written who it is", () => {
    using directory = makeTempDir();
    const [dead, alive] = [nobody, process.pid].map((pid) => `.cupel-installing.${pid}-${ownPlace()}-aB3dE6`);
    for (const name of [dead, alive]) directory.folder(name ?? "");
    cleanStaging(directory.path, uid, really);
    expect(readdirSync(directory.path)).toEqual([alive ?? ""]);
  });
});
