import { describe, expect, test } from "bun:test";
import { closeSync, openSync } from "node:fs";
import { CupelError } from "../../../src/model/error.ts";
import { readSecrets, secretBytesMax } from "../../../src/run/secrets/read-secrets.ts";
import { parseSecret } from "../../../src/run/secrets/secret-source.ts";
import { makeTempDir } from "../../support/temp-dir.ts";

const environment = { PATH: "/usr/bin:/bin", GIVEN: "from the caller" };

/** Values as text, and warnings; or the message with which it is refused. */
async function read(directory: string, texts: readonly string[], deadlineMs?: number): Promise<unknown> {
  const stated = texts.map((text) => parseSecret(text, "--secret"));
  try {
    const { values, warnings } = await readSecrets(stated, { directory, environment, deadlineMs });
    return [Object.fromEntries(Array.from(values, ([name, value]) => [name, Buffer.from(value).toString()])), warnings];
  } catch (error) {
    if (error instanceof CupelError && error.code === "usage") return error.message;
    throw error;
  }
}

describe("readSecrets", () => {
  test("takes bytes as they are, from a file, a descriptor and a program", async () => {
    using directory = makeTempDir();
    const path = directory.file("a", "value\n", 0o600);
    const descriptor = openSync(path, "r");
    const command = "B=command:printenv GIVEN";
    const sources = ["A=file:a", command, `C=fd:${descriptor}`];
    expect(await read(directory.path, sources)).toEqual([{ A: "value\n", B: "from the caller\n", C: "value\n" }, []]);
    // It was closed: nothing that is started later has it.
    expect(() => closeSync(descriptor)).toThrow("EBADF");
  });

  test("says of a file that others may read, or change, that they may", async () => {
    using directory = makeTempDir();
    const [read4, write2] = [directory.file("r", "v", 0o644), directory.file("w", "v", 0o602)];
    expect(await read(directory.path, [`A=file:${read4}`, `B=file:${write2}`])).toEqual([
      { A: "v", B: "v" },
      [
        `--secret A: every user of this machine may read ${read4}; chmod 600 ${read4}`,
        `--secret B: every user of this machine may change ${write2}; chmod 600 ${write2}`,
      ],
    ]);
  });

  test("takes 64 KiB, and not a byte more, nor none", async () => {
    using directory = makeTempDir();
    const whole = "x".repeat(secretBytesMax);
    directory.file("most", whole, 0o600);
    directory.file("more", `${whole}x`, 0o600);
    directory.file("none", "", 0o600);
    const tooLong = "--secret A is longer than 64 KiB, the most that a secret may have";
    expect(await read(directory.path, ["A=file:most"])).toEqual([{ A: whole }, []]);
    expect(await read(directory.path, ["A=file:more"])).toBe(tooLong);
    expect(await read(directory.path, ["A=command:cat /dev/zero"])).toBe(tooLong);
    expect(await read(directory.path, ["A=file:none"])).toBe("--secret A is empty");
    expect(await read(directory.path, ["A=command:true"])).toBe("--secret A is empty");
  });

  test.each([
    ["A=file:nothing", "--secret A: DIR/nothing cannot be read (ENOENT); name a file that can"],
    ["A=file:.", "--secret A: DIR/. is not a regular file; a pipe is given as fd:N"],
    ["A=fd:987654", "--secret A: descriptor 987654 cannot be read (EBADF); open it for cupel, as in 987654<FILE"],
    ["A=command:false", "--secret A: false exited with 1, and gave no secret"],
    ["A=command:/no/such", "--secret A: /no/such cannot be started (ENOENT), and gave no secret"],
    ["A=command:sleep 60", "--secret A: sleep did not end in 0.2 s, and gave no secret"],
  ])("%s: %s", async (text, message) => {
    using directory = makeTempDir();
    expect(await read(directory.path, [text], 200)).toBe(message.replace("DIR", directory.path));
  });

  test("does not wait for a descriptor without an end", async () => {
    using directory = makeTempDir();
    Bun.spawnSync(["mkfifo", directory.at("pipe")]);
    const descriptor = openSync(directory.at("pipe"), "r+");
    expect(await read(directory.path, [`A=fd:${descriptor}`], 200)).toBe(
      `--secret A: descriptor ${descriptor} did not come to its end in 0.2 s; close its other end`,
    );
  });
});
