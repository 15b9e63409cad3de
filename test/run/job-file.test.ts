import { describe, expect, test } from "bun:test";
import { jobFromFlags } from "../../src/commands/job-from-flags.ts";
import { runDescription } from "../../src/commands/descriptions-job.ts";
import { parseCommandLine } from "../../src/commands/parse-command-line.ts";
import { CupelError } from "../../src/model/error.ts";
import { readJobFile } from "../../src/run/job-file.ts";
import { defaultRequest } from "../../src/run/job-request.ts";
import { makeTempDir } from "../support/temp-dir.ts";

function readText(text: string): ReturnType<typeof readJobFile> {
  using directory = makeTempDir();
  return readJobFile(directory.file("job.yaml", text));
}

const wholeFile = `
version: 1
command: [make, test]
workspace: {mode: rw}
filesystem:
  read: {allow: [/opt/data]}
  write: {allow: [/srv/out]}
  tools: true
network: {mode: host}
syscalls: {profile: compat}
env:
  inherit: [TERM]
  set: {CI: "1", EMPTY: ""}
tty: true
limits: {wall: 90s, grace: 1s, memory: 512M, cpus: 1.5, pids: 64}
minimum:
  isolation: namespace
  guarantees: [kernel.boundary]
  accept_missing: [fs.protected]
  strict: true
selection: {strategy: namespaces, prefer: strongest}
`;

const wholeFlags = [
  "--workspace=rw",
  "--read=/opt/data",
  "--write=/srv/out",
  "--tools",
  "--network=host",
  "--seccomp=compat",
  "--env=TERM",
  "--env=CI=1",
  "--env=EMPTY=",
  "--tty",
  "--timeout=90s",
  "--grace=1s",
  "--memory=512M",
  "--cpus=1.5",
  "--pids=64",
  "--min=namespace",
  "--require=kernel.boundary",
  "--accept-missing=fs.protected",
  "--strict",
  "--strategy=namespaces",
  "--prefer=strongest",
];

describe("readJobFile", () => {
  test("says the same as the flags of run", () => {
    const line = parseCommandLine(runDescription, [...wholeFlags, "--", "make", "test"]);
    expect(readText(wholeFile)).toEqual(jobFromFlags(line));
  });

  test("leaves out what is left out", () => {
    expect(readText("command: [true-ish]")).toEqual({ ...defaultRequest, command: ["true-ish"] });
  });

  test("takes quantities as text or numbers, and all for what may be given up", () => {
    const request = readText("command: [a]\nlimits: {memory: 65536, cpus: '2'}\nminimum: {accept_missing: [all]}");
    expect(request).toMatchObject({ memoryBytes: 65_536, cpus: 2, accept: "all" });
  });

  test.each([
    ["command: []", ":1:10: command is empty; write the program and its arguments"],
    ["command: ['']", ":1:10: command begins with an empty word; write the program"],
    ["command: make test", ':1:10: command is "make test", and has to be a list'],
    ["command: [a, 1]", ":1:14: command.1 is 1, and has to be text; put it in quotes"],
    ["limits: {}", ":1:1: the field command is missing"],
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
