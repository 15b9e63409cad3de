import { expect, test } from "bun:test";
import { factsOf, mergeRecords, readTranscript } from "../../src/verify/attack-record.ts";

const lines = [
  "another program's line",
  "hello 1 x64",
  "start A01",
  "did A01 open 2",
  "saw A01 fact name=one",
  "saw A01 fact name=two",
  "saw A01 home-file %3Ctoken%3E",
  "end A01 attempted",
  "start B01",
  "saw Z99 fact x=y",
  "error 4 no such key",
];

test("what the attacker told is put together by attack", () => {
  const { hasStarted, problem, records } = readTranscript(lines.join("\n"));
  expect({ hasStarted, problem }).toEqual({ hasStarted: true, problem: "line 4: no such key" });
  expect(Object.fromEntries(records)).toEqual({
    A01: {
      steps: [{ step: "open", result: "ENOENT" }],
      sightings: [
        { channel: "fact", value: "name=one" },
        { channel: "fact", value: "name=two" },
        { channel: "home-file", value: "<token>" },
      ],
      ending: "attempted",
      words: "",
    },
    B01: { steps: [], sightings: [], ending: undefined, words: "" },
  });
  const first = records.get("A01");
  expect(first && Object.fromEntries(factsOf(first))).toEqual({ name: ["one", "two"] });
  expect(readTranscript("")).toEqual({ hasStarted: false, records: new Map(), problem: undefined });
});

test("several runs of one attack are one record, which ended as the last of them", () => {
  const { records } = readTranscript(lines.join("\n"));
  const [one, other] = [records.get("A01"), records.get("B01")];
  if (one === undefined || other === undefined) throw new Error("they are there");
  expect(mergeRecords([one, other])).toEqual({ ...other, steps: one.steps, sightings: one.sightings });
  expect(mergeRecords([])).toBeUndefined();
});
