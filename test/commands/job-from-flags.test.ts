import { describe, expect, test } from "bun:test";
import { runDescription } from "../../src/commands/descriptions-job.ts";
import { jobFromFlags } from "../../src/commands/job-from-flags.ts";
import { parseCommandLine } from "../../src/commands/parse-command-line.ts";
import { CupelError } from "../../src/model/error.ts";
import { guaranteeIds } from "../../src/model/guarantee.ts";
import { defaultRequest, type JobRequest } from "../../src/run/job-request.ts";

function request(...words: readonly string[]): JobRequest {
  return jobFromFlags(parseCommandLine(runDescription, words));
}

/** What flags change of the request of a command without any. */
function changes(...flags: readonly string[]): Record<string, unknown> {
  const [plain, flagged] = [request("true"), request(...flags, "true")];
  return Object.fromEntries(
    Object.entries(flagged).filter(([name, value]) => !Bun.deepEquals(value, plain[name as keyof JobRequest])),
  );
}

function refusal(...words: readonly string[]): unknown {
  try {
    return request(...words);
  } catch (error) {
    return error instanceof CupelError ? [error.code, error.message] : error;
  }
}

describe("jobFromFlags", () => {
  test("without flags is the default, with the command", () =>
    expect(request("--", "make", "-j", "test")).toEqual({
      ...defaultRequest,
      command: ["make", "-j", "test"],
      workspace: undefined,
      timeoutMs: undefined,
      graceMs: undefined,
      memoryBytes: undefined,
      cpus: undefined,
      pids: undefined,
      strategy: undefined,
      minimum: undefined,
    }));

  test.each([
    [["--workspace", "rw"], { workspace: "rw" }],
    [["--workspace=none"], { workspace: "none" }],
    [["--read", "a", "--read", "b"], { read: ["a", "b"] }],
    [["--write", "a"], { write: ["a"] }],
    [["--tools"], { tools: true }],
    [["--network", "host"], { network: "host" }],
    [["--network", "none"], {}],
    [["--network", "no-sockets"], { network: "no-sockets" }],
    [["--allow-host", "a.example", "--allow-host=b.example:1"], { allowedHosts: ["a.example", "b.example:1"] }],
    [["--seccomp", "default"], {}],
    [["--seccomp=strict"], { seccomp: "strict" }],
    [["--seccomp", "compat"], { seccomp: "compat" }],
    [["--env", "A=1", "--env", "B"], { environment: ["A=1", "B"] }],
    [["--tty"], { terminal: "private" }],
    [["--timeout", "90s"], { timeoutMs: 90_000 }],
    [["--grace", "1m"], { graceMs: 60_000 }],
    [["--memory", "512M"], { memoryBytes: 512 * 1024 ** 2 }],
    [["--cpus", "0.5"], { cpus: 0.5 }],
    [["--pids", "64"], { pids: 64 }],
    [["--strategy", "process"], { strategy: "process" }],
    [["--min", "user-kernel"], { minimum: "user-kernel" }],
    [
      ["--require", "limit.disk,fs.workspace", "--require", "limit.cpu"],
      { require: ["fs.workspace", "limit.cpu", "limit.disk"] },
    ],
    [["--accept-missing", "net.none,fs.read"], { accept: ["fs.read", "net.none"] }],
    [["--accept-missing", "all"], { accept: "all" }],
    [["--accept-missing", "net.none", "--accept-missing", "fs.read,all"], { accept: "all" }],
    [["--strict"], { strict: true }],
    [["--verified"], { verified: true }],
    [["--prefer", "strongest"], { prefer: "strongest" }],
    [["--result", "out.json", "--fresh"], {}],
  ])("reads %p", (flags, expected) => expect(changes(...flags)).toEqual(expected));

  test("takes every guarantee by its id", () => {
    expect(request("--require", guaranteeIds.join(","), "true").require).toEqual(guaranteeIds);
    expect(request("--accept-missing", guaranteeIds.join(","), "true").accept).toEqual(guaranteeIds);
  });

  test.each([
    [["--timeout", "soon", "true"], '--timeout "soon" is not a duration; write one such as 90s, 5m or 500ms'],
    [["--grace", "5", "true"], '--grace "5" is not a duration; write one such as 90s, 5m or 500ms'],
    [["--memory", "lots", "true"], '--memory "lots" is not a size; write one such as 512M or 2G'],
    [["--cpus", "0", "true"], '--cpus "0" is out of range; a number of CPUs is from 0.01 to 4096'],
    [
      ["--pids", "1.5", "true"],
      '--pids "1.5" is not a count of processes; write a whole number from 2 on, such as 256',
    ],
    [
      ["--network", "none", "--allow-host", "a.example", "true"],
      "--allow-host lists what the job may connect to, and its network is stated beside it; leave the mode or the list out",
    ],
    [["--", ""], "No command is given; write it behind --, or name a job file"],
  ])("refuses %p", (words, message) => expect(refusal(...words)).toEqual(["usage", message]));
});
