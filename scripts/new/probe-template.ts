/** A probe to start from: it finds the program of its name and runs it, which is a thing done, and has a test for each end. */
import type { NewFile, PluginName } from "./plugin-name.ts";

/** Probe and test. */
export function probeFiles(name: PluginName): NewFile[] {
  return [
    { path: `src/probes/${name.file}.ts`, text: probeText(name) },
    { path: `test/probes/${name.file}.test.ts`, text: testText(name) },
  ];
}

// --- internal ---

function probeText({ file, title }: PluginName): string {
  return `/** ${title}: is the program there, and does it run? Replace this by doing what a strategy will do with it. */
import type { Finding } from "../model/capability.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";

const deadlineMs = 2000;

async function run({ host }: ProbeContext): Promise<{ "${file}.run": Finding }> {
  const program = host.findPrograms("${file}")[0];
  if (program === undefined) {
    return {
      "${file}.run": finding({
        state: "absent",
        level: "exercised",
        summary: "not in PATH",
        evidence: [{ action: "look for ${file} in PATH", result: "not found" }],
        blockers: [{ code: "package-missing", detail: "${file} is not in PATH" }],
      }),
    };
  }
  const result = await host.run(program, ["--version"], { deadlineMs });
  const came = result.status === "exited" ? \`exit \${result.code ?? result.signal}\` : result.status;
  const evidence = [{ action: \`\${program} --version\`, result: came }];
  return { "${file}.run": judge(came, evidence) };
}

/** What did not end by its deadline is not known to be broken. */
function judge(came: string, evidence: Finding["evidence"]): Finding {
  if (came === "exit 0") return finding({ state: "works", level: "exercised", summary: "runs", evidence });
  const state = came === "timeout" ? "unknown" : "broken";
  return finding({ state, level: "exercised", summary: \`does not run: \${came}\`, evidence });
}

/** Probe \`${file}\`. */
export default defineProbe({
  id: "${file}",
  area: "programs",
  capabilities: { "${file}.run": "${title}" },
  deadlineMs: deadlineMs + 500,
  run,
});
`;
}

function testText({ file }: PluginName): string {
  return `import { describe, expect, test } from "bun:test";
import type { Host, ProgramResult } from "../../src/host/host.ts";
import type { CapabilityState } from "../../src/model/capability.ts";
import type { ProbeContext } from "../../src/probes/_probe.ts";
import probe from "../../src/probes/${file}.ts";

const program = "/usr/bin/${file}";

/** A host of which only this is asked. */
function contextOf(programs: readonly string[], result: ProgramResult): ProbeContext {
  const host: Pick<Host, "findPrograms" | "run"> = { findPrograms: () => programs, run: async () => result };
  return { host: host as Host, helpers: {} as ProbeContext["helpers"], deep: false };
}

function exited(code: number): ProgramResult {
  return { status: "exited", code, signal: null, stdout: "", stderr: "", durationMs: 1 };
}

const timedOut: ProgramResult = { status: "timeout", stdout: "", stderr: "", durationMs: 2000 };

describe("probe ${file}", () => {
  test.each<[CapabilityState, string, readonly string[], ProgramResult]>([
    ["absent", "where the program is not in PATH", [], exited(0)],
    ["works", "where it runs", [program], exited(0)],
    ["broken", "where it fails", [program], exited(1)],
    ["broken", "where it cannot be started", [program], { status: "not-started", errno: "EACCES" }],
    ["unknown", "where it does not end", [program], timedOut],
  ])("says %s %s", async (state, _, programs, result) => {
    const findings = await probe.run(contextOf(programs, result));
    expect(findings["${file}.run"].state).toBe(state);
  });

  test("says what is missing", async () => {
    const findings = await probe.run(contextOf([], exited(0)));
    expect(findings["${file}.run"].blockers.map(({ code }) => code)).toEqual(["package-missing"]);
  });
});
`;
}
