/** `cupel self-test`: what a sound installation says, and that an unsound one is not called sound. */
import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { buildCondition, underConditions } from "../support/condition.ts";
import type { Ran } from "../support/execute.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers } from "../support/tester.ts";

const cupel = installCupel();
buildCondition();

function lastLine({ stdout }: Ran): string {
  return stdout.trimEnd().split("\n").at(-1) ?? "";
}

interface Step {
  readonly name: string;
  readonly result: string;
  readonly summary: string;
}

interface Told {
  readonly result: string;
  readonly exitCode: number;
  readonly build: { readonly version: string };
  readonly helpers: readonly Step[];
  readonly strategies: readonly Step[];
}

function resultsOf(steps: readonly Step[]): Record<string, string> {
  return Object.fromEntries(steps.map(({ name, result }) => [name, result]));
}

describe.each(callers)("the self-test, called by $name", (caller) => {
  test("passes: each sandbox ran one job, and nothing is left of it", async () => {
    using directory = makeTempDir({ owner: caller });
    const ran = await cupel.run(caller, ["self-test"], { env: { TMPDIR: directory.path } });
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(ran.stdout).toMatch(/^cupel \d+\.\d+\.\d+ \(build [0-9a-f]{16}/);
    expect(lastLine(ran)).toBe("self-test: passed: 6 jobs ran; the default job runs in namespaces");
    expect(ran.stdout.replaceAll(/\s+/g, " ")).toMatch(
      /namespaces: one job ran: both outputs, input and exit code arrived; a file that was not granted could not be read \([\d.]+ m?s\)/,
    );
    expect(readdirSync(directory.path)).toEqual([]);
  });

  test("says the same as JSON", async () => {
    const ran = await cupel.run(caller, ["self-test", "--json"]);
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    const told = JSON.parse(ran.stdout) as Told;
    expect([told.result, told.exitCode, resultsOf(told.helpers), resultsOf(told.strategies)]).toEqual([
      "passed",
      0,
      { launcher: "passed", prober: "passed", attacker: "passed" },
      {
        namespaces: "passed",
        bubblewrap: "passed",
        podman: "passed",
        docker: "unavailable",
        systemd: "unavailable",
        gvisor: "passed",
        landlock: "passed",
        process: "passed",
      },
    ]);
  });

  test("fails where namespaces are denied, though the job without them runs", async () => {
    const words = underConditions(["unshare-denied"], [cupel.path, "self-test", "--json"]);
    const ran = await cupel.outside(caller, words);
    expect(ran).toMatchObject({ code: 1, stderr: "" });
    const told = JSON.parse(ran.stdout) as Told;
    expect([told.result, resultsOf(told.strategies)]).toEqual([
      "failed",
      {
        namespaces: "unavailable",
        bubblewrap: "unavailable",
        podman: "unavailable",
        docker: "unavailable",
        systemd: "unavailable",
        gvisor: "unavailable",
        landlock: "passed",
        process: "passed",
      },
    ]);
    expect(told.strategies.find(({ name }) => name === "namespaces")?.summary).toMatch(
      /^it needs .*blocked \(seccomp\)/,
    );
    const text = await cupel.outside(caller, underConditions(["unshare-denied"], [cupel.path, "self-test"]));
    expect(text.code).toBe(1);
    expect(lastLine(text)).toBe("self-test: failed: the default job would be refused; see cupel doctor");
  });

  test.each(["mount-denied", "masked-proc", "userns-quota", "no-new-privs", "low-limits"] as const)(
    "under %s it passes where the default job runs, and only there",
    async (condition) => {
      const under = (...words: readonly string[]): Promise<Ran> =>
        cupel.outside(caller, underConditions([condition], [cupel.path, ...words]));
      const [tested, ran] = [await under("self-test"), await under("run", "--fresh", "--", "true")];
      expect(tested).toMatchObject({ code: ran.code === 0 ? 0 : 1, stderr: "" });
      expect(lastLine(tested)).toStartWith(`self-test: ${ran.code === 0 ? "passed" : "failed"}: `);
    },
  );

  test("cannot tell where it may not make its files", async () => {
    const ran = await cupel.run(caller, ["self-test"], { env: { TMPDIR: "/proc" } });
    expect(ran).toMatchObject({ code: 3, stderr: "" });
    expect(ran.stdout.replaceAll(/\s+/g, " ").trimEnd()).toEndWith(
      "self-test: cannot tell: could not be tried: namespaces, bubblewrap, podman, docker, systemd, gvisor, landlock, process",
    );
  });

  test.each([["extra"], ["--jsno"], ["--json=yes"]])("self-test %s is a wrong command line", async (word) => {
    const ran = await cupel.run(caller, ["self-test", word]);
    expect(ran).toMatchObject({ code: 64, stdout: "" });
    expect(ran.stderr).toMatch(/^cupel: [^\n]+\n$/);
  });
});
