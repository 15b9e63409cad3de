/** `--network no-sockets`: without a network namespace there is no socket to be had, and no way to somebody else's. */
import { describe, expect, test } from "bun:test";
import { readlinkSync } from "node:fs";
import { installAttempt, type Attempt } from "../support/attempt.ts";
import { needsPrograms } from "../support/must-work.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, type Caller } from "../support/tester.ts";

const cupel = installCupel();
const attempt = installAttempt(cupel);
const flags = ["--network", "no-sockets"];

/** Calls by number: x86-64 and arm64. */
const calls = process.arch === "x64" ? { socket: 41, socketpair: 53 } : { socket: 198, socketpair: 199 };

/** AF_UNSPEC to AF_MCTP, and one that no kernel has (linux/socket.h). */
const families = Array.from({ length: 47 }, (_, family) => family);
const types = [1, 2, 3, 5];

const python = "/usr/bin/python3";

/** Listens at an abstract name for datagrams, runs the words behind it, and says what came in. */
const listener = `
import socket, subprocess, sys
own = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); own.bind("\\0" + sys.argv[1])
print(subprocess.run(sys.argv[2:], capture_output=True, text=True).stdout.strip())
own.setblocking(False)
try: print("heard", own.recv(64).decode())
except BlockingIOError: print("heard nothing")
`;

/** Sends from an end of a pair, which needs no socket(2): a filter on that call alone lets it out. */
const sender = `
import socket, sys
try:
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    one.sendto(b"a canary", "\\0" + sys.argv[1])
    print("sent")
except OSError as error:
    print(error.errno)
`;

/** Takes an abstract name with an end of a pair that is connected for good. */
const squatter = `
import socket, sys
one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
try:
    one.bind("\\0" + sys.argv[1])
    print("bound")
except OSError as error:
    print(error.errno)
`;

/** Asks an end of a pair for the loopback's number, as any socket may be asked for any interface (SIOCGIFINDEX). */
const asker = `
import fcntl, socket
one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
try:
    fcntl.ioctl(one, 0x8933, b"lo".ljust(40, b"\\0"))
    print("told")
except OSError as error:
    print(error.errno)
`;

describe.each(callers)("called by $name", (caller: Caller) => {
  const plan = async (...words: readonly string[]): Promise<{ launch: object; guarantees: { id: string }[] }> => {
    const { stdout } = await cupel.run(caller, ["plan", "--json", ...words, "--", "true"]);
    return JSON.parse(stdout).plan;
  };

  test("no socket of any family and type can be made", async () => {
    const acts = families.flatMap((family) => types.map((type): Attempt => ["call", calls.socket, family, type, 0]));
    expect(await attempt.inside(caller, acts, flags)).toEqual(acts.map(() => "EAFNOSUPPORT"));
    const outside = await attempt.outside(caller, acts);
    const made = acts.filter((_, index) => outside[index] === "ok").map(([, , family]) => Number(family));
    expect([1, 2].filter((family) => !made.includes(family))).toEqual([]);
  });

  test("connected pairs can be made, and no others", async () => {
    const acts = [...types, 0x8_0001].map((type): Attempt => ["call", calls.socketpair, 1, type, 0, 0]);
    const unsupported = "ESOCKTNOSUPPORT";
    // EFAULT: let through, and no place for the descriptors given.
    const expected = ["EFAULT", unsupported, unsupported, "EFAULT", "EFAULT"];
    expect(await attempt.inside(caller, acts, flags)).toEqual(expected);
    expect(await attempt.outside(caller, acts)).toEqual(acts.map(() => "EFAULT"));
  });

  needsPrograms("python3")("no datagram from an end of a pair gets out to an abstract name", async () => {
    using directory = makeTempDir({ mode: 0o755 });
    const script = directory.file("sender.py", sender, 0o644);
    const name = `cupel-datagram-${process.pid}-${caller.uid}`;
    const send = [python, script, name];
    const hear = (words: readonly string[]) => cupel.outside(caller, [python, "-c", listener, name, ...words]);
    expect((await hear(send)).stdout).toBe("sent\nheard a canary\n");
    const inside = await cupel.shell(
      caller,
      `exec ${python} -c '${listener}' ${name} "$CUPEL" run ${flags.join(" ")} --read ${script} -- ${send.join(" ")}`,
    );
    expect(inside.stdout).toBe("94\nheard nothing\n");
  });

  needsPrograms("python3")("no name outside is taken by an end of a pair", async () => {
    const name = `cupel-name-${process.pid}-${caller.uid}`;
    expect((await cupel.outside(caller, [python, "-c", squatter, name])).stdout).toBe("bound\n");
    expect((await cupel.run(caller, ["run", ...flags, "--", python, "-c", squatter, name])).stdout).toBe("97\n");
  });

  needsPrograms("python3")("an end of a pair tells nothing of the host's interfaces", async () => {
    expect((await cupel.outside(caller, [python, "-c", asker])).stdout).toBe("told\n");
    expect((await cupel.run(caller, ["run", ...flags, "--", python, "-c", asker])).stdout).toBe("25\n");
  });

  needsPrograms("python3")("threads, processes and pipes work", async () => {
    const script = `
import threading, subprocess, socket
done = []
threads = [threading.Thread(target=lambda: done.append(1)) for _ in range(8)]
[thread.start() for thread in threads]; [thread.join() for thread in threads]
one, other = socket.socketpair(); one.send(b"pair")
print(len(done), other.recv(4).decode(), subprocess.check_output("echo a | cat", shell=True, text=True).strip())
`;
    for (const profile of ["default", "strict", "compat"]) {
      const ran = await cupel.run(caller, ["run", ...flags, "--seccomp", profile, "--", python, "-c", script]);
      expect([profile, ran]).toMatchObject([profile, { code: 0, stdout: "8 pair a\n", stderr: "" }]);
    }
  });

  test("the plan says by what it is kept, and the job has no network namespace of its own", async () => {
    const { launch, guarantees } = await plan(...flags);
    expect(launch).toMatchObject({ seccomp: "default", sockets: "pairs-only", loopbackUp: false });
    const kept = guarantees.filter(({ id }) => ["net.none", "net.loopback", "ipc.sockets"].includes(id));
    expect(kept).toMatchObject([
      { id: "net.none", kept: true, capabilities: ["seccomp.filter"] },
      { id: "net.loopback", kept: false },
      { id: "ipc.sockets", kept: true, capabilities: ["seccomp.filter"] },
    ]);
    const namespaceOf = async (mode: string): Promise<string> => {
      const { stdout } = await cupel.run(caller, ["run", "--network", mode, "--", "readlink", "/proc/self/ns/net"]);
      return stdout.trim();
    };
    const own = readlinkSync("/proc/self/ns/net");
    expect([(await namespaceOf("no-sockets")) === own, (await namespaceOf("none")) === own]).toEqual([true, false]);
  });
});
