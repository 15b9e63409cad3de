import { expect, test } from "bun:test";
import { closeSync, openSync, readFileSync } from "node:fs";
import { passMasked } from "../../../src/run/secrets/mask-output.ts";
import { makeTempDir } from "../../support/temp-dir.ts";
import { until } from "../../support/until.ts";

const forms = [{ name: "T", bytes: Buffer.from("token") }];

test("output is passed on without secrets; what may become one waits no longer than for more of it", async () => {
  using directory = makeTempDir();
  const path = directory.at("out");
  const descriptor = openSync(path, "w");
  const { promise: isSeen, resolve } = Promise.withResolvers<void>();
  async function* output(): AsyncGenerator<Uint8Array> {
    yield Buffer.from("a tok");
    yield Buffer.from("en, name to");
    await isSeen;
    yield Buffer.from("m, tok");
  }
  const passed = passMasked(output(), descriptor, forms);
  await until("the prompt is there", () => readFileSync(path, "utf8") === "a [secret T], name to");
  resolve();
  expect([await passed, readFileSync(path, "utf8")]).toEqual([undefined, "a [secret T], name tom, tok"]);
  closeSync(descriptor);
});

test("what cannot be written ends the reading", async () => {
  const full = openSync("/dev/full", "w");
  let isClosed = false;
  async function* output(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield Buffer.from("x");
    } finally {
      isClosed = true;
    }
  }
  expect([await passMasked(output(), full, forms), isClosed]).toEqual(["ENOSPC", true]);
  closeSync(full);
});
