/** Real programs find the proxy by their variables, and reach what is listed through it. */
import { describe, expect } from "bun:test";
import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { startFiles } from "../support/loopback-servers.ts";
import { needsPrograms } from "../support/must-work.ts";
import { ended, listing, once, see, throughProxy } from "../support/network-job.ts";
import { startNpmRegistry } from "../support/npm-registry.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { ordinaryCaller } from "../support/tester.ts";

const cupel = installCupel();

describe("programs find the proxy by their variables:", () => {
  needsPrograms("openssl")("TLS passes through it untouched, and to no other server than was asked for", async () => {
    using directory = makeTempDir({ owner: ordinaryCaller, mode: 0o755 });
    const [key, certificate] = [directory.at("key.pem"), directory.at("certificate.pem")];
    const request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost -addext";
    const words = [...request.split(" "), "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate];
    Bun.spawnSync(["openssl", ...words]);
    chmodSync(certificate, 0o644);
    const tls = { key: Bun.file(key), cert: Bun.file(certificate) };
    using server = Bun.serve({ hostname: "127.0.0.1", port: 0, tls, fetch: () => new Response("over TLS\n") });
    const { port = 0 } = server;
    const flags = [...listing(`localhost:${port}`, `127.0.0.1:${port}`), ...throughProxy, "--read", certificate];
    const command = ["curl", "--silent", "--show-error", "--cacert", certificate, `https://localhost:${port}/`];
    expect(await see(cupel, ordinaryCaller, flags, command)).toEqual({ ran: ended("over TLS\n"), network: once });
    const fronting = ["curl", "-sk", "--connect-to", `b.example:443:localhost:${port}`, "https://b.example/"];
    const { ran, network } = await see(cupel, ordinaryCaller, flags, fronting);
    // It could not connect by TLS (curl(1)).
    expect([ran.code, ran.stderr, network?.denials]).toEqual([
      35,
      `cupel: the job was denied 1 connection: localhost:${port} (TLS asks for b.example)\n`,
      [{ host: "localhost", port, reason: "sni", kind: "TLS asks for b.example", count: 1 }],
    ]);
  });

  needsPrograms("git")("git clones through it", async () => {
    using directory = makeTempDir();
    const script = `cd ${directory.path} && git init -q work && cd work && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m first && git clone -q --bare . ../bare.git && cd ../bare.git && git update-server-info`;
    Bun.spawnSync(["sh", "-c", script]);
    const bare = directory.at("bare.git");
    const paths = Array.from(new Bun.Glob("**/*").scanSync({ cwd: bare, onlyFiles: true }));
    const files = Object.fromEntries(paths.map((path) => [`/bare.git/${path}`, readFileSync(join(bare, path))]));
    const serve = (request: Request): Response => {
      const file = files[new URL(request.url).pathname];
      return file === undefined ? new Response("", { status: 404 }) : new Response(file);
    };
    using server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: serve });
    const flags = [...listing(`localhost:${server.port}`, `127.0.0.1:${server.port}`), ...throughProxy];
    const clone = `cd /tmp && git clone -q http://localhost:${server.port}/bare.git copy && git -C copy log --format=%s`;
    expect((await see(cupel, ordinaryCaller, flags, ["sh", "-c", clone])).ran).toEqual(ended("first\n"));
  });

  needsPrograms("npm", "node")("npm installs from a registry by its name, and from no other", async () => {
    using directory = makeTempDir();
    directory.file("package/package.json", JSON.stringify({ name: "small", version: "1.0.0", main: "main.js" }));
    directory.file("package/main.js", "module.exports = 'installed';");
    Bun.spawnSync(["tar", "-czf", directory.at("small-1.0.0.tgz"), "-C", directory.path, "package"]);
    await using registry = await startNpmRegistry(directory.path);
    const { port } = new URL(registry.address);
    const flags = [...listing(`localhost:${port}`, `127.0.0.1:${port}`), ...throughProxy, "--workspace", "none"];
    const install = `npm install --silent --no-audit --no-fund --registry http://localhost:${port}/ small && node -p 'require("small")'`;
    const script = `mkdir /tmp/p && cd /tmp/p && echo {} > package.json && ${install}`;
    const installed = await see(cupel, ordinaryCaller, flags, ["sh", "-c", script]);
    expect([installed.ran.code, installed.ran.stdout.trim().split("\n").at(-1)]).toEqual([0, "installed"]);
    const elsewhere = script.replace("npm install", "npm install --fetch-retries 0");
    const denied = await see(
      cupel,
      ordinaryCaller,
      [...listing("a.example"), ...throughProxy],
      ["sh", "-c", elsewhere],
    );
    expect([denied.ran.code === 0, denied.network?.denials[0]]).toMatchObject([
      false,
      { host: "localhost", port: Number(port), reason: "host-not-listed" },
    ]);
  });

  needsPrograms("python3")("Python's own client asks through it", async () => {
    using server = startFiles();
    const flags = [...listing(`localhost:${server.port}`, `127.0.0.1:${server.port}`), ...throughProxy];
    const script = `import urllib.request as r; print(r.urlopen("http://localhost:${server.port}/py").read().decode(), end="")`;
    expect((await see(cupel, ordinaryCaller, flags, ["/usr/bin/python3", "-c", script])).ran).toEqual(
      ended("GET /py\n"),
    );
  });

  needsPrograms("python3")("and hears why not also when it says all that it has to say before it listens", async () => {
    const script = `import urllib.request as r, urllib.error as e
try: r.urlopen("http://b.example/", data=bytes(20_000_000))
except e.HTTPError as error: print(error.code, error.read().decode(), end="")`;
    const flags = [...listing("a.example"), "--quiet"];
    expect((await see(cupel, ordinaryCaller, flags, ["/usr/bin/python3", "-c", script])).ran).toEqual(
      ended("403 cupel: b.example:80 is not among the destinations that this job may connect to\n"),
    );
  });
});
