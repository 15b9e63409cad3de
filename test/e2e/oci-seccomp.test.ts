/** `cupel plan --oci-seccomp`: a container that is started with it answers every call as cupel's own filter does. */
import { copyFileSync, readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "bun:test";
import { systemCallNumber, systemCallNumbers, type SystemCallName } from "../../src/launch/system-call-numbers.ts";
import { usePodman } from "../support/container-engines.ts";
import { needs } from "../support/must-work.ts";
import { installCupel } from "../support/run-cli.ts";
import { allProfiles, ruleOf, tellingArguments } from "../support/seccomp-oracle.ts";
import { compileVerdicts, encodeCalls, findWrong, readVerdicts, type Call } from "../support/seccomp-verdicts.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, isRoot, ordinaryCaller } from "../support/tester.ts";

const cupel = installCupel();
const architecture = process.arch === "arm64" ? "arm64" : "x64";

const stage = makeTempDir({ parent: "/var/tmp" });
const podman = usePodman(stage.path);
afterAll(async () => {
  await podman[Symbol.asyncDispose]();
  stage[Symbol.dispose]();
});

/** BPF_RET of SECCOMP_RET_ALLOW: what is told is told by the container's filter. */
const allowAll = new Uint8Array(Uint32Array.of(0x06, 0x7fff_0000).buffer);

/** Newer than the libseccomp here, which leaves them to the profile's default. */
const unknownHere: readonly SystemCallName[] = ["fchmodat2", "listns", "open_tree_attr"];

const names = (Object.keys(systemCallNumbers) as SystemCallName[]).filter(
  (name) => systemCallNumber(name, architecture) !== undefined && !unknownHere.includes(name),
);

async function profileOf(flags: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await cupel.run(ordinaryCaller, ["plan", "--oci-seccomp", ...flags, "--", "true"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

/** The runtime then loads the filter last. */
const noNewPrivileges = "--security-opt=no-new-privileges";

const needsContainers = needs(isRoot && Bun.which("podman") !== null, "only root starts these containers, by podman");

describe.each(["default", "compat"])("a container with the profile %s", (name) => {
  needsContainers("answers as cupel's filter does", async () => {
    const profile = allProfiles[name];
    if (profile === undefined) throw new Error(`there is no profile ${name}`);
    const calls = names.flatMap((call) => {
      const number = systemCallNumber(call, architecture) ?? -1;
      const lists = tellingArguments(ruleOf(profile, architecture, number));
      return lists.map((values): Call & { name: string } => ({ name: call, door: "syscall", number, values }));
    });
    copyFileSync(compileVerdicts(), stage.file("verdicts", "", 0o755));
    const words = [stage.file("filter", allowAll), stage.file("calls", encodeCalls(calls))];
    const file = stage.file(`${name}.json`, await profileOf(["--seccomp", name]));
    const script = '"$0" "$1" "$2" >"$3"';
    const ran = await podman.run(
      [`--security-opt=seccomp=${file}`],
      ["sh", "-c", script, stage.at("verdicts"), ...words, stage.at("verdict")],
      stage.path,
    );
    expect(ran).toEqual({ code: 0, signal: null, stdout: "", stderr: "" });
    const verdicts = readVerdicts(readFileSync(stage.at("verdict")));
    expect(findWrong(profile, architecture, calls, verdicts).slice(0, 5)).toEqual([]);
    expect(verdicts.length).toBe(calls.length);
  });
});

needsContainers("a container with the strict profile runs a program, and makes no socket", async () => {
  const file = stage.file("strict.json", await profileOf(["--seccomp", "strict"]));
  const script = "import os, socket\nprint(os.getpid())\nsocket.socket()";
  const ran = await podman.run(
    [`--security-opt=seccomp=${file}`, noNewPrivileges],
    ["python3", "-c", script],
    stage.path,
  );
  expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 1, stdout: "1\n" });
  expect(ran.stderr).toContain("OSError: [Errno 97]");
});

test.each(callers)("is a document of its own, called by $name", async (caller) => {
  for (const [other, what] of [
    ["--json", "--json a plan"],
    ["--shell", "--shell a script"],
  ] as const) {
    const both = await cupel.run(caller, ["plan", other, "--oci-seccomp", "--", "true"]);
    const words = `cupel: ${what.replace(" ", " writes ")}, and --oci-seccomp a seccomp profile; leave one of them out\n`;
    expect(both).toMatchObject({ code: 125, stdout: "", stderr: words });
  }
});

test.each(callers)("is nothing at all for a job that is refused, called by $name", async (caller) => {
  const ran = await cupel.run(caller, ["plan", "--oci-seccomp", "--strategy", "process", "--", "true"]);
  expect(ran).toMatchObject({ code: 125, stdout: "" });
  expect(ran.stderr).toStartWith("cupel: refused: ");
});
