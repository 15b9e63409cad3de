import { describe, expect, test } from "bun:test";
import { CupelError } from "../../src/model/error.ts";
import { readJobFile } from "../../src/run/job-file.ts";
import { makeTempDir } from "../support/temp-dir.ts";

describe("readJobFile", () => {
  test("gives what is written, and where each of it is", () => {
    using directory = makeTempDir();
    const path = directory.file("job.yaml", "command: [make, test]\nlimits:\n  timeout: 5m\n  pids: 64\n");
    const { value, placeOf } = readJobFile(path);
    expect(value).toEqual({ command: ["make", "test"], limits: { timeout: "5m", pids: 64 } });
    expect(placeOf(["command", 1])).toBe(`${path}:1:17`);
    expect(placeOf(["limits", "pids"])).toBe(`${path}:4:9`);
  });

  test("takes any name of a variable, and no value but text", () => {
    using directory = makeTempDir();
    const path = directory.file(
      "job.json",
      '{"command": ["a"], "env": {"set": {"constructor": "b", "__proto__": "c"}}}',
    );
    expect(Object.entries(readJobFile(path).value.env?.set ?? {})).toEqual([
      ["constructor", "b"],
      ["__proto__", "c"],
    ]);
  });

  test.each([
    ["command: []", ":1:10: command is empty; write the program and its arguments"],
    ["command: ['']", ":1:10: command begins with an empty word; write the program"],
    ["command: make test", ':1:10: command is "make test", and has to be a list, such as [a, b]'],
    ["command: [a, 1]", ":1:14: command.1 is 1, and has to be text; put it in quotes"],
    ["limits: {}", ":1:1: the field command is missing"],
    ['command: [a, "b\\0"]', ":1:14: a word holds a NUL byte, which none that is passed to a program can"],
    ['{"command": ["\\ud800"]}', ":1:14: a word is not valid Unicode, and could not be passed on unchanged"],
    ["command: [a]\nfilesystem: {read: {allow: ['']}}", ":2:29: a path is empty; write one, or leave it out"],
    [
      "command: [a]\nfilesystem: {read: {allow: [~/data]}}",
      ":2:29: a path begins with ~, which only a shell replaces; write it out, or as ./~",
    ],
    ["command: [a]\nworkspace: {ignore: [a, '']}", ':2:25: workspace.ignore "" is empty; write one, or leave it out'],
    [
      "command: [a]\nfilesystem: {protect: ['../a']}",
      ':2:24: filesystem.protect "../a" has . or .. for a name; write it from the workspace on, without them',
    ],
    [
      "command: [a]\nartifacts: {collect: ['*.[ab']}",
      ':2:23: artifacts.collect "*.[ab" has a [, and there are no sets of characters; write a glob for each name, or ? for any one character',
    ],
    ["command: [a]\nenv: {set: {CI: 1}}", ":2:17: env.set.CI is 1, and has to be text; put it in quotes"],
    ["command: [a]\nenv: {set: [CI]}", ":2:12: env.set is a list, and has to be a mapping of names to values"],
    [
      "command: [a]\nlimits: {timeout: 90}",
      ':2:19: limits.timeout "90" is not a duration; write one such as 90s, 5m or 500ms',
    ],
    [
      "command: [a]\nlimits: {timeout: 5M}",
      ':2:19: limits.timeout "5M" is not a duration; write one such as 90s, 5m or 500ms',
    ],
    [
      "command: [a]\n<<: {tty: true}",
      ':2:1: there is no field "<<" here, there are version, command, workspace, filesystem, network, setup, publish, syscalls, …',
    ],
    ["command: [a]\nlimits: {memory: lots}", ':2:18: limits.memory "lots" is not a size; write one such as 512M or 2G'],
    ["command: [a]\nlimits: {pids: [1]}", ":2:16: limits.pids is a list, and has to be text or a number"],
    ["command: [a]\nlimits: {memroy: 1G}", ':2:10: there is no field "memroy" here, did you mean memory?'],
    ["command: [a]\nnetwork: {mode: hosts}", ':2:17: network.mode does not take "hosts", did you mean host?'],
    [
      "command: [a]\nsyscalls: {profile: stricter}",
      ':2:21: syscalls.profile does not take "stricter", did you mean strict?',
    ],
    [
      "command: [a]\nenv: {set: {'A=B': c}}",
      ":2:13: a variable's name is of letters, digits and _, and begins with no digit",
    ],
  ])("refuses %j", (text, message) => {
    using directory = makeTempDir();
    const path = directory.file("job.yaml", text);
    expect(() => readJobFile(path)).toThrow(new CupelError("usage", `${path}${message}`));
  });
});
