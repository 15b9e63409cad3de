/** `--explain-denials`: what a job was really denied, and the flag that would have granted it. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import * as v from "valibot";
import type { KernelDenial } from "../../src/model/denial.ts";
import { outcomeShape } from "../../src/run/outcome-shape.ts";
import type { Ran } from "../support/execute.ts";
import { needsPrograms } from "../support/must-work.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { openTerminal } from "../support/terminal.ts";
import { callers, ordinaryCaller, type Caller } from "../support/tester.ts";

const cupel = installCupel();
const withStrace = needsPrograms("strace");

interface Explained {
  readonly ran: Ran;
  readonly denials: readonly KernelDenial[] | undefined;
}

async function explain(caller: Caller, flags: readonly string[], script: string, cwd?: string): Promise<Explained> {
  using directory = makeTempDir({ owner: caller });
  const path = directory.at("outcome.json");
  const words = ["run", "--explain-denials", ...flags, "--result", path, "--", "sh", "-c", script];
  const ran = await cupel.run(caller, words, cwd === undefined ? {} : { cwd });
  return { ran, denials: v.parse(outcomeShape, JSON.parse(readFileSync(path, "utf8"))).denials };
}

/** What was denied, in short: how often it was tried, and by which call on a path, is the C library's business. */
function shortly(denials: readonly KernelDenial[] = []): string[] {
  return denials.map(({ access, call, subject = "", errno, grant = [], note }) =>
    [access === "call" ? call : access, subject, errno, ...grant, ...(note === undefined ? [] : [`(${note})`])]
      .filter(Boolean)
      .join(" "),
  );
}

const asksProxy = "a program that does not look at http_proxy needs --transparent-network";

describe.each(callers)("called by $name,", (caller) => {
  withStrace("paths are granted as narrowly as they were asked for, and then are there", async () => {
    using other = makeTempDir({ owner: caller });
    for (const name of ["one", "many/a", "many/b", "many/c", "tools/run"]) other.file(name, "x\n", 0o755);
    const at = (name: string): string => other.at(name);
    const script = `cat ${at("one")} ${at("many/a")} ${at("many/b")} ${at("many/c")}; cat ${at("none")}; ls missing; echo x >${at("new/er")}; echo x >${at("new")}; exit 3`;
    const { ran, denials } = await explain(caller, ["--workspace", "none"], script);
    expect(ran.code).toBe(3);
    expect(shortly(denials)).toEqual([
      `write ${at("new")} ENOENT --write ${other.path}`,
      `read ${at("many/c")} ENOENT --read ${at("many")}`,
      `read ${at("many/b")} ENOENT --read ${at("many")}`,
      `read ${at("many/a")} ENOENT --read ${at("many")}`,
      `read ${at("one")} ENOENT --read ${at("one")}`,
    ]);
    const granted = ["--workspace", "none", "--read", at("many"), "--read", at("one")];
    const again = await explain(caller, granted, `cat ${at("one")} ${at("many/a")}`);
    expect(again).toMatchObject({ ran: { code: 0, stdout: "x\nx\n" }, denials: [] });
    expect(again.ran.stderr).toBe("cupel: the trace of the job's calls shows nothing that cupel denied it\n");
  });

  withStrace("calls that the filter denies, and writing to the host, where that would let its caller", async () => {
    const job = "unshare -U true; strace true; touch /usr/made; touch file; exit 3";
    const seen = await explain(caller, ["--workspace", "ro"], job, cupel.workspace(caller));
    const ofRoot = "write /usr/made EROFS (the host's programs and settings are read-only, and no flag is advised)";
    expect(shortly(seen.denials)).toEqual([
      `write ${cupel.workspace(caller)}/file EROFS --workspace cow`,
      ...(caller.uid === 0 ? [ofRoot] : []),
      "ptrace EPERM --seccomp compat",
      "unshare EPERM (no flag grants it)",
    ]);
  });

  withStrace("caps that were reached", async () => {
    const full = await explain(caller, ["--tmp-size", "1M"], "yes >/tmp/much");
    expect(shortly(full.denials)).toEqual(["write /tmp/much ENOSPC --tmp-size SIZE (/tmp is full)"]);
    expect(full.ran.code).toBe(1);
  });

  withStrace("a job on a terminal is watched just the same", async () => {
    const words = [cupel.path, "run", "--tty", "--explain-denials", "--", "sh", "-c", "unshare -U true; tty; exit 4"];
    const options = { cwd: cupel.workspace(caller), env: cupel.environment(caller) };
    await using session = openTerminal([...caller.prefix, ...words], options);
    expect(await session.ended).toEqual({ code: 4, signal: null });
    expect(session.text()).toContain("/dev/pts/");
    expect(session.text()).toContain("  unshare (EPERM): no flag grants it\r\n");
  });

  withStrace("a terminal of the job's own whose output is kept has its end all the same", async () => {
    const words = [
      cupel.path,
      "run",
      "--tty",
      "--keep-output",
      "--explain-denials",
      "--",
      "sh",
      "-c",
      "echo one; exit 4",
    ];
    const options = { cwd: cupel.workspace(caller), env: cupel.environment(caller) };
    await using session = openTerminal([...caller.prefix, ...words], options);
    expect(await session.ended).toEqual({ code: 4, signal: null });
    expect(session.text()).toContain("one\r\n");
  });
});

const python = ["--workspace", "none"];
const script = (text: string): string => `/usr/bin/python3 -c '${text}' 2>/dev/null`;

describe("the network:", () => {
  withStrace("an address, a name, and what listens on the host's loopback", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const address = server.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    const connect = `import socket
for to in (("127.0.0.1", ${port}), ("127.0.0.1", 1), ("192.0.2.1", 80), ("2001:db8::1", 443), ("name.example", 80)):
    try: socket.create_connection(to)
    except OSError: pass`;
    const { denials } = await explain(ordinaryCaller, python, script(connect));
    server.close();
    expect(shortly(denials)).toEqual([
      `read /etc/resolv.conf ENOENT --allow-host NAME (it was to look a name up; ${asksProxy})`,
      `connect [2001:db8::1]:443 ENETUNREACH --allow-host [2001:db8::1]:443 (${asksProxy})`,
      `connect 192.0.2.1:80 ENETUNREACH --allow-host 192.0.2.1:80 (${asksProxy})`,
      `connect 127.0.0.1:${port} ECONNREFUSED --allow-host 127.0.0.1:${port} --env no_proxy= --env NO_PROXY= (the host's loopback, not the job's own)`,
    ]);
  });

  withStrace("sockets, under each profile that lets none be made", async () => {
    const make = script("import socket; socket.socket()");
    const without = await explain(ordinaryCaller, [...python, "--network", "no-sockets"], make);
    expect(shortly(without.denials)).toEqual(["socket AF_INET EAFNOSUPPORT --network none"]);
    const strict = await explain(ordinaryCaller, [...python, "--seccomp", "strict"], make);
    expect(shortly(strict.denials)).toContain("socket AF_INET EAFNOSUPPORT --seccomp default");
  });
});

describe("secrets and cupel's own:", () => {
  withStrace("credentials are called so, a whole home is too much, and the state is never granted", async () => {
    using home = makeTempDir({ owner: ordinaryCaller });
    home.file(".ssh/id_ed25519");
    const state = cupel.state(ordinaryCaller);
    using directory = makeTempDir({ owner: ordinaryCaller });
    const path = directory.at("outcome.json");
    const look = `cat ${home.path}/.ssh/id_ed25519; ls ${state}; exit 3`;
    await cupel.run(ordinaryCaller, ["run", "--explain-denials", "--result", path, "--", "sh", "-c", look], {
      env: { HOME: home.path },
    });
    const { denials } = v.parse(outcomeShape, JSON.parse(readFileSync(path, "utf8")));
    expect(shortly(denials)).toEqual([
      `read ${state} ENOENT (cupel keeps its own there, so no flag grants it)`,
      `read ${home.path}/.ssh/id_ed25519 ENOENT --read ${home.path}/.ssh/id_ed25519 (credentials: only for a job that may have them)`,
    ]);
  });
});

describe("is refused in one sentence", () => {
  test("where there is no strace", async () => {
    const words = [cupel.path, "run", "--explain-denials", "--", "true"];
    const ran = await cupel.outside(ordinaryCaller, ["env", "PATH=/nowhere", ...words]);
    const sentence =
      "--explain-denials watches the job with strace, which is not in PATH; install it (Debian: apt-get install strace), or leave it out";
    expect(ran).toEqual({ code: 125, signal: null, stdout: "", stderr: `cupel: ${sentence}\n` });
  });

  test("with --verified", async () => {
    const ran = await cupel.run(ordinaryCaller, ["run", "--explain-denials", "--verified", "--", "true"]);
    const sentence =
      "--explain-denials and --verified do not go together: cupel verify attacks sandboxes that nothing traces; leave one out";
    expect(ran).toEqual({ code: 125, signal: null, stdout: "", stderr: `cupel: ${sentence}\n` });
  });

  test("with a batch", async () => {
    const ran = await cupel.run(ordinaryCaller, ["run", "--explain-denials", "--batch", "-"], { stdin: "" });
    const sentence = "--batch and --explain-denials do not go together; leave one out";
    expect(ran).toEqual({ code: 125, signal: null, stdout: "", stderr: `cupel: ${sentence}\n` });
  });

  withStrace("where nothing can be traced, as below another tracer that lets nothing trace", async () => {
    const words = ["run", "--explain-denials", "--", "true"];
    const inner = ["run", "--workspace", "none", "--read", cupel.path, "--accept-missing", "all", "--"];
    const ran = await cupel.run(ordinaryCaller, [...inner, cupel.path, ...words]);
    expect(ran.stderr).toContain("--explain-denials cannot watch the job: ");
  });
});
