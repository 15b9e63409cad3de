import { describe, expect, test } from "bun:test";
import type { GuaranteeResult, SubjectResult, Verification } from "../../src/model/verification.ts";
import { reportFormats, type ReportFormatName } from "../../src/report/formats.ts";
import {
  renderVerificationAs,
  verificationExitCode,
  type VerificationView,
} from "../../src/report/render-verification.ts";
import { perfectHost } from "../fixtures/reports/perfect-host.ts";
import { plainStyle } from "./printed-lines.ts";

function guarantee(id: GuaranteeResult["id"], state: GuaranteeResult["state"], ...brokenBy: string[]): GuaranteeResult {
  return {
    id,
    state,
    attacks: 3,
    brokenBy,
    because: brokenBy.length > 0 ? `${brokenBy[0] ?? ""}: it was read` : "3 attacks failed",
  };
}

function subjectOf(name: string, ...guarantees: GuaranteeResult[]): SubjectResult {
  const attacks = [
    { attack: "A01", verdict: "held", because: "" },
    { attack: "A02", verdict: "not-applicable", because: "" },
  ] as const;
  return { kind: "strategy", name, mechanisms: "network=none", guarantees, attacks, durationMs: 1200 };
}

const sound = subjectOf(
  "namespaces",
  guarantee("fs.read", "held"),
  guarantee("limit.disk", "not-provided", "A23", "D11"),
);
const cracked = subjectOf("cracked", guarantee("fs.read", "broken", "A01"), guarantee("limit.disk", "unknown"));

function viewOf(subjects: readonly SubjectResult[], asked: VerificationView["asked"] = []): VerificationView {
  const verification: Verification = {
    schema: 1,
    id: "0d7cbb29-0000-4000-8000-000000000000",
    createdAt: "2026-01-01T00:00:00.000Z",
    depth: "full",
    subjects,
    durationMs: 1300,
  };
  return { verification, asked, report: perfectHost };
}

describe("renderVerificationAs", () => {
  test("says in columns what each held, and what broke the others", async () =>
    expect(await renderVerificationAs("text", viewOf([sound, cracked]), plainStyle)).toMatchSnapshot());

  test("says it in lines where there is no room for columns", async () => {
    const text = await renderVerificationAs("text", viewOf([sound, cracked]), { ...plainStyle, columns: 40 });
    expect(text.split("\n").filter((line) => line.length > 40)).toEqual([]);
    expect(text).toMatchSnapshot();
  });

  test("says that it was not saved", async () => {
    const text = await renderVerificationAs("text", { ...viewOf([sound]), notSaved: "/x: EROFS" }, plainStyle);
    expect(text).toContain("It could not be saved: /x: EROFS.");
  });

  test("gives all of it as JSON", async () => {
    const view = viewOf([sound]);
    expect(JSON.parse(await renderVerificationAs("json", view, plainStyle))).toEqual({
      ...view.verification,
      result: "passed",
      exitCode: 0,
    });
  });

  test.each(Object.keys(reportFormats).filter((name) => name !== "text" && name !== "json") as ReportFormatName[])(
    "has something to say as %s",
    async (format) =>
      expect((await renderVerificationAs(format, viewOf([sound, cracked]), plainStyle)).length).toBeGreaterThan(50),
  );
});

test.each([
  [[sound], [], 0],
  [[sound], ["limit.disk"], 1],
  [[sound, cracked], [], 1],
  [[subjectOf("x", guarantee("fs.read", "unknown"))], [], 3],
  [[subjectOf("x", guarantee("fs.read", "not-provided"))], [], 3],
  [[], [], 3],
] as const)("the exit code of %# is as check has them", (subjects, asked, code) =>
  expect(verificationExitCode(viewOf(subjects, asked))).toBe(code),
);
