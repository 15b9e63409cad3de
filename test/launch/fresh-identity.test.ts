import { describe, expect, test } from "bun:test";
import { companionId, freshIdentity, parseMapsId } from "../../src/launch/fresh-identity.ts";
import { knownUserIds } from "../support/tester.ts";

const wholeMap = "         0          0 4294967295\n";

describe("parseMapsId", () => {
  const map = "         0     100000       1000\n      2000     200000          1\n";
  test.each([
    [0, true],
    [999, true],
    [1000, false],
    [1999, false],
    [2000, true],
    [2001, false],
    [100_000, false],
  ])("of two ranges has %d: %p", (id, expected) => expect(parseMapsId(map, id)).toBe(expected));

  test("of the first user namespace has every id", () => expect(parseMapsId(wholeMap, 0x7fff_ffff)).toBeTrue());
  test("of an empty map has none", () => expect(parseMapsId("", 0)).toBeFalse());
});

describe("freshIdentity", () => {
  const many = Array.from({ length: 2000 }, () => freshIdentity(wholeMap));

  test("takes ids that systemd leaves to nobody, one for both", () => {
    const odd = many.filter(({ uid, gid }) => uid !== gid || uid < 0x7000_0000 || uid >= 0x70ff_0000);
    expect(odd).toEqual([]);
  });

  test("takes none of this machine's users", () => {
    const known = new Set(knownUserIds());
    expect(many.filter(({ uid }) => known.has(uid))).toEqual([]);
  });

  test("hardly ever takes one twice", () => {
    // 2,000 of 16,711,680: the expected number of pairs is 0.12.
    expect(new Set(many.map(({ uid }) => uid)).size).toBeGreaterThan(1990);
  });

  test("takes the overflow id where the user namespace is small", () =>
    expect(freshIdentity("0 100000 65536\n")).toEqual({ uid: 65_534, gid: 65_534 }));

  test("takes a fresh one where nothing is known of the map", () =>
    expect(freshIdentity(undefined).uid).toBeGreaterThanOrEqual(0x7000_0000));
});

test("companionId is another one, which no job has and which a small user namespace has too", () => {
  expect([companionId(0x7000_0000), companionId(0x70fe_ffff), companionId(65_534)]).toEqual([
    0x7100_0000, 0x71fe_ffff, 65_533,
  ]);
});
