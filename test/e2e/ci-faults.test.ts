/** The preflight's own part: what it passes on, how it installs cupel, and that nothing which failed looks like a verdict. */
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../../scripts/source/repository.ts";
import { build } from "../../src/model/build.gen.ts";
import { action, ciSystems, gitlabJob, type Settings } from "../support/ci-systems.ts";
import { needsPrograms } from "../support/must-work.ts";
import { parseWorkflowCommands } from "../support/read-formats.ts";
import { makeUpRelease, ownKeys, startReleaseServer, type ReleaseServer } from "../support/release-server.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { ordinaryCaller } from "../support/tester.ts";

const cupel = installCupel();
const here = { CUPEL_EXECUTABLE: cupel.path };

describe("a preflight", () => {
  test("takes a policy, further flags and a directory of its own", async () => {
    using checkout = ciSystems.github.checkOut(cupel, ordinaryCaller);
    const { workspace } = checkout;
    workspace.file("ci/policy.yaml", "require: {guarantees: [net.allowlist], capabilities: [host.kernel]}\n");
    const ran = await checkout.run({
      ...here,
      CUPEL_POLICY: "ci/policy.yaml",
      CUPEL_FLAGS: "--timeout 5m  --fail-on degraded",
      CUPEL_REPORT_DIRECTORY: workspace.at("out/of the way"),
    });
    expect([ran.code, ran.outputs["report"]]).toEqual([1, workspace.at("out/of the way/report.json")]);
    const { demands } = JSON.parse(ran.reports["report.json"] ?? "") as { demands: { demand: { id: string } }[] };
    expect(demands.map(({ demand }) => demand.id)).toEqual(["net.allowlist", "limit.time", "host.kernel"]);
    expect(parseWorkflowCommands(ran.stdout)[0]?.properties["file"]).toBe("ci/policy.yaml");
  });

  const refusals: readonly [string, Settings, number, string][] = [
    ["no cupel at all", {}, 64, "say where cupel is: CUPEL_EXECUTABLE for one that is installed, or CUPEL_BASE_URL"],
    [
      "a cupel that is not there",
      { CUPEL_EXECUTABLE: "/no/cupel" },
      64,
      "CUPEL_EXECUTABLE /no/cupel is no executable file",
    ],
    [
      "a cupel that is none",
      { CUPEL_EXECUTABLE: "/bin/true" },
      70,
      "/bin/true wrote no report, so its exit code 0 says",
    ],
    [
      "a program of that name",
      { CUPEL_EXECUTABLE: "env" },
      70,
      "/usr/bin/env did not come to an end of its own (exit code 127)",
    ],
    [
      "a directory that cannot be",
      { ...here, CUPEL_REPORT_DIRECTORY: "/dev/null/x" },
      64,
      "CUPEL_REPORT_DIRECTORY /dev/null/x cannot be made",
    ],
    [
      "a directory with a line end",
      { ...here, CUPEL_REPORT_DIRECTORY: "a\nresult=passed" },
      64,
      "CUPEL_REPORT_DIRECTORY has a line end in it",
    ],
    [
      "a link in its place",
      { ...here, CUPEL_REPORT_DIRECTORY: "link" },
      64,
      "CUPEL_REPORT_DIRECTORY link is a symbolic link",
    ],
    [
      "a server that is not there",
      { CUPEL_BASE_URL: "http://127.0.0.1:1" },
      70,
      "http://127.0.0.1:1/latest/download/install.sh could not be downloaded: ",
    ],
  ];

  test.each(refusals)("with %s says so in one sentence", async (_, settings, code, said) => {
    using elsewhere = makeTempDir({ owner: ordinaryCaller });
    for (const system of [ciSystems.github, ciSystems.plain]) {
      using checkout = system.checkOut(cupel, ordinaryCaller);
      symlinkSync(elsewhere.path, checkout.workspace.at("link"));
      const ran = await checkout.run(settings);
      const isGithub = system === ciSystems.github;
      const lines = (isGithub ? ran.stdout : ran.stderr).trimEnd().split("\n");
      expect([ran.code, lines.at(-1)]).toEqual([code, expect.stringContaining(said)]);
      // What is called cupel may say something of its own.
      if (settings["CUPEL_EXECUTABLE"] !== "env") expect(lines).toHaveLength(1);
      if (isGithub) expect(ran.outputs).toMatchObject({ result: "error", "exit-code": String(code), report: "" });
    }
    expect(readdirSync(elsewhere.path)).toEqual([]);
  });
});

describe("a preflight that installs", () => {
  /** A release of this very build, by way of the executable that was built: the installer tries what it installs. */
  const startServer = async (): Promise<ReleaseServer> => {
    const server = await startReleaseServer();
    const executable = `#!/bin/sh\nexec ${cupel.path} "$@"\n`;
    const { version } = build;
    server.publish(version, makeUpRelease({ version, address: server.address, executable, signedBy: ownKeys }));
    return server;
  };

  needsPrograms("curl", "openssl")("checks with what it installed, which later steps find", async () => {
    await using server = await startServer();
    const settings = { CUPEL_BASE_URL: server.address, CUPEL_CAPABILITY: "host.kernel" };
    using checkout = ciSystems.github.checkOut(cupel, ordinaryCaller);
    const ran = await checkout.run({ ...settings, CUPEL_VERSION: `v${build.version}` });
    const [first, ...rest] = ran.stdout.trimEnd().split("\n");
    const executable = ran.outputs["executable"] ?? "";
    expect([ran.code, ran.stderr, first]).toEqual([0, "", `cupel: installed ${build.version} as ${executable}`]);
    expect(parseWorkflowCommands(`${rest.join("\n")}\n`).map(({ name }) => name)).toEqual(["notice"]);
    expect(join(ran.paths.trim(), "cupel")).toBe(executable);
    using other = ciSystems.gitlab.checkOut(cupel, ordinaryCaller);
    expect(await other.run(settings)).toMatchObject({ code: 0, stderr: "" });
  });

  needsPrograms("curl", "openssl")("never mistakes an installation that failed for a verdict", async () => {
    await using server = await startServer();
    using checkout = ciSystems.gitlab.checkOut(cupel, ordinaryCaller);
    const run = async (settings: Settings): Promise<[number | null, string]> => {
      const ran = await checkout.run({ CUPEL_BASE_URL: server.address, ...settings });
      return [ran.code, ran.stderr];
    };
    expect(await run({ CUPEL_VERSION: "9.9.9" })).toEqual([
      70,
      expect.stringContaining("v9.9.9/install.sh could not be downloaded"),
    ]);
    expect(await run({ CUPEL_INSTALLER_SHA256: "0".repeat(64) })).toEqual([
      70,
      expect.stringContaining("install.sh is not the one that was named"),
    ]);
    server.cutOff("cupel.1");
    expect(await run({})).toEqual([70, expect.stringContaining("cupel could not be installed: ")]);
    server.cutOff(undefined);
  });
});

describe("the recipes", () => {
  test("of GitLab hold the preflight whole", () => {
    const preflight = readFileSync(join(repositoryRoot, "platform/ci/preflight.sh"), "utf8");
    const body = preflight.slice(preflight.indexOf("\n") + 1);
    expect(gitlabJob.script).toEqual([`# cupel preflight\n(\n${body})\n`]);
  });

  test("of GitHub paste no input into a script", () => {
    const [step] = action.runs.steps;
    expect([action.runs.using, action.runs.steps.length, step.run]).toEqual([
      "composite",
      1,
      'sh "$GITHUB_ACTION_PATH/../preflight.sh"',
    ]);
    const used = [...Object.values(step.env), step["working-directory"]];
    expect(used.toSorted()).toEqual(
      Object.keys(action.inputs)
        .map((name) => `\${{ inputs.${name} }}`)
        .toSorted(),
    );
  });
});
