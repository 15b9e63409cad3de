import { describe, expect, test } from "bun:test";
import { CupelError } from "../../src/model/error.ts";
import { chooseAddress, releaseFolder, withoutCredentials } from "../../src/run/release-address.ts";

function choose(variable: string | undefined, recorded: string | undefined, own: string | null): unknown {
  const host = {
    environment: { CUPEL_BASE_URL: variable },
    readText: () =>
      recorded === undefined ? ({ ok: false, errno: "ENOENT" } as const) : ({ ok: true, value: recorded } as const),
  };
  try {
    return chooseAddress(host, "/lib/address", own);
  } catch (error) {
    return error;
  }
}

describe("chooseAddress", () => {
  test.each([
    ["https://a/b//", "https://c\n", "https://d", { url: "https://a/b", isStated: true }],
    ["", "https://c\n", "https://d", { url: "https://c", isStated: false }],
    [undefined, undefined, "http://d/", { url: "http://d", isStated: false }],
    [undefined, "\n", "https://d", { url: "https://d", isStated: false }],
  ])("%p, %p, %p", (variable, recorded, own, expected) => expect(choose(variable, recorded, own)).toEqual(expected));

  test.each([
    ["ftp://a", undefined, 'CUPEL_BASE_URL has to start with https:// or http:// and name a server, not "ftp://a"'],
    ["https://", undefined, 'CUPEL_BASE_URL has to start with https:// or http:// and name a server, not "https://"'],
    [undefined, "a\nb", '/lib/address has to start with https:// or http:// and name a server, not "a\\nb"'],
    [undefined, undefined, "This cupel knows no server that releases are on: name one with CUPEL_BASE_URL"],
  ])("%p, %p is no address", (variable, recorded, message) =>
    expect(choose(variable, recorded, null)).toEqual(new CupelError("usage", message)),
  );
});

test("withoutCredentials takes out a name and a password, and nothing else", () => {
  expect(withoutCredentials("https://name:pass@a.example/b")).toBe("https://a.example/b");
  expect(withoutCredentials("https://name@a.example")).toBe("https://a.example");
  expect(withoutCredentials("https://a.example:8443/b")).toBe("https://a.example:8443/b");
});

test("releaseFolder is where scripts/install.sh looks", () => {
  expect(releaseFolder("https://a", undefined)).toBe("https://a/latest/download");
  expect(releaseFolder("https://a", "1.2.3")).toBe("https://a/download/v1.2.3");
});
