import { expect, test } from "bun:test";
import { closeSync, constants, openSync } from "node:fs";
import { errnoOf } from "../../src/host/errno-of.ts";
import { writeToReader } from "../../src/host/write-to-reader.ts";
import { execute } from "../support/execute.ts";
import { makeTempDir } from "../support/temp-dir.ts";

test("writes all of it to a reader who is slow, while everything else goes on", async () => {
  using directory = makeTempDir();
  Bun.spawnSync(["mkfifo", directory.at("pipe")]);
  const flags = constants.O_RDWR | constants.O_NONBLOCK;
  const pipe = openSync(directory.at("pipe"), flags);
  const bytes = Buffer.alloc(300_000, "0123456789");
  let isDone = false;
  const written = writeToReader(pipe, bytes).then(() => (isDone = true));
  await Bun.sleep(20);
  expect(isDone).toBe(false);
  const reader = execute(["head", "-c", String(bytes.length), directory.at("pipe")]);
  await written;
  expect((await reader).stdout).toBe(bytes.toString());
  closeSync(pipe);
});

test("says what it cannot write to", async () => {
  const full = openSync("/dev/full", "w");
  expect(await writeToReader(full, Buffer.from("x")).catch(errnoOf)).toBe("ENOSPC");
  closeSync(full);
});
