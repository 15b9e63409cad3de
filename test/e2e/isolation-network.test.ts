/** What a job can talk to: canaries that are reachable without a sandbox, tried from within. */
import { describe, expect, test } from "bun:test";
import { networkInterfaces } from "node:os";
import { installAttempt, type Attempt } from "../support/attempt.ts";
import { installCupel } from "../support/run-cli.ts";
import { either, onKernel } from "../support/sandbox-on-trial.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, rootCallers } from "../support/tester.ts";

const cupel = installCupel();
const attempt = installAttempt(cupel);
const unprotected = ["--strategy", "process", "--accept-missing", "all"];
const silent = { socket: { data: () => undefined } };

/** Behind a loopback of its own nobody listens; where no socket can be made, there is nothing to connect. */
const unreachable = either("ECONNREFUSED", "EAFNOSUPPORT");

/** An IPv4 address of this machine that is not the loopback's. */
const ownAddress = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address;

interface Canary extends Disposable {
  readonly port: number;
}

function listen(hostname: string): Canary {
  const listener = Bun.listen({ hostname, port: 0, ...silent });
  return { port: listener.port, [Symbol.dispose]: () => listener.stop(true) };
}

/** A name that starts with @ is abstract. */
function listenUnix(name: string): Disposable {
  const listener = Bun.listen({ unix: name.replace(/^@/, "\0"), ...silent });
  return { [Symbol.dispose]: () => listener.stop(true) };
}

describe.each(callers)("the network, called by $name", (caller) => {
  test("a listener on the host's loopback is out of reach, and in reach where the network was granted", async () => {
    using canary = listen("127.0.0.1");
    const acts: Attempt[] = [["tcp", "127.0.0.1", canary.port]];
    expect(await attempt.outside(caller, acts)).toEqual(["ok"]);
    expect(await attempt.inside(caller, acts)).toEqual([unreachable]);
    expect(await attempt.inside(caller, acts, ["--network", "none"])).toEqual([unreachable]);
    expect(await attempt.inside(caller, acts, ["--network", "host"])).toEqual(["ok"]);
    expect(await attempt.inside(caller, acts, unprotected)).toEqual(["ok"]);
  });

  test("there is no way to any other address", async () => {
    using canary = listen("0.0.0.0");
    const target = ownAddress ?? "127.0.0.2";
    const acts: Attempt[] = [["tcp", target, canary.port]];
    expect(await attempt.outside(caller, acts)).toEqual(["ok"]);
    const nowhere = onKernel(either("ENETUNREACH", "EAFNOSUPPORT"), "EHOSTUNREACH");
    expect(await attempt.inside(caller, acts)).toEqual([ownAddress === undefined ? unreachable : nowhere]);
    expect(await attempt.inside(caller, [["tcp", "192.0.2.1", 9]])).toEqual([nowhere]);
  });

  test("the loopback of its own is up and works, where it can have one", async () => {
    const server = `use Socket; socket(S, PF_INET, SOCK_STREAM, 0) or die; bind(S, sockaddr_in(4242, INADDR_LOOPBACK)) or die; listen(S, 1) or die;`;
    const client = `socket(C, PF_INET, SOCK_STREAM, 0) or die; connect(C, sockaddr_in(4242, INADDR_LOOPBACK)) or die; accept(A, S) or die; print "met"`;
    expect(await cupel.run(caller, ["run", "--", "perl", "-e", server + client])).toMatchObject(
      either({ code: 0, stdout: "met" }, { stdout: "", stderr: expect.stringMatching(/^Died at -e/) }),
    );
  });

  test("an abstract socket is out of reach, also on the host's network", async () => {
    const name = `@cupel-canary-${process.pid}-${caller.uid}`;
    using _canary = listenUnix(name);
    expect(await attempt.outside(caller, [["unix", name]])).toEqual(["ok"]);
    expect(await attempt.inside(caller, [["unix", name]], unprotected)).toEqual(["ok"]);
    expect(await attempt.inside(caller, [["unix", name]])).toEqual([unreachable]);
    expect(await attempt.inside(caller, [["unix", name]], ["--network", "host"])).toEqual([
      onKernel("EPERM", "ECONNREFUSED"),
    ]);
  });

  // With the host's network it is in reach where no root hides it, and so said: ipc.sockets is not kept then.
  test("a socket with a path is out of reach", async () => {
    using directory = makeTempDir({ owner: caller, mode: 0o777 });
    const path = directory.at("socket");
    using _canary = listenUnix(path);
    await cupel.outside(rootCallers[0] ?? caller, ["chmod", "777", path]);
    expect(await attempt.outside(caller, [["unix", path]])).toEqual(["ok"]);
    expect(await attempt.inside(caller, [["unix", path]], unprotected)).toEqual(["ok"]);
    expect(await attempt.inside(caller, [["unix", path]])).toEqual([either("ENOENT", "EAFNOSUPPORT")]);
    const onHost = await attempt.inside(caller, [["unix", path]], ["--network", "host"]);
    expect(onHost).toEqual([either("ENOENT", "ok")]);
  });

  test("sockets of other families cannot be made", async () => {
    const [afPacket, afVsock, afAlg, afBluetooth, raw] = [17, 40, 38, 31, 3];
    const socketCall = process.arch === "x64" ? 41 : 198;
    const acts: Attempt[] = [afPacket, afVsock, afAlg, afBluetooth].map((family) => [
      "call",
      socketCall,
      family,
      raw,
      0,
    ]);
    expect(await attempt.inside(caller, acts)).toEqual(acts.map(() => "EAFNOSUPPORT"));
    expect(await attempt.inside(caller, [["call", socketCall, 2, raw, 1]])).toEqual([either("EPERM", "EAFNOSUPPORT")]);
    const outside = await attempt.outside(caller, acts);
    expect(outside.some((result) => result !== "EAFNOSUPPORT")).toBe(true);
  });
});

describe.each(rootCallers)("sockets of the system", (root) => {
  test("one below /run is out of reach", async () => {
    using directory = makeTempDir({ parent: "/run" });
    const path = directory.at("socket");
    using _canary = listenUnix(path);
    expect(await attempt.outside(root, [["unix", path]])).toEqual(["ok"]);
    expect(await attempt.inside(root, [["unix", path]])).toEqual([either("ENOENT", "EAFNOSUPPORT")]);
    const onHost = await attempt.inside(root, [["unix", path]], ["--network", "host"]);
    expect(onHost).toEqual([either("ENOENT", "ok")]);
  });
});
