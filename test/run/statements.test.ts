import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import { CupelError } from "../../src/model/error.ts";
import { settingSchemas } from "../../src/run/job-file.ts";
import type { SettingKey } from "../../src/run/job-fields.ts";
import {
  mergeStatements,
  originOf,
  settingsOf,
  statementsOfFile,
  statementsOfFlags,
  type Statement,
} from "../../src/run/statements.ts";
import { readStrictDocument } from "../../src/run/strict-document.ts";

function inFile(text: string, from: Statement["from"] = "job file"): readonly Statement[] {
  return statementsOfFile(readStrictDocument(text, "f", v.strictObject(settingSchemas)), from, "/where");
}

function inFlags(flags: Readonly<Record<string, readonly string[]>>): readonly Statement[] {
  return statementsOfFlags(new Map(Object.entries(flags)));
}

describe("statementsOfFile", () => {
  test("gives each value with its place, and paths from the file's directory on", () =>
    expect(
      inFile("filesystem: {read: {allow: [/a, b, ./c, ../d]}, tools: false}\nenv: {inherit: [A], set: {B: x}}"),
    ).toEqual([
      { key: "read", word: "/a", from: "job file", field: "filesystem.read.allow", place: "f:1:29" },
      { key: "read", word: "/where/b", from: "job file", field: "filesystem.read.allow", place: "f:1:33" },
      { key: "read", word: "/where/c", from: "job file", field: "filesystem.read.allow", place: "f:1:36" },
      { key: "read", word: "/d", from: "job file", field: "filesystem.read.allow", place: "f:1:41" },
      { key: "tools", word: "no", from: "job file", field: "filesystem.tools", place: "f:1:56" },
      { key: "environment", word: "A", from: "job file", field: "env.inherit", place: "f:2:17" },
      { key: "environment", word: "B=x", from: "job file", field: "env.set", place: "f:2:30" },
    ]));

  test.each([
    ["dir:sub", "dir:/where/sub"],
    ["image:sub", "image:/where/sub"],
    ["image:./podman:sub", "image:/where/podman:sub"],
    ["image:podman:alpine:3", "image:podman:alpine:3"],
    ["image:docker:sub/name", "image:docker:sub/name"],
  ])("takes the root %s for %s", (stated, meant) =>
    expect(inFile(`root: "${stated}"`).map(({ word }) => word)).toEqual([meant]),
  );
});

describe("statementsOfFlags", () => {
  test.each([
    [{ file: ["/a=1", "/b=2", "/a=3"] }, "--file /a"],
    [{ tmpfs: ["/a", "/b:1M", "/a:1M"] }, "--tmpfs /a"],
    [{ env: ["A=1", "A"] }, "--env A"],
    [{ secret: ["A=fd:3", "A=fd:4"] }, "--secret A"],
    [{ "secret-fd": ["A=fd:3", "A=fd:3"] }, "--secret-fd A"],
  ])("refuses a name with two values: %j", (flags, twice) =>
    expect(() => inFlags(flags)).toThrow(new CupelError("usage", `${twice} is given twice; give it once`)),
  );

  test("takes a path and a guarantee as often as they are given", () =>
    expect(inFlags({ read: ["/a", "/a"], require: ["net.none", "net.none"] })).toHaveLength(4));
});

test.each([
  ["filesystem: {tmpfs: [/a, '/a:1M']}", "f:1:26: filesystem.tmpfs /a"],
  ["env: {inherit: [A, B, A]}", "f:1:23: env.inherit A"],
])("statementsOfFile refuses a name with two values: %s", (text, twice) =>
  expect(() => inFile(text)).toThrow(new CupelError("usage", `${twice} is given twice; give it once`)),
);

test("statementsOfFile takes a variable that is passed on, unless it is set", () =>
  expect(settingsOf(mergeStatements(inFile("env: {inherit: [A], set: {A: x}}")))).toEqual({ environment: ["A=x"] }));

describe("mergeStatements", () => {
  test.each([
    ["the last of what can be only one", "network: {mode: host}", { network: ["none"] }, { network: "none" }],
    [
      "all paths, each once",
      "filesystem: {read: {allow: [/a, /b]}}",
      { read: ["/b", "/c"] },
      { read: ["/a", "/b", "/c"] },
    ],
    [
      "each variable's last value",
      "env: {inherit: [A], set: {B: one, C: one}}",
      { env: ["B=two", "A=two", "D"] },
      { environment: ["A=two", "B=two", "C=one", "D"] },
    ],
    [
      "a flag's private directory over a file's",
      "filesystem: {tmpfs: ['/a:1M', /b]}",
      { tmpfs: ["/a:2M", "/b:3M"] },
      { tmpfs: ["/a:2M", "/b:3M"] },
    ],
    ["a flag's file over a file's", "files: {/a: one, /b: one}", { file: ["/a=two"] }, { files: ["/a=two", "/b=one"] }],
    ["the stronger class", "minimum: {isolation: vm}", { min: ["namespace"] }, { minimum: "vm" }],
    ["the stronger class, stated last", "minimum: {isolation: lsm}", { min: ["vm"] }, { minimum: "vm" }],
    [
      "all that is demanded",
      "minimum: {guarantees: [net.none]}",
      { require: ["fs.read,net.none"] },
      { require: ["fs.read", "net.none"] },
    ],
    ["all that is given up", "minimum: {accept_missing: [net.none]}", { "accept-missing": ["all"] }, { accept: "all" }],
    ["a mode over a list", "network: {allow: [a.example]}", { network: ["none"] }, { network: "none" }],
    ["a list over a mode", "network: {mode: host}", { "allow-host": ["a.example"] }, { allowedHosts: ["a.example"] }],
    [
      "all that is listed",
      "network: {allow: [a.example, b.example]}",
      { "allow-host": ["b.example", "c.example"] },
      { allowedHosts: ["a.example", "b.example", "c.example"] },
    ],
    ["what a file switches off", "tty: false", {}, { terminal: "none" }],
    ["what a flag switches on", "tty: false", { tty: [""] }, { terminal: "private" }],
  ])("lets count %s", (_, text, flags, settings) =>
    expect(settingsOf(mergeStatements([...inFile(text), ...inFlags(flags)]))).toEqual(settings as never),
  );
});

test("mergeStatements refuses a mode and a list in one place, and says where", () =>
  expect(() => mergeStatements(inFile("tty: true\nnetwork: {allow: [a.example], mode: none}"))).toThrow(
    new CupelError(
      "usage",
      "f:2:19: network.allow lists what the job may connect to, and its network is stated beside it; leave the mode or the list out",
    ),
  ));

describe("originOf", () => {
  test.each([
    ["memory", "512M", "memoryBytes", "limits.memory", "512M"],
    ["env", "TOKEN=secret", "environment", "env.set", "TOKEN"],
    ["env", "TERM", "environment", "env.inherit", "TERM"],
    ["tools", "", "tools", "filesystem.tools", "true"],
  ] satisfies [string, string, SettingKey, string, string][])(
    "of --%s %s names the field, and no value of a variable",
    (flag, word, key, field, value) =>
      expect(originOf({ key, word, from: "flag", field: `--${flag}` })).toEqual({
        from: "flag",
        flag,
        field,
        value,
        place: undefined,
      }),
  );

  test("of a file has its place", () =>
    expect(inFile("tty: false", "user").map(originOf)).toEqual([
      { from: "user", flag: "tty", field: "tty", value: "false", place: "f:1:6" },
    ]));
});
