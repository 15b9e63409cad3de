import { describe, expect, test } from "bun:test";
import { settingKeys } from "../../src/run/job-fields.ts";
import { parsePolicy } from "../../src/run/policy-file.ts";
import { defaultRequest, type JobSettings } from "../../src/run/job-request.ts";
import { mergeStatements, settingsOf, statementsOfFile, type Statement } from "../../src/run/statements.ts";
import { tighten } from "../../src/run/tighten.ts";

const limits = { graceMs: 2000, pids: 4096, memoryBytes: 4 * 1024 ** 3, diskBytes: 1024 ** 3, coreBytes: 0 };

function stated(text: string): readonly Statement[] {
  return statementsOfFile(parsePolicy(text, "cupel.yaml"), "project", "/p");
}

function judged(text: string, base: Partial<JobSettings> = {}): { counting: string[]; leftOut: string[] } {
  const { counting, leftOut } = tighten(stated(text), { settings: { ...defaultRequest, ...base }, limits });
  const fields = (statements: readonly Statement[]): string[] => statements.map(({ field }) => field);
  return { counting: fields(counting), leftOut: fields(leftOut) };
}

/** What an untrusted project says, what there would be without it, and what becomes of that. */
const cases: readonly (readonly [string, Partial<JobSettings>, "counts" | "is left out" | "changes nothing"])[] = [
  ["workspace: {mode: none}", {}, "counts"],
  ["workspace: {mode: ro}", {}, "changes nothing"],
  ["workspace: {mode: ro}", { workspace: "rw" }, "counts"],
  ["workspace: {mode: ro}", { workspace: "none" }, "is left out"],
  ["workspace: {mode: rw}", {}, "is left out"],
  ["workspace: {mode: cow}", {}, "changes nothing"],
  ["workspace: {mode: ro}", { workspace: "cow" }, "counts"],
  ["workspace: {mode: cow}", { workspace: "rw" }, "counts"],
  ["workspace: {ignore: [src]}", { workspace: "cow" }, "is left out"],
  ["workspace: {apply: on-success}", {}, "is left out"],
  ["workspace: {apply: never}", { apply: "on-success" }, "counts"],
  ["filesystem: {read: {allow: [/etc]}}", {}, "is left out"],
  ["filesystem: {write: {allow: [.]}}", {}, "is left out"],
  ["filesystem: {tools: true}", {}, "is left out"],
  ["filesystem: {tools: true}", { tools: true }, "changes nothing"],
  ["filesystem: {tools: false}", { tools: true }, "counts"],
  ["filesystem: {deny: [.env]}", {}, "counts"],
  ["filesystem: {protect: ['*.sh']}", {}, "counts"],
  ["filesystem: {tmpfs: [/scratch]}", {}, "is left out"],
  ["root: dir:rootfs", {}, "is left out"],
  ["root: image:oci", { root: "dir:/srv/root" }, "is left out"],
  ["root: host", { root: "dir:/srv/root" }, "is left out"],
  ["root: host", {}, "changes nothing"],
  ["files: {/etc/gitconfig: '[core]'}", {}, "is left out"],
  ["network: {mode: none}", {}, "changes nothing"],
  ["network: {mode: none}", { network: "host" }, "counts"],
  ["network: {mode: no-sockets}", {}, "counts"],
  ["network: {mode: none}", { network: "no-sockets" }, "is left out"],
  ["network: {mode: host}", {}, "is left out"],
  ["network: {allow: [a.example]}", {}, "is left out"],
  ["network: {allow: [a.example]}", { network: "host" }, "is left out"],
  ["network: {mode: none}", { allowedHosts: ["a.example"] }, "counts"],
  ["network: {mode: no-sockets}", { allowedHosts: ["a.example"] }, "counts"],
  ["network: {mode: host}", { allowedHosts: ["a.example"] }, "is left out"],
  ["network: {transparent: true}", { allowedHosts: ["a.example"] }, "is left out"],
  ["network: {transparent: false}", { allowedHosts: ["a.example"], isTransparent: true }, "counts"],
  ["setup: {command: [a], network: {allow: [a.example]}}", {}, "is left out"],
  ["publish: ['8080:3000']", {}, "is left out"],
  ["network: {inject: [{host: a.example, header: A, value: '{T}'}]}", {}, "is left out"],
  ["secrets: {files: {T: 'file:/etc/shadow'}}", {}, "is left out"],
  ["secrets: {files: {T: 'file:/etc/shadow'}}", { secrets: ["T=file:/etc/shadow"] }, "is left out"],
  ["secrets: {descriptors: {T: 'fd:3'}}", {}, "is left out"],
  ["secrets: {mask_output: true}", {}, "counts"],
  ["secrets: {mask_output: false}", { masksOutput: true }, "is left out"],
  ["syscalls: {profile: strict}", {}, "counts"],
  ["syscalls: {profile: compat}", {}, "is left out"],
  ["syscalls: {profile: default}", { seccomp: "compat" }, "counts"],
  ["syscalls: {profile: default}", { seccomp: "strict" }, "is left out"],
  ["env: {inherit: [TOKEN]}", {}, "is left out"],
  ["env: {set: {LD_PRELOAD: ./evil.so}}", {}, "is left out"],
  ["tty: true", {}, "is left out"],
  ["tty: false", { terminal: "private" }, "counts"],
  ["limits: {timeout: 99h}", {}, "counts"],
  ["limits: {timeout: 5m}", { timeoutMs: 1000 }, "is left out"],
  ["limits: {grace: 1s}", {}, "counts"],
  ["limits: {grace: 1h}", {}, "is left out"],
  ["limits: {memory: 1G}", {}, "counts"],
  ["limits: {memory: 100T}", {}, "is left out"],
  ["limits: {memory: 2G}", { memoryBytes: 1024 ** 3 }, "is left out"],
  ["limits: {cpus: 4000}", {}, "counts"],
  ["limits: {pids: 4096}", {}, "counts"],
  ["limits: {pids: 4097}", {}, "is left out"],
  ["limits: {cpu_time: 99h}", {}, "counts"],
  ["limits: {cpu_time: 2s}", { cpuTimeMs: 1000 }, "is left out"],
  ["limits: {idle: 99h}", {}, "counts"],
  ["limits: {idle: 2s}", { idleMs: 1000 }, "is left out"],
  ["limits: {output_size: 1T}", {}, "counts"],
  ["limits: {output_size: 2M}", { outputBytes: 1024 }, "is left out"],
  ["limits: {on_output: kill}", {}, "counts"],
  ["limits: {on_output: truncate}", {}, "changes nothing"],
  ["limits: {on_output: truncate}", { onOutput: "kill" }, "is left out"],
  ["limits: {tmp_size: 1G}", {}, "counts"],
  // More than /dev/shm has by itself.
  ["limits: {tmp_size: 2G}", {}, "is left out"],
  ["limits: {tmp_files: 1000000}", {}, "counts"],
  ["limits: {tmp_files: 200}", { diskFiles: 100 }, "is left out"],
  ["limits: {workspace_size: 1T}", {}, "counts"],
  ["limits: {workspace_size: 2G}", { layerBytes: 1024 }, "is left out"],
  ["limits: {io_read: 1G/s}", {}, "counts"],
  ["limits: {io_read: 2M/s}", { ioReadBytes: 1024 }, "is left out"],
  ["limits: {io_write: 1G/s}", {}, "counts"],
  ["limits: {io_write: 2M/s}", { ioWriteBytes: 1024 }, "is left out"],
  ["limits: {open_files: 1000000}", {}, "counts"],
  ["limits: {open_files: 200}", { openFiles: 100 }, "is left out"],
  ["limits: {file_size: 1T}", {}, "counts"],
  ["limits: {file_size: 2M}", { fileBytes: 1024 }, "is left out"],
  // A job has no core files by itself.
  ["limits: {core_size: 1}", {}, "is left out"],
  ["limits: {core_size: 1K}", { coreBytes: 2048 }, "counts"],
  ["minimum: {isolation: process}", {}, "counts"],
  ["require: {isolation: vm}", {}, "counts"],
  ["minimum: {guarantees: [net.none]}", {}, "counts"],
  ["require: {guarantees: [net.none]}", {}, "counts"],
  ["minimum: {accept_missing: [net.none]}", {}, "is left out"],
  ["minimum: {accept_missing: [all]}", {}, "is left out"],
  ["minimum: {strict: true}", {}, "counts"],
  ["minimum: {verified: true}", {}, "counts"],
  ["minimum: {verified: false}", { verified: true }, "is left out"],
  ["minimum: {strict: false}", { strict: true }, "is left out"],
  ["artifacts: {collect: [dist]}", {}, "is left out"],
  ["artifacts: {to: out}", {}, "is left out"],
  ["artifacts: {size: 1G}", {}, "counts"],
  ["artifacts: {size: 2G}", {}, "is left out"],
  ["artifacts: {size: 2M}", { artifactBytes: 1024 }, "is left out"],
  ["artifacts: {files: 10000}", {}, "counts"],
  ["artifacts: {files: 10001}", {}, "is left out"],
  ["artifacts: {files: 9}", { artifactFiles: 8 }, "is left out"],
  ["artifacts: {required: true}", {}, "counts"],
  ["artifacts: {required: false}", { artifactsRequired: true }, "is left out"],
  ["records: {off: true}", {}, "is left out"],
  ["records: {off: false}", { isUnrecorded: true }, "counts"],
  ["records: {output: true}", {}, "is left out"],
  ["records: {output: 1M}", { keptOutputBytes: 2_097_152 }, "is left out"],
  ["records: {output: false}", { keptOutputBytes: 1024 }, "is left out"],
  ["records: {output: 1M}", { keptOutputBytes: 1_048_576 }, "changes nothing"],
  ["require: {strategy: process}", {}, "is left out"],
  ["selection: {strategy: process}", { strategy: "process" }, "changes nothing"],
  ["selection: {prefer: strongest}", {}, "counts"],
  ["selection: {prefer: fastest}", { prefer: "strongest" }, "is left out"],
];

describe("tighten", () => {
  test.each(cases)("%s beside %j %s", (text, base, expected) => {
    const fields = stated(text).map(({ field }) => field);
    expect(judged(text, base)).toEqual({
      counting: expected === "counts" ? fields : [],
      leftOut: expected === "is left out" ? fields : [],
    });
  });

  test("is tried on everything that can be asked, in both directions where there are two", () => {
    const tried = new Set(cases.flatMap(([text]) => stated(text).map(({ key }) => key)));
    expect(settingKeys.filter((key) => !tried.has(key))).toEqual([]);
  });

  test("takes a file apart, value by value", () =>
    expect(
      judged("network: {mode: host}\nlimits: {memory: 1G, pids: 9999}\nfilesystem: {read: {allow: [/a, /b]}}"),
    ).toEqual({
      counting: ["limits.memory"],
      leftOut: ["filesystem.read.allow", "filesystem.read.allow", "network.mode", "limits.pids"],
    }));

  test("leaves a job that is no looser in anything", () => {
    const text = cases.map(([one]) => one).filter((one) => !one.startsWith("selection: {strategy"));
    for (const one of text) {
      const { counting } = tighten(stated(one), { settings: defaultRequest, limits });
      const after = { ...defaultRequest, ...settingsOf(mergeStatements(counting)) };
      expect(after).toMatchObject({ read: [], write: [], tools: false, environment: [], terminal: "none", accept: [] });
      expect([after.artifacts, after.artifactsTo]).toEqual([[], undefined]);
      expect([after.isUnrecorded, after.keptOutputBytes]).toEqual([undefined, undefined]);
      expect(["none", "no-sockets"]).toContain(after.network);
      expect(["default", "strict"]).toContain(after.seccomp);
      expect([undefined, "none"]).toContain(after.workspace);
    }
  });
});
