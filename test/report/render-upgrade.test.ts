import { expect, test } from "bun:test";
import type { UpgradeOutcome } from "../../src/model/upgrade.ts";
import { renderUpgrade, renderUpgradeJson } from "../../src/report/render-upgrade.ts";

const outcome: UpgradeOutcome = {
  result: "replaced",
  from: "1.0.0",
  to: "2.0.0",
  isNamed: false,
  executable: "/usr/local/bin/cupel",
  address: "https://releases.example",
};

test.each([
  [{}, "upgrade: replaced 1.0.0 by 2.0.0 as /usr/local/bin/cupel\n"],
  [
    { doctor: { exitCode: 0, text: "A verdict.\n" } },
    "A verdict.\nupgrade: replaced 1.0.0 by 2.0.0 as /usr/local/bin/cupel\n",
  ],
  [
    { result: "would-replace" },
    "upgrade: would replace 1.0.0 by 2.0.0 from https://releases.example as /usr/local/bin/cupel\n",
  ],
  [{ result: "up-to-date", to: "1.0.0" }, "upgrade: up to date: 1.0.0 is installed, and 1.0.0 is the latest release\n"],
  [{ result: "up-to-date", to: "1.0.0", isNamed: true }, "upgrade: 1.0.0 is installed already\n"],
] as const)("%p is said as text", (change, text) => expect(renderUpgrade({ ...outcome, ...change })).toBe(text));

test("as JSON it is the same without the doctor's text", () => {
  const json = renderUpgradeJson({ ...outcome, doctor: { exitCode: 3, text: "A verdict.\n" } });
  expect(JSON.parse(json)).toEqual({ schema: 1, ...outcome, doctorExitCode: 3 });
  expect(JSON.parse(renderUpgradeJson(outcome))).toEqual({ schema: 1, ...outcome });
});
