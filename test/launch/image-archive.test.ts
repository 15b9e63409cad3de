import { describe, expect, test } from "bun:test";
import { archiveImage, type ArchiveEntry } from "../../src/launch/image-archive.ts";
import { readTree } from "../support/tree.ts";
import { execute } from "../support/execute.ts";
import { makeTempDir } from "../support/temp-dir.ts";

/** What GNU tar says of an archive, a line for each entry. */
async function list(archive: Uint8Array, ...flags: readonly string[]): Promise<string[]> {
  const words = ["tar", "--quoting-style=literal", ...flags, "-tf", "-"];
  const { code, stdout, stderr } = await execute(words, { stdin: archive, env: { LC_ALL: "C.UTF-8" } });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout.split("\n").slice(0, -1);
}

async function unpack(archive: Uint8Array, directory: string): Promise<string[]> {
  const words = ["tar", "--no-same-owner", "--preserve-permissions", "-C", directory, "-xf", "-"];
  const { code, stderr } = await execute(words, { stdin: archive, env: { LC_ALL: "C.UTF-8" } });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return readTree(directory).map((line) => line.replace(/ \d+:\d+ /, " "));
}

const file = (path: string, content: string | Uint8Array = ""): ArchiveEntry => ({ kind: "file", path, content });

/** `length` bytes of UTF-8, in words that a file system takes; the first fills what ustar has for directories. */
function longPath(length: number, letter: string): string {
  const size = Buffer.byteLength(letter);
  let path = "";
  for (let left = length; left > 0; left = length - Buffer.byteLength(path)) {
    const bytes = Math.min(left - 1, 155);
    path += `/${letter.repeat(Math.floor(bytes / size))}${"x".repeat(bytes % size)}`;
  }
  return path;
}

const everything: readonly ArchiveEntry[] = [
  { kind: "link", path: "/bin", target: "usr/bin" },
  { kind: "directory", path: "/closed", mode: 0o700 },
  { kind: "directory", path: "/tmp", mode: 0o1777 },
  { kind: "file", path: "/usr/bin/program", content: Uint8Array.of(0, 1, 255), mode: 0o755 },
  file("/etc/hosts", "127.0.0.1 localhost\n"),
  file("/run/ä 名\n", "ü"),
];

describe("archiveImage", () => {
  test("makes everything root's, of no time, with its mode, what holds another first", async () => {
    expect(
      await list(
        await archiveImage(everything),
        "--verbose",
        "--full-time",
        "--numeric-owner",
        "--quoting-style=escape",
      ),
    ).toEqual([
      "lrwxrwxrwx 0/0               0 1970-01-01 00:00:00 bin -> usr/bin",
      "drwx------ 0/0               0 1970-01-01 00:00:00 closed",
      "drwxr-xr-x 0/0               0 1970-01-01 00:00:00 etc",
      "-r--r--r-- 0/0              20 1970-01-01 00:00:00 etc/hosts",
      "drwxr-xr-x 0/0               0 1970-01-01 00:00:00 run",
      "-r--r--r-- 0/0               2 1970-01-01 00:00:00 run/ä 名\\n",
      "drwxrwxrwt 0/0               0 1970-01-01 00:00:00 tmp",
      "drwxr-xr-x 0/0               0 1970-01-01 00:00:00 usr",
      "drwxr-xr-x 0/0               0 1970-01-01 00:00:00 usr/bin",
      "-rwxr-xr-x 0/0               3 1970-01-01 00:00:00 usr/bin/program",
    ]);
  });

  test("is unpacked to what it was made of", async () => {
    using directory = makeTempDir();
    const large = Buffer.alloc(3_000_001, "cupel");
    const entries = [...everything, file("/large", large), file("/exact", "x".repeat(512))];
    const unpacked = await unpack(await archiveImage(entries), directory.path);
    expect(unpacked).toEqual([
      "bin 777 -> usr/bin",
      "closed 700 directory",
      "etc 755 directory",
      `etc/hosts 444 ${digestOf("127.0.0.1 localhost\n")}`,
      `exact 444 ${digestOf("x".repeat(512))}`,
      `large 444 ${digestOf(large)}`,
      "run 755 directory",
      `run/ä 名\n 444 ${digestOf("ü")}`,
      "tmp 1777 directory",
      "usr 755 directory",
      "usr/bin 755 directory",
      `usr/bin/program 755 ${digestOf(Uint8Array.of(0, 1, 255))}`,
    ]);
  });

  test("has names and targets of any length", async () => {
    using directory = makeTempDir();
    const paths = [longPath(330, "a"), longPath(900, "名")];
    const links = paths.map((target, index): ArchiveEntry => ({ kind: "link", path: `/link${index}`, target }));
    const archive = await archiveImage([...paths.map((path) => file(path, path)), ...links]);
    const unpacked = await unpack(archive, directory.path);
    for (const path of paths) {
      expect(Buffer.byteLength(path)).toBeGreaterThan(300);
      expect(unpacked).toContain(`${path.slice(1)} 444 ${digestOf(path)}`);
      expect(unpacked).toContain(`link${paths.indexOf(path)} 777 -> ${path}`);
    }
  });

  test("has names of every length about the limits of ustar", async () => {
    for (const letter of ["a", "é"]) {
      const lengths = [99, 100, 101, 102, 154, 155, 156, 158, 159, 254, 255, 256, 257, 258, 259];
      const paths = lengths.map((length) => longPath(length, letter));
      const entries = paths.flatMap((path): ArchiveEntry[] => [
        file(path),
        { kind: "directory", path: `${path}-d`, mode: 0o755 },
      ]);
      const names = await list(await archiveImage(entries));
      const wanted = entries.map(({ path }) => path.slice(1));
      expect(wanted.filter((name) => !names.includes(name))).toEqual([]);
    }
  });

  test("of nothing is an empty archive", async () => {
    const archive = await archiveImage([]);
    expect(archive).toEqual(new Uint8Array(1024));
    expect(await list(archive)).toEqual([]);
  });

  test("says of the top itself only what it is told", async () => {
    const archive = await archiveImage([file("/a"), { kind: "directory", path: "/", mode: 0o711 }]);
    expect(await list(archive, "--verbose")).toEqual([
      expect.stringMatching(/^drwx--x--x .* \.\/?$/),
      expect.stringMatching(/ a$/),
    ]);
  });

  test("is the same for the same entries in any order, and the last of two counts", async () => {
    const archive = await archiveImage(everything);
    expect(await archiveImage(everything.toReversed())).toEqual(archive);
    expect(await archiveImage([file("/etc/hosts", "other"), ...everything])).toEqual(archive);
  });
});

function digestOf(content: string | Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(content).digest("hex").slice(0, 16);
}
