/** `cupel run job.yaml` and `cupel plan job.yaml`, as users of this machine call them. */
import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { createRealHost } from "../../src/host/real-host.ts";
import type { Job } from "../../src/model/job.ts";
import type { Origin } from "../../src/model/origin.ts";
import type { Ran } from "../support/execute.ts";
import { damagedTexts } from "../support/damaged-job-files.ts";
import { isContradictory, textOf, validFiles, type ValidFile } from "../support/random-job-files.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { callers, ordinaryCaller, type Caller } from "../support/tester.ts";
import { wholeJob } from "../support/whole-job.ts";

const cupel = installCupel();

interface Planned {
  readonly job: Job;
  readonly origins: readonly Origin[];
  readonly leftOut: readonly Origin[];
}

function call(caller: Caller, directory: TempDir, ...words: readonly string[]): Promise<Ran> {
  // A workspace that holds the caller's configuration is not copy-on-write, and a line says so.
  const env = existsSync(directory.at("config")) ? { XDG_CONFIG_HOME: directory.at("config") } : {};
  return cupel.run(caller, words, { cwd: directory.path, env });
}

function failed(text: string): Ran {
  return { code: 125, signal: null, stdout: "", stderr: `cupel: ${text}\n` };
}

describe.each(callers)("a job file, called by $name", (caller) => {
  test("is run: YAML, JSON, by its name or by --job", async () => {
    using directory = makeTempDir({ owner: caller });
    directory.file(
      "job.yaml",
      "command: [sh, -c, 'echo $GREETING; cat /proc/net/dev | wc -l']\nenv: {set: {GREETING: hello}}\n",
    );
    directory.file("job.json", '{\n\t"command": ["echo", "json"]\n}\n');
    directory.file("plain", "command: [echo, plain]\n");
    const done = (stdout: string): Ran => ({ code: 0, signal: null, stdout, stderr: "" });
    expect(await call(caller, directory, "run", "job.yaml")).toEqual(done("hello\n3\n"));
    expect(await call(caller, directory, "run", "job.json")).toEqual(done("json\n"));
    expect(await call(caller, directory, "run", "--job", "plain")).toEqual(done("plain\n"));
    expect(
      await call(caller, directory, "run", "job.yaml", "--env", "GREETING=flag", "--", "sh", "-c", "echo $GREETING"),
    ).toEqual(done("flag\n"));
    directory.file("say.json", "#!/bin/sh\necho a program\n", 0o755);
    expect(await call(caller, directory, "run", "--", "./say.json")).toEqual(done("a program\n"));
  });

  test("grants paths from its own directory on, wherever it is called from", async () => {
    using directory = makeTempDir({ owner: caller });
    directory.file("shared/text", "granted\n");
    directory.file(
      "jobs/job.yaml",
      `command: [cat, ${directory.at("shared/text")}]\nfilesystem: {read: {allow: [../shared]}}\n`,
    );
    directory.folder("elsewhere");
    const options = { cwd: directory.at("elsewhere") };
    expect(await cupel.run(caller, ["run", "../jobs/job.yaml"], options)).toMatchObject({
      code: 0,
      stdout: "granted\n",
    });
    directory.file("jobs/job.yaml", "command: [cat]\nfilesystem: {read: {allow: [nowhere]}}\n");
    expect(await cupel.run(caller, ["run", "../jobs/job.yaml"], options)).toEqual(
      failed(
        `../jobs/job.yaml:2:29: filesystem.read.allow ${directory.at("jobs/nowhere")} does not exist; name a path that does`,
      ),
    );
  });

  test("says nothing for flags that --without names, and its demands stay", async () => {
    using directory = makeTempDir({ owner: caller });
    directory.folder("data");
    directory.file("job.yaml", "command: [make]\nfilesystem: {read: {allow: [/usr/share, data]}, tools: true}\n");
    directory.file("config/cupel/config.yaml", "network: {allow: [a.example]}\nminimum: {guarantees: [limit.pids]}\n");
    const flags = ["--without", "read,tools", "--without", "allow-host", "--read", "data"];
    const { job, origins } = JSON.parse(
      (await call(caller, directory, "plan", ...flags, "--json", "job.yaml")).stdout,
    ) as Planned;
    expect(job).toMatchObject({
      grants: [{ path: directory.at("data"), access: "read" }],
      network: "none",
      allowedHosts: [],
      demands: { required: expect.arrayContaining(["limit.pids", "net.none"]) },
    });
    expect(origins.filter(({ from }) => from !== "default").map(({ field, from }) => `${field} ${from}`)).toEqual([
      "command job file",
      "filesystem.read.allow flag",
      "minimum.guarantees user",
    ]);
  });

  test("gives way to flags, and plan says where each value comes from", async () => {
    using directory = makeTempDir({ owner: caller });
    directory.file("job.yaml", "command: [make]\nlimits: {timeout: 5m, pids: 100}\nenv: {set: {TOKEN: hush}}\n");
    directory.file("cupel.yaml", "limits:\n  memory: 1G\n  pids: 50\n");
    directory.file("config/cupel/config.yaml", "syscalls: {profile: strict}\n");
    const ran = await call(caller, directory, "plan", "--timeout", "1m", "job.yaml", "--json");
    const { job, origins, leftOut } = JSON.parse(ran.stdout) as Planned;
    expect(job).toMatchObject({ limits: { timeoutMs: 60_000, pids: 100, memoryBytes: 1024 ** 3 }, seccomp: "strict" });
    const lines = origins.map(({ field, value, from, place = "" }) => `${field} ${value}: ${from} ${place}`);
    expect(lines.map((line) => line.replaceAll(directory.path, "DIR").trim())).toEqual([
      "command make: job file job.yaml:1:10",
      "workspace.mode ro: default",
      "filesystem.tools false: default",
      "root host: default",
      "network.mode none: default",
      "syscalls.profile strict: user DIR/config/cupel/config.yaml:1:21",
      "env.set TOKEN: job file job.yaml:3:20",
      "tty false: default",
      "limits.timeout 1m: flag",
      "limits.grace 2 s: default",
      "limits.memory 1G: project DIR/cupel.yaml:2:11",
      "limits.pids 100: job file job.yaml:2:29",
      "minimum.strict false: default",
      "selection.prefer fastest: default",
    ]);
    expect(leftOut).toEqual([]);
    const text = (await call(caller, directory, "plan", "--timeout", "1m", "job.yaml")).stdout;
    expect(text).toContain("limits.timeout: 1m, from --timeout");
    expect(text).toContain("limits.pids: 100, from job.yaml:2:29 (the job file)");
    expect(text).toContain("network.mode: none, from cupel's default");
    expect(text).not.toContain("hush");
  });

  test("that init wrote runs as it is, and is not written over", async () => {
    using directory = makeTempDir({ owner: caller });
    expect(await call(caller, directory, "init")).toMatchObject({
      code: 0,
      stdout: "wrote job.yaml; run it with cupel run job.yaml\n",
    });
    expect(await call(caller, directory, "run", "job.yaml")).toMatchObject({
      code: 0,
      stdout: "hello from a sandbox\n",
    });
    const written = readFileSync(directory.at("job.yaml"), "utf8");
    expect(await call(caller, directory, "init", "job.yaml")).toEqual({
      ...failed("job.yaml is there already, and is left as it is; name another file"),
      code: 64,
    });
    expect(readFileSync(directory.at("job.yaml"), "utf8")).toBe(written);
    expect(await call(caller, directory, "init", "no/where.yaml")).toMatchObject({ code: 64, stdout: "" });
  });

  test("cannot be combined with what it contradicts", async () => {
    using directory = makeTempDir({ owner: caller });
    directory.file("job.yaml", "command: [a]\nnetwork: {mode: host}\nsyscalls: {profile: strict}\n");
    expect(await call(caller, directory, "run", "job.yaml")).toEqual(
      failed(
        "job.yaml:2:17: network.mode: the seccomp profile strict lets a job make no socket, so no network is of use to it; take the default profile, or leave the network out",
      ),
    );
    directory.file("batch.jsonl", "");
    expect(await call(caller, directory, "run", "--batch", "batch.jsonl", "job.yaml")).toEqual(
      failed("--batch and --job do not go together; leave one out"),
    );
    directory.file("tty.yaml", "command: [a]\ntty: true\n");
    expect(await call(caller, directory, "run", "tty.yaml")).toEqual(
      failed(
        "tty.yaml:2:6: tty relays your terminal to the job, and standard input is not one; call cupel from a terminal, or leave it out",
      ),
    );
    directory.file("config/cupel/config.yaml", "tty: true\n");
    expect(await call(caller, directory, "run", "--batch", "batch.jsonl")).toEqual(
      failed(`${directory.at("config/cupel/config.yaml")}:1:6: tty and --batch do not go together; leave one out`),
    );
  });

  test("in the user's configuration counts for batches too", async () => {
    using directory = makeTempDir({ owner: caller });
    directory.file("config/cupel/config.yaml", "env: {set: {WHO: config}}\n");
    directory.file("batch.jsonl", '{"command": ["sh", "-c", "echo $WHO"]}\n');
    const { code, stdout } = await call(caller, directory, "run", "--batch", "batch.jsonl");
    expect([code, stdout]).toEqual([0, expect.stringContaining('"text":"config\\n"') as never]);
  });
});

/** Files that are no job: what they are, and where the sentence about them points. */
const wrongFiles: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
  [
    "a name given twice",
    "command: [a]\ntty: true\ntty: false\n",
    /job\.yaml:3:1: this name is there twice; write it once$/,
  ],
  [
    "aliases without end",
    `a: &a [x,x]\n${"b: [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n".repeat(1)}command: [*a]\n`,
    /job\.yaml:1:1: there is no field "a" here/,
  ],
  ["a tab", "limits:\n\twall: 5m\n", /job\.yaml:2:1: /],
  ["nothing", "", /job\.yaml:1:1: the file is empty/],
  ["binary", new Uint8Array([0, 1, 2, 255]), /job\.yaml is binary, not a job; name a text file$/],
  [
    "too much",
    `# ${"x".repeat(1024 * 1024)}\ncommand: [a]\n`,
    /job\.yaml is larger than a job may be \(1024 KiB\); name another file$/,
  ],
  [
    "a wrong unit",
    "command: [a]\nlimits: {memory: 2Go}\n",
    /job\.yaml:2:18: limits\.memory "2Go" is not a size; write one such as 512M or 2G$/,
  ],
  [
    "an unknown field",
    "command: [a]\nnetwrok: {mode: none}\n",
    /job\.yaml:2:1: there is no field "netwrok" here, did you mean network\?$/,
  ],
  ["no command", "tty: true\n", /job\.yaml:1:1: the field command is missing$/],
  ["what a terminal obeys", 'command: [a]\n"\\e[2J": 1\n', /job\.yaml:2:1: there is no field "\\u001b\[2J" here/],
];

describe("a file that is no job", () => {
  test.each(wrongFiles)("but %s: one sentence, and nothing is run", async (_, content, message) => {
    using directory = makeTempDir({ owner: ordinaryCaller });
    directory.file("job.yaml", content);
    for (const verb of ["run", "plan"]) {
      const ran = await call(ordinaryCaller, directory, verb, "job.yaml");
      expect(ran).toMatchObject({ code: 125, stdout: "" });
      expect(ran.stderr).toMatch(/^cupel: [^\n]+\n$/);
      expect(ran.stderr.trimEnd()).toMatch(message);
    }
  });

  test("but a byte order mark before one is taken as one", async () => {
    using directory = makeTempDir({ owner: ordinaryCaller });
    directory.file("job.yaml", "\u{feff}command: [echo, marked]\n");
    expect(await call(ordinaryCaller, directory, "run", "job.yaml")).toMatchObject({ code: 0, stdout: "marked\n" });
  });

  test.each([
    ["missing", () => undefined, "does not exist"],
    ["a directory", (path: string) => mkdirSync(path), "is a directory"],
    ["a pipe", (path: string) => Bun.spawnSync(["mkfifo", "-m", "666", path]), "is a pipe"],
  ])("but %s is not waited for", async (_, make, part) => {
    using directory = makeTempDir({ owner: ordinaryCaller });
    make(directory.at("job.yaml"));
    const ran = await call(ordinaryCaller, directory, "run", "job.yaml");
    expect(ran).toMatchObject({ code: 125, stdout: "" });
    expect(ran.stderr).toMatch(/^cupel: job\.yaml [^\n]+\n$/);
    expect(ran.stderr).toContain(part);
  });
});

const host = createRealHost();

/** The paths of another machine, sources of secrets that are none, and a cap on memory by default are not what is compared. */
function withoutPaths({ file, expected }: ValidFile): ValidFile {
  const { filesystem: _filesystem, root: _root, files: _files, secrets: _secrets, ...rest } = file;
  const nothing = { read: [], write: [], tools: false, deny: [], protect: [], tmpfs: [], root: undefined, files: [] };
  const noSecrets = { secrets: [], secretDescriptors: [], masksOutput: false };
  return { file: rest, expected: { ...expected, ...nothing, ...noSecrets } };
}

function policyOf({ defaultLimits: _limits, hidden: _hidden, ...job }: Job): object {
  return JSON.parse(JSON.stringify(job)) as object;
}

describe("a job file at random", () => {
  test("is planned as it is written, or refused in one sentence, by the executable, 40 times", async () => {
    using directory = makeTempDir({ owner: ordinaryCaller });
    const environment = cupel.environment(ordinaryCaller);
    const places = {
      host: {
        ...host,
        directory: directory.path,
        environment,
        identity: { ...host.identity, uid: ordinaryCaller.uid },
      },
      stateDirectories: [cupel.state(ordinaryCaller)],
      tools: undefined,
    };
    const plan = (): Promise<Ran> => cupel.run(ordinaryCaller, ["plan", "--json", "job.yaml"], { cwd: directory.path });
    const valid = validFiles
      .map(withoutPaths)
      .chain(({ file, expected }) => fc.tuple(textOf(file), fc.constant(expected)));
    for (const [text, expected] of fc.sample(valid, 25)) {
      writeFileSync(directory.at("job.yaml"), text);
      const ran = await plan();
      const whole = isContradictory(expected) ? undefined : wholeJob(expected, places);
      if (whole === undefined) {
        expect(ran).toEqual(failed(ran.stderr.replace(/^cupel: |\n$/g, "")));
        continue;
      }
      expect({ text, said: ran.stdout === "" ? ran.stderr : "" }).toEqual({ text, said: "" });
      const { job } = JSON.parse(ran.stdout) as Planned;
      expect({ text, policy: policyOf(job) }).toEqual({ text, policy: policyOf(whole) });
    }
    for (const text of fc.sample(damagedTexts, 15)) {
      writeFileSync(directory.at("job.yaml"), text);
      const ran = await plan();
      expect({ text, bug: /is a bug|\.ts:|bunfs/.test(ran.stderr) }).toEqual({ text, bug: false });
      if (ran.stdout === "") expect(ran).toEqual(failed(ran.stderr.replace(/^cupel: |\n$/g, "")));
    }
  }, 180_000);
});
