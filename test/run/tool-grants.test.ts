import { describe, expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { findToolGrants, type ToolGrants } from "../../src/run/tool-grants.ts";
import { evaluate } from "../support/evaluate.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { ordinaryCaller } from "../support/tester.ts";

/** A home directory with what homes hold. */
function makeHome(): TempDir {
  const home = makeTempDir();
  home.file(".ssh/id_ed25519", "secret");
  home.file(".cargo/credentials.toml", "secret");
  home.file(".local/share/keyrings/login.keyring", "secret");
  return home;
}

function find(home: TempDir, path: readonly string[], environment: Record<string, string> = {}): ToolGrants {
  return findToolGrants({ environment: { HOME: home.path, PATH: path.join(":"), ...environment } });
}

/** Grants relative to the home. */
function paths(home: TempDir, ...directories: readonly string[]): string[] {
  return find(
    home,
    directories.map((name) => home.at(name)),
  ).paths.map((path) => path.replace(`${home.path}/`, "~/"));
}

/** Files of the home that a job could read under the grants. */
function shows(grants: ToolGrants, secret: string): boolean {
  return grants.paths.some((path) => secret === path || secret.startsWith(`${path}/`));
}

describe("findToolGrants", () => {
  test("grants nothing that a sandbox shows anyhow, or that is not there", () => {
    using home = makeHome();
    expect(find(home, ["/usr/bin", "/bin", "/usr/local/bin", "/no/such", "", "relative", "."])).toEqual({
      paths: [],
      directories: [],
      environment: {},
    });
    expect(findToolGrants({ environment: {} })).toEqual({ paths: [], directories: [], environment: {} });
  });

  test("grants a bin with what is beside it, and puts it in PATH in order", () => {
    using home = makeHome();
    for (const name of ["bin", "lib", "share", "include", "etc", "src"]) home.folder(`node/${name}`);
    home.folder("tools");
    const grants = find(home, [home.at("tools"), "/usr/bin", home.at("node/bin")]);
    expect(grants).toEqual({
      paths: ["node/bin", "node/include", "node/lib", "node/share", "tools"].map((name) => home.at(name)),
      directories: [home.at("tools"), home.at("node/bin")],
      environment: {},
    });
  });

  test("grants what a link in PATH leads to, with its prefix", () => {
    using home = makeHome();
    home.file(".venvs/tool/bin/tool", "", 0o755);
    home.folder(".venvs/tool/lib");
    home.folder("links");
    symlinkSync(home.at(".venvs/tool/bin/tool"), home.at("links/tool"));
    symlinkSync("/usr/bin/env", home.at("links/env"));
    symlinkSync("nowhere", home.at("links/dangling"));
    expect(paths(home, "links")).toEqual(["~/.venvs/tool/bin", "~/.venvs/tool/lib", "~/links"]);
  });

  test("goes by what a directory of PATH really is", () => {
    using home = makeHome();
    home.folder("versions/1/bin");
    symlinkSync("versions/1/bin", home.at("current"));
    const grants = find(home, [home.at("current"), home.at("versions/1/bin")]);
    expect(grants.paths).toEqual([home.at("versions/1/bin")]);
    expect(new Set(grants.directories)).toEqual(new Set([home.at("versions/1/bin")]));
  });

  test("grants no path twice, nor one within another", () => {
    using home = makeHome();
    home.folder("tools/inner");
    expect(paths(home, "tools/inner", "tools", "tools")).toEqual(["~/tools"]);
  });

  test("never grants the home or what holds it, though it is in PATH", () => {
    using home = makeHome();
    expect(find(home, [home.path, "/", `${home.path}/..`, `${home.path}/`]).paths).toEqual([]);
  });

  test.each([
    ["a file in the home", ".profile"],
    ["a directory of the home", ".ssh"],
    ["the home itself", "."],
    ["/", "/"],
    ["a file in /", "/.dockerenv"],
  ])("never grants the home or what holds it for a link to %s", (_, target) => {
    using home = makeHome();
    home.file(".profile", "");
    home.folder("links");
    symlinkSync(target.startsWith("/") ? target : home.at(target), home.at("links/tool"));
    const granted = find(home, [home.at("links")]).paths;
    expect(granted.filter((path) => path === "/" || `${home.path}/`.startsWith(`${path}/`))).toEqual([]);
  });

  test("shows no keys and no passwords of a home whose ~/.local/bin is in PATH", () => {
    using home = makeHome();
    home.folder(".local/bin");
    const grants = find(home, [home.at(".local/bin")]);
    expect(grants.directories).toEqual([home.at(".local/bin")]);
    expect(shows(grants, home.at(".local/share/keyrings/login.keyring"))).toBeFalse();
  });

  test("grants Rust's toolchains by rustup's variable, and nobody's credentials", () => {
    using home = makeHome();
    home.file(".cargo/bin/rustup", "", 0o755);
    symlinkSync("rustup", home.at(".cargo/bin/cargo"));
    home.folder(".rustup/toolchains/stable");
    home.file(".rustup/settings.toml");
    home.folder(".rustup/downloads");
    const grants = find(home, [home.at(".cargo/bin")]);
    expect(grants).toEqual({
      paths: [".cargo/bin", ".rustup/settings.toml", ".rustup/toolchains"].map((name) => home.at(name)),
      directories: [home.at(".cargo/bin")],
      environment: { RUSTUP_HOME: home.at(".rustup") },
    });
    expect(shows(grants, home.at(".cargo/credentials.toml"))).toBeFalse();
  });

  test("goes by the variable where the toolchains are elsewhere", () => {
    using home = makeHome();
    home.folder(".cargo/bin");
    home.folder("rust/toolchains");
    const grants = find(home, [home.at(".cargo/bin")], { RUSTUP_HOME: home.at("rust") });
    expect(grants.paths).toEqual([home.at(".cargo/bin"), home.at("rust/toolchains")]);
    expect(grants.environment).toEqual({ RUSTUP_HOME: home.at("rust") });
  });

  test.each([
    [".pyenv/shims", "PYENV_ROOT", ".pyenv", ["versions", "version", "libexec"]],
    [".rbenv/shims", "RBENV_ROOT", ".rbenv", ["versions", "version"]],
    [".volta/bin", "VOLTA_HOME", ".volta", ["tools"]],
  ])("grants what %s needs", (bin, variable, root, parts) => {
    using home = makeHome();
    home.folder(bin);
    for (const part of parts) home.folder(`${root}/${part}`);
    home.file(`${root}/secrets`);
    const grants = find(home, [home.at(bin)]);
    expect(grants.paths.toSorted()).toEqual(
      [bin, ...parts.map((part) => `${root}/${part}`)].map((name) => home.at(name)).toSorted(),
    );
    expect(grants.environment).toEqual({ [variable]: home.at(root) });
  });

  test("grants a program alone whose directory is no bin, or is the home's own", () => {
    using home = makeHome();
    home.file("apps/tool/run", "", 0o755);
    home.file("apps/tool/secret");
    home.file("bin/own", "", 0o755);
    home.folder("lib");
    home.folder("links");
    symlinkSync(home.at("apps/tool/run"), home.at("links/run"));
    symlinkSync(home.at("bin/own"), home.at("links/own"));
    expect(paths(home, "links")).toEqual(["~/apps/tool/run", "~/bin/own", "~/links"]);
    expect(paths(home, "bin")).toEqual(["~/bin"]);
  });

  test("never grants what is the kernel's, the system's or everybody's", () => {
    using home = makeHome();
    home.folder("links");
    const targets = ["/proc/version", "/etc/hostname", "/dev/null", "/sys/kernel/notes", "/run", "/tmp", "/var/tmp"];
    targets.forEach((target, index) => symlinkSync(target, home.at(`links/${index}`)));
    expect(paths(home, "links")).toEqual(["~/links"]);
    expect(find(home, ["/etc", "/proc/self", "/dev/shm", "/run", "/sys", "/boot", "/tmp", "/var/tmp"]).paths).toEqual(
      [],
    );
  });

  test("gives no more than the directory itself where the caller may not list it", async () => {
    using home = makeTempDir();
    home.folder("closed", 0o711);
    const environment = JSON.stringify({ HOME: "/nonexistent", PATH: home.at("closed") });
    const find_ = `(await import(src + "/run/tool-grants.ts")).findToolGrants({ environment: ${environment} })`;
    expect(await evaluate(find_, { caller: ordinaryCaller })).toEqual({
      paths: [home.at("closed")],
      directories: [home.at("closed")],
      environment: {},
    });
  });
});
