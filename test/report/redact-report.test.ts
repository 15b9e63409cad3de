import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Report } from "../../src/model/report.ts";
import { redactReport } from "../../src/report/redact-report.ts";
import type { RedactionFacts } from "../../src/report/redact-text.ts";
import { parseReport } from "../../src/report/report-schema.ts";
import { capability, decisions, report, strategy } from "../fixtures/reports/report-parts.ts";
import { formatNames, renderFormat } from "../support/render-formats.ts";
import { goldenReports } from "./golden-formats.ts";

/** A report that says this text wherever a report can say something measured. */
function reportSaying(text: string): Report {
  const evidence = [{ action: text, result: text }];
  return report({
    fingerprintParts: { boot: text, controlGroup: text },
    layers: [{ kind: "session", name: text, evidence, changedBy: "you" }],
    capabilities: (["works", "blocked", "unknown", "degraded"] as const).map((state) =>
      capability("host", {
        id: `host.${state}`,
        title: text,
        state,
        summary: text,
        value: text,
        evidence,
        blockers: state === "blocked" ? [{ code: "policy", detail: text, layer: "session" }] : [],
      }),
    ),
    trials: [{ strategy: "process", result: "failed", summary: text, evidence, durationMs: 1 }],
    strategies: [
      strategy("namespaces", {
        available: false,
        summary: text,
        missing: ["host.blocked"],
        guarantees: decisions({ "fs.read": [text] }, { "fs.write": [text, "host.unknown"] }),
      }),
      strategy("process", { available: false, summary: text, guarantees: decisions({}, { "net.none": [text] }) }),
    ],
    selection: {
      accepted: [],
      rejected: [
        { strategy: "namespaces", reason: { kind: "guarantee", guarantee: "fs.write", because: text } },
        { strategy: "process", reason: { kind: "trial", summary: text } },
      ],
      closest: "namespaces",
    },
    remedies: [
      {
        id: "r",
        blocker: "policy",
        capability: "host.blocked",
        summary: text,
        scope: text,
        commands: [text],
        engineFlags: [text],
        undo: [text],
        appliedBy: "you",
        reversible: false,
        risk: text,
      },
    ],
  });
}

const word = fc.stringMatching(/^[a-z][a-z0-9]{7,12}$/u);
/** As accounts and projects are called: with characters that mean something in a pattern. */
const accountName = fc.stringMatching(/^[a-z][a-z0-9.+$(*_-]{6,11}[a-z0-9]$/u);
const hex = (length: number): fc.Arbitrary<string> =>
  fc.stringMatching(new RegExp(`^[1-9][a-f][0-9a-f]{${length - 2}}$`, "u"));
const byte = fc.integer({ min: 1, max: 99 });

/** Secrets, each with the facts that are known of it; what has none is found by its looks. */
const secrets = fc.record({
  user: accountName,
  home: accountName.map((last) => `/home/${last}`),
  host: fc.tuple(word, word).map(([name, domain]) => `${name}.${domain}.example`),
  project: fc.tuple(accountName, word).map(([one, two]) => `/data/${one} ${two}`),
  address: fc.tuple(byte, byte, byte).map((parts) => `10.${parts.join(".")}`),
  longAddress: fc.tuple(hex(4), hex(4)).map(([one, two]) => `fd00:${one}:${two}::1`),
  hardware: fc.tuple(hex(2), hex(2), hex(2)).map((parts) => `02:54:00:${parts.join(":")}`),
  uuid: fc.uuid(),
  container: hex(64),
  token: fc.stringMatching(/^[A-Za-z0-9]{36}$/u).map((tail) => `ghp_${tail}`),
  unit: word.map((name) => `${name}.service`),
  path: fc.tuple(word, word).map((names) => `/srv/${names.join("/")}`),
  otherHome: word.map((name) => `/home/${name}`),
  mail: word.map((name) => `${name}@mail.example`),
  separator: fc.constantFrom(" ", ", ", ": ", "\n", " '", " (", "; ", "=", '"', " - "),
});

describe("redactReport", () => {
  test("lets no secret through, in any format", async () => {
    await fc.assert(
      fc.asyncProperty(secrets, async ({ separator, ...planted }) => {
        const { user, home, host, project } = planted;
        const facts: RedactionFacts = { users: [user], homes: [home], hosts: [host], directories: [project] };
        const text = `seen${separator}${Object.values(planted).join(separator)}${separator}end`;
        const redacted = redactReport(reportSaying(text), facts);
        const hidden = [
          ...Object.values(planted),
          host.split(".")[0] ?? "",
          planted.otherHome.slice("/home/".length),
          planted.path.slice("/srv/".length),
          project.split(" ")[1] ?? "",
        ];
        for (const name of formatNames) {
          const shown = await renderFormat(name, redacted, { all: true });
          expect([name, hidden.filter((secret) => shown.includes(secret))]).toEqual([name, []]);
        }
      }),
      { numRuns: 60 },
    );
  });

  test.each(goldenReports)(
    "leaves a report of $name a report, with the same ids, states and codes",
    ({ report: given }) => {
      const redacted = redactReport(given, { users: ["process", "works"], hosts: ["namespaces"] });
      const parsed = parseReport(JSON.parse(JSON.stringify(redacted)));
      expect(parsed.ok ? "" : parsed.problem).toBe("");
      const skeleton = ({ capabilities, strategies, selection, remedies, trials }: Report): unknown => [
        capabilities.map(({ id, area, probe, state, level, blockers, ruledOut }) => [
          id,
          area,
          probe,
          state,
          level,
          ruledOut,
          blockers.map(({ code, layer }) => [code, layer]),
        ]),
        strategies.map(({ id, isolation, missing, guarantees }) => [
          id,
          isolation,
          missing,
          guarantees.map((one) => [one.id, one.kept]),
        ]),
        [
          selection.chosen,
          selection.closest,
          selection.accepted,
          selection.rejected.map(({ strategy: id, reason }) => [id, reason.kind]),
        ],
        remedies.map(({ id, blocker, capability: of }) => [id, blocker, of]),
        trials.map(({ strategy: id, result }) => [id, result]),
      ];
      expect(skeleton(redacted)).toEqual(skeleton(given));
    },
  );

  test("keeps which cupel made it, and when", () => {
    const given = { ...reportSaying("x"), cupel: { version: "0.1.0", build: "0978b27eeb6a6f2c" } };
    const redacted = redactReport({ ...given, fingerprintParts: { build: given.cupel.build } }, {});
    expect([redacted.cupel, redacted.createdAt, redacted.id, redacted.fingerprintParts]).toEqual([
      given.cupel,
      given.createdAt,
      given.id,
      { build: given.cupel.build },
    ]);
  });
});
