import { expect, test } from "bun:test";
import { strategyPrefix } from "../../src/verify/strategy-subject.ts";

const facts = {
  id: "namespaces",
  mechanisms: "",
  declared: [],
  cupel: ["/usr/bin/cupel"],
  choice: { network: "none", allowedHosts: [], seccomp: "strict", workspace: "ro" },
} as const;

test("a strategy is attacked through cupel's own command line", () =>
  expect(strategyPrefix(facts, "/tmp/attacker", { pids: 40, timeoutMs: 250, variable: "A=b" }).join(" ")).toBe(
    "/usr/bin/cupel run --strategy namespaces --accept-missing all --workspace ro --network none --seccomp strict " +
      "--pids 40 --timeout 250ms --grace 100ms --env A=b --read /tmp/attacker --",
  ));

test("a job lists what it may connect to instead of a network", () => {
  const choice = { ...facts.choice, network: "allow", allowedHosts: ["127.0.0.1:1", "localhost:2"] } as const;
  expect(strategyPrefix({ ...facts, choice }, "/tmp/attacker", {}).join(" ")).toBe(
    "/usr/bin/cupel run --strategy namespaces --accept-missing all --workspace ro " +
      "--allow-host 127.0.0.1:1 --allow-host localhost:2 --seccomp strict --read /tmp/attacker --",
  );
});
