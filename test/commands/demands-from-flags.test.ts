import { describe, expect, test } from "bun:test";
import { demandsFromFlags } from "../../src/commands/demands-from-flags.ts";
import { descriptions } from "../../src/commands/descriptions.ts";
import { parseCommandLine } from "../../src/commands/parse-command-line.ts";
import { createRealHost } from "../../src/host/real-host.ts";
import { CupelError } from "../../src/model/error.ts";
import { guaranteeIds, isolationSet } from "../../src/model/guarantee.ts";
import { makeTempDir } from "../support/temp-dir.ts";

const description = descriptions.find(({ name }) => name === "check");
const host = { ...createRealHost(), directory: "/usr/lib" };

interface Wanted {
  readonly required: readonly string[] | undefined;
  readonly minimum?: string | undefined;
  readonly strategy?: string | undefined;
  readonly capabilities: readonly string[];
  readonly location?: string | undefined;
}

async function demanded(words: readonly string[], isLocked = false): Promise<Wanted> {
  if (description === undefined) throw new Error("there is no description of check");
  const line = parseCommandLine(description, words);
  const { job, capabilities, location } = await demandsFromFlags(line, host, [], isLocked);
  const { required, minimum, strategy } = job?.demands ?? {};
  return { required, minimum, strategy, capabilities, location };
}

/** The directory that it is called in stays as it is. */
const ofDefaultJob = guaranteeIds.filter((id) => id === "fs.workspace" || isolationSet.includes(id));

const nothing = { minimum: undefined, strategy: undefined, capabilities: [], location: undefined };

describe("demandsFromFlags", () => {
  test("without any demand are those of the default job", async () =>
    expect(await demanded([])).toEqual({ ...nothing, required: ofDefaultJob }));

  test("are none beside a lock", async () =>
    expect(await demanded([], true)).toEqual({ ...nothing, required: undefined }));

  test("are what is named and no more, in report order and each once", async () => {
    const words = ["--require", "tty.safe,fs.read", "--require", "fs.read", "--memory", "1G", "--timeout", "5s"];
    expect(await demanded(words)).toEqual({
      ...nothing,
      required: ["fs.read", "limit.time", "limit.memory", "tty.safe"],
    });
    expect(await demanded(["--min", "vm"])).toEqual({ ...nothing, required: [], minimum: "vm" });
    expect(await demanded(["--strategy", "process"])).toEqual({ ...nothing, required: [], strategy: "process" });
  });

  test("of capabilities alone ask nothing of a strategy", async () => {
    const words = ["--capability", "ns.pid,ns.mount", "--capability", "ns.pid"];
    expect(await demanded(words)).toEqual({ ...nothing, required: undefined, capabilities: ["ns.pid", "ns.mount"] });
  });

  test("of a policy, a job and flags add up; the stronger class counts", async () => {
    using directory = makeTempDir();
    const policy = directory.file(
      "p.yaml",
      "require: {isolation: lsm, guarantees: [proc.tree], capabilities: [ns.pid]}\n",
    );
    const both = await demanded(["--policy", policy, "--min", "namespace", "--require", "net.none"]);
    expect(both).toEqual({
      required: ["net.none", "proc.tree"],
      minimum: "namespace",
      strategy: undefined,
      capabilities: ["ns.pid"],
      location: policy,
    });
    const job = directory.file("j.yaml", "command: [a]\nlimits: {pids: 64}\nminimum: {isolation: vm}\n");
    const all = await demanded(["--job", job, "--policy", policy, "--require", "kernel.boundary"]);
    expect(all).toMatchObject({ minimum: "vm", capabilities: ["ns.pid"], location: job });
    expect(all.required).toEqual(expect.arrayContaining([...isolationSet, "limit.pids", "kernel.boundary"]));
  });

  test.each([
    [["--capability", "kvm.rnu"], '--capability does not take "kvm.rnu": there is none, did you mean kvm.run?'],
    [
      ["--capability", "zzzzzzzz"],
      '--capability does not take "zzzzzzzz": there is none, cupel explain lists them all',
    ],
    [["--cpus", "none"], '--cpus "none" is not a number of CPUs; write one such as 0.5 or 2'],
  ])("refuses %j", (words, message) => expect(demanded(words)).rejects.toEqual(new CupelError("usage", message)));

  test("refuses two strategies, a policy without a demand, and a job of what is not there, by its file", async () => {
    using directory = makeTempDir();
    const empty = directory.file("empty.yaml", "require: {}\n");
    const one = directory.file("one.yaml", "require: {strategy: process}\n");
    const job = directory.file("job.yaml", "command: [a]\nfilesystem: {read: {allow: [/nowhere/at/all]}}\n");
    const problems = [
      ["--policy", empty],
      ["--policy", one, "--strategy", "namespaces"],
      ["--job", job],
    ].map(async (words) => {
      const error: unknown = await demanded(words).catch((thrown: unknown) => thrown);
      return error instanceof CupelError ? error.message.replaceAll(directory.path, "DIR") : error;
    });
    expect(await Promise.all(problems)).toEqual([
      "DIR/empty.yaml demands nothing; name guarantees, capabilities or an isolation class under require in it",
      "two strategies are demanded, namespaces and process; demand one",
      "DIR/job.yaml:2:29: filesystem.read.allow /nowhere/at/all does not exist; name a path that does",
    ]);
  });
});
