/** Ports of a job's that the host reaches: real servers in jobs, and clients of the host's loopback. */
import { describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { readFileSync } from "node:fs";
import type { Outcome } from "../../src/model/outcome.ts";
import { startFiles } from "../support/loopback-servers.ts";
import { ended, listing, onlyTheList, throughProxy } from "../support/network-job.ts";
import { childrenOf, isAlive } from "../support/processes.ts";
import { echoing, startPublished, takePort, talk } from "../support/published-job.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, ordinaryCaller } from "../support/tester.ts";
import { until } from "../support/until.ts";

const cupel = installCupel();
const perl = (script: string): string[] => ["perl", "-e", script];
const refused = { bytes: Buffer.alloc(0), errno: "ECONNREFUSED" };
const text = (words: string): { bytes: Buffer; errno: undefined } => ({ bytes: Buffer.from(words), errno: undefined });

/** Sends so many bytes to whoever connects. */
const sending = (bytes: number): string =>
  `use IO::Socket::INET; $l = IO::Socket::INET->new(Listen => 9, LocalAddr => "127.0.0.1", LocalPort => 3000) or die $!; $| = 1; print "ready\\n"; while ($c = $l->accept) { print $c "x" x 65536 for 1 .. ${bytes / 65_536}; close $c }`;

describe.each(callers)("a published port, called by $name,", (caller) => {
  test("leads to the job's, both ways, to the end of each way by itself", async () => {
    await using job = await startPublished(cupel, caller, perl(echoing));
    expect(await talk(job.port, "hello")).toEqual(text("<hello>"));
    expect(await talk(job.port, "")).toEqual(text("<>"));
  });

  test("leads to a job that has secrets behind descriptors, and an authority of its own", async () => {
    using directory = makeTempDir({ owner: caller });
    const secrets = ["A", "B"].flatMap((name) => ["--secret-fd", `${name}=file:${directory.file(name, name, 0o600)}`]);
    await using job = await startPublished(cupel, caller, perl(echoing), [
      ...listing("a.example"),
      "--secret",
      `C=file:${directory.file("C", "C", 0o600)}`,
      "--inject-header",
      "a.example: X-Key: {C}",
      ...secrets,
    ]);
    expect(await talk(job.port, "hello")).toEqual(text("<hello>"));
  });

  test("is in the outcome as it came to be, and closed with the job", async () => {
    using directory = makeTempDir({ owner: caller });
    const flags = ["--result", directory.at("outcome.json"), "--timeout", "1s", "--grace", "100ms"];
    await using job = await startPublished(cupel, caller, perl(echoing), flags);
    const open = connect({ host: "127.0.0.1", port: job.port });
    const closed = new Promise<void>((resolve) => open.once("close", () => resolve()));
    open.on("error", () => open.destroy());
    open.resume();
    const { code } = await job.ended;
    await closed;
    const outcome = JSON.parse(readFileSync(directory.at("outcome.json"), "utf8")) as Outcome;
    const kept = outcome.guarantees.filter((one) => one.id.startsWith("net.") && one.kept).map(({ id }) => id);
    expect([code, outcome.published, kept, await talk(job.port, "")]).toEqual([
      124,
      [{ address: "127.0.0.1", port: job.port, jobPort: 3000 }],
      ["net.allowlist", "net.loopback"],
      refused,
    ]);
  });

  test("carries more connections at once than the courier holds, each its own", async () => {
    await using job = await startPublished(cupel, caller, perl(echoing));
    const words = Array.from({ length: 300 }, (_, index) => `${index}`.padStart(3000, "."));
    const received = await Promise.all(words.map((word) => talk(job.port, word)));
    expect(received.map(({ bytes }) => bytes.toString())).toEqual(words.map((word) => `<${word}>`));
  });

  test("carries a lot to a slow reader, whole", async () => {
    const size = 64 * 1024 * 1024;
    await using job = await startPublished(cupel, caller, perl(sending(size)));
    const socket = connect({ host: "127.0.0.1", port: job.port });
    let count = 0;
    const { promise, resolve } = Promise.withResolvers<number>();
    socket.on("data", (chunk: Buffer) => {
      count += chunk.length;
      socket.pause();
      setImmediate(() => socket.resume());
    });
    socket.on("close", () => resolve(count));
    expect(await promise).toBe(size);
  });

  test("leads to what listens on ::1, and breaks off where nothing does", async () => {
    const server = `use IO::Socket::IP; $l = IO::Socket::IP->new(Listen => 9, LocalHost => "::1", LocalPort => 3000) or die $@; $| = 1; print "ready\\n"; $c = $l->accept; print $c "six"; close $c; close $l; sleep 60`;
    await using job = await startPublished(cupel, caller, perl(server));
    expect(await talk(job.port, "")).toEqual(text("six"));
    expect(await talk(job.port, "x")).toEqual({ ...refused, errno: "ECONNRESET" });
  });

  test("beside a list of destinations", async () => {
    using files = startFiles();
    const flags = [...listing(`127.0.0.1:${files.port}`), ...throughProxy];
    const script = `curl -s http://127.0.0.1:${files.port}/out; exec perl -e '${echoing}'`;
    await using job = await startPublished(cupel, caller, ["sh", "-c", script], flags);
    expect([job.stdout(), await talk(job.port, "in")]).toEqual(["GET /out\nready\n", text("<in>")]);
  });

  test("gives the job no way out, no descriptor and no process to see", async () => {
    using files = startFiles();
    const script = `curl -s http://127.0.0.1:${files.port}/; echo $?; set -- /proc/[0-9]*; echo $#; exec ls /proc/self/fd`;
    const ran = await cupel.run(caller, ["run", "--workspace", "none", "--publish", "0:1", "--", "sh", "-c", script]);
    // It cannot connect (curl(1)); ls opened the fourth.
    expect({ ...ran, stderr: "" }).toEqual(ended("7\n2\n0\n1\n2\n3\n"));
  });

  test("is closed where cupel is killed", async () => {
    await using job = await startPublished(cupel, caller, perl(echoing));
    const pids = childrenOf(job.pid);
    job.kill("SIGKILL");
    await until("the courier and the job are gone", () => !pids.some(isAlive));
    expect(await talk(job.port, "")).toEqual(refused);
  });

  test("that is taken is said before the job", async () => {
    using taken = await takePort();
    const ran = await cupel.run(caller, ["run", "--publish", `${taken.port}:3000`, "--", "echo", "started"]);
    expect(ran).toEqual({
      code: 125,
      signal: null,
      stdout: "",
      stderr: `cupel: port ${taken.port} of 127.0.0.1 cannot be published (EADDRINUSE): something else listens there; take another, or 0 for any that is free\n`,
    });
  });
});

test("no port leads to cupel's own proxy, which would serve whoever came", async () => {
  const words = ["--publish", "0:61081", "--allow-host", "a.example", "--", "echo", "started"];
  expect(await cupel.run(ordinaryCaller, ["run", ...words])).toMatchObject({
    code: 125,
    stdout: "",
    stderr:
      "cupel: --publish leads to port 61081 of the job's, where cupel's proxy is: whoever came would have what the job may connect to; take another port\n",
  });
});

test("a published port is one of the address that is stated, and of no other", async () => {
  const job = cupel.start(ordinaryCaller, [
    "run",
    "--workspace=none",
    "--publish=127.0.0.2:0:3000",
    "--",
    ...perl(echoing),
  ]);
  await using running = job;
  await running.wrote("ready");
  const port = await until("it says its port", () => /127\.0\.0\.2:(\d+) leads to/.exec(running.stderr())?.[1]);
  expect([await talk(Number(port), "a", "127.0.0.2"), await talk(Number(port), "a")]).toEqual([text("<a>"), refused]);
});

describe("cupel refuses to publish a port", () => {
  const nowhere = "makes a port of the job's reachable, and";
  test.each([
    [
      ["--network", "host"],
      `--publish ${nowhere} it has the host's network, and can be reached there as it is; leave one out`,
    ],
    [["--network", "no-sockets"], `--publish ${nowhere} it can make no socket; leave one out`],
    [["--seccomp", "strict"], `--publish ${nowhere} the seccomp profile strict lets it make no socket; leave one out`],
    [["--publish", "8080:4000"], "--publish publishes port 8080 of 127.0.0.1 twice; a port leads to one place"],
    [
      ["--publish", "3000"],
      "--publish \"3000\" publishes no port: it takes a port of the host's (0: any that is free) and one of the job's, and an address of the host's before them if not its loopback; write 3000:3000",
    ],
    [
      ["--publish", "192.0.2.1:8081:3000"],
      "port 8081 of 192.0.2.1 cannot be published (EADDRNOTAVAIL): that address is none of this host's; take 127.0.0.1",
    ],
  ])("%j", async (flags, words) => {
    const ran = await cupel.run(ordinaryCaller, ["run", "--publish", "8080:3000", ...flags, "--", "true"]);
    expect([ran.code, ran.stderr]).toEqual([125, `cupel: ${words}\n`]);
  });

  test("to a strategy without a network namespace, and to a batch", async () => {
    const words = ["run", "--strategy", "process", ...onlyTheList, "--publish", "8080:3000", "--", "true"];
    const { code, stderr } = await cupel.run(ordinaryCaller, words);
    expect([code, stderr]).toEqual([125, expect.stringContaining("net.allowlist")]);
    const batch = await cupel.run(ordinaryCaller, ["run", "--batch", "-", "--publish", "8080:3000"], { stdin: "" });
    expect([batch.code, batch.stderr]).toEqual([
      125,
      "cupel: --publish and --batch do not go together: which job would it lead to? Leave one out\n",
    ]);
  });
});
