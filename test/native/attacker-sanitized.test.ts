/** Every attack once, built with AddressSanitizer and UBSan: no report of theirs, and nothing but the protocol's lines. */
import { afterAll, describe, expect } from "bun:test";
import { rmSync } from "node:fs";
import { attacks } from "../../src/verify/attacks.ts";
import { proxyRequests } from "../../src/verify/proxy-requests.ts";
import { attack, makePlaces, startVictim, type AttackKeys } from "../support/attacker.ts";
import { buildSanitized } from "../support/build-sanitized.ts";
import { repositoryRoot } from "../support/compile-c.ts";
import { needsPrograms } from "../support/must-work.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers } from "../support/tester.ts";

const needsCompiler = needsPrograms("gcc");
const mark = `sane-${Bun.randomUUIDv7().slice(-8)}`;

/** Small amounts, and ports where nobody listens. */
const amounts: AttackKeys = {
  "process-count": "20",
  "memory-bytes": "8388608",
  "disk-bytes": "1048576",
  "file-count": "20",
  "descriptor-count": "50",
  "spin-ms": "50",
  "daemon-seconds": "1",
  "tcp4-port": "1",
  "tcp6-port": "1",
  "udp4-port": "1",
  "udp6-port": "1",
  "dns-port": "1",
  "listen-port": "0",
  "loopback-port": "1",
  "loopback-role": "connect",
  "vsock-port": "1",
  "shm-key": "1",
  "msg-key": "1",
  "egress-address": "127.0.0.1",
  "egress-port": "1",
  "near-addresses": "127.0.0.1\nno address",
  addresses: "127.0.0.2\n1.2.3\n256.1.1.1",
  "abstract-name": "x".repeat(200),
  "unix-path": `/nowhere/${"x".repeat(200)}`,
  "mq-name": "/none",
  "keyring-description": "none",
  "file-handle": `1:${"ab".repeat(128)}`,
  "setuid-file": "/nowhere",
  "capability-file": "/nowhere",
  families: "1",
  residue: "find",
  tty: "/dev/null",
};

afterAll(() => {
  for (const place of ["/tmp", "/var/tmp", "/dev/shm"]) rmSync(`${place}/cupel-attack-${mark}`, { force: true });
});

describe.each(callers)("called by $name", (caller) => {
  needsCompiler("every attack is made to its end", async () => {
    using places = makePlaces(caller);
    using directory = makeTempDir({ owner: caller });
    await buildSanitized();
    const bytes = await Bun.file(`${repositoryRoot}/dist/sanitize/attacker`).bytes();
    const [program, copy] = ["attacker", "copy"].map((name) => directory.file(name, bytes, 0o755)) as [string, string];
    await using victim = await startVictim(program, caller);
    await using supervisor = await startVictim(program, caller);
    await using other = await startVictim(copy, caller);
    const keys: AttackKeys = {
      ...proxyRequests({ listed: 1, unlisted: 2 }),
      "proxy-port": "1",
      "socks-port": "1",
      ...amounts,
      ...places.keys,
      ...victim.keys,
      mark,
      "supervisor-pid": `${supervisor.pid}`,
      "exe-pid": `${other.pid}`,
      "exe-file": copy,
      "protected-directory": places.directory.folder("workspace/.git"),
      "protected-names": places.directory.at("workspace/.rc/a"),
    };
    const ids = attacks.map(({ id }) => id);
    const told = await attack(program, caller, ids, keys, { deadlineMs: 20_000 });
    const foreign = process.arch === "x64" ? [] : ["F01"];
    expect(ids.filter((id) => told.ending(id) !== "attempted")).toEqual(foreign);
  });
});
