import { describe, expect, test } from "bun:test";
import { ownPlace } from "../../src/run/maker.ts";
import { knownEntry, type Folder } from "../../src/run/state-contents.ts";

const place = "0123456789abcdef01234567";

describe("knownEntry", () => {
  test.each([
    ["state", "report.json", "the saved report"],
    ["state", "verdict.json", "the saved verdict"],
    ["state", "start-costs.json", "what starts were measured to cost"],
    ["state", "launcher-0123456789abcdef", "a copy of the launcher"],
    ["state", "prober-0123456789abcdef", "a copy of the prober"],
    ["state", "attacker-0123456789abcdef", "a copy of the attacker"],
    ["state", "courier-0123456789abcdef", "a copy of the courier"],
    ["state", "layers", "what jobs changed"],
    ["layers", "abcde2", "what a job changed, not applied yet"],
    ["layers", `running-12-${place}-ab3`, "a layer that a cupel which was killed left"],
    ["state", "runs", "records of runs"],
    ["runs", "abcde2", "the record of a run"],
    ["runs", `running-12-${place}-ab3`, "a record that a cupel which was killed left"],
    ["state", "images", "unpacked images"],
    ["images", "0123456789abcdef".repeat(4), "an unpacked image"],
    ["images", `unpacking-12-${place}-ab3`, "half unpacked"],
    ["state", "root", "the root for containers"],
    ["state", "engines", "the engines' places"],
    ["root", "tmp", "a mount point for containers"],
    ["root", "prober", "a copy of the prober"],
    ["engines", "podman", "an engine's place"],
  ] satisfies [Folder, string, string][])("in %s, %s is %s", (folder, name, what) =>
    expect(knownEntry(folder, name)?.what).toBe(what),
  );

  test.each([
    ["report.json.12", 12],
    ["verdict.json.345", 345],
    ["start-costs.json.9", 9],
    ["launcher-0123456789abcdef.6", 6],
    ["trial-namespaces-78", 78],
  ])("%s was being written by %d", (name, writer) =>
    expect(knownEntry("state", name)).toEqual({
      what: "half written",
      kind: "file",
      writer: { pid: writer, place: ownPlace() },
    }),
  );

  test("a proxy's socket was listened on by the process in its name", () =>
    expect(knownEntry("state", "proxy-90-0123abcd")).toEqual({
      what: "a proxy's socket",
      kind: "socket",
      writer: { pid: 90, place: ownPlace() },
    }));

  test.each([
    ["root", "proxy-90-0123abcd"],
    ["state", "proxy-90-0123ABCD"],
    ["state", "notes.txt"],
    ["state", "report.json.old"],
    ["state", "report.json~"],
    ["state", "launcher-0123"],
    ["state", "launcher-0123456789ABCDEF"],
    ["state", "a.12"],
    ["state", ".report.json"],
    ["layers", "abcdef.json"],
    ["layers", "running-12-ab"],
    ["images", "0123456789abcdef"],
    ["images", "unpacking-12-ab3"],
    ["root", "home"],
    ["root", "report.json"],
    ["engines", "..."],
    ["engines", "report.json.12"],
    ["engines", "Podman"],
  ] satisfies [Folder, string][])("in %s, %s is not cupel's", (folder, name) =>
    expect(knownEntry(folder, name)).toBeUndefined(),
  );
});
