/** Which strategy is taken, and that `plan` says before what `run` does then. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, type Caller } from "../support/tester.ts";

const cupel = installCupel();

interface Planned {
  readonly code: number | null;
  readonly chosen: string | undefined;
  readonly isolation: string | undefined;
  readonly rejected: readonly string[];
}

async function plan(caller: Caller, flags: readonly string[]): Promise<Planned> {
  const { code, stdout } = await cupel.run(caller, ["plan", "--json", ...flags, "--", "sh", "-c", "echo ran > /tmp/x"]);
  const { selection, plan: made } = JSON.parse(stdout) as {
    selection: { chosen?: string; rejected: { strategy: string }[] };
    plan: { isolation: string } | null;
  };
  return {
    code,
    chosen: selection.chosen,
    isolation: made?.isolation,
    rejected: selection.rejected.map(({ strategy }) => strategy),
  };
}

const namespaces = {
  code: 0,
  chosen: "namespaces",
  isolation: "namespace",
  rejected: ["bubblewrap", "podman", "docker", "systemd", "gvisor", "landlock", "process"],
};
const process_ = {
  code: 0,
  chosen: "process",
  isolation: "process",
  rejected: ["namespaces", "bubblewrap", "podman", "docker", "systemd", "gvisor", "landlock"],
};
const inLandlock = {
  code: 0,
  chosen: "landlock",
  isolation: "lsm",
  rejected: ["namespaces", "bubblewrap", "podman", "docker", "systemd", "gvisor", "process"],
};
const refused = {
  code: 125,
  chosen: undefined,
  isolation: undefined,
  rejected: ["namespaces", "bubblewrap", "podman", "docker", "systemd", "gvisor", "landlock", "process"],
};
const inBubblewrap = {
  code: 0,
  chosen: "bubblewrap",
  isolation: "namespace",
  rejected: ["namespaces", "podman", "docker", "systemd", "gvisor", "landlock", "process"],
};
const inPodman = {
  code: 0,
  chosen: "podman",
  isolation: "namespace",
  rejected: ["namespaces", "bubblewrap", "docker", "systemd", "gvisor", "landlock", "process"],
};

const inGvisor = {
  code: 0,
  chosen: "gvisor",
  isolation: "user-kernel",
  rejected: ["namespaces", "bubblewrap", "podman", "docker", "systemd", "landlock", "process"],
};

const rows: readonly (readonly [string, Planned])[] = [
  ["", namespaces],
  ["--prefer strongest", inGvisor],
  ["--prefer fastest", namespaces],
  ["--min namespace", namespaces],
  ["--min container", namespaces],
  ["--min lsm", namespaces],
  ["--min process", namespaces],
  ["--min user-kernel", inGvisor],
  ["--min vm", refused],
  ["--min vm --accept-missing all", refused],
  ["--strategy namespaces", namespaces],
  ["--strategy bubblewrap", inBubblewrap],
  ["--strategy podman", inPodman],
  ["--strategy gvisor", inGvisor],
  ["--require kernel.boundary", inGvisor],
  ["--strategy landlock", refused],
  ["--strategy landlock --accept-missing fs.read,fs.metadata,proc.hidden", inLandlock],
  ["--strategy landlock --accept-missing all --min namespace", refused],
  ["--strategy process", refused],
  ["--strategy process --accept-missing all", process_],
  ["--strategy process --min namespace --accept-missing all", refused],
  ["--accept-missing all", namespaces],
  ["--require net.loopback,fs.workspace", namespaces],
  ["--require net.allowlist", refused],
  ["--require net.allowlist,kernel.boundary --accept-missing net.allowlist", inGvisor],
  ["--require net.allowlist --accept-missing net.allowlist", namespaces],
  ["--network host", namespaces],
  ["--network host --require net.none", refused],
  ["--workspace rw", namespaces],
  ["--workspace rw --require fs.workspace", refused],
  ["--timeout 5m", namespaces],
];

describe.each(callers)("called by $name", (caller) => {
  test.each(rows)("plan %s", async (flags, expected) => {
    expect(
      await plan(
        caller,
        flags.split(" ").filter((word) => word !== ""),
      ),
    ).toEqual(expected);
  });

  test.each(rows)("run %s does what plan says", async (flags, expected) => {
    using directory = makeTempDir({ owner: caller });
    const path = directory.at("result.json");
    const words = flags.split(" ").filter((word) => word !== "");
    const ran = await cupel.run(caller, ["run", "--result", path, ...words, "--", "echo", "ran"]);
    expect([ran.code, ran.stdout]).toEqual(expected.chosen === undefined ? [125, ""] : [0, "ran\n"]);
    const { strategy } = JSON.parse(readFileSync(path, "utf8")) as { strategy?: string };
    expect(strategy).toBe(expected.chosen);
  });

  test("plan runs nothing and writes nothing", async () => {
    using workspace = makeTempDir({ owner: caller });
    const words = ["plan", "--workspace", "rw", "--", "sh", "-c", "echo ran > trace"];
    expect((await cupel.run(caller, words, { cwd: workspace.path })).code).toBe(0);
    expect(await Bun.file(workspace.at("trace")).exists()).toBe(false);
  });

  test("plan says in words what would run, in what, and why nothing else was taken", async () => {
    const { stdout, stderr } = await cupel.run(caller, ["plan", "--", "make", "test"]);
    const text = stdout.replaceAll(/\s+/g, " ");
    expect(text).toStartWith("This would run in namespaces: make test");
    expect(text).toContain("Network: none but a loopback of its own");
    expect(text).toMatch(/Not taken .* process \(class process\): it does not keep fs\.read/);
    expect(stderr).toBe("");
  });

  test("plan shows no value of a variable", async () => {
    for (const json of [[], ["--json"]]) {
      const ran = await cupel.run(caller, ["plan", ...json, "--env", "TOKEN=hush", "--", "true"]);
      if (json.length === 0) expect(ran.stdout).not.toContain("hush");
      expect(ran.stdout).toContain("TOKEN");
    }
  });

  test("a refusal shows the closest strategy, what it lacks, and the way out", async () => {
    const { stderr } = await cupel.run(caller, ["run", "--require", "net.allowlist", "--", "true"]);
    const text = stderr.replaceAll(/\s+/g, " ");
    expect(text).toStartWith("cupel: refused: no strategy here keeps net.allowlist");
    expect(text).toContain("--accept-missing net.allowlist");
    const way = await cupel.run(caller, [
      "run",
      "--require",
      "net.allowlist",
      "--accept-missing",
      "net.allowlist",
      "--",
      "echo",
      "ran",
    ]);
    expect(way).toMatchObject({ code: 0, stdout: "ran\n", stderr: expect.stringContaining("net.allowlist") });
  });

  test("version names one version and one build, everywhere", async () => {
    const [plain, flag, json] = [
      await cupel.run(caller, ["version"]),
      await cupel.run(caller, ["--version"]),
      await cupel.run(caller, ["version", "--json"]),
    ];
    expect(plain.stdout).toBe(flag.stdout);
    const { version, build } = JSON.parse(json.stdout) as { version: string; build: string };
    expect(plain.stdout).toContain(version);
    expect(plain.stdout).toContain(build);
    const { version: packageVersion } = (await Bun.file(`${import.meta.dir}/../../package.json`).json()) as {
      version: string;
    };
    expect(version).toBe(packageVersion);
  });
});
