/** `cupel check`: the outcomes are told by the exit code and by the last line, whoever asks and wherever it is shown. */
import { describe, expect, test } from "bun:test";
import { buildCondition, underConditions } from "../support/condition.ts";
import { needs } from "../support/must-work.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { openTerminal } from "../support/terminal.ts";
import { callers, ordinaryCaller, type Caller } from "../support/tester.ts";
import type { Ran } from "../support/execute.ts";

const cupel = installCupel();
buildCondition();

interface Checked {
  readonly result: string;
  readonly exitCode: number;
  readonly demands: readonly {
    readonly demand: { readonly kind: string; readonly id: string };
    readonly result: string;
    readonly because: string;
    readonly capability?: string;
  }[];
  readonly report: {
    readonly isWhole: boolean;
    readonly capabilities: readonly { readonly id: string; readonly probe: string }[];
  };
}

function lastLine({ stdout }: Pick<Ran, "stdout">): string {
  return stdout.trimEnd().split("\n").at(-1) ?? "";
}

function check(caller: Caller, ...words: readonly string[]): Promise<Ran> {
  return cupel.run(caller, ["check", ...words]);
}

async function checkJson(caller: Caller, ...words: readonly string[]): Promise<Checked> {
  return JSON.parse((await check(caller, ...words, "--json")).stdout) as Checked;
}

describe.each(callers)("check, called by $name", (caller) => {
  test("of nothing in particular judges the default job's demands, as the doctor does", async () => {
    const [ran, doctor] = [await check(caller), await cupel.run(caller, ["doctor"])];
    expect(ran.code).toBe(doctor.code);
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(lastLine(ran)).toBe("check: passed: 16 demands hold");
  });

  test("passes where what is demanded holds, and says by what", async () => {
    const ran = await check(
      caller,
      "--require",
      "net.none,proc.tree",
      "--min",
      "namespace",
      "--capability",
      "ns.network",
    );
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(ran.stdout).toContain("net.none holds: namespaces: a network namespace");
    expect(lastLine(ran)).toBe("check: passed: 4 demands hold");
  });

  test("fails where one demand does not hold", async () => {
    const ran = await check(caller, "--require", "net.none,net.allowlist");
    expect(ran).toMatchObject({ code: 1, stderr: "" });
    expect(ran.stdout).toContain("[✓] net.none holds");
    expect(ran.stdout).toContain("[✗] net.allowlist does not hold");
    expect(lastLine(ran)).toBe("check: failed: 1 of 2 demands does not hold");
  });

  test("fails where guarantees hold one by one, and no strategy keeps them together", async () => {
    const ran = await check(caller, "--strategy", "process", "--require", "env.clean,net.none");
    expect(ran.code).toBe(1);
    expect(await check(caller, "--require", "env.clean,net.none")).toMatchObject({ code: 0 });
  });

  test("runs only the probes that the demand needs", async () => {
    const { report, demands } = await checkJson(caller, "--capability", "host.kernel");
    expect(new Set(report.capabilities.map(({ probe }) => probe))).toEqual(new Set(["kernel", "layers"]));
    expect(demands).toMatchObject([{ demand: { kind: "capability", id: "host.kernel" }, result: "holds" }]);
    const wide = await checkJson(caller, "--require", "net.none");
    expect(wide.report.isWhole).toBe(false);
    expect(wide.report.capabilities.map(({ probe }) => probe)).not.toContain("kvm");
  });

  test("demands a cap that is stated", async () => {
    const [memory, time] = [await checkJson(caller, "--memory", "1G"), await checkJson(caller, "--timeout", "5m")];
    expect(memory.demands.map(({ demand }) => demand.id)).toEqual(["limit.memory"]);
    expect(time).toMatchObject({ exitCode: 0, demands: [{ demand: { kind: "guarantee", id: "limit.time" } }] });
    const ran = await cupel.run(caller, ["run", "--memory", "1G", "--", "true"]);
    expect(memory.exitCode).toBe(ran.code === 0 ? 0 : 1);
  });

  test("as JSON says the same, with the report", async () => {
    const { result, exitCode, demands } = await checkJson(caller, "--require", "net.allowlist");
    expect({ result, exitCode }).toEqual({ result: "failed", exitCode: 1 });
    expect(demands).toMatchObject([{ demand: { kind: "guarantee", id: "net.allowlist" }, result: "fails" }]);
  });

  test.each([
    ["sarif", '"ruleId": "guarantee:net.allowlist"'],
    ["junit", "net.allowlist"],
    ["github", "::error"],
    ["markdown", "net.allowlist"],
  ])("as %s tells the demands, with the same exit code", async (format, part) => {
    const ran = await check(caller, "--require", "net.allowlist", "--format", format);
    expect(ran).toMatchObject({ code: 1, stderr: "" });
    expect(ran.stdout).toContain(part);
  });

  test("cannot tell where a program hangs", async () => {
    using directory = makeTempDir({ owner: caller });
    directory.file("podman", "#!/bin/sh\nexec sleep 1000000\n", 0o755);
    const env = { PATH: `${directory.path}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin` };
    const ran = await cupel.run(caller, ["check", "--capability", "program.podman,ns.mount"], { env });
    expect(ran).toMatchObject({ code: 3, stderr: "" });
    expect(lastLine(ran)).toBe("check: cannot tell: 1 of 2 demands cannot be told");
    const failed = await cupel.run(caller, ["check", "--capability", "program.podman", "--min", "vm"], { env });
    expect(failed.code).toBe(1);
  });

  test("says the same in a pipe, without colour", async () => {
    const words =
      '"$CUPEL" check --require net.allowlist | cat; exec "$CUPEL" check --require net.allowlist | tail -n 1';
    const { stdout } = await cupel.shell(caller, words, { env: { NO_COLOR: "1" } });
    expect(stdout).not.toContain("\u001b");
    expect(stdout.trimEnd().split("\n").slice(-2)).toEqual(Array(2).fill("check: failed: 1 of 1 demand does not hold"));
  });
});

/** What is denied by a filter on unshare: the network namespace, and with it the strategy. */
describe.each(callers)("check where unshare is denied, called by $name", (caller) => {
  test("fails on net.loopback, and names what is in the way, where, and what helps", async () => {
    const words = underConditions(["unshare-denied"], [cupel.path, "check", "--require", "net.loopback"]);
    const ran = await cupel.outside(caller, words);
    expect(ran).toMatchObject({ code: 1, stderr: "" });
    const text = ran.stdout.replaceAll(/\s+/g, " ");
    expect(text).toMatch(
      /net\.loopback does not hold: namespaces needs (userns\.capable|ns\.\w+), which is blocked \(seccomp\)/,
    );
    expect(text).toContain("Cause: a system call filter (seccomp");
    expect(text).toContain("Remedy: ");
    expect(lastLine(ran)).toBe("check: failed: 1 of 1 demand does not hold");
  });

  test("passes on what needs none of it", async () => {
    const words = underConditions(["unshare-denied"], [cupel.path, "check", "--require", "env.clean"]);
    expect(await cupel.outside(caller, words)).toMatchObject({ code: 0 });
  });
});

describe("check of a capability that cannot work for this caller", () => {
  needs(callers.length > 1, "not root, who alone can be compared with an ordinary user")(
    "fails for one and not for the other",
    async () => {
      const codes = callers.map(
        async (caller) => (await check(caller, "--capability", "privilege.drop-identity")).code,
      );
      expect(await Promise.all(codes)).toEqual([0, 1]);
    },
  );
});

const policy = "require:\n  isolation: namespace\n  guarantees: [net.none, proc.tree]\n  capabilities: [ns.network]\n";

describe.each(callers)("a policy, called by $name", (caller) => {
  test("is taken from cupel.yaml, unless something else is demanded", async () => {
    using directory = makeTempDir({ owner: caller });
    directory.file("cupel.yaml", policy);
    const call = (words: readonly string[]): Promise<Ran> =>
      cupel.run(caller, ["check", ...words], { cwd: directory.path });
    expect(lastLine(await call([]))).toBe("check: passed: 4 demands hold");
    expect(lastLine(await call(["--require", "env.clean"]))).toBe("check: passed: 1 demand holds");
    expect(lastLine(await call(["--policy", "cupel.yaml", "--require", "env.clean"]))).toBe(
      "check: passed: 5 demands hold",
    );
    directory.file("strict.yaml", "require: {guarantees: [net.allowlist]}\n");
    expect(await call(["--policy", "strict.yaml"])).toMatchObject({ code: 1 });
  });

  test("is not needed by a job in a file", async () => {
    using directory = makeTempDir({ owner: caller });
    directory.file("job.yaml", "command: [make, test]\nnetwork: {mode: host}\nlimits: {timeout: 5m}\n");
    const ran = await cupel.run(caller, ["check", "--job", "job.yaml", "--json"], { cwd: directory.path });
    const { demands, exitCode } = JSON.parse(ran.stdout) as Checked;
    const ids = demands.map(({ demand }) => demand.id);
    expect([exitCode, ids.includes("limit.time"), ids.includes("net.none"), ids.includes("fs.read")]).toEqual([
      0,
      true,
      false,
      true,
    ]);
  });
});

describe("on a terminal of 16 columns", () => {
  test.each([
    ["passed", ["--require", "net.none"], /check: passed: 1 demand holds$/],
    ["failed", ["--require", "net.allowlist"], /check: failed: 1 of 1 demand does not hold$/],
  ])("it is said that it %s", async (_, words, ending) => {
    const options = { cwd: cupel.workspace(ordinaryCaller), columns: 16, env: cupel.environment(ordinaryCaller) };
    await using session = openTerminal([...ordinaryCaller.prefix, cupel.path, "check", ...words], options);
    await session.ended;
    // oxlint-disable-next-line no-control-regex -- colours begin with one
    const plain = session.text().replaceAll(/\u001b\[\d+m/g, "");
    expect(plain.replaceAll(/\s+/g, " ").trim()).toMatch(ending);
    expect(plain.split(/\r?\n/).filter((line) => Bun.stringWidth(line) > 20 && line.trim().includes(" "))).toEqual([]);
  });
});
