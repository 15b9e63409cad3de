/** What runs before a job's command: in the same sandbox, with a network of its own that ends with it. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import * as v from "valibot";
import type { Outcome } from "../../src/model/outcome.ts";
import { outcomeShape } from "../../src/run/outcome-shape.ts";
import { startCounting, startFiles } from "../support/loopback-servers.ts";
import type { Ran } from "../support/execute.ts";
import { ended, throughProxy } from "../support/network-job.ts";
import { childrenOf, isAlive } from "../support/processes.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, ordinaryCaller, type Caller } from "../support/tester.ts";
import { until } from "../support/until.ts";

const cupel = installCupel();

async function see(
  caller: Caller,
  flags: readonly string[],
  command: readonly string[],
): Promise<{ readonly ran: Ran; readonly outcome: Outcome }> {
  using directory = makeTempDir({ owner: caller });
  const path = directory.at("outcome.json");
  const words = ["run", "--workspace", "none", ...flags, "--result", path, "--", ...command];
  const ran = await cupel.run(caller, words);
  return { ran, outcome: v.parse(outcomeShape, JSON.parse(readFileSync(path, "utf8"))) };
}

const setupListing = (port: number): string[] => ["--setup-allow-host", `127.0.0.1:${port}`, ...throughProxy];

describe.each(callers)("a set-up command, called by $name,", (caller) => {
  test("leaves its files to the job, and nothing else", async () => {
    const setup = "echo kept > ~/file; echo kept > /tmp/file; sleep 1000 & (trap '' TERM; sleep 1000) & cat";
    const job = "cat ~/file /tmp/file; cat; set -- /proc/[0-9]*; echo $#";
    using directory = makeTempDir({ owner: caller });
    directory.file("input", "for the job\n");
    const script = `$CUPEL run --workspace none --setup '${setup}' -- sh -c '${job}' < ${directory.at("input")}`;
    // The first process and the shell.
    expect(await cupel.shell(caller, script)).toEqual(ended("kept\nkept\nfor the job\n2\n"));
  });

  test("has what is listed for it, and the job what is listed for that", async () => {
    using server = startFiles();
    const get = (path: string): string =>
      `curl -s -o /dev/null -w "%{http_code} " http://127.0.0.1:${server.port}/${path}`;
    const flags = [...setupListing(server.port), "--setup", get("setup")];
    const first = await see(caller, flags, ["sh", "-c", get("job")]);
    expect(first.ran).toEqual({
      ...ended("200 403 "),
      stderr: `cupel: the job was denied 1 connection: 127.0.0.1:${server.port} (--allow-host 127.0.0.1:${server.port})\n`,
    });
    const denials = [{ host: "127.0.0.1", port: server.port, reason: "host-not-listed" as const, count: 1 }];
    expect(first.outcome.network).toEqual({ isCutOff: false, allowed: 1, denied: 1, denials });
    const kept = first.outcome.guarantees.filter((one) => one.id.startsWith("net.") && one.kept).map(({ id }) => id);
    expect([kept, first.outcome.setup?.code]).toEqual([["net.allowlist", "net.loopback"], 0]);
    const other = ["--setup", get("setup"), "--allow-host", `127.0.0.1:${server.port}`, ...throughProxy, "--quiet"];
    expect((await see(caller, other, ["sh", "-c", get("job")])).ran).toEqual(ended("403 200 "));
  });

  test("takes its connections with it before the job starts", async () => {
    using counting = await startCounting();
    const dial = `use IO::Socket::INET; $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => 61080); print $s "CONNECT 127.0.0.1:${counting.port} HTTP/1.1\\r\\n\\r\\n"; <$s>; print $s "12345"; $s->flush; print STDERR "open\\n"; sleep 1000`;
    const flags = ["--setup", `perl -e '${dial}' 2>/tmp/said & until grep -q open /tmp/said; do sleep 0.01; done`];
    const words = ["run", "--workspace", "none", ...setupListing(counting.port), ...flags];
    await using running = cupel.start(caller, [...words, "--", "sh", "-c", "echo job; sleep 1000"]);
    await running.wrote("job");
    // While the job goes on.
    expect(await counting.received).toBe(5);
  });

  test("has the same secrets, masks, denials and artifacts", async () => {
    using directory = makeTempDir({ owner: caller });
    directory.folder("work");
    const [file, descriptor] = ["A", "B"].map((name) => directory.file(name, `the secret ${name}\n`, 0o600));
    const secrets = ["--secret", `A=file:${file}`, "--secret-fd", `B=file:${descriptor}`, "--mask-output"];
    const artifacts = ["--workspace", "cow", "--artifact", "*.txt", "--artifacts", directory.at("artifacts")];
    const read = (name: string): string =>
      `cat /run/secrets/A; cat <&3; echo of ${name} > ${name}.txt; cat ${directory.file(name, "")}`;
    const flags = [...secrets, ...artifacts, "--explain-denials", "--setup", `${read("first")} 2>/dev/null; true`];
    const words = [...flags, "--result", directory.at("outcome.json"), "--", "sh", "-c", read("second")];
    const ran = await cupel.run(caller, ["run", ...words], { cwd: directory.at("work") });
    const said = readFileSync(directory.at("outcome.json"), "utf8");
    const { artifacts: collected, denials = [], setup } = v.parse(outcomeShape, JSON.parse(said)) as Outcome;
    expect([ran.code, ran.stdout, setup?.code]).toEqual([1, "[secret A]\n[secret B]\n".repeat(2), 0]);
    expect(collected?.files.map(({ path }) => path)).toEqual(["first.txt", "second.txt"]);
    expect(denials.map(({ access, subject }) => [access, subject])).toEqual([
      ["read", directory.at("second")],
      ["read", directory.at("first")],
    ]);
  });

  test("that fails is the end, with its code, and says so", async () => {
    const { ran, outcome } = await see(caller, ["--setup", "echo first; exit 3"], ["echo", "never"]);
    const summary = "the set-up command exited with 3; so the job's own was not run";
    expect(ran).toEqual({ code: 3, signal: null, stdout: "first\n", stderr: `cupel: ${summary}\n` });
    expect(outcome).toMatchObject({ status: "nonzero", inSetup: true, code: 3, cause: { code: "exit", summary } });
    expect([outcome.setup?.code, outcome.phases?.runMs]).toEqual([3, 0]);
    const missing = await see(caller, ["--setup", '["no-such-program"]'], ["echo", "never"]);
    expect([missing.ran, missing.outcome.cause.code, missing.outcome.setup]).toEqual([
      { code: 127, signal: null, stdout: "", stderr: "cupel: no-such-program: command not found (for the set-up)\n" },
      "program-not-found",
      undefined,
    ]);
  });

  test("counts for the caps of the whole, and ends with them", async () => {
    const flags = ["--timeout", "300ms", "--grace", "100ms", "--setup", "echo on; sleep 1000"];
    const { ran, outcome } = await see(caller, flags, ["echo", "never"]);
    expect([ran.code, ran.stdout, outcome.status, outcome.inSetup]).toEqual([124, "on\n", "timeout-wall", true]);
  });

  test("ends with a signal to cupel, and with cupel", async () => {
    const words = ["run", "--workspace", "none", "--setup", "echo on; sleep 1000", "--", "echo", "never"];
    await using asked = cupel.start(ordinaryCaller, words);
    await asked.wrote("on");
    asked.kill("SIGTERM");
    expect(await asked.ended).toMatchObject({ code: 143, stdout: "on\n" });
    await using killed = cupel.start(caller, words);
    await killed.wrote("on");
    const pids = childrenOf(killed.pid);
    killed.kill("SIGKILL");
    await until("nothing is left", () => !pids.some(isAlive));
  });
});

test("a job file says the same", async () => {
  using directory = makeTempDir({ owner: ordinaryCaller });
  using server = startFiles();
  const network = { allow: [`127.0.0.1:${server.port}`] };
  const setup = { command: ["curl", "-s", "-o", "/tmp/got", `http://127.0.0.1:${server.port}/file`], network };
  const job = { command: ["cat", "/tmp/got"], setup, env: { set: { no_proxy: "", NO_PROXY: "" } } };
  directory.file("job.json", JSON.stringify(job));
  const ran = await cupel.run(ordinaryCaller, ["run", "--workspace", "none", directory.at("job.json")]);
  expect(ran).toEqual(ended("GET /file\n"));
});

describe("cupel refuses a set-up command", () => {
  const listed = ["--setup", "true", "--setup-allow-host", "a.example"];
  const nowhere = "--setup-allow-host lists what the set-up command may connect to, and";
  test.each([
    [
      ["--setup-allow-host", "a.example"],
      "--setup-allow-host is about a set-up command; give --setup, too, or leave it out",
    ],
    [
      [...listed, "--network", "host"],
      `${nowhere} its network is stated as host, which holds for the whole job; leave one out`,
    ],
    [[...listed, "--seccomp", "strict"], `${nowhere} the seccomp profile strict lets it make no socket; leave one out`],
    [
      ["--setup", "true", "--tty"],
      "--setup and --tty do not go together: a terminal ends with the first command on it; leave one out",
    ],
    [
      ["--setup", "true", "--setup-allow-host", "https://a.example"],
      '--setup-allow-host "https://a.example" is no destination: a host is a name of letters, digits, hyphens and dots, an IPv4 address, or an IPv6 address in brackets; write a.example:443',
    ],
  ])("%j", async (flags, words) => {
    const { code, stderr } = await cupel.run(ordinaryCaller, ["run", ...flags, "--", "true"]);
    expect([code, stderr]).toEqual([125, `cupel: ${words}\n`]);
  });

  test("in a batch", async () => {
    const { code, stderr } = await cupel.run(ordinaryCaller, ["run", "--batch", "-", "--setup", "true"], { stdin: "" });
    expect([code, stderr]).toEqual([
      125,
      "cupel: --setup and --batch do not go together: jobs of a batch share nothing; leave one out\n",
    ]);
  });
});
