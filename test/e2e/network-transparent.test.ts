/** Programs that know of no proxy: what they connect to is taken to it, and judged like everything else. */
import { describe, expect, test } from "bun:test";
import { startFiles } from "../support/loopback-servers.ts";
import { needsPrograms } from "../support/must-work.ts";
import { ended, listing, once, onlyTheList, see } from "../support/network-job.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, ordinaryCaller, type Caller } from "../support/tester.ts";

const cupel = installCupel();

const transparent = ["--workspace", "none", "--transparent-network"];

/** A client without a proxy, whatever its variables say. */
const curl = ["curl", "--noproxy", "*", "--silent", "--show-error", "--max-time", "10"];

/** On a host where this name leads to the loopback: as its caller sees /etc/hosts, and nobody else. */
function knowing(name: string, path: string, caller: Caller): Caller {
  const mount = `cat /etc/hosts > ${path} && echo 127.0.0.1 ${name} >> ${path} && mount --bind ${path} /etc/hosts`;
  return { ...caller, prefix: ["unshare", "--mount", "sh", "-ec", `${mount} && exec "$@"`, "sh", ...caller.prefix] };
}

describe.each(callers)("with --transparent-network, called by $name,", (caller) => {
  test("an address that is listed is connected to, as the program names it", async () => {
    using server = startFiles();
    const flags = [...transparent, ...listing(`127.0.0.1:${server.port}`)];
    const seen = await see(cupel, caller, flags, [...curl, `http://127.0.0.1:${server.port}/direct`]);
    expect(seen).toEqual({ ran: ended("GET /direct\n"), network: once });
  });

  test("a name is looked up, and connected to by what was found", async () => {
    using server = startFiles();
    using directory = makeTempDir({ mode: 0o755 });
    const who = knowing("files.example.test", directory.at("hosts"), caller);
    const flags = [...transparent, ...listing(`*.example.test:${server.port}`, `127.0.0.1:${server.port}`)];
    const script = `getent hosts files.example.test; ${curl.join(" ").replace("*", "'*'")} http://files.example.test:${server.port}/by-name`;
    expect(await see(cupel, who, flags, ["sh", "-c", script])).toEqual({
      ran: ended("198.18.0.1      files.example.test\nGET /by-name\n"),
      network: once,
    });
  });

  test("a name that is not listed is not there, and nobody outside is asked for it", async () => {
    const flags = [...transparent, ...listing("a.example")];
    const { ran, network } = await see(cupel, caller, flags, [...curl, "http://b.example/"]);
    expect([ran.code, ran.stderr, network]).toEqual([
      6,
      "curl: (6) Could not resolve host: b.example\ncupel: the job was denied 1 name: b.example (--allow-host b.example)\n",
      {
        isCutOff: false,
        allowed: 0,
        denied: 1,
        denials: [{ host: "b.example", port: 0, reason: "host-not-listed", count: 1 }],
      },
    ]);
  });

  test.each([
    ["the host's own loopback", "127.0.0.1"],
    ["a cloud's metadata", "169.254.169.254"],
    ["a public address", "1.1.1.1"],
    ["an IPv6 address", "[2606:4700::1111]"],
    ["an address that stands for no name", "198.18.0.9"],
  ])("%s that is not listed answers nothing, at a listed port", async (_, host) => {
    const flags = [...transparent, "--quiet", ...listing("a.example:80")];
    const { ran, network } = await see(cupel, caller, flags, [...curl, `http://${host}/`]);
    // Empty reply from server (curl(1)).
    expect([ran.code, network]).toEqual([
      52,
      {
        isCutOff: false,
        allowed: 0,
        denied: 1,
        denials: [{ host, port: 80, reason: "host-not-listed", count: 1 }],
      },
    ]);
  });

  test("a port that no rule has leads nowhere: nothing listens there, and nothing could", async () => {
    const flags = [...transparent, ...listing("a.example:80")];
    const { ran } = await see(cupel, caller, flags, [...curl, "http://1.1.1.1:81/"]);
    // Failed to connect to host (curl(1)).
    expect(ran.code).toBe(7);
  });

  test("ports that are not listed are the job's own", async () => {
    const script = `python3 -m http.server --bind 127.0.0.1 8000 >/dev/null 2>&1 & for i in $(seq 50); do sleep 0.1; ${curl.join(" ").replace("*", "'*'")} -o /dev/null http://127.0.0.1:8000/ 2>/dev/null && break; done; ${curl.join(" ").replace("*", "'*'")} -o /dev/null -w '%{http_code}' http://127.0.0.1:8000/; kill $!`;
    const { ran } = await see(cupel, caller, [...transparent, ...listing("a.example:80")], ["sh", "-c", script]);
    expect(ran).toEqual(ended("200"));
  });
});

describe("programs find names by", () => {
  needsPrograms("node")("datagrams, connections and the C library alike", async () => {
    const script = `const d = require("node:dns"); d.resolve4("a.example", (...four) => d.resolve6("a.example", (six) => d.lookup("a.example", (...found) => d.resolveMx("b.example", (mx) =>
      console.log(JSON.stringify([four, six.code, found, mx.code]))))));`;
    const flags = [...transparent, "--tools", "--quiet", ...listing("a.example")];
    const { ran } = await see(cupel, ordinaryCaller, flags, ["node", "-e", script]);
    expect(ran).toEqual(ended('[[null,["198.18.0.1"]],"ENODATA",[null,"198.18.0.1",4],"ENOTFOUND"]\n'));
  });

  needsPrograms("python3")("queries of their own, and what is none has no answer", async () => {
    const script = `
import socket
query = bytes.fromhex("123401000001000000000000") + b"\\1a\\7example\\0\\0\\1\\0\\1"
def ask(message, address, timeout):
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(timeout)
        s.sendto(message, (address, 53))
        try: return s.recvfrom(2000)
        except TimeoutError: return None
def ask_as_resolvers_do(address, bound):
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(10)
        if bound: s.bind((bound, 0))
        s.connect((address, 53))
        s.send(query)
        return s.recv(2000)[-4:].hex()
for address in ("127.0.0.1", "8.8.8.8", "::1", "2001:4860:4860::8888"):
    answer, sender = ask(query, address, 10)
    print(answer[-4:].hex(), sender[0], ask_as_resolvers_do(address, None))
print(ask_as_resolvers_do("8.8.8.8", "127.0.0.1"))
print(ask(b"nothing", "127.0.0.1", 0.3))
with socket.create_connection(("127.0.0.1", 53)) as s:
    s.sendall(len(query).to_bytes(2, "big") + query)
    print(s.recv(2000)[-4:].hex())
`;
    const flags = [...transparent, ...listing("a.example")];
    const { ran } = await see(cupel, ordinaryCaller, flags, ["python3", "-c", script]);
    const lines = [
      ...["127.0.0.1", "8.8.8.8", "::1", "2001:4860:4860::8888"].map((server) => `c6120001 ${server} c6120001`),
      "c6120001",
      "None",
      "c6120001",
      "",
    ];
    expect(ran).toEqual(ended(lines.join("\n")));
  });
});

describe("--transparent-network is refused", () => {
  const refused = async (...flags: readonly string[]): Promise<readonly unknown[]> => {
    const { code, stderr } = await cupel.run(ordinaryCaller, ["run", "--transparent-network", ...flags, "--", "true"]);
    return [code, stderr.replaceAll("\n", " ")];
  };

  test("without a list", async () =>
    expect(await refused()).toEqual([
      125,
      "cupel: --transparent-network is about a list of destinations; give --allow-host, too, or leave it out ",
    ]));

  test("to strategies that cannot lead every address anywhere", async () =>
    expect(await refused("--strategy", "bubblewrap", ...onlyTheList, ...listing("a.example"))).toEqual([
      125,
      expect.stringContaining("bubblewrap does not keep net.allowlist: bubblewrap leaves nobody the privilege"),
    ]));
});
