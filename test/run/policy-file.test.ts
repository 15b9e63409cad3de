import { describe, expect, test } from "bun:test";
import { CupelError } from "../../src/model/error.ts";
import { readPolicyFile } from "../../src/run/policy-file.ts";
import { makeTempDir } from "../support/temp-dir.ts";

describe("readPolicyFile", () => {
  test("reads what is demanded", () => {
    using directory = makeTempDir();
    const text = "require:\n  isolation: namespace\n  guarantees: [net.none]\n  capabilities: [userns.capable]\n";
    expect(readPolicyFile(directory.file("cupel.yaml", text))).toEqual({
      require: { isolation: "namespace", guarantees: ["net.none"], capabilities: ["userns.capable"] },
    });
  });

  test("names the file, the place and the nearest right name", () => {
    using directory = makeTempDir();
    const path = directory.file("cupel.yaml", "require:\n  capabilities: [kvm.rum]\n");
    expect(() => readPolicyFile(path)).toThrow(
      new CupelError("usage", `${path}:2:18: require.capabilities.0 does not take "kvm.rum", did you mean kvm.run?`),
    );
  });
});
