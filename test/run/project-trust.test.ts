import { describe, expect, test } from "bun:test";
import { chmodSync, readdirSync, statSync, writeFileSync } from "node:fs";
import type { Host } from "../../src/host/host.ts";
import { createRealHost } from "../../src/host/real-host.ts";
import { hashOf, isTrusted, listTrusted, recordTrust, revokeTrust } from "../../src/run/project-trust.ts";
import { knownEntry } from "../../src/run/state-contents.ts";
import { ownPlace } from "../../src/run/maker.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";

const real = createRealHost();

function hostWith(state: TempDir): Host {
  return { ...real, environment: { XDG_STATE_HOME: state.path } };
}

/** What is recorded in this state alone: a user's other places are everybody's tests'. */
function listIn(state: TempDir): readonly string[] {
  return readdirSync(state.at("cupel")).filter((name) => name.startsWith("trusted-"));
}

const record = { path: "/somewhere/cupel.yaml", sha256: hashOf("network: {mode: host}\n") };

describe("a project's file", () => {
  test("is trusted by its path and what is in it, until that is revoked", () => {
    using state = makeTempDir();
    const host = hostWith(state);
    expect(isTrusted(record, host)).toBe(false);
    recordTrust(record, host);
    expect(isTrusted(record, host)).toBe(true);
    expect(isTrusted({ ...record, sha256: hashOf("network: {mode: host}") }, host)).toBe(false);
    expect(isTrusted({ ...record, path: "/elsewhere/cupel.yaml" }, host)).toBe(false);
    expect(listTrusted(host)).toEqual(expect.arrayContaining([record]));
    expect(revokeTrust(record.path, host)).toBe(true);
    expect([isTrusted(record, host), revokeTrust(record.path, host)]).toEqual([false, false]);
  });

  test("that changed is trusted with what it is then, and no more with what it was", () => {
    using state = makeTempDir();
    const host = hostWith(state);
    const changed = { ...record, sha256: hashOf("changed") };
    recordTrust(record, host);
    recordTrust(changed, host);
    expect([isTrusted(record, host), isTrusted(changed, host), listIn(state).length]).toEqual([false, true, 1]);
  });

  test("is recorded in a file that is the user's alone, and that clean knows", () => {
    using state = makeTempDir();
    const host = hostWith(state);
    recordTrust(record, host);
    const [name = ""] = listIn(state);
    expect(statSync(state.at(`cupel/${name}`)).mode & 0o777).toBe(0o600);
    expect(knownEntry("state", name)).toEqual({ what: "a project that you trust", kind: "file" });
    expect(knownEntry("state", `${name}.17`)).toEqual({
      what: "half written",
      kind: "file",
      writer: { pid: 17, place: ownPlace() },
    });
  });

  test("is not trusted where others could have said so", () => {
    using state = makeTempDir();
    const host = hostWith(state);
    recordTrust(record, host);
    const [name = ""] = listIn(state);
    chmodSync(state.at(`cupel/${name}`), 0o622);
    expect(isTrusted(record, host)).toBe(false);
    chmodSync(state.at(`cupel/${name}`), 0o600);
    chmodSync(state.at("cupel"), 0o777);
    expect(isTrusted(record, host)).toBe(false);
  });

  test.each(["", "{", "[]", '{"schema":2}', '{"schema":1,"path":"/somewhere/cupel.yaml"}'])(
    "is not trusted by a record that says %j",
    (text) => {
      using state = makeTempDir();
      const host = hostWith(state);
      recordTrust(record, host);
      writeFileSync(state.at(`cupel/${listIn(state)[0] ?? ""}`), text);
      expect(isTrusted(record, host)).toBe(false);
      expect(listTrusted(host)).not.toEqual(expect.arrayContaining([record]));
    },
  );
});
