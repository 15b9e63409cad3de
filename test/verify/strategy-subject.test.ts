import { expect, test } from "bun:test";
import { strategyPrefix } from "../../src/verify/strategy-subject.ts";

const facts = {
  id: "namespaces",
  mechanisms: "",
  declared: [],
  cupel: ["/usr/bin/cupel"],
  choice: { network: "none", seccomp: "strict", workspace: "ro" },
} as const;

test("a strategy is attacked through cupel's own command line", () =>
  expect(strategyPrefix(facts, "/tmp/attacker", { pids: 40, timeoutMs: 250, variable: "A=b" }).join(" ")).toBe(
    "/usr/bin/cupel run --strategy namespaces --accept-missing all --workspace ro --network none --seccomp strict " +
      "--pids 40 --timeout 250ms --grace 100ms --env A=b --read /tmp/attacker --",
  ));

test("is asked for a secret in every way that needs no network, and for its outcome", () =>
  expect(strategyPrefix(facts, "/a", { secretPath: "/s", resultPath: "/r" }).slice(-9)).toEqual([
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
