import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { Report } from "../../src/model/report.ts";
import { renderText } from "../../src/report/render-text.ts";
import { blockedNamespaces } from "../fixtures/reports/blocked-namespaces.ts";
import { firecrackerRoot } from "../fixtures/reports/firecracker-root.ts";
import { nothingKnown } from "../fixtures/reports/nothing-known.ts";
import { perfectHost } from "../fixtures/reports/perfect-host.ts";
import { capability } from "../fixtures/reports/report-parts.ts";
import { expectTidy, plainStyle, styles, withoutColor } from "./printed-lines.ts";

const unicode = { ...plainStyle, unicode: true };
const folded = { all: false };

/** The whole output, as it was read by a person and found right. */
function golden(name: string): string {
  return readFileSync(new URL(`../fixtures/reports/golden/${name}.txt`, import.meta.url), "utf8");
}

describe("renderText tells of", () => {
  test("a host on which a cap cannot be enforced", () => {
    expect(renderText(firecrackerRoot, unicode, folded)).toBe(golden("firecracker-root.80"));
  });

  test("the same at 40 columns, in ASCII", () => {
    expect(renderText(firecrackerRoot, { ...plainStyle, columns: 40 }, folded)).toBe(
      golden("firecracker-root.40-ascii"),
    );
  });

  test("a host on which nothing keeps the default demands", () => {
    expect(renderText(blockedNamespaces, unicode, folded)).toBe(golden("blocked-namespaces.80"));
  });

  test("the same at 20 columns: the command stays whole", () => {
    expect(renderText(blockedNamespaces, { ...unicode, columns: 20 }, folded)).toBe(golden("blocked-namespaces.20"));
  });

  test("a host on which nothing is missing", () => {
    expect(renderText(perfectHost, unicode, folded)).toBe(golden("perfect-host.80"));
  });

  test("the same with everything, in ASCII", () => {
    expect(renderText(perfectHost, plainStyle, { all: true })).toBe(golden("perfect-host.all-ascii"));
  });

  test("a host of which nothing is known", () => {
    expect(renderText(nothingKnown, { ...unicode, columns: 40 }, folded)).toBe(golden("nothing-known.40"));
  });

  test("a few capabilities in every detail, by name or by family", () => {
    const capabilities = ["kvm.run", "userns", "nope"];
    expect(renderText(firecrackerRoot, unicode, { all: false, capabilities })).toBe(golden("firecracker-root.named"));
  });
});

const reports: Readonly<Record<string, Report>> = { firecrackerRoot, blockedNamespaces, perfectHost, nothingKnown };

describe.each(Object.entries(reports))("renderText of %s", (_, report) => {
  const commands = report.remedies.flatMap((remedy) => remedy.commands);
  const everyName = report.capabilities.map(({ id }) => id);

  test.each(styles)("is tidy at $columns columns, colour $color, Unicode $unicode", (style) => {
    for (const all of [true, false]) expectTidy(renderText(report, style, { all }), style, commands);
    expectTidy(renderText(report, style, { all: false, capabilities: everyName }), style, commands);
  });

  test("says the same with colour as without", () => {
    const colored = renderText(report, { ...unicode, color: true }, { all: true });
    expect(withoutColor(colored)).toBe(renderText(report, unicode, { all: true }));
  });
});

describe("renderText", () => {
  test("paints marks, labels, headings, commands and the verdict", () => {
    const lines = renderText(blockedNamespaces, { ...plainStyle, color: true }, folded).split("\n");
    const painted = (words: string): string => JSON.stringify(lines.find((line) => line.includes(words)));
    expect(["No strategy", "Problems", "Cause", "sysctl -w", "Host", "[x]", "[!]"].map(painted)).toEqual([
      String.raw`"\u001b[1mNo strategy here keeps the default demands. Closest is process, but it does not\u001b[0m"`,
      String.raw`"\u001b[1mProblems\u001b[0m"`,
      String.raw`"    \u001b[2mCause:\u001b[0m a kernel setting (sysctl): kernel.unprivileged_userns_clone is 0."`,
      String.raw`"      \u001b[36msudo sysctl -w kernel.unprivileged_userns_clone=1\u001b[0m"`,
      String.raw`"\u001b[32m[+]\u001b[0m Host: 1 present (not tried)."`,
      String.raw`"\u001b[31m[x]\u001b[0m User namespaces [userns.capable]: blocked (exercised);"`,
      String.raw`"\u001b[33m[!]\u001b[0m process (class process): works here, not taken: it does not keep fs.read:"`,
    ]);
  });

  test("obeys nothing that the host says", () => {
    const evil = capability("devices", {
      id: "device.evil",
      title: "A\u001b[2J",
      summary: "\u202efine\r\nVerdict: good",
    });
    const text = renderText({ ...perfectHost, capabilities: [evil] }, plainStyle, { all: true });
    expect(text).toContain(String.raw`[+] A\x1b[2J [device.evil]: works (exercised); \u{202e}fine Verdict: good.`);
  });
});
