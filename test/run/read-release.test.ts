import { describe, expect, test } from "bun:test";
import { generateKeyPairSync, sign } from "node:crypto";
import { findRelease, isSigned, parseList } from "../../src/run/read-release.ts";

const [zeros, ones, twos] = ["0", "1", "2"].map((digit) => digit.repeat(64)) as [string, string, string];

describe("isSigned", () => {
  const keys = [generateKeyPairSync("ed25519"), generateKeyPairSync("ed25519")] as const;
  const [own = "", other = ""] = keys.map(({ publicKey }) =>
    publicKey.export({ type: "spki", format: "der" }).toString("base64"),
  );
  const list = Buffer.from("a list\n");
  const signature = sign(null, list, keys[0].privateKey);

  test("holds for what the key signed, and for nothing else", () => {
    expect(isSigned(list, signature, own)).toBe(true);
    expect(isSigned(list, signature, other)).toBe(false);
    expect(isSigned(Buffer.from("a list"), signature, own)).toBe(false);
    expect(isSigned(list, signature.subarray(1), own)).toBe(false);
    expect(isSigned(list, Buffer.concat([signature, signature]), own)).toBe(false);
    expect(isSigned(list, Buffer.alloc(0), own)).toBe(false);
    expect(isSigned(list, Buffer.alloc(64), own)).toBe(false);
  });

  test("holds for no key of another kind", () => {
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 512 });
    const key = publicKey.export({ type: "spki", format: "der" }).toString("base64");
    const made = sign("sha256", list, privateKey);
    expect([made.length, isSigned(list, made, key)]).toEqual([64, false]);
  });
});

describe("parseList", () => {
  test("takes lines as sha256sum writes them, and passes over all others", () => {
    const text = [
      `${zeros}  cupel-1.0.0-linux-x64`,
      `${ones} *binary`,
      `${ones}  ../outside`,
      `${ones}  .hidden`,
      `${ones}  two words`,
      `${ones.slice(1)}  short`,
      `${ones.toUpperCase().replace("1", "A")}  capital`,
      "# a comment",
      "",
      `${twos}  cupel.1`,
    ];
    expect([...parseList(`${text.join("\n")}\n`)]).toEqual([
      ["cupel-1.0.0-linux-x64", zeros],
      ["cupel.1", twos],
    ]);
  });
});

describe("findRelease", () => {
  const list = new Map([
    ["cupel-1.2.3-linux-x64", zeros],
    ["cupel-1.2.3-linux-x64.gz", ones],
    ["cupel-1.2.3-linux-x64-musl", twos],
    ["cupel-1.2.3-macos-arm64", ones],
    ["cupel-helper-1.2.3-linux-x64-launcher", ones],
    ["cupel-helper-1.2.3-linux-x64-../escape", ones],
    ["cupel-helper-1.2.3-linux-arm64-launcher", twos],
    ["cupel-helper-1.2.2-linux-x64-prober", twos],
    ["cupel.1", twos],
    ["install.sh", twos],
  ]);

  test("takes what is for the target, and no more", () => {
    expect(findRelease(list, "linux-x64")).toEqual({
      version: "1.2.3",
      executable: { name: "cupel-1.2.3-linux-x64", sha256: zeros },
      compressed: { name: "cupel-1.2.3-linux-x64.gz", sha256: ones },
      helpers: [{ name: "cupel-helper-1.2.3-linux-x64-launcher", sha256: ones, helper: "launcher" }],
      manual: { name: "cupel.1", sha256: twos },
    });
    expect(findRelease(list, "linux-x64-musl")).toMatchObject({
      executable: { name: "cupel-1.2.3-linux-x64-musl", sha256: twos },
      compressed: undefined,
      helpers: [{ helper: "launcher" }],
    });
    expect(findRelease(list, "macos-arm64")).toMatchObject({ version: "1.2.3", helpers: [] });
  });

  test("says why there is nothing to take", () => {
    expect(findRelease(list, "linux-arm64")).toBe("it holds no executable for linux-arm64");
    expect(findRelease(new Map([["cupel-latest-linux-x64", zeros]]), "linux-x64")).toBe(
      "it holds no executable for linux-x64",
    );
    const two = new Map([...list, ["cupel-1.2.4-linux-x64", ones] as const]);
    expect(findRelease(two, "linux-x64")).toBe("it holds several executables for linux-x64");
  });
});
