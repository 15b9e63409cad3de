import { describe, expect, test } from "bun:test";
import { strategyPrefix, strategySubject } from "../../src/verify/strategy-subject.ts";

const facts = {
  id: "namespaces",
  mechanisms: "",
  declared: [],
  cupel: ["/usr/bin/cupel"],
  choice: { network: "none", allowedHosts: [], seccomp: "strict", workspace: "ro", terminal: "none" },
} as const;

test("a strategy is attacked through cupel's own command line", () =>
  expect(strategyPrefix(facts, "/tmp/attacker", { pids: 40, timeoutMs: 250, variable: "A=b" })?.join(" ")).toBe(
    "/usr/bin/cupel run --strategy namespaces --accept-missing all --workspace ro --network none --seccomp strict " +
      "--pids 40 --timeout 250ms --grace 100ms --env A=b --read /tmp/attacker --",
  ));

test("a job lists what it may connect to instead of a network", () => {
  const choice = { ...facts.choice, network: "allow", allowedHosts: ["127.0.0.1:1", "localhost:2"] } as const;
  expect(strategyPrefix({ ...facts, choice }, "/tmp/attacker", {})?.join(" ")).toBe(
    "/usr/bin/cupel run --strategy namespaces --accept-missing all --workspace ro " +
      "--allow-host 127.0.0.1:1 --allow-host localhost:2 --seccomp strict --read /tmp/attacker --",
  );
  const transparent = { ...choice, isTransparent: true } as const;
  expect(strategyPrefix({ ...facts, choice: transparent }, "/tmp/attacker", {})?.slice(8, 12)).toEqual([
    "--transparent-network",
    "--allow-host",
    "127.0.0.1:1",
    "--allow-host",
  ]);
});

test("a job with a terminal is given one of the caller's, too", () => {
  const choice = { ...facts.choice, terminal: "private" } as const;
  expect(strategyPrefix({ ...facts, choice }, "/tmp/attacker", {})?.slice(-4)).toEqual([
    "--tty",
    "--read",
    "/tmp/attacker",
    "--",
  ]);
  expect([strategySubject({ ...facts, choice }).hasTerminal, strategySubject(facts).hasTerminal]).toEqual([
    true,
    undefined,
  ]);
});

describe("changes of a workspace", () => {
  const prefixWith = (workspace: "cow" | "ro" | "rw", changes?: "kept" | "applied"): string | undefined =>
    strategyPrefix({ ...facts, choice: { ...facts.choice, workspace } }, "/tmp/attacker", { changes, writable: "/w" })
      ?.join(" ")
      .replace(/^.* all | --network.*? --write/g, "");

  test("are dropped, kept or applied where there is a layer", () => {
    expect(prefixWith("cow")).toBe("--workspace cow --ignore ** /w --read /tmp/attacker --");
    expect(prefixWith("cow", "kept")).toBe("--workspace cow --apply never /w --read /tmp/attacker --");
    expect(prefixWith("cow", "applied")).toBe("--workspace cow --apply on-success /w --read /tmp/attacker --");
  });

  test("are none that anybody takes over where there is none: a workspace is changed at once, or not at all", () => {
    expect(prefixWith("rw")).toBe("--workspace rw /w --read /tmp/attacker --");
    expect([prefixWith("rw", "kept"), prefixWith("rw", "applied")]).toEqual([undefined, undefined]);
    expect(prefixWith("ro")).toBe("--workspace ro /w --read /tmp/attacker --");
    expect(prefixWith("ro", "applied")).toBeUndefined();
  });
});
test("is asked for a secret in every way that needs no network, and for its outcome", () =>
  expect(strategyPrefix(facts, "/a", { secretPath: "/s", resultPath: "/r" })?.slice(-9)).toEqual([
    "--secret",
    "CUPEL_CANARY=file:/s",
    "--secret-fd",
    "CUPEL_CANARY_TOO=file:/s",
    "--result",
    "/r",
    "--read",
    "/a",
    "--",
  ]));

test("is asked for a header that its proxy puts in where it has one", () => {
  const wishes = { injection: { header: "127.0.0.1:1: X: {A}", hosts: ["127.0.0.1:1"], secret: "A=file:/s" } };
  expect(strategyPrefix(facts, "/a", wishes)).toBeUndefined();
  const choice = { ...facts.choice, network: "allow", allowedHosts: ["127.0.0.1:2"] } as const;
  expect(strategyPrefix({ ...facts, choice }, "/a", wishes)?.slice(-13)).toEqual([
    "--allow-host",
    "127.0.0.1:2",
    "--seccomp",
    "strict",
    "--allow-host",
    "127.0.0.1:1",
    "--inject-header",
    "127.0.0.1:1: X: {A}",
    "--secret",
    "A=file:/s",
    "--read",
    "/a",
    "--",
  ]);
});
