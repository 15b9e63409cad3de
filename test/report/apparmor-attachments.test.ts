import { describe, expect, test } from "bun:test";
import type { Host } from "../../src/host/host.ts";
import { findAttachedProfile } from "../../src/report/apparmor-attachments.ts";

function find(path: string, files: Readonly<Record<string, string>>): string | undefined {
  const host: Pick<Host, "list" | "readText"> = {
    list: () => ({ ok: true, value: Object.keys(files) }),
    readText: (file) => {
      const text = files[file.slice("/etc/apparmor.d/".length)];
      return text === undefined ? { ok: false, errno: "EISDIR" } : { ok: true, value: text };
    },
  };
  return findAttachedProfile(host, path);
}

const path = "/opt/cupel/cupel";

describe("findAttachedProfile", () => {
  test.each([
    ["a named profile", "profile cupel /opt/cupel/cupel {"],
    ["one with flags", "profile cupel /opt/cupel/cupel flags=(unconfined) {"],
    ["one with attributes and flags", "profile cupel /opt/cupel/cupel xattrs=(security.tag=x) flags=(complain) {"],
    ["one that has its path for a name", "/opt/cupel/cupel {"],
    ["the same with the word", "profile /opt/cupel/cupel {"],
    ["a quoted path", 'profile cupel "/opt/cupel/cupel" {'],
    ["a path of alternatives", "profile cupel /{opt,usr}/{cupel/,}cupel {"],
    ["a path of its own variable", "@{exec} = /usr/bin/cupel /opt/cupel/cupel\nprofile cupel @{exec} {"],
    ["variables in variables", "@{top}=/opt\n@{exec}=@{top}/cupel/cupel\nprofile cupel @{exec} flags=(unconfined) {"],
    ["a comment behind it", "  profile cupel /opt/cupel/cupel { # ours"],
  ])("finds %s", (_, header) => {
    expect(find(path, { abi: "", mine: `# one\nabi <abi/4.0>,\n${header}\n  userns,\n}\n` })).toBe(
      "/etc/apparmor.d/mine",
    );
  });

  test.each([
    ["a pattern, which gives way to a path", "profile everything /opt/** {"],
    ["another path", "profile cupel /opt/cupel/doctor {"],
    ["a path that goes on", "profile cupel /opt/cupel/cupel-old {"],
    ["a comment", "# profile cupel /opt/cupel/cupel {"],
    ["a rule", "profile other /usr/bin/other {\n  /opt/cupel/cupel px,\n}"],
    ["a variable that is defined elsewhere", "profile cupel @{exec} {"],
  ])("passes over %s", (_, header) => expect(find(path, { mine: `${header}\n  file,\n}\n` })).toBeUndefined());

  test("passes over what cannot be read", () => {
    expect(
      findAttachedProfile(
        { list: () => ({ ok: false, errno: "ENOENT" }), readText: () => ({ ok: false, errno: "" }) },
        path,
      ),
    ).toBeUndefined();
  });
});
