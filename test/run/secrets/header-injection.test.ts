import { describe, expect, test } from "bun:test";
import { CupelError } from "../../../src/model/error.ts";
import { fillIn, namesIn, parseInjection, splitInjection } from "../../../src/run/secrets/header-injection.ts";

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof CupelError && error.code === "usage") return error.message;
    throw error;
  }
  return "nothing";
}

const injection = (host: string, header = "Authorization", value = "Bearer {T}") => ({ host, header, value });

describe("splitInjection", () => {
  test("takes host, header and value apart", () =>
    expect(splitInjection("[::1]:8080: X-Key: a: {T} b", "")).toEqual(injection("[::1]:8080", "X-Key", "a: {T} b")));

  test.each(["", "a.example", "a.example: X-Key", "a.example:X-Key: {T}"])("refuses %j", (text) =>
    expect(refusal(() => splitInjection(text, "--inject-header"))).toBe(
      '--inject-header is no header for a host; write it as "api.example.com: Authorization: Bearer {TOKEN}"',
    ),
  );
});

describe("parseInjection", () => {
  const name = { kind: "name", name: "a.example" } as const;
  test.each([
    ["A.example", { host: name, port: 443 }],
    ["a.example:80", { host: name, port: 80 }],
    ["127.0.0.1:8080", { host: { kind: "address", address: { version: 4, bytes: [127, 0, 0, 1] } }, port: 8080 }],
  ] as const)("of %s", (host, where) =>
    expect(parseInjection(injection(host), "")).toEqual({ ...where, header: "Authorization", value: "Bearer {T}" }),
  );

  test.each([
    [injection("*.a.example"), "*.a.example is more than one host; name each that is to get the secret"],
    [injection("10.0.0.0/8"), "10.0.0.0/8 is more than one host; name each that is to get the secret"],
    [injection("a.example:*"), "a.example:* is every port; name the one that is to get the secret"],
    [injection("a.example", "A B"), '"A B" is no name of a header'],
    [injection("a.example", "Host"), "Host says how a request is to be read, and cannot be put in"],
    [injection("a.example", "content-length"), "content-length says how a request is to be read, and cannot be put in"],
    [injection("a.example", "A", "{T}\r\nB: c"), "a header's value is one line of printable ASCII"],
  ])("refuses %j", (wrong, message) => expect(refusal(() => parseInjection(wrong, "it"))).toBe(`it: ${message}`));
});

describe("fillIn", () => {
  const fill = (value: string | Uint8Array) =>
    fillIn(
      injection("a", "A", "x {T}{T} {U}"),
      new Map([
        ["T", Buffer.from(value)],
        ["U", Buffer.from("$& u\r\n")],
      ]),
    );

  test("puts values in, without the newline at their end", () => expect(fill("t\n")).toBe("x tt $& u"));

  test.each(["", "\n", "a\nb", "a\0", "a\r"])("refuses %j, and does not repeat it", (value) =>
    expect(refusal(() => fill(value))).toBe(
      "the secret T has several lines or unprintable bytes, which no header can hold",
    ),
  );

  test("knows the names in a value", () => expect(namesIn({ value: "{A} {B}{A" })).toEqual(["A", "B"]));
});
