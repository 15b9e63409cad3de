/** A job that may connect to listed destinations: through the proxy, to servers on the host's loopback. */
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { Outcome } from "../../src/model/outcome.ts";
import { startCounting, startFiles } from "../support/loopback-servers.ts";
import { ended, listing, once, onlyTheList, see, throughProxy } from "../support/network-job.ts";
import { childrenOf, isAlive } from "../support/processes.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, ordinaryCaller } from "../support/tester.ts";
import { until } from "../support/until.ts";

/** The network namespace of a process; nothing of one that has ended. */
function networkOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
}

const cupel = installCupel();

/** Says bytes to a port of the job's own loopback, and prints what comes back. */
const talk = `use IO::Socket::INET; $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $ARGV[0]) or die "$!"; print $s eval qq("$ARGV[1]"); $s->flush; shutdown($s, 1); local $/; print <$s>`;
const [httpPort, socksPort] = ["61080", "61081"];

describe.each(callers)("what is listed is in reach, called by $name,", (caller) => {
  test("by HTTP, through a tunnel, and by SOCKS, and is in the outcome", async () => {
    using server = startFiles();
    const url = `http://localhost:${server.port}/x`;
    const flags = [...listing(`localhost:${server.port}`, `127.0.0.1:${server.port}`), ...throughProxy];
    for (const how of [[], ["--proxytunnel"], ["--proxy", `socks5h://127.0.0.1:${socksPort}`]]) {
      const { ran, network } = await see(cupel, caller, flags, ["curl", "--silent", "--show-error", ...how, url]);
      expect([ran, network]).toEqual([ended("GET /x\n"), once]);
    }
  });

  test("with content, and answers of any length", async () => {
    const large = Buffer.alloc(8_000_000, "0123456789");
    using server = startFiles({ "/large": large });
    const flags = [...listing(`127.0.0.1:${server.port}`), ...throughProxy];
    const url = `http://127.0.0.1:${server.port}/large`;
    const script = `curl -s ${url} | sha256sum; curl -s -d @/usr/bin/curl -H 'Transfer-Encoding: chunked' ${url} | wc -c`;
    const sha256 = new Bun.CryptoHasher("sha256").update(large).digest("hex");
    expect((await see(cupel, caller, flags, ["sh", "-c", script])).ran).toEqual(
      ended(`${sha256}  -\n${large.length}\n`),
    );
  });

  test("by a job file that says the same", async () => {
    using server = startFiles();
    using directory = makeTempDir({ owner: caller });
    const allow = [`127.0.0.1:${server.port}`];
    const env = { set: { no_proxy: "", NO_PROXY: "" } };
    const command = ["curl", "-s", `http://127.0.0.1:${server.port}/file`];
    directory.file("job.json", JSON.stringify({ command, network: { allow }, env }));
    expect(await cupel.run(caller, ["run", directory.at("job.json")])).toEqual(ended("GET /file\n"));
  });

  test("to the last byte that it sent before it ended", async () => {
    using counting = await startCounting();
    const size = 3_000_000;
    const send = `use IO::Socket::INET; $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $ARGV[0]); print $s "CONNECT 127.0.0.1:$ARGV[1] HTTP/1.1\\r\\n\\r\\n"; $s->flush; <$s>, <$s>; print $s "x" x ${size}; $s->flush; kill 9, $$`;
    const flags = listing(`127.0.0.1:${counting.port}`);
    const { ran } = await see(cupel, caller, flags, ["perl", "-e", send, httpPort, String(counting.port)]);
    expect([ran.code, await counting.received]).toEqual([137, size]);
  });

  test("with few open files allowed", async () => {
    using server = startFiles();
    const flags = [...listing(`127.0.0.1:${server.port}`), ...throughProxy].join(" ");
    const job = `for i in $(seq 60); do curl -s http://127.0.0.1:${server.port}/$i & done; wait`;
    const ran = await cupel.shell(caller, `ulimit -n 80; $CUPEL run ${flags} -- bash -c '${job}'`);
    expect([ran.code, ran.stdout.split("\n").length, ran.stderr]).toEqual([0, 61, ""]);
  });

  test("over more connections than the courier holds at once", async () => {
    using server = startFiles();
    const flags = [...listing(`127.0.0.1:${server.port}`), ...throughProxy];
    const script = `for i in $(seq 400); do curl -s http://127.0.0.1:${server.port}/$i & done; wait`;
    const { ran, network } = await see(cupel, caller, flags, ["bash", "-c", script]);
    expect([ran.stdout.split("\n").length, network]).toEqual([401, { ...once, allowed: 400 }]);
  });
});

describe.each(callers)("what is not listed is out of reach, called by $name,", (caller) => {
  test("and denied in the outcome, and in a line that says what would allow it", async () => {
    using server = startFiles();
    const { port } = server;
    const command = ["curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}"];
    const { ran, network } = await see(cupel, caller, listing("a.example"), [...command, "http://b.example/"]);
    expect(ran).toEqual({
      ...ended("403"),
      stderr: "cupel: the job was denied 1 connection: b.example:80 (--allow-host b.example:80)\n",
    });
    expect(network).toEqual({
      isCutOff: false,
      allowed: 0,
      denied: 1,
      denials: [{ host: "b.example", port: 80, reason: "host-not-listed", count: 1 }],
    });
    const name = await see(
      cupel,
      caller,
      [...listing(`localhost:${port}`), ...throughProxy],
      [...command, `http://localhost:${port}/`],
    );
    expect(name.ran.stderr).toBe(
      `cupel: the job was denied 1 connection: localhost:${port}, which leads to 127.0.0.1 (this host's loopback) (--allow-host 127.0.0.1:${port})\n`,
    );
    expect([name.ran.stdout, name.network?.denials]).toEqual([
      "403",
      [
        {
          host: "localhost",
          port,
          reason: "address-not-listed",
          address: "127.0.0.1",
          kind: "this host's loopback",
          count: 1,
        },
      ],
    ]);
    expect(
      (await cupel.run(caller, ["run", "--quiet", "--allow-host", "a.example", "--", ...command, "b.example"])).stderr,
    ).toBe("");
  });

  test("whatever a request calls it", async () => {
    using server = startFiles();
    const { port } = server;
    const flags = [...listing("a.example:*", `*.localhost:${port}`), "--quiet"];
    const said = async (to: string, text: string): Promise<string> => {
      const { ran, network } = await see(cupel, caller, flags, ["perl", "-e", talk, to, text]);
      expect([network?.allowed, network?.denied]).toEqual([0, 1]);
      return ran.stdout.split("\r\n", 1)[0] ?? "";
    };
    for (const host of ["127.0.0.1", "[::1]", "localhost", "localhost.", "LOCALHOST", "[::ffff:127.0.0.1]"])
      expect(await said(httpPort, `CONNECT ${host}:${port} HTTP/1.1\\r\\n\\r\\n`)).toBe("HTTP/1.1 403 Forbidden");
    for (const host of [
      "0x7f.1",
      "2130706433",
      "127.1",
      "0177.0.0.1",
      "a.example\\@localhost",
      "a.example\\0localhost",
      "a.example%2elocalhost",
      "xn--",
      "[::1%25lo]",
    ])
      expect(await said(httpPort, `CONNECT ${host}:${port} HTTP/1.1\\r\\n\\r\\n`)).toBe("HTTP/1.1 400 Bad Request");
    const fronting = `GET http://a.example/ HTTP/1.1\\r\\nHost: localhost:${port}\\r\\n\\r\\n`;
    expect(await said(httpPort, fronting)).toBe("HTTP/1.1 400 Bad Request");
    expect(await said(httpPort, `GET / HTTP/1.1\\r\\nHost: localhost:${port}\\r\\n\\r\\n`)).toBe(
      "HTTP/1.1 400 Bad Request",
    );
    const octal = (text: string): string =>
      `\\x05\\x01\\x00\\x05\\x01\\x00\\x03\\x${text.length.toString(16).padStart(2, "0")}${text}\\x00\\x50`;
    expect(await said(socksPort, octal("localhost"))).toStartWith("\x05\x00\x05\x02");
    expect(await said(socksPort, octal("127.1"))).toStartWith("\x05\x00\x05\x01");
  });

  test("without the proxy, since there is no other way out", async () => {
    using server = startFiles();
    const flags = listing(`127.0.0.1:${server.port}`, "a.example");
    const script = `unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY; curl -s http://127.0.0.1:${server.port}/; echo $?; curl -s http://192.0.2.1/; echo $?; curl -s http://a.example/; echo $?`;
    // It cannot connect, cannot connect, and cannot look the name up (curl(1)).
    expect((await see(cupel, caller, flags, ["sh", "-c", script])).ran).toEqual(ended("7\n7\n6\n"));
  });

  test("and the courier, too: the job sees its own processes and three descriptors", async () => {
    const script = "set -- /proc/[0-9]*; echo $#; exec ls /proc/self/fd";
    const { ran } = await see(cupel, caller, listing("a.example"), ["sh", "-c", script]);
    // ls opened the fourth.
    expect(ran).toEqual(ended("2\n0\n1\n2\n3\n"));
  });
});

describe.each(callers)("the proxy ends with its job, called by $name,", (caller) => {
  const proxies = (): string[] => readdirSync(cupel.state(caller)).filter((name) => name.startsWith("proxy-"));

  test("however that ends", async () => {
    for (const command of [["true"], ["no-such-program"], ["sh", "-c", "kill -9 $$"]])
      await cupel.run(caller, ["run", "--allow-host", "a.example", "--", ...command]);
    await cupel.run(caller, ["run", "--allow-host", "a.example", "--timeout", "100ms", "--", "sleep", "100"]);
    expect(proxies()).toEqual([]);
  });

  test("and says so where that was lost before", async () => {
    using server = startFiles();
    using directory = makeTempDir({ owner: caller });
    const flags = [...listing(`127.0.0.1:${server.port}`), ...throughProxy, "--result", directory.at("outcome.json")];
    const get = `curl -s http://127.0.0.1:${server.port}/`;
    const script = `${get}ready; while ${get}; do sleep 0.01; done; exit 3`;
    await using running = cupel.start(caller, ["run", ...flags, "--", "sh", "-c", script]);
    await running.wrote("GET /ready");
    const own = readlinkSync("/proc/self/ns/net");
    const inPlace = childrenOf(running.pid).filter((pid) => networkOf(pid) === own);
    // The launcher, which has made the courier first.
    process.kill(inPlace[1] ?? 0, "SIGKILL");
    const { code, stderr } = await running.ended;
    const outcome = JSON.parse(readFileSync(directory.at("outcome.json"), "utf8")) as Outcome;
    expect([code, stderr, outcome.network?.isCutOff]).toEqual([
      3,
      "cupel: the job's network was lost before it ended: what carried its connections was killed\n",
      true,
    ]);
  });

  test("also where cupel is killed", async () => {
    using server = startFiles();
    const flags = [...listing(`127.0.0.1:${server.port}`), ...throughProxy];
    const script = `curl -s http://127.0.0.1:${server.port}/ready; sleep 1000`;
    await using running = cupel.start(caller, ["run", ...flags, "--", "sh", "-c", script]);
    await running.wrote("GET /ready");
    const pids = childrenOf(running.pid);
    expect(pids.length).toBeGreaterThanOrEqual(4);
    running.kill("SIGKILL");
    await running.ended;
    await until("the courier and the job are gone", () => !pids.some(isAlive));
    expect(proxies()).toEqual([]);
  });
});

describe("cupel refuses a list of destinations", () => {
  const refused = async (flags: readonly string[], command = ["true"]): Promise<[number | null, string]> => {
    const { code, stderr } = await cupel.run(ordinaryCaller, ["run", ...flags, "--", ...command]);
    return [code, stderr];
  };

  test.each([
    [
      listing("https://a.example/"),
      '--allow-host "https://a.example/" is no destination: a host is a name of letters, digits, hyphens and dots, an IPv4 address, or an IPv6 address in brackets; write a.example:443',
    ],
    [
      ["--network", "host", ...listing("a.example")],
      "--allow-host lists what the job may connect to, and its network is stated beside it; leave the mode or the list out",
    ],
    [
      ["--seccomp", "strict", ...listing("a.example")],
      "the seccomp profile strict lets a job make no socket, so no network is of use to it; take the default profile, or leave the network out",
    ],
  ])("%j", async (flags, words) => expect(await refused(flags)).toEqual([125, `cupel: ${words}\n`]));

  test("to a strategy that cannot keep it, and to a batch", async () => {
    const [code, words] = await refused(["--strategy", "process", ...onlyTheList, ...listing("a.example")]);
    expect([code, words]).toEqual([125, expect.stringContaining("net.allowlist")]);
    const batch = await cupel.run(ordinaryCaller, ["run", "--batch", "-", ...listing("a.example")], { stdin: "" });
    expect([batch.code, batch.stderr]).toEqual([
      125,
      "cupel: --allow-host and --batch do not go together: a batch has no proxy; leave one out\n",
    ]);
  });
});
