import { describe, expect, test } from "bun:test";
import { renameSync, symlinkSync } from "node:fs";
import type { Host } from "../../src/host/host.ts";
import { createRealHost } from "../../src/host/real-host.ts";
import { CupelError } from "../../src/model/error.ts";
import { defaultRequest } from "../../src/run/job-request.ts";
import { readLayeredRequest, readProjectWishes, type LayeredRequest } from "../../src/run/layered-request.ts";
import { recordTrust } from "../../src/run/project-trust.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";

interface Texts {
  readonly flags?: Readonly<Record<string, readonly string[]>>;
  readonly words?: readonly string[];
  readonly job?: string;
  readonly project?: string;
  readonly user?: string;
}

function hostOf(directory: TempDir): Host {
  return {
    ...createRealHost(),
    directory: directory.path,
    environment: { XDG_STATE_HOME: directory.folder("state", 0o700) },
  };
}

function write(directory: TempDir, name: string, text: string | undefined): string | undefined {
  return text === undefined ? undefined : directory.file(name, text);
}

function read(directory: TempDir, { flags = {}, words = [], job, project, user }: Texts): LayeredRequest {
  const layers = {
    flags: new Map(Object.entries(flags)),
    words,
    job: write(directory, "jobs/job.yaml", job),
    project: write(directory, "cupel.yaml", project),
    user: write(directory, "config/config.yaml", user),
  };
  return readLayeredRequest(layers, hostOf(directory));
}

function wrong(directory: TempDir, texts: Texts): string {
  try {
    read(directory, texts);
  } catch (error) {
    if (error instanceof CupelError && error.code === "usage") return error.message.replaceAll(directory.path, "DIR");
    throw error;
  }
  return "nothing";
}

/** Origins as lines, without the directory. */
function origins(directory: TempDir, { request }: LayeredRequest): string[] {
  return (request.origins ?? []).map(({ field, value, from, place = "" }) =>
    `${field} ${value}: ${from} ${place}`.replaceAll(directory.path, "DIR").trim(),
  );
}

const network = (mode: string): string => `network: {mode: ${mode}}\n`;

describe("readLayeredRequest", () => {
  test.each([
    [{ user: network("host") }, "host", "user"],
    [{ user: network("host"), project: network("none") }, "none", "project"],
    [
      { user: network("none"), project: network("no-sockets"), job: `command: [a]\n${network("host")}` },
      "host",
      "job file",
    ],
    [{ job: `command: [a]\n${network("host")}`, flags: { network: ["none"] } }, "none", "flag"],
  ] satisfies [Texts, string, string][])("lets the nearest count: %j", (texts, mode, from) => {
    using directory = makeTempDir();
    const layered = read(directory, { words: ["a"], ...texts });
    expect(layered.request.network).toBe(mode as never);
    expect(layered.request.origins?.filter(({ field }) => field === "network.mode")).toMatchObject([
      { from, value: mode },
    ]);
  });

  test("of secrets tells the names alone, and takes their files from where the file that states them lies", () => {
    using directory = makeTempDir();
    const layered = read(directory, {
      words: ["a"],
      job: "command: [a]\nsecrets: {files: {A: 'file:token', B: 'file:/b'}, descriptors: {C: 'fd:3'}}\n",
      user: "secrets: {files: {D: 'command:pass show d'}}\n",
    });
    const { secrets, secretDescriptors } = layered.request;
    expect(secrets).toEqual(["D=command:pass show d", `A=file:${directory.at("jobs/token")}`, "B=file:/b"]);
    expect([secretDescriptors, origins(directory, layered).slice(1)]).toEqual([
      ["C=fd:3"],
      [
        "secrets.files D: user DIR/config/config.yaml:1:22",
        "secrets.files A: job file DIR/jobs/job.yaml:2:22",
        "secrets.files B: job file DIR/jobs/job.yaml:2:39",
        "secrets.descriptors C: job file DIR/jobs/job.yaml:2:68",
      ],
    ]);
  });

  test("lets no file but the user's own name a program that is run outside", () => {
    using directory = makeTempDir();
    const text = "secrets: {descriptors: {A: 'command:touch made'}}\n";
    const message =
      "secrets.descriptors names a program that cupel would run outside of the sandbox; name it by a flag, or in your own configuration";
    expect(wrong(directory, { job: `command: [a]\n${text}` })).toBe(`DIR/jobs/job.yaml:2:28: ${message}`);
    recordTrust(readProjectWishes(directory.file("cupel.yaml", text), undefined, hostOf(directory)), hostOf(directory));
    expect(wrong(directory, { words: ["a"], project: text })).toBe(`DIR/cupel.yaml:1:28: ${message}`);
    expect(wrong(directory, { words: ["a"], user: text })).toBe("nothing");
  });

  test("leaves out what files say for the flags that --without names, and for no others", () => {
    using directory = makeTempDir();
    const layered = read(directory, {
      flags: { without: ["allow-host,tools", "memory"], "allow-host": ["c.example"] },
      job: "command: [a]\nnetwork: {allow: [a.example]}\nlimits: {memory: 1G, pids: 9}\nminimum: {guarantees: [fs.read]}\n",
      project: "filesystem: {tools: true, write: {allow: [.]}}\nlimits: {memory: 1M}\n",
      user: "network: {allow: [b.example]}\nfilesystem: {tools: true}\n",
    });
    const { origins: _origins, ...request } = layered.request;
    expect(request).toEqual({
      ...defaultRequest,
      command: ["a"],
      allowedHosts: ["c.example"],
      pids: 9,
      require: ["fs.read"],
    });
    expect(layered.leftOut.map(({ field }) => field)).toEqual(["filesystem.write.allow"]);
  });

  test("has no network where what files say of it is left out", () => {
    using directory = makeTempDir();
    const texts = { user: "network: {allow: [b.example]}\n", words: ["a"], flags: { without: ["allow-host"] } };
    expect(read(directory, texts).request).toMatchObject({ allowedHosts: [], network: "none" });
  });

  test("tells where each value was stated, the items of a list one by one", () => {
    using directory = makeTempDir();
    const layered = read(directory, {
      flags: { env: ["A=1"], memory: ["1G"] },
      job: "command: [make, 'a b']\nfilesystem: {read: {allow: [data]}}\nenv: {inherit: [A, B]}\n",
      project: "limits:\n  pids: 100\n  memory: 2G\n",
      user: "tty: true\nfilesystem: {read: {allow: [/usr/share]}}\n",
    });
    expect(origins(directory, layered)).toEqual([
      "command make 'a b': job file DIR/jobs/job.yaml:1:10",
      "filesystem.read.allow /usr/share: user DIR/config/config.yaml:2:29",
      "tty true: user DIR/config/config.yaml:1:6",
      "limits.memory 1G: flag",
      "limits.pids 100: project DIR/cupel.yaml:2:9",
      "filesystem.read.allow DIR/jobs/data: job file DIR/jobs/job.yaml:2:29",
      "env.set A: flag",
      "env.inherit B: job file DIR/jobs/job.yaml:3:20",
    ]);
    expect(layered.leftOut).toEqual([]);
    expect(layered.request).toMatchObject({
      memoryBytes: 1024 ** 3,
      pids: 100,
      terminal: "private",
      environment: ["A=1", "B"],
    });
  });

  test("takes the command behind the flags before the file's", () => {
    using directory = makeTempDir();
    const job = "command: [a]\ntty: true\n";
    expect(read(directory, { job }).request).toMatchObject({ command: ["a"], terminal: "private" });
    expect(read(directory, { job, words: ["b", "-c"] }).request).toMatchObject({
      command: ["b", "-c"],
      terminal: "private",
    });
    expect(wrong(directory, {})).toBe("No command is given; write it behind --, or name a job file");
  });

  test("leaves out what an untrusted project asks for, says so, and lets it count once it is trusted", () => {
    using directory = makeTempDir();
    const project = "network: {mode: host}\nlimits: {pids: 64}\nenv: {set: {A: x}}\n";
    const untrusted = read(directory, { words: ["a"], project });
    expect(untrusted.request).toMatchObject({ network: "none", pids: 64, environment: [] });
    const place = (at: string): string => `${directory.path}/cupel.yaml:${at}`;
    expect(untrusted.leftOut).toEqual([
      { from: "project", flag: "network", field: "network.mode", value: "host", place: place("1:17") },
      { from: "project", flag: "env", field: "env.set", value: "A", place: place("3:16") },
    ]);
    const { path, sha256 } = readProjectWishes(directory.at("cupel.yaml"), undefined, hostOf(directory));
    recordTrust({ path, sha256 }, hostOf(directory));
    const trusted = read(directory, { words: ["a"], project });
    expect(trusted.request).toMatchObject({ network: "host", pids: 64, environment: ["A=x"] });
    expect(trusted.leftOut).toEqual([]);
    expect(read(directory, { words: ["a"], project: `${project}\n` }).request).toMatchObject({ network: "none" });
  });

  test("takes no link for a project's file, and shows nothing of what it leads to", () => {
    using directory = makeTempDir();
    symlinkSync(directory.file("secret", "token\n"), directory.at("cupel.yaml"));
    expect(() =>
      readLayeredRequest({ flags: new Map(), words: ["a"], project: directory.at("cupel.yaml") }, hostOf(directory)),
    ).toThrow(new CupelError("usage", `${directory.at("cupel.yaml")} is a symlink; put the file itself there`));
  });

  test("follows no link of a trusted project to what it grants", () => {
    using directory = makeTempDir();
    directory.folder("data");
    const project = "filesystem: {read: {allow: [data]}}\n";
    const path = directory.file("cupel.yaml", project);
    recordTrust(readProjectWishes(path, undefined, hostOf(directory)), hostOf(directory));
    expect(read(directory, { words: ["a"], project }).request.read).toEqual([directory.at("data")]);
    renameSync(directory.at("data"), directory.at("moved"));
    symlinkSync("/usr/share", directory.at("data"));
    expect(wrong(directory, { words: ["a"], project })).toMatch(
      /^DIR\/cupel\.yaml:1:29: filesystem\.read\.allow DIR\/data leads through a link in the project to \/usr\/share,/,
    );
  });

  test("shows as wishes also what the user's configuration gives now and need not give later", () => {
    using directory = makeTempDir();
    const user = directory.file("config.yaml", network("host"));
    const project = directory.file("cupel.yaml", `${network("host")}tty: true\nlimits: {pids: 64}\n`);
    const { leftOut, wishes } = readProjectWishes(project, user, hostOf(directory));
    const fields = (of: readonly { readonly field: string }[]): string[] => of.map(({ field }) => field);
    expect([fields(leftOut), fields(wishes)]).toEqual([["tty"], ["network.mode", "tty"]]);
  });

  test("says nothing of what is decided elsewhere", () => {
    using directory = makeTempDir();
    const project = "network: {mode: host}\nfilesystem: {read: {allow: [/usr/share, /usr/lib]}}\n";
    const { leftOut } = read(directory, { words: ["a"], project, flags: { network: ["none"], read: ["/usr/lib"] } });
    expect(leftOut.map(({ field, value }) => `${field} ${value}`)).toEqual(["filesystem.read.allow /usr/share"]);
  });

  test("adds a project's demands to all others", () => {
    using directory = makeTempDir();
    const project =
      "require: {isolation: vm, guarantees: [kernel.boundary], capabilities: [kvm.run]}\nminimum: {guarantees: [limit.cpu]}\n";
    const { request } = read(directory, {
      words: ["a"],
      project,
      flags: { min: ["namespace"], require: ["net.none"] },
    });
    expect(request).toMatchObject({ minimum: "vm", require: ["net.none", "kernel.boundary", "limit.cpu"] });
  });

  test.each([
    [
      { project: "netwrok: {mode: none}\n" },
      'DIR/cupel.yaml:1:1: there is no field "netwrok" here, did you mean network?',
    ],
    [{ project: "command: [a]\n" }, /^DIR\/cupel\.yaml:1:1: there is no field "command" here/],
    [{ user: "limits: {timeout: 5}\n" }, /^DIR\/config\/config\.yaml:1:19: limits\.timeout "5" is not a duration;/],
    [
      { job: "command: [a]\nlimits: {timeout: 5 m}\n" },
      /^DIR\/jobs\/job\.yaml:2:19: limits\.timeout "5 m" is not a duration;/,
    ],
    [
      { project: "require: {strategy: process}\nselection: {strategy: namespaces}\n" },
      "DIR/cupel.yaml:2:23: selection.strategy is namespaces, and require.strategy is process; name one strategy",
    ],
  ] satisfies [Texts, string | RegExp][])("refuses %j", (texts, message) => {
    using directory = makeTempDir();
    const said = wrong(directory, { words: ["a"], ...texts });
    expect(typeof message === "string" ? said === message : message.test(said)).toBe(true);
  });

  test("without any file is what the flags say", () => {
    using directory = makeTempDir();
    const { request, leftOut } = read(directory, { words: ["a"], flags: { pids: ["5"] } });
    const { origins: stated, ...rest } = request;
    expect(rest).toEqual({ ...defaultRequest, command: ["a"], pids: 5 });
    expect([stated?.length, leftOut]).toEqual([2, []]);
  });
});
