import { describe, expect, test } from "bun:test";
import type { GuaranteeId } from "../../src/model/guarantee.ts";
import type { AttackResult } from "../../src/model/verification.ts";
import { judgeGuarantees, type Declarations, type JudgedAttack } from "../../src/verify/judge-guarantees.ts";

function attackOf(attack: string, verdict: AttackResult["verdict"], broke?: readonly GuaranteeId[]): JudgedAttack {
  const result = { attack, verdict, because: `${attack} ${verdict}`, ...(broke === undefined ? {} : { broke }) };
  return { guarantees: ["fs.read", "net.none"], result };
}

const kept: Declarations = [{ id: "fs.read", kept: true, mechanism: "", capabilities: [] }];
const lacking: Declarations = [{ id: "fs.read", kept: false, reason: "it is shared" }];

function judge(attacks: readonly JudgedAttack[], declared: Declarations = kept): unknown {
  return judgeGuarantees(attacks, declared, ["fs.read"])[0];
}

describe("a guarantee", () => {
  test("held, where every attack that told failed", () =>
    expect(judge([attackOf("A01", "held"), attackOf("A02", "not-applicable"), attackOf("A03", "held")])).toEqual({
      id: "fs.read",
      state: "held",
      attacks: 2,
      brokenBy: [],
      because: "2 attacks failed",
    }));

  test("is broken by one, whatever the others say", () =>
    expect(judge([attackOf("A01", "held"), attackOf("A02", "broke"), attackOf("A03", "unknown")])).toEqual({
      id: "fs.read",
      state: "broken",
      attacks: 2,
      brokenBy: ["A02"],
      because: "A02: A02 broke",
    }));

  test("is unknown where one could not be told, where none told, and where none was made", () => {
    expect(judge([attackOf("A01", "held"), attackOf("A02", "unknown")])).toMatchObject({ state: "unknown" });
    expect(judge([attackOf("A01", "not-applicable")])).toMatchObject({
      state: "unknown",
      because: "no attack told: A01 not-applicable",
    });
    expect(judge([])).toMatchObject({ state: "unknown", because: "no attack on it was made" });
  });

  test("that is not provided stays so, with what shows it", () => {
    expect(judge([attackOf("A01", "broke")], lacking)).toMatchObject({
      state: "not-provided",
      brokenBy: ["A01"],
      because: "A01: A01 broke",
    });
    expect(judge([attackOf("A01", "held")], lacking)).toMatchObject({ state: "not-provided", because: "it is shared" });
  });

  test("of a subject that says nothing is judged by attacks alone", () =>
    expect(judge([attackOf("A01", "held")], undefined)).toMatchObject({ state: "held" }));

  test("is not told by an attack that broke another one", () =>
    expect(judge([attackOf("A01", "broke", ["net.none"]), attackOf("A02", "held")])).toMatchObject({
      state: "held",
      attacks: 1,
    }));
});
