import { describe, expect, test } from "bun:test";
import { CupelError } from "../../src/model/error.ts";
import { parsePolicy, readPolicyText } from "../../src/run/policy-file.ts";
import { makeTempDir } from "../support/temp-dir.ts";

describe("a policy", () => {
  test("says what is demanded, and what jobs are like", () => {
    using directory = makeTempDir();
    const text =
      "require:\n  isolation: namespace\n  guarantees: [net.none]\n  capabilities: [userns.capable]\nlimits: {timeout: 5m}\n";
    const path = directory.file("cupel.yaml", text);
    expect(parsePolicy(readPolicyText(path), path).value).toEqual({
      require: { isolation: "namespace", guarantees: ["net.none"], capabilities: ["userns.capable"] },
      limits: { timeout: "5m" },
    });
  });

  test("names the file, the place and the nearest right name", () =>
    expect(() => parsePolicy("require:\n  capabilities: [kvm.rum]\n", "cupel.yaml")).toThrow(
      new CupelError("usage", 'cupel.yaml:2:18: require.capabilities.0 does not take "kvm.rum", did you mean kvm.run?'),
    ));

  test("has no command", () =>
    expect(() => parsePolicy("command: [a]\n", "cupel.yaml")).toThrow(
      /^cupel\.yaml:1:1: there is no field "command" here/,
    ));
});
