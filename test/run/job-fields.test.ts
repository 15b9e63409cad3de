import { describe, expect, test } from "bun:test";
import { runDescription } from "../../src/commands/descriptions-job.ts";
import { jobFlags } from "../../src/commands/job-flags.ts";
import { jobFromFlags } from "../../src/commands/job-from-flags.ts";
import { parseCommandLine } from "../../src/commands/parse-command-line.ts";
import { createRealHost } from "../../src/host/real-host.ts";
import { jobFields, settingKeys, type SettingKey } from "../../src/run/job-fields.ts";
import { defaultRequest, type JobRequest } from "../../src/run/job-request.ts";
import { readLayeredRequest } from "../../src/run/layered-request.ts";
import { makeTempDir } from "../support/temp-dir.ts";

function byFile(text: string): JobRequest {
  using directory = makeTempDir();
  const job = directory.file("job.yaml", `command: [a]\n${text}\n`);
  const { origins: _origins, ...request } = readLayeredRequest(
    { flags: new Map(), words: [], job },
    createRealHost(),
  ).request;
  return request;
}

function byFlags(...flags: readonly string[]): JobRequest {
  return jobFromFlags(parseCommandLine(runDescription, [...flags, "--", "a"]));
}

/** The same, by flags and in a file, and what it changes of a job without it. */
const pairs: readonly (readonly [readonly string[], string, Partial<JobRequest>])[] = [
  [["--workspace=ro"], "workspace: {mode: ro}", { workspace: "ro" }],
  [["--workspace=rw"], "workspace: {mode: rw}", { workspace: "rw" }],
  [["--workspace=none"], "workspace: {mode: none}", { workspace: "none" }],
  [["--read=/a", "--read=/b"], "filesystem: {read: {allow: [/a, /b]}}", { read: ["/a", "/b"] }],
  [["--write=/a"], "filesystem: {write: {allow: [/a]}}", { write: ["/a"] }],
  [["--tools"], "filesystem: {tools: true}", { tools: true }],
  [["--deny=/a/b"], "filesystem: {deny: [/a/b]}", { deny: ["/a/b"] }],
  [["--protect=*.sh", "--protect=bin/"], "filesystem: {protect: ['*.sh', bin/]}", { protect: ["*.sh", "bin/"] }],
  [["--tmpfs=/scratch:1G"], "filesystem: {tmpfs: ['/scratch:1G']}", { tmpfs: ["/scratch:1G"] }],
  [["--root=dir:/srv/root"], "root: dir:/srv/root", { root: "dir:/srv/root" }],
  [["--root=host"], "root: host", { root: "host" }],
  [["--file=/etc/motd=a=b", "--file=/e="], "files: {/etc/motd: a=b, /e: ''}", { files: ["/etc/motd=a=b", "/e="] }],
  [["--network=none"], "network: {mode: none}", {}],
  [["--network=no-sockets"], "network: {mode: no-sockets}", { network: "no-sockets" }],
  [["--network=host"], "network: {mode: host}", { network: "host" }],
  [
    ["--allow-host=a.example:443", "--allow-host=*.b.example"],
    "network: {allow: ['a.example:443', '*.b.example']}",
    { allowedHosts: ["a.example:443", "*.b.example"] },
  ],
  [
    ["--publish=8080:3000", "--publish=[::1]:0:80"],
    "publish: [8080:3000, '[::1]:0:80']",
    { publish: ["8080:3000", "[::1]:0:80"] },
  ],
  [['--setup=["cp","a","a"]'], "setup: {command: [cp, a, a]}", { setup: '["cp","a","a"]' }],
  [
    ['--setup=["a"]', "--setup-allow-host=a.example"],
    "setup: {command: [a], network: {allow: [a.example]}}",
    { setup: '["a"]', setupAllowedHosts: ["a.example"] },
  ],
  [
    ["--inject-header=a.example: Authorization: Bearer {T}"],
    "network: {inject: [{host: a.example, header: Authorization, value: 'Bearer {T}'}]}",
    { injected: ["a.example: Authorization: Bearer {T}"] },
  ],
  [
    ["--secret=T=file:/a", "--secret=U=fd:3"],
    "secrets: {files: {T: 'file:/a', U: 'fd:3'}}",
    { secrets: ["T=file:/a", "U=fd:3"] },
  ],
  [["--secret-fd=T=file:/a"], "secrets: {descriptors: {T: 'file:/a'}}", { secretDescriptors: ["T=file:/a"] }],
  [
    ["--allow-host=a.example", "--transparent-network"],
    "network: {allow: [a.example], transparent: true}",
    { allowedHosts: ["a.example"], isTransparent: true },
  ],
  [["--mask-output"], "secrets: {mask_output: true}", { masksOutput: true }],
  [["--seccomp=strict"], "syscalls: {profile: strict}", { seccomp: "strict" }],
  [["--seccomp=compat"], "syscalls: {profile: compat}", { seccomp: "compat" }],
  [["--env=TERM"], "env: {inherit: [TERM]}", { environment: ["TERM"] }],
  [["--env=CI=1", "--env=E="], "env: {set: {CI: '1', E: ''}}", { environment: ["CI=1", "E="] }],
  [["--tty"], "tty: true", { terminal: "private" }],
  [["--timeout=90s"], "limits: {timeout: 90s}", { timeoutMs: 90_000 }],
  [["--grace=1m"], "limits: {grace: 1m}", { graceMs: 60_000 }],
  [["--memory=512M"], "limits: {memory: 512M}", { memoryBytes: 536_870_912 }],
  [["--memory=65536"], "limits: {memory: 65536}", { memoryBytes: 65_536 }],
  [["--cpus=1.5"], "limits: {cpus: 1.5}", { cpus: 1.5 }],
  [["--pids=64"], "limits: {pids: '64'}", { pids: 64 }],
  [["--cpu-time=30s"], "limits: {cpu_time: 30s}", { cpuTimeMs: 30_000 }],
  [["--idle=1m"], "limits: {idle: 1m}", { idleMs: 60_000 }],
  [["--output-size=10M"], "limits: {output_size: 10M}", { outputBytes: 10_485_760 }],
  [["--on-output=kill"], "limits: {on_output: kill}", { onOutput: "kill" }],
  [["--tmp-size=1G"], "limits: {tmp_size: 1G}", { diskBytes: 1024 ** 3 }],
  [["--tmp-files=100"], "limits: {tmp_files: 100}", { diskFiles: 100 }],
  [["--workspace-size=1G"], "limits: {workspace_size: 1G}", { layerBytes: 1024 ** 3 }],
  [["--io-read=20M/s"], "limits: {io_read: 20M}", { ioReadBytes: 20_971_520 }],
  [["--io-write=4096"], "limits: {io_write: 4096}", { ioWriteBytes: 4096 }],
  [["--open-files=256"], "limits: {open_files: '256'}", { openFiles: 256 }],
  [["--file-size=1K"], "limits: {file_size: 1024}", { fileBytes: 1024 }],
  [["--core-size=1M"], "limits: {core_size: 1M}", { coreBytes: 1_048_576 }],
  [
    ["--workspace=cow", "--ignore=*.o"],
    "workspace: {mode: cow, ignore: ['*.o']}",
    { workspace: "cow", ignore: ["*.o"] },
  ],
  [["--apply=on-success"], "workspace: {apply: on-success}", { apply: "on-success" }],
  [["--min=vm"], "minimum: {isolation: vm}", { minimum: "vm" }],
  [["--require=net.none,fs.read"], "minimum: {guarantees: [net.none, fs.read]}", { require: ["fs.read", "net.none"] }],
  [["--accept-missing=tty.safe"], "minimum: {accept_missing: [tty.safe]}", { accept: ["tty.safe"] }],
  [["--accept-missing=all"], "minimum: {accept_missing: [all]}", { accept: "all" }],
  [["--strict"], "minimum: {strict: true}", { strict: true }],
  [["--verified"], "minimum: {verified: true}", { verified: true }],
  [
    ["--artifact=dist", "--artifact=*.log", "--artifacts=/a"],
    "artifacts: {collect: [dist, '*.log'], to: /a}",
    { artifacts: ["dist", "*.log"], artifactsTo: "/a" },
  ],
  [["--artifact-size=1M"], "artifacts: {size: 1M}", { artifactBytes: 1_048_576 }],
  [["--artifact-files=7"], "artifacts: {files: 7}", { artifactFiles: 7 }],
  [["--require-artifacts"], "artifacts: {required: true}", { artifactsRequired: true }],
  [["--no-record"], "records: {off: true}", { isUnrecorded: true }],
  [["--keep-output"], "records: {output: true}", { keptOutputBytes: 10 * 1_048_576 }],
  [["--strategy=namespaces"], "selection: {strategy: namespaces}", { strategy: "namespaces" }],
  [["--prefer=strongest"], "selection: {prefer: strongest}", { prefer: "strongest" }],
];

describe("jobFields", () => {
  test.each(pairs)("%j means the same as %j", (flags, text, changes) => {
    expect(byFile(text)).toEqual(byFlags(...flags));
    expect(byFlags(...flags)).toEqual({ ...defaultRequest, command: ["a"], ...changes });
  });

  test("are those of the flags about a job, each of which is tried here", () => {
    const flags = settingKeys.map((key) => jobFields[key].flag);
    expect(flags.toSorted()).toEqual(jobFlags.map(({ name }) => name).toSorted());
    const tried = pairs.flatMap(([words]) => words.map((word) => word.replace(/^--|=.*/g, "")));
    expect(flags.filter((flag) => !tried.includes(flag))).toEqual([]);
  });

  test("have the words of the flag in their names, but for these", () => {
    const wordsOf = (text: string): string[] => text.split(/[-._]/).map((word) => word.replace(/s$/, ""));
    const others = settingKeys.flatMap((key) => {
      const { flag, fields } = jobFields[key];
      const isNamed = fields.some((field) => wordsOf(flag).every((word) => wordsOf(field).includes(word)));
      return isNamed ? [] : [`--${flag}: ${fields.join(", ")}`];
    });
    expect(others).toEqual([
      // What is listed for hosts, and which header goes to them, lies below the network.
      "--allow-host: network.allow",
      "--setup-allow-host: setup.network.allow",
      "--inject-header: network.inject",
      // Files are the usual form of a secret, and a descriptor is written out in a file.
      "--secret-fd: secrets.descriptors",
      // The mechanism on the command line, what it is about in a file.
      "--seccomp: syscalls.profile",
      "--min: minimum.isolation, require.isolation",
      "--require-artifacts: artifacts.required",
      // What is kept of a run stands as it does in a user's configuration of records.
      "--no-record: records.off",
      "--keep-output: records.output",
    ]);
  });

  test.each([
    ["tools", "filesystem: {tools: false}"],
    ["terminal", "tty: false"],
    ["masksOutput", "secrets: {mask_output: false}"],
    ["isTransparent", "network: {transparent: false}"],
    ["strict", "minimum: {strict: false}"],
    ["verified", "minimum: {verified: false}"],
    ["keptOutputBytes", "records: {output: false}"],
  ] satisfies [SettingKey, string][])("that flags switch on, a file can leave off: %s", (key, text) =>
    expect(byFile(text)[key]).toEqual(defaultRequest[key]),
  );
});
