import { describe, expect, test } from "bun:test";
import { chmodSync, chownSync, symlinkSync } from "node:fs";
import { createRealHost } from "../../src/host/real-host.ts";
import { CupelError } from "../../src/model/error.ts";
import { readUserConfiguration } from "../../src/run/user-configuration.ts";
import { needs } from "../support/must-work.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { isRoot, ordinaryCaller } from "../support/tester.ts";

const host = createRealHost();

function problem(directory: TempDir, path = directory.at("cupel/config.yaml")): unknown {
  try {
    return readUserConfiguration(path, host).value;
  } catch (error) {
    return error instanceof CupelError && error.code === "usage"
      ? error.message.replaceAll(directory.path, "DIR")
      : error;
  }
}

describe("readUserConfiguration", () => {
  test("reads all that a job file says but the command", () => {
    using directory = makeTempDir();
    const path = directory.file("cupel/config.yaml", "filesystem: {tools: true}\nlimits: {timeout: 1h}\n");
    expect(readUserConfiguration(path, host).value).toEqual({ filesystem: { tools: true }, limits: { timeout: "1h" } });
    directory.file("cupel/config.yaml", "command: [a]\n");
    expect(problem(directory)).toMatch(/^DIR\/cupel\/config\.yaml:1:1: there is no field "command" here, /);
  });

  test("follows a link to where it is really kept", () => {
    using directory = makeTempDir();
    directory.file("dotfiles/config.yaml", "tty: true\n");
    directory.folder("cupel");
    symlinkSync("../dotfiles/config.yaml", directory.at("cupel/config.yaml"));
    expect(problem(directory)).toEqual({ tty: true });
    chmodSync(directory.at("dotfiles"), 0o777);
    expect(problem(directory)).toMatch(
      /^DIR\/cupel\/config\.yaml is not taken as your configuration, since DIR\/dotfiles /,
    );
  });

  test("refuses what others may write, and does not go on without it", () => {
    using directory = makeTempDir();
    const path = directory.file("cupel/config.yaml", "tty: true\n", 0o664);
    expect(problem(directory)).toBe(
      "DIR/cupel/config.yaml can be changed by others than you, so it is not taken as your configuration; chmod go-w it",
    );
    chmodSync(path, 0o644);
    chmodSync(directory.at("cupel"), 0o775);
    expect(problem(directory)).toMatch(
      /^DIR\/cupel\/config\.yaml is not taken as your configuration, since DIR\/cupel can be changed by others( than you)?; make it yours alone$/,
    );
  });

  needs(isRoot, "not root, who alone can give files away")("refuses another user's", () => {
    using directory = makeTempDir();
    const path = directory.file("cupel/config.yaml", "tty: true\n");
    chownSync(path, ordinaryCaller.uid, ordinaryCaller.gid);
    expect(problem(directory)).toBe(
      `DIR/cupel/config.yaml belongs to user ${ordinaryCaller.uid}, so it is not taken as your configuration; make it yours`,
    );
  });

  test("refuses what is no file in one sentence", () => {
    using directory = makeTempDir();
    directory.folder("cupel/config.yaml");
    expect(problem(directory)).toBe("DIR/cupel/config.yaml is a directory, not your configuration; name a file");
    symlinkSync("nowhere", directory.at("cupel/link"));
    expect(problem(directory, directory.at("cupel/link"))).toMatch(/^DIR\/cupel\/link does not exist; [^\n]+$/);
  });
});
