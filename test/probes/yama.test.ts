import { expect, test } from "bun:test";
import yama from "../../src/probes/yama.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { createFixtureContext } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";

test("is absent", async () => {
  expect(printFindings(await yama.run(createFixtureContext(fixtures.firecrackerUser)))).toMatchInlineSnapshot(`
    "
    lsm.yama: absent (declared)
      not on this host: any process of the same user may be traced
      | read kernel.yama.ptrace_scope -> ENOENT
    "
  `);
});

test("lets descendants be traced", async () => {
  expect(printFindings(await yama.run(createFixtureContext(fixtures.ubuntuRestricted)))).toMatchInlineSnapshot(`
    "
    lsm.yama: works (declared) = 1
      ptrace_scope 1: only descendants may be traced
      | read kernel.yama.ptrace_scope -> 1
    "
  `);
});
