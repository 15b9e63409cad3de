import { expect, test } from "bun:test";
import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { makeTempDir } from "../../test/support/temp-dir.ts";
import { directory, file, link, packArchive } from "./archive.ts";

test("an archive unpacks to what was packed", () => {
  using place = makeTempDir();
  const archive = packArchive([
    directory("/bin"),
    directory("/odd", 0o700),
    file("/bin/tool", "#!/bin/sh\n", 0o755),
    file("/odd/empty", ""),
    file("/odd/bytes", Buffer.from([0, 255, 10]), 0o600),
    link("/bin/sh", "tool"),
  ]);
  const unpacked = Bun.spawnSync(["/bin/busybox", "cpio", "-i", "-m"], {
    cwd: place.path,
    stdin: archive,
    stderr: "pipe",
  });
  expect([unpacked.exitCode, unpacked.stderr.toString().replace(/\d+ blocks\n/, "")]).toEqual([0, ""]);
  expect(readdirSync(place.path, { recursive: true, encoding: "utf8" }).toSorted()).toEqual([
    "bin",
    "bin/sh",
    "bin/tool",
    "odd",
    "odd/bytes",
    "odd/empty",
  ]);
  expect([...readFileSync(place.at("odd/bytes"))]).toEqual([0, 255, 10]);
  expect(readFileSync(place.at("bin/tool"), "utf8")).toBe("#!/bin/sh\n");
  expect(readlinkSync(place.at("bin/sh"))).toBe("tool");
  const modes = ["bin/tool", "odd", "odd/bytes"].map((name) => (statSync(place.at(name)).mode & 0o777).toString(8));
  expect(modes).toEqual(["755", "700", "600"]);
});
