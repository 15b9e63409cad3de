import { expect, test } from "bun:test";
import { renderIpAddress, type IpAddress } from "../../../src/model/ip-address.ts";
import type { HostName } from "../../../src/run/network/host-name.ts";
import { NamedAddresses } from "../../../src/run/network/named-addresses.ts";

test("a name has one address, and no other has that", () => {
  const addresses = new NamedAddresses();
  const asked = ["a.test", "b.test", "a.test"].map((name) => addresses.addressOf(name));
  expect(asked.map((address) => address && renderIpAddress(address))).toEqual([
    "198.18.0.1",
    "198.18.0.2",
    "198.18.0.1",
  ]);
  expect(asked.map((address) => address && addresses.nameAt(address))).toEqual(["a.test", "b.test", "a.test"]);
});

test.each([
  ["nobody was given it", [198, 18, 0, 3]],
  ["the first, which nobody is given", [198, 18, 0, 0]],
  ["of the other half", [198, 19, 0, 1]],
  ["a public one", [1, 18, 0, 1]],
  ["an IPv6 one", Array.from({ length: 16 }, () => 0)],
])("no name has an address: %s", (_, bytes) => {
  const addresses = new NamedAddresses();
  addresses.addressOf("a.test");
  addresses.addressOf("b.test");
  const address: IpAddress = { version: bytes.length === 4 ? 4 : 6, bytes };
  expect(addresses.nameAt(address)).toBeUndefined();
});

test("a destination is meant by its name, where its address stands for one", () => {
  const addresses = new NamedAddresses();
  const address = addresses.addressOf("a.test") ?? { version: 4, bytes: [] };
  const other: IpAddress = { version: 4, bytes: [198, 18, 0, 2] };
  const named = { kind: "name", name: "b.test" } as const;
  const meant = (host: HostName): unknown => addresses.meantBy({ host, port: 1 });
  expect([meant({ kind: "address", address }), meant({ kind: "address", address: other }), meant(named)]).toEqual([
    { host: { kind: "name", name: "a.test" }, port: 1 },
    { host: { kind: "address", address: other }, port: 1 },
    { host: named, port: 1 },
  ]);
});

test("a name is denied once, as far as names are remembered", () => {
  const addresses = new NamedAddresses();
  expect(["a", "b", "a"].map((name) => addresses.isDeniedAgain(name))).toEqual([false, false, true]);
  for (let index = 0; index < 4096; index++) addresses.isDeniedAgain(`n${index}`);
  expect(["a", "n4000", "new", "new"].map((name) => addresses.isDeniedAgain(name))).toEqual([true, true, false, false]);
});

test("there is an end to them, and those that are there stay", () => {
  const addresses = new NamedAddresses();
  const given = Array.from({ length: 16_384 }, (_, index) => addresses.addressOf(`n${index}.test`));
  expect(new Set(given.map((address) => address?.bytes.join("."))).size).toBe(16_384);
  expect(addresses.addressOf("one.more")).toBeUndefined();
  const last = given.at(-1);
  expect([last, last && addresses.nameAt(last)]).toEqual([{ version: 4, bytes: [198, 18, 64, 0] }, "n16383.test"]);
});
