import { describe, expect, test } from "bun:test";
import { parseOptions } from "./options.ts";

const home = { HOME: "/home/someone" };

describe("parseOptions", () => {
  test("has defaults", () =>
    expect(parseOptions([], home)).toEqual({
      runs: 200,
      only: [],
      quick: false,
      json: false,
      installPeers: false,
      workshop: "/home/someone/.cache/cupel-bench",
    }));

  test("takes all", () =>
    expect(
      parseOptions(["--runs", "7", "--only", "bwrap,,launcher", "--quick", "--json", "--install-peers"], {
        ...home,
        XDG_CACHE_HOME: "/cache",
      }),
    ).toEqual({
      runs: 7,
      only: ["bwrap", "launcher"],
      quick: true,
      json: true,
      installPeers: true,
      workshop: "/cache/cupel-bench",
    }));

  test("needs no home where the workshop is named", () =>
    expect(parseOptions(["--workshop", "/here", "--quick"], {})).toEqual({
      runs: 10,
      only: [],
      quick: true,
      json: false,
      installPeers: false,
      workshop: "/here",
    }));

  test.each([
    [["--runs", "0"], "--runs wants a number above 0, not 0"],
    [["--runs", "many"], "--runs wants a number above 0, not many"],
    [["--runs"], "--runs wants a value"],
    [["--only"], "--only wants a value"],
    [["fast"], "there is no option fast"],
  ])("refuses %j", (words, message) => expect(() => parseOptions(words, home)).toThrow(message));

  test("refuses to guess a home", () => expect(() => parseOptions([], {})).toThrow("HOME is not set"));
});
