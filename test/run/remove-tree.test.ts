import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { fileURLToPath } from "node:url";
import { removeTree } from "../../src/run/remove-tree.ts";
import { execute } from "../support/execute.ts";
import { needs } from "../support/must-work.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { isRoot } from "../support/tester.ts";

const asRoot = needs(isRoot, "only root mounts without a namespace of its own");
const exchangeWithLink = fileURLToPath(new URL("../support/exchange-with-link.py", import.meta.url));

describe("removeTree", () => {
  test("removes what is there, names that are no text among it, and follows nothing", () => {
    using directory = makeTempDir();
    const outside = directory.file("outside/file", "kept");
    directory.file("tree/a/b", "12345");
    symlinkSync(directory.at("outside"), directory.at("tree/link"));
    writeFileSync(Buffer.concat([Buffer.from(directory.at("tree/")), Buffer.from([0x61, 0xff])]), "x");
    expect(removeTree(directory.at("tree"))).toBeUndefined();
    expect([existsSync(directory.at("tree")), readFileSync(outside, "utf8")]).toEqual([false, "kept"]);
  });

  test("removes directories that nobody may enter", () => {
    using directory = makeTempDir();
    directory.file("tree/a/b/c", "x");
    for (const name of ["tree/a/b", "tree/a", "tree"]) chmodSync(directory.at(name), 0);
    expect(removeTree(directory.at("tree"))).toBeUndefined();
    expect(lstatSync(directory.at("tree"), { throwIfNoEntry: false })).toBeUndefined();
  });

  test("removes paths that are too long to be said, and too deep for a descriptor a level", () => {
    using directory = makeTempDir();
    const name = "n".repeat(250);
    let inner = directory.folder("inner");
    writeFileSync(`${inner}/file`, "x");
    for (let depth = 0; depth < 1500; depth++) {
      mkdirSync(directory.at(`tree-${depth}`));
      renameSync(inner, `${directory.at(`tree-${depth}`)}/${name}`);
      inner = directory.at(`tree-${depth}`);
    }
    expect(removeTree(inner)).toBeUndefined();
    expect(existsSync(inner)).toBe(false);
  });

  test("leaves what a link leads to alone, also where somebody still exchanges directories for links", async () => {
    using directory = makeTempDir();
    directory.file("outside/file", "kept");
    const ended: (string | undefined)[] = [];
    const exchanging = Bun.spawn(["python3", exchangeWithLink, directory.at("tree"), directory.at("outside")]);
    try {
      for (let round = 0; round < 300; round++) {
        while (!existsSync(directory.at("tree"))) await Bun.sleep(1);
        ended.push(removeTree(directory.at("tree")));
      }
    } finally {
      exchanging.kill("SIGKILL");
      await exchanging.exited;
    }
    expect(readdirSync(directory.at("outside"))).toEqual(["file"]);
    // It may be told that the tree is not empty yet, by its maker; never that something of it is not to be removed.
    expect([...new Set(ended)].filter((end) => end?.endsWith(": ENOTEMPTY") === false)).toEqual([]);
    expect(removeTree(directory.at("tree"))).toBeUndefined();
  });

  asRoot("touches nothing of what is mounted in it", async () => {
    using directory = makeTempDir();
    directory.file("outside/file", "kept");
    directory.folder("tree/mount");
    const module = fileURLToPath(new URL("../../src/run/remove-tree.ts", import.meta.url));
    const program = `const { removeTree } = await import(${JSON.stringify(module)}); console.log(removeTree(process.argv[1]))`;
    const script = 'mount --bind "$1" "$2/mount" && exec "$3" -e "$4" "$2"';
    const places = [directory.at("outside"), directory.at("tree"), process.execPath, program];
    const ran = await execute(["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", ...places]);
    expect(ran).toMatchObject({ code: 0, stdout: `${directory.at("tree")}: EBUSY\n` });
    expect(readFileSync(directory.at("outside/file"), "utf8")).toBe("kept");
  });

  test("has nothing to do where there is nothing", () => {
    using directory = makeTempDir();
    expect(removeTree(directory.at("nowhere"))).toBeUndefined();
  });
});
