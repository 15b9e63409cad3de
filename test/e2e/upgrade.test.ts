/** `cupel upgrade` where all is well: what it does, what it leaves alone, and what it says. */
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { repositoryRoot } from "../../scripts/source/repository.ts";
import { needsPrograms } from "../support/must-work.ts";
import { callers } from "../support/tester.ts";
import type { TempDir } from "../support/temp-dir.ts";
import { executableName } from "../support/release-server.ts";
import { scriptOf, useUpgradeTrials } from "../support/upgrade-trials.ts";

const trials = useUpgradeTrials();

/** An address that is spoken to with TLS, under a certificate of its own. */
interface SecureServer extends AsyncDisposable {
  readonly address: string;
  readonly certificate: string;
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

function closing(server: Server): () => Promise<void> {
  return async () => {
    server.closeAllConnections();
    server.close();
  };
}

/** Gives what another server has. */
async function startSecureServer(directory: TempDir, from: string): Promise<SecureServer> {
  const [key, certificate] = [directory.at("key"), directory.at("certificate")];
  const what = ["-x509", "-newkey", "ed25519", "-nodes", "-subj", "/CN=localhost"];
  const words = [...what, "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate];
  const made = Bun.spawnSync(["openssl", "req", ...words]);
  expect(made.exitCode).toBe(0);
  const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (request, response) => {
    void fetch(`${from}${request.url ?? ""}`)
      .then((got) => got.bytes())
      .then((bytes) => response.end(bytes));
  });
  const address = `https://localhost:${await listening(server)}`;
  return { address, certificate, [Symbol.asyncDispose]: closing(server) };
}

/** Notes what it is asked for, and has nothing. */
async function startProxy(): Promise<AsyncDisposable & { readonly address: string; readonly asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.writeHead(404).end();
  });
  return { address: `http://127.0.0.1:${await listening(server)}`, asked, [Symbol.asyncDispose]: closing(server) };
}

function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1) ?? "";
}

describe.each(callers)("upgrade, called by $name", (caller) => {
  test("replaces itself by the latest release, which has run its doctor, and keeps owner and mode", async () => {
    using copy = trials.install(caller);
    copy.file("share/man/man1/cupel.1", "an old manual");
    trials.publishReal();
    const askedBefore = trials.server.asked.length;
    const ran = await copy.run(["upgrade"]);
    expect(ran).toMatchObject({
      code: 0,
      stderr: `cupel: upgrade: getting 2.0.0 from ${trials.server.address}/latest/download\n`,
    });
    expect(ran.stdout).toContain("all demanded guarantees hold");
    expect(lastLine(ran.stdout)).toBe(`upgrade: replaced 1.0.0 by 2.0.0 as ${copy.executable}`);
    expect(await copy.version()).toBe("2.0.0");
    expect(await copy.run(["run", "--workspace", "none", "--", "echo", "ran"])).toMatchObject({ stdout: "ran\n" });
    const { uid, mode } = statSync(copy.executable);
    expect([uid, mode & 0o7777]).toEqual([caller.uid, 0o755]);
    expect(readdirSync(copy.at("bin"))).toEqual(["cupel"]);
    expect(readFileSync(copy.at("share/man/man1/cupel.1"), "utf8")).toBe("the manual of 2.0.0\n");
    expect(trials.server.asked.slice(askedBefore)).not.toContain(`/latest/download/${executableName("2.0.0")}`);
    // Of others' helpers cupel would take no notice.
    if (caller.uid !== 0) return expect(existsSync(copy.at("lib"))).toBe(false);
    const own = (name: string): Buffer => readFileSync(join(repositoryRoot, "dist/helpers", process.arch, name));
    for (const name of ["launcher", "prober"]) {
      expect(readFileSync(copy.at(`lib/cupel/${name}`)).equals(own(name))).toBe(true);
      expect(statSync(copy.at(`lib/cupel/${name}`)).mode & 0o7777).toBe(0o755);
    }
    return undefined;
  });

  test("keeps a mode that the owner chose, and leaves what lies beside an executable that is in no bin", async () => {
    using copy = trials.install(caller, "tools/cupel");
    // A file of its own: the others' is one file with many names.
    const words = `cp -p "$0" "$0.new" && chmod 750 "$0.new" && mv "$0.new" "$0"`;
    expect(Bun.spawnSync(["sh", "-c", words, copy.executable]).exitCode).toBe(0);
    trials.publish("2.0.0");
    expect(await copy.run(["upgrade"])).toMatchObject({ code: 0 });
    expect(copy.survey().filter((line) => line.includes("cupel"))).toEqual([
      expect.stringMatching(new RegExp(`^./tools/cupel f 750 ${caller.name} `)),
    ]);
  });

  test("has nothing to do where the latest release is installed", async () => {
    using copy = trials.install(caller);
    trials.publish("1.0.0");
    const before = copy.survey();
    expect(await copy.run(["upgrade"])).toEqual({
      code: 0,
      signal: null,
      stdout: "upgrade: up to date: 1.0.0 is installed, and 1.0.0 is the latest release\n",
      stderr: "",
    });
    const named = await copy.run(["upgrade", "--version", "v1.0.0", "--json"]);
    expect(JSON.parse(named.stdout)).toEqual({
      schema: 1,
      result: "up-to-date",
      from: "1.0.0",
      to: "1.0.0",
      isNamed: true,
      executable: copy.executable,
      address: trials.server.address,
    });
    expect(copy.survey()).toEqual(before);
  });

  test("with --dry-run says what it would do, also to who may not, and changes nothing", async () => {
    trials.publish("2.0.0");
    for (const owner of callers) {
      using copy = trials.install(owner);
      const before = copy.survey();
      expect(await copy.run(["upgrade", "--dry-run"], { as: caller })).toEqual({
        code: 0,
        signal: null,
        stdout: `upgrade: would replace 1.0.0 by 2.0.0 from ${trials.server.address} as ${copy.executable}\n`,
        stderr: "",
      });
      expect(copy.survey()).toEqual(before);
    }
  });

  test("goes back only when told to, whatever the server calls the latest", async () => {
    using copy = trials.install(caller);
    trials.publish("0.9.9");
    const before = copy.survey();
    const hint = "1.0.0 is installed; to go back, say --allow-downgrade";
    expect(await copy.run(["upgrade"])).toMatchObject({
      code: 1,
      stdout: "",
      stderr: `cupel: The server calls 0.9.9 the latest release, and ${hint}\n`,
    });
    expect(await copy.run(["upgrade", "--version", "0.9.9"])).toMatchObject({
      code: 1,
      stderr: `cupel: 0.9.9 is older: ${hint}\n`,
    });
    expect(await copy.version()).toBe("1.0.0");
    expect(copy.survey()).toEqual(before);
    const ran = await copy.run(["upgrade", "--version=0.9.9", "--allow-downgrade"]);
    expect([ran.code, ran.stdout]).toEqual([0, `a verdict\nupgrade: replaced 1.0.0 by 0.9.9 as ${copy.executable}\n`]);
    expect(await copy.version()).toBe("0.9.9");
  });

  test("asks the server that it was installed from, or another that the caller names, and remembers it", async () => {
    trials.publish("2.0.0");
    const mirror = `http://localhost:${new URL(trials.server.address).port}`;
    using recorded = trials.install(caller);
    recorded.file("lib/cupel/address", `${mirror}\n`);
    expect((await recorded.run(["upgrade", "--dry-run"])).stdout).toContain(` from ${mirror} as `);
    using named = trials.install(caller);
    const secret = mirror.replace("//", "//name:password@");
    const ran = await named.run(["upgrade"], { env: { CUPEL_BASE_URL: `${secret}/` } });
    expect([ran.code, ran.stderr]).toEqual([0, `cupel: upgrade: getting 2.0.0 from ${mirror}/latest/download\n`]);
    expect(readFileSync(named.at("lib/cupel/address"), "utf8")).toBe(`${mirror}\n`);
    using back = trials.install(caller);
    back.file("lib/cupel/address", `${mirror}\n`);
    expect(await back.run(["upgrade"], { env: { CUPEL_BASE_URL: trials.server.address } })).toMatchObject({ code: 0 });
    expect(existsSync(back.at("lib/cupel/address"))).toBe(false);
  });

  needsPrograms("openssl")("asks by TLS, and with the certificates that NODE_EXTRA_CA_CERTS names", async () => {
    using copy = trials.install(caller);
    trials.publish("2.0.0");
    await using secure = await startSecureServer(copy, trials.server.address);
    const env = { CUPEL_BASE_URL: secure.address };
    const refused = await copy.run(["upgrade"], { env });
    expect([refused.code, refused.stdout]).toEqual([1, ""]);
    expect(refused.stderr).toContain("its certificate is not trusted here (");
    const trusting = { ...env, NODE_EXTRA_CA_CERTS: secure.certificate };
    expect(await copy.run(["upgrade"], { env: trusting })).toMatchObject({ code: 0 });
    expect(await copy.version()).toBe("2.0.0");
  });

  test("asks by way of the proxy that HTTP_PROXY names, but for what NO_PROXY does", async () => {
    using copy = trials.install(caller);
    trials.publish("2.0.0");
    await using proxy = await startProxy();
    const env = { CUPEL_BASE_URL: "http://releases.invalid", HTTP_PROXY: proxy.address };
    const refused = await copy.run(["upgrade", "--dry-run"], { env });
    expect([refused.code, proxy.asked]).toEqual([1, ["http://releases.invalid/latest/download/SHA256SUMS"]]);
    const around = { HTTP_PROXY: proxy.address, NO_PROXY: "127.0.0.1" };
    expect(await copy.run(["upgrade", "--dry-run"], { env: around })).toMatchObject({ code: 0 });
  });

  test("takes a new version that finds no less than the old one, though the host holds too little", async () => {
    using copy = trials.install(caller);
    trials.publish("2.0.0", trials.madeUp("2.0.0", { executable: scriptOf("2.0.0", "echo no sandbox; exit 1") }));
    // Without /dev nothing can be started in a sandbox, whichever version tries.
    const ran = await copy.run(["upgrade"], { before: "mount -t tmpfs none /dev" });
    expect([ran.code, ran.stdout]).toEqual([0, `no sandbox\nupgrade: replaced 1.0.0 by 2.0.0 as ${copy.executable}\n`]);
  });
});
