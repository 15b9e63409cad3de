import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { listFiles, repositoryRoot } from "../source/repository.ts";
import { groupTests } from "./test-groups.ts";

test("groupTests has every file once, and what looks at the machine in one group", () => {
  const files = listFiles(["{test,scripts}/**/*.test.ts"]);
  const [whole, others] = groupTests(files);
  expect([...whole, ...others].toSorted()).toEqual(files);
  const expected = ["test/e2e/verify.test.ts", "test/e2e/readme.test.ts", "test/native/prober.test.ts"];
  expect(whole).toEqual(expect.arrayContaining(expected));
  expect(others).toEqual(expect.arrayContaining(["test/e2e/install.test.ts", "test/model/error.test.ts"]));
});

test("what cleans beside the whole machine's run does so in places of its own", () => {
  const [, others] = groupTests(listFiles(["test/**/*.test.ts"]));
  const texts = others.map((file) => ({ file, text: readFileSync(join(repositoryRoot, file), "utf8") }));
  const cleaning = texts.filter(({ text }) => text.includes('["clean"]'));
  expect(cleaning.length).toBeGreaterThan(0);
  expect(cleaning.filter(({ text }) => !text.includes("usePrivatePlaces(")).map(({ file }) => file)).toEqual([]);
});
