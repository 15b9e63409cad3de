import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { installedDirectory, openHelperFiles, type HelperFile, type HelperName } from "../../src/launch/helper-file.ts";
import { helpers } from "../../src/launch/helpers.gen.ts";
import { evaluate } from "../support/evaluate.ts";
import { needs } from "../support/must-work.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { isRoot, ordinaryCaller } from "../support/tester.ts";

const ownUid = process.geteuid?.() ?? -1;
const asRoot = needs(isRoot, "only root can give files to others");

function originalOf(name: HelperName): Buffer {
  return Buffer.from(helpers[name]?.base64() ?? "", "base64");
}

/** Everything that there is to have: what each file held while it was open, and the reasons of the places without one. */
function openAll(name: HelperName, directories: readonly string[]): { files: HelperFile[]; reasons: string[] } {
  const files: HelperFile[] = [];
  const generator = openHelperFiles(name, directories, ownUid);
  for (;;) {
    const next = generator.next();
    if (next.done === true) return { files, reasons: next.value };
    files.push(next.value);
    next.value.close();
  }
}

/** The first one, as whoever executes it reads it. */
function readFirst(name: HelperName, directory: string): { storedAt: string; bytes: Buffer } {
  const first = openHelperFiles(name, [directory], ownUid).next();
  if (first.done === true) throw new Error(first.value.join("; "));
  const { path, storedAt } = first.value;
  const bytes = readFileSync(path);
  first.value.close();
  return { storedAt, bytes };
}

describe("helpers.gen.ts", () => {
  test.each(["launcher", "prober"] as const)("holds a %s whose size and hash are its own", (name) => {
    const bytes = originalOf(name);
    expect({ sizeBytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") }).toEqual({
      sizeBytes: helpers[name]?.sizeBytes ?? 0,
      sha256: helpers[name]?.sha256 ?? "",
    });
    expect(bytes.subarray(0, 4).toString("latin1")).toBe("\x7fELF");
  });
});

describe("openHelperFiles", () => {
  test.each(["launcher", "prober"] as const)(
    "writes a %s that is the original, executable and not writable",
    (name) => {
      using directory = makeTempDir();
      const state = directory.at("state");
      const { storedAt, bytes } = readFirst(name, state);
      expect(bytes.equals(originalOf(name))).toBeTrue();
      expect(storedAt).toBe(`${state}/${name}-${helpers[name]?.sha256.slice(0, 16)}`);
      expect(statSync(storedAt).mode & 0o777).toBe(0o555);
      expect(readdirSync(state)).toEqual([storedAt.slice(state.length + 1)]);
    },
  );

  test("uses the copy that is there", () => {
    using directory = makeTempDir();
    const state = directory.at("state");
    const first = statSync(readFirst("launcher", state).storedAt);
    const second = statSync(readFirst("launcher", state).storedAt);
    expect([second.ino, second.mtimeMs]).toEqual([first.ino, first.mtimeMs]);
  });

  test.each([
    ["other bytes of the same length", (bytes: Buffer) => Buffer.from(bytes).fill(0x90, 200, 201)],
    ["a byte more", (bytes: Buffer) => Buffer.concat([bytes, Buffer.of(0)])],
    ["a byte less", (bytes: Buffer) => bytes.subarray(0, -1)],
    ["a last byte of its own", (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -1), Buffer.of(0xaa)])],
    ["nothing", () => Buffer.alloc(0)],
  ])("replaces a copy with %s before it can be executed", (_, tamper) => {
    using directory = makeTempDir();
    const state = directory.at("state");
    const { storedAt, bytes } = readFirst("launcher", state);
    const tampered = tamper(bytes);
    expect(tampered.equals(bytes)).toBeFalse();
    chmodSync(storedAt, 0o755);
    writeFileSync(storedAt, tampered);
    expect(readFirst("launcher", state).bytes.equals(originalOf("launcher"))).toBeTrue();
    expect(readFileSync(storedAt).equals(originalOf("launcher"))).toBeTrue();
  });

  test("replaces a symlink to a file that is not the original, and leaves that file alone", () => {
    using directory = makeTempDir();
    const state = directory.folder("state", 0o700);
    const target = directory.file("target", "#!/bin/sh\n", 0o755);
    const { storedAt } = readFirst("launcher", directory.at("other"));
    const name = storedAt.slice(directory.at("other").length + 1);
    symlinkSync(target, `${state}/${name}`);
    expect(readFirst("launcher", state).bytes.equals(originalOf("launcher"))).toBeTrue();
    expect(lstatSync(`${state}/${name}`).isFile()).toBeTrue();
    expect(readFileSync(target, "utf8")).toBe("#!/bin/sh\n");
  });

  test("gives what was checked, though the copy is replaced meanwhile", () => {
    using directory = makeTempDir();
    const state = directory.at("state");
    const first = openHelperFiles("launcher", [state], ownUid).next();
    if (first.done === true) throw new Error(first.value.join("; "));
    const replacement = directory.file("replacement", "#!/bin/sh\necho tampered\n", 0o755);
    Bun.spawnSync(["mv", "-f", replacement, first.value.storedAt]);
    expect(readFileSync(first.value.storedAt, "utf8")).toContain("tampered");
    expect(readFileSync(first.value.path).equals(originalOf("launcher"))).toBeTrue();
    first.value.close();
  });

  test("removes its own copies of other versions, and nothing else, when it writes one", () => {
    using directory = makeTempDir();
    const state = directory.folder("state", 0o700);
    const others = ["launcher-0123456789abcdef", "launcher-00000000000000ff"];
    const kept = ["launcher", "launcher-0123", "launcher-0123456789abcdeg", "prober-0123456789abcdef", "report.json"];
    for (const name of [...others, ...kept]) writeFileSync(`${state}/${name}`, "");
    const { storedAt } = readFirst("launcher", state);
    expect(readdirSync(state).toSorted()).toEqual([...kept, storedAt.slice(state.length + 1)].toSorted());
    writeFileSync(`${state}/${others[0]}`, "");
    readFirst("launcher", state);
    expect(readdirSync(state)).toContain(others[0] ?? "");
  });

  test("is not stopped by what a killed cupel of the same process id left", () => {
    using directory = makeTempDir();
    const { storedAt } = readFirst("launcher", directory.at("other"));
    const state = directory.folder("state", 0o700);
    // In a container the first process of each run often has the same number.
    writeFileSync(`${state}/${storedAt.split("/").at(-1)}.${process.pid}`, "half");
    expect(readFirst("launcher", state).bytes.equals(originalOf("launcher"))).toBeTrue();
    expect(readdirSync(state)).toHaveLength(1);
  });

  test("goes through the places in order, and makes nothing in those that are not asked for", () => {
    using directory = makeTempDir();
    const [one, two] = [directory.at("one"), directory.at("two")];
    const first = openHelperFiles("prober", [one, two], ownUid).next();
    if (first.done !== true) first.value.close();
    expect(readdirSync(directory.path)).toEqual(["one"]);
    const { files, reasons } = openAll("prober", [one, two]);
    expect(files.map(({ storedAt }) => storedAt.split("/").at(-2))).toEqual(["one", "two"]);
    expect(reasons).toEqual([]);
  });

  test("says of each place why it will not do", () => {
    using directory = makeTempDir();
    const shared = directory.folder("shared", 0o777);
    directory.file("file");
    expect(openAll("prober", [shared, directory.at("file"), "/proc/cupel"])).toEqual({
      files: [],
      reasons: [
        `${shared} can be changed by others`,
        expect.stringMatching(/file(: | is not a directory)/),
        "/proc/cupel: ENOENT",
      ],
    });
  });

  asRoot("takes nothing from a directory of another user's, and writes nothing there", () => {
    using directory = makeTempDir();
    const { storedAt } = readFirst("launcher", directory.at("own"));
    const theirs = directory.folder("theirs", 0o755);
    const planted = `${theirs}/${storedAt.split("/").at(-1)}`;
    writeFileSync(planted, originalOf("launcher"), { mode: 0o755 });
    chownSync(theirs, ordinaryCaller.uid, ordinaryCaller.gid);
    expect(openAll("launcher", [theirs])).toEqual({
      files: [],
      reasons: [`${theirs} belongs to user ${ordinaryCaller.uid}, not to 0`],
    });
    expect(readdirSync(theirs)).toHaveLength(1);
  });

  test("lets processes that write at once each have a whole file", async () => {
    using directory = makeTempDir();
    const state = directory.at("state");
    const open = `(await (async () => {
      const { openHelperFiles } = await import(src + "/launch/helper-file.ts");
      const first = openHelperFiles("launcher", [${JSON.stringify(state)}], ${ownUid}).next();
      return first.done ? first.value : new Bun.CryptoHasher("sha256").update(require("node:fs").readFileSync(first.value.path)).digest("hex");
    })())`;
    const hashes = await Promise.all(Array.from({ length: 6 }, () => evaluate(open)));
    expect(hashes).toEqual(hashes.map(() => helpers["launcher"]?.sha256));
    expect(readdirSync(state)).toHaveLength(1);
  });
});

describe("a copy installed beside the executable", () => {
  /** Where the first candidate lies, when there is a `lib/cupel` with this launcher in it. */
  const firstOf = (installed: string, state: string): string => {
    const files = openHelperFiles("launcher", [state], ownUid, installed);
    const first = files.next();
    if (first.done === true) throw new Error(first.value.join("; "));
    expect(readFileSync(first.value.path).equals(originalOf("launcher"))).toBeTrue();
    first.value.close();
    return first.value.storedAt;
  };

  test("is looked for in the lib/cupel next to the executable's folder", () => {
    expect(installedDirectory).toBe(join(dirname(process.execPath), "../lib/cupel"));
  });

  test("does not have to be there", () => {
    using directory = makeTempDir();
    expect(firstOf(directory.at("lib"), directory.at("state"))).toStartWith(directory.at("state"));
  });

  asRoot("comes first where it is root's, and nothing is written then", () => {
    using directory = makeTempDir();
    const launcher = directory.file("lib/launcher", originalOf("launcher"), 0o755);
    expect(firstOf(directory.at("lib"), directory.at("state"))).toBe(launcher);
    expect(readdirSync(directory.path)).toEqual(["lib"]);
  });

  asRoot("is followed by the private one: its file system may be mounted noexec", () => {
    using directory = makeTempDir();
    directory.file("lib/launcher", originalOf("launcher"), 0o755);
    const files = [...openHelperFiles("launcher", [directory.at("state")], ownUid, directory.at("lib"))];
    for (const file of files) file.close();
    expect(files.map(({ storedAt }) => dirname(storedAt))).toEqual([directory.at("lib"), directory.at("state")]);
  });

  const spoiled: readonly (readonly [string, (lib: string) => void])[] = [
    ["is another version's", (lib) => writeFileSync(join(lib, "launcher"), "other")],
    ["belongs to somebody", (lib) => chownSync(join(lib, "launcher"), ordinaryCaller.uid, 0)],
    ["can be changed by others", (lib) => chmodSync(join(lib, "launcher"), 0o775)],
    ["is in a folder that belongs to somebody", (lib) => chownSync(lib, ordinaryCaller.uid, 0)],
    ["is in a folder that others can change", (lib) => chmodSync(lib, 0o777)],
    ["is below a folder that belongs to somebody", (lib) => chownSync(dirname(lib), ordinaryCaller.uid, 0)],
  ];
  for (const [flaw, spoil] of spoiled) {
    asRoot(`is passed over where it ${flaw}`, () => {
      using directory = makeTempDir();
      using state = makeTempDir();
      directory.file("lib/launcher", originalOf("launcher"), 0o755);
      spoil(directory.at("lib"));
      expect(firstOf(directory.at("lib"), state.at("state"))).toStartWith(state.path);
    });
  }
});
