/** `cupel strategies`, and `cupel plan --shell`, as they are called. */
import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as v from "valibot";
import type { SavedStartCosts } from "../../src/model/start-cost.ts";
import { strategyListShape, type StrategyList } from "../../src/report/strategy-list.ts";
import { startDocker, type DockerEngine } from "../support/container-engines.ts";
import { execute } from "../support/execute.ts";
import { needs, needsPrograms } from "../support/must-work.ts";
import { createValidator } from "../support/read-formats.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { openTerminal } from "../support/terminal.ts";
import { callers, isRoot, ordinaryCaller, type Caller } from "../support/tester.ts";

const cupel = installCupel();
needsPrograms("bwrap", "bash");

const stateOf = (caller: Caller): string => `${cupel.state(caller)}/start-costs.json`;

async function list(caller: Caller, ...flags: readonly string[]): Promise<StrategyList> {
  const { code, stdout, stderr } = await cupel.run(caller, ["strategies", "--json", ...flags]);
  expect([code, stderr]).toEqual([0, ""]);
  return v.parse(strategyListShape, JSON.parse(stdout));
}

async function chosen(caller: Caller, ...flags: readonly string[]): Promise<string | undefined> {
  const { stdout } = await cupel.run(caller, ["plan", "--workspace", "none", "--json", ...flags, "--", "true"]);
  return (JSON.parse(stdout) as { selection: { chosen?: string } }).selection.chosen;
}

/** The same measurement with other times. */
function pretend(caller: Caller, times: Readonly<Record<string, number>>): void {
  const saved = JSON.parse(readFileSync(stateOf(caller), "utf8")) as SavedStartCosts;
  const costs = saved.costs.map((cost) => ({ ...cost, medianUs: times[cost.strategy] ?? cost.medianUs }));
  writeFileSync(stateOf(caller), JSON.stringify({ ...saved, costs }));
}

describe.each(callers)("strategies, called by $name", (caller) => {
  test("lists all of them, measures what is here, and chooses by it from then on", async () => {
    const before = await list(caller);
    expect(before.strategies.map(({ id, available, isTaken }) => [id, available, isTaken])).toEqual([
      ["namespaces", true, true],
      ["bubblewrap", true, false],
      ["podman", true, false],
      ["gvisor", true, false],
      ["landlock", true, false],
      ["process", true, false],
      // There is a client, and no daemon; the first process is not systemd.
      ["docker", false, false],
      ["systemd", false, false],
    ]);
    expect(before.strategies.map(({ start }) => start)).toEqual(
      before.strategies.map(() => ({ state: "not-measured" })),
    );
    expect(existsSync(stateOf(caller))).toBe(false);

    const measured = await list(caller, "--measure");
    expect(measured.strategies.slice(-2)).toMatchObject(
      ["docker", "systemd"].map((id) => ({ id, start: { state: "not-measured" } })),
    );
    for (const { start } of measured.strategies.filter(({ available }) => available)) {
      expect(start).toEqual({ state: "measured", runs: 10, medianMs: expect.any(Number), minMs: expect.any(Number) });
      expect(start.state === "measured" && 0 < start.minMs && start.minMs <= start.medianMs).toBe(true);
    }
    const kept = await list(caller);
    expect(kept).toEqual(measured);
    const schema = JSON.parse((await cupel.run(caller, ["schema", "strategies"])).stdout) as object;
    expect(createValidator(schema)(kept)).toEqual([]);

    pretend(caller, { bubblewrap: 1, namespaces: 2, podman: 3, gvisor: 4, process: 1 });
    expect((await list(caller)).strategies.map(({ id }) => id)).toEqual([
      "bubblewrap",
      "namespaces",
      "podman",
      "gvisor",
      "landlock",
      "process",
      "docker",
      "systemd",
    ]);
    expect([await chosen(caller), await chosen(caller, "--prefer", "strongest")]).toEqual(["bubblewrap", "gvisor"]);
    const result = `${cupel.workspace(caller)}/result.json`;
    await cupel.run(caller, ["run", "--workspace", "none", "--result", result, "--", "true"]);
    expect(JSON.parse(readFileSync(result, "utf8"))).toMatchObject({ status: "ok", strategy: "bubblewrap" });

    pretend(caller, { bubblewrap: 3, namespaces: 2 });
    expect(await chosen(caller)).toBe("namespaces");
    writeFileSync(stateOf(caller), "{");
    const torn = await cupel.run(caller, ["run", "--workspace", "none", "--", "true"]);
    expect([torn.code, torn.stderr]).toEqual([
      0,
      `cupel: ${stateOf(caller)} is not used: it is cut short or not JSON\n`,
    ]);
    rmSync(stateOf(caller));
  }, 60_000);
});

test.each([16, 40, 80])(
  "on a terminal of %d columns every line has room, and NO_COLOR takes colours out",
  async (columns) => {
    const environment = { ...cupel.environment(ordinaryCaller), NO_COLOR: "1" };
    const options = { cwd: cupel.workspace(ordinaryCaller), columns, env: environment };
    await using session = openTerminal([...ordinaryCaller.prefix, cupel.path, "strategies"], options);
    await session.ended;
    const lines = session.text().replaceAll("\r", "").split("\n");
    expect(lines.length).toBeGreaterThan(10);
    expect(lines.filter((line) => line.includes("\u001b"))).toEqual([]);
    expect(lines.filter((line) => Bun.stringWidth(line) > Math.max(columns, 20))).toEqual([]);
  },
);

describe.each(callers)("plan --shell, called by $name", (caller) => {
  test("of bubblewrap is a script that makes the sandbox, when tried without cupel", async () => {
    using directory = makeTempDir({ owner: caller, mode: 0o755 });
    const token = directory.file("token", "very-secret\n", 0o644);
    const granted = directory.file("it's granted", "granted text\n", 0o644);
    const flags = [
      "--strategy",
      "bubblewrap",
      "--workspace",
      "none",
      "--read",
      granted,
      "--secret",
      `TOKEN=file:${token}`,
    ];
    const shown = await cupel.run(caller, ["plan", ...flags, "--shell", "--", "make"], { cwd: directory.path });
    expect([shown.code, shown.stderr]).toEqual([0, ""]);
    expect(shown.stdout).not.toContain("very-secret");
    const number = /^ {2}(\d+)<"\$\{INPUT_\1:\?\}"/mu.exec(shown.stdout)?.[1] ?? "";
    const look = `cat '${granted.replace("'", String.raw`'\''`)}' /run/secrets/TOKEN /etc/hostname; ls /home`;
    const tried = shown.stdout.replace("\n  -- /proc/self/fd/11 inside ", `\n  -- /bin/sh -c "$LOOK" `);
    const script = directory.file("try.sh", `INPUT_${number}=${token}\nLOOK=${JSON.stringify(look)}\n${tried}`, 0o644);
    const { code, stdout, stderr } = await cupel.outside(caller, ["bash", script]);
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: "granted text\nvery-secret\njob\njob\n",
      stderr: "",
    });
  });

  test("of podman is a script that makes the container, when tried without cupel", async () => {
    using directory = makeTempDir({ owner: caller, mode: 0o755 });
    const granted = directory.file("it's granted", "granted text\n", 0o644);
    const flags = ["--strategy", "podman", "--workspace", "none", "--read", granted];
    const shown = await cupel.run(caller, ["plan", ...flags, "--shell", "--", "make"], { cwd: directory.path });
    expect([shown.code, shown.stderr]).toEqual([0, ""]);
    const look = `cat '${granted.replace("'", String.raw`'\''`)}' /etc/hostname; id -u; ls /home; echo $$`;
    const tried = shown.stdout.replace(
      "  /proc/self/fd/11 container ",
      `  /bin/sh -c ${JSON.stringify(look).replaceAll("$", "\\$")} `,
    );
    const script = directory.file("try.sh", tried, 0o644);
    const { code, stdout, stderr } = await cupel.outside(caller, ["bash", script]);
    // A rootless Podman says so where the host's root is no shared mount.
    const said = stderr.split("\n").filter((line) => !line.includes("is not a shared mount"));
    expect({ code, stdout, said }).toEqual({ code: 0, stdout: "granted text\njob\n1000\njob\n1\n", said: [""] });
  });

  test("has the very words that bubblewrap is given", async () => {
    using directory = makeTempDir({ owner: caller, mode: 0o777 });
    const taken = directory.at("taken");
    const take = `[ "$1" != --args ] || tr '\\0' '\\n' </proc/self/fd/14 >"${taken}"`;
    // A job of root's is nobody who could write over what the trial, with another number, has left.
    const bwrap = directory.file("bwrap", `#!/bin/sh\nrm -f "${taken}"\n${take}\nexec /usr/bin/bwrap "$@"\n`, 0o755);
    // Where others can write cupel keeps nothing.
    using state = makeTempDir({ owner: caller });
    const env = { PATH: `${directory.path}:/usr/bin:/bin`, XDG_STATE_HOME: state.path };
    const words = ["--strategy", "bubblewrap", "--workspace", "none", "--", "true"];
    expect((await cupel.run(caller, ["run", ...words], { env })).code).toBe(0);
    const shown = await cupel.run(caller, ["plan", "--shell", ...words], { env });
    const printing = shown.stdout.replace(`env -i ${bwrap} `, String.raw`printf '%s\n' `);
    const { stdout } = await cupel.outside(caller, ["bash", "-c", printing]);
    expect(stdout).toBe(`${readFileSync(taken, "utf8")}--\n/proc/self/fd/11\ninside\n`);
  });

  test("of what has no such program says so, and shows the launcher's steps", async () => {
    const shown = await cupel.run(caller, ["plan", "--strategy", "namespaces", "--shell", "--", "true"]);
    expect([shown.code, shown.stderr]).toEqual([0, ""]);
    expect(shown.stdout).toStartWith("There is no command line: cupel's own launcher does all of this:\n");
    expect(shown.stdout).toContain("\nRoot, step by step\n    1. ");
  });

  test("does not go together with --json, and tells of a refusal as plan does", async () => {
    const both = await cupel.run(caller, ["plan", "--shell", "--json", "--", "true"]);
    expect([both.code, both.stdout, both.stderr]).toEqual([
      125,
      "",
      "cupel: --shell writes a script, and --json a plan; leave one of them out\n",
    ]);
    // By default it is a share of what happens to be available.
    const words = ["--memory", "64M", "--require", "net.allowlist", "--", "true"];
    const refused = await cupel.run(caller, ["plan", "--shell", ...words]);
    const plain = await cupel.run(caller, ["plan", ...words]);
    expect(refused).toEqual(plain);
  });
});

const daemonPrograms = ["docker", "dockerd", "tar"];
const withDaemon = needs(
  isRoot && daemonPrograms.every((name) => Bun.which(name) !== null),
  `only root can start a daemon, with ${daemonPrograms.join(", ")}`,
);

/** What a daemon has of cupel's making. */
async function leftIn({ env }: DockerEngine): Promise<string> {
  const script = "docker ps --all --format {{.Names}}; docker images --format {{.Repository}}";
  return (await execute(["sh", "-c", script], { env: { PATH: process.env["PATH"] ?? "", ...env } })).stdout;
}

withDaemon("plan --shell of docker is a script that makes the container, when tried without cupel", async () => {
  await using engine = await startDocker("/usr");
  chmodSync(engine.env.DOCKER_HOST.replace("unix://", ""), 0o666);
  for (const caller of callers) {
    using directory = makeTempDir({ owner: caller, mode: 0o755 });
    const granted = directory.file("it's granted", "granted text\n", 0o644);
    const flags = ["--strategy", "docker", "--workspace", "none", "--read", granted];
    const shown = await cupel.run(caller, ["plan", ...flags, "--shell", "--", "make"], { env: engine.env });
    expect([shown.code, shown.stderr]).toEqual([0, ""]);
    const look = `cat '${granted.replace("'", String.raw`'\''`)}' /etc/hostname; id -u; ls /home /.cupel/gate; echo $$; exit 7`;
    const words = `/bin/sh -c ${JSON.stringify(look).replaceAll("$", "\\$")}`;
    const script = directory.file(
      "try.sh",
      shown.stdout.replace("  /.cupel/launcher gate", () => `  ${words}`),
      0o644,
    );
    const env = { TMPDIR: directory.folder("places") };
    const uid = caller.uid === 0 ? 0x7000_0000 : caller.uid;
    expect(await cupel.outside(caller, ["bash", script], { env })).toMatchObject({
      code: 7,
      stdout: `granted text\njob\n${uid}\n/.cupel/gate:\n\n/home:\njob\n1\n`,
      stderr: "",
    });
    expect([readdirSync(env.TMPDIR), await leftIn(engine)]).toEqual([[], "tiny\n"]);
  }
});
