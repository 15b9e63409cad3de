import { describe, expect, test } from "bun:test";
import type { AttackResult } from "../../src/model/verification.ts";
import type { AttackRecord } from "../../src/verify/attack-record.ts";
import type { AttackSpec } from "../../src/verify/attack-spec.ts";
import { judgeAttack, type AttackSide } from "../../src/verify/judge-attack.ts";

const token = "canary-0123456789abcdef";

const spec: AttackSpec = {
  id: "A01",
  title: "read files",
  keys: [],
  optionalKeys: [],
  guarantees: ["fs.read"],
  evidence: ["token"],
  control: { by: "everyone" },
};

function recordOf(parts: Partial<AttackRecord> = {}): AttackRecord {
  return { steps: [], sightings: [], ending: "attempted", words: "", ...parts };
}

function sideOf(record: AttackRecord | undefined, hits: AttackSide["hits"] = []): AttackSide {
  return { record, hits, tokens: [token], context: { host: {}, variables: [], wishes: {} } };
}

const read = recordOf({ sightings: [{ channel: "home-file", value: `<${token}>` }] });
const denied = recordOf({ steps: [{ step: "open", result: "ENOENT" }] });
const got = sideOf(read);
const nothing = sideOf(denied);

interface Case {
  readonly spec?: Partial<AttackSpec>;
  readonly inside: AttackSide;
  readonly control?: AttackSide | undefined;
  readonly isRoot?: boolean;
  readonly isKernelShared?: boolean;
}

function judge({
  spec: parts = {},
  inside,
  control,
  isRoot = false,
  isKernelShared = true,
}: Case): Omit<AttackResult, "attack"> {
  const { attack, ...rest } = judgeAttack({ spec: { ...spec, ...parts }, inside, control, isRoot, isKernelShared });
  expect(attack).toBe("A01");
  return rest;
}

describe("an attack that left a sign", () => {
  test("broke, by a token that was read, whatever the control says", () => {
    const because = "a canary's token was read (home-file)";
    expect(judge({ inside: got, control: got })).toEqual({ verdict: "broke", because });
    expect(judge({ inside: got })).toEqual({ verdict: "broke", because });
  });

  test("broke, by a change that was seen outside, even if it was ended before it told anything", () => {
    const because = "seen outside: exe-pid: it was ended";
    const inside = sideOf(undefined, [{ canary: "exe-pid", text: "it was ended" }]);
    expect(judge({ inside, control: got })).toEqual({ verdict: "broke", because });
  });

  test("broke signals alone, where the victim had one: others on the host may send it some", () => {
    const inside = { ...nothing, hits: [{ canary: "signal", text: "23" }] };
    const guarantees = ["fs.read", "proc.signal"] as const;
    expect(judge({ spec: { guarantees }, inside, control: got })).toMatchObject({ verdict: "held" });
    expect(judge({ spec: { guarantees, keys: ["victim-pid"] }, inside, control: got })).toEqual({
      verdict: "broke",
      because: "seen outside: signal: 23",
      broke: ["proc.signal"],
    });
  });

  test("broke, by what it gained and by a state that is not as promised", () => {
    const gained = sideOf(recordOf({ sightings: [{ channel: "gained", value: "a shell\n" }] }));
    expect(judge({ inside: gained, control: got })).toEqual({ verdict: "broke", because: "it gained a shell" });
    const findBreach: AttackSpec["findBreach"] = ({ steps }) => (steps.length > 0 ? "it made a step" : undefined);
    expect(judge({ spec: { findBreach }, inside: nothing, control: got })).toEqual({
      verdict: "broke",
      because: "it made a step",
    });
  });

  test("did not break by somebody else's token", () => {
    const other = sideOf(recordOf({ sightings: [{ channel: "home-file", value: "canary-another" }] }));
    expect(judge({ inside: other, control: got })).toEqual({ verdict: "held", because: "nothing was seen of it" });
  });

  test("breaks what its sign is a sign of, and nothing where it is none", () => {
    const two = { guarantees: ["fs.read", "kernel.syscalls"], signs: { "fs.read": /^token:home/ } } as const;
    expect(judge({ spec: two, inside: got, control: got }).broke).toBeUndefined();
    const both = { ...two, signs: { ...two.signs, "kernel.syscalls": /^gained/ } };
    expect(judge({ spec: both, inside: got, control: got }).broke).toEqual(["fs.read"]);
    const none = { guarantees: ["fs.read"], signs: { "fs.read": /^gained/ } } as const;
    expect(judge({ spec: none, inside: got, control: got }).verdict).toBe("unknown");
  });
});

test("an attack that gains a rank says nothing on a kernel that is the job's alone, and elsewhere all", () => {
  const case_ = { spec: { isRank: true }, inside: got, control: got } as const;
  expect(judge(case_).verdict).toBe("broke");
  expect(judge({ ...case_, isKernelShared: false })).toEqual({
    verdict: "not-applicable",
    because: "it puts processes of the job before others on a kernel that is the job's alone",
  });
});

describe("an attack that left no sign", () => {
  test("held, where its control left one", () =>
    expect(judge({ inside: nothing, control: got })).toEqual({ verdict: "held", because: "open gave ENOENT" }));

  test("says nothing by an errno alone: its control failed", () =>
    expect(judge({ inside: nothing, control: nothing })).toEqual({
      verdict: "unknown",
      because: "its control failed: without a sandbox, open gave ENOENT",
    }));

  test("says nothing where there is a doubt, and where it left a sign there is none", () => {
    const findDoubt: AttackSpec["findDoubt"] = ({ steps }) => (steps.length > 0 ? "nothing answered" : undefined);
    const doubted = { verdict: "unknown", because: "nothing answered" } as const;
    expect(judge({ spec: { findDoubt }, inside: nothing, control: got })).toEqual(doubted);
    expect(judge({ spec: { findDoubt }, inside: sideOf(recordOf()), control: got }).verdict).toBe("held");
    expect(judge({ spec: { findDoubt }, inside: got, control: got }).verdict).toBe("broke");
  });

  test("says nothing where there was no control", () =>
    expect(judge({ inside: nothing })).toEqual({ verdict: "unknown", because: "its control was not made" }));

  test.each([
    [{ by: "root" }, false, "not-applicable"],
    [{ by: "root" }, true, "unknown"],
    [{ by: "some", reason: "" }, true, "not-applicable"],
    [{ by: "none", reason: "" }, false, "held"],
  ] as const)("with a control by %p that failed, called by root: %p, is %s", (control, isRoot, verdict) =>
    expect(judge({ spec: { control }, inside: nothing, control: nothing, isRoot }).verdict).toBe(verdict),
  );
});

describe("an attack that was not made to its end", () => {
  test.each([
    ["timeout", "", "unknown", "it did not end in time"],
    ["crashed", "signal 11", "unknown", "it crashed: signal 11"],
    [undefined, "", "unknown", "it was ended before it was over"],
  ] as const)("by %s says nothing", (ending, words, verdict, because) =>
    expect(judge({ inside: sideOf(recordOf({ ending, words })), control: got })).toEqual({ verdict, because }),
  );

  test("is not begun, or impossible", () => {
    expect(judge({ inside: sideOf(undefined), control: got })).toEqual({
      verdict: "unknown",
      because: "it was not begun",
    });
    const impossible = sideOf(recordOf({ ending: "impossible", words: "there is no vsock" }));
    expect(judge({ inside: impossible, control: impossible })).toEqual({
      verdict: "not-applicable",
      because: "there is no vsock",
    });
    // What can be tried outside alone was not attacked.
    expect(judge({ inside: impossible, control: nothing })).toEqual({
      verdict: "unknown",
      because: "inside, there is no vsock",
    });
    expect(judge({ spec: { isLackHeld: true }, inside: impossible, control: got }).verdict).toBe("held");
  });

  test("held, where its cap is there to end it", () => {
    const ended = sideOf(recordOf({ ending: undefined }));
    expect(judge({ spec: { isEndHeld: true }, inside: ended, control: got })).toEqual({
      verdict: "held",
      because: "it was ended",
    });
  });
});
