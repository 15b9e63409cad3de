/** Whether the helpers in this build, and the copies of them that are executed, are what was built. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import { loadAttackHelpers } from "../launch/attack-helpers.ts";
import { openHelperFiles, originalHelper, type HelperFile, type HelperName } from "../launch/helper-file.ts";
import { CupelError } from "../model/error.ts";
import type { SelfTestStep } from "../model/self-test.ts";

const names: readonly HelperName[] = ["launcher", "prober", "attacker"];

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function checkCopy(file: HelperFile, sha256: string): Pick<SelfTestStep, "result" | "summary"> {
  try {
    const found = digest(readFileSync(file.path));
    return found === sha256
      ? { result: "passed", summary: `sha256 ${sha256.slice(0, 16)}…, as built; so is the copy ${file.storedAt}` }
      : { result: "failed", summary: `the copy ${file.storedAt} has sha256 ${found}, built was ${sha256}` };
  } catch (error) {
    return { result: "unknown", summary: `the copy ${file.storedAt} cannot be read (${errnoOf(error)})` };
  } finally {
    file.close();
  }
}

function checkHelper(
  name: HelperName,
  directories: readonly string[],
  uid: number,
): Pick<SelfTestStep, "result" | "summary"> {
  const { bytes, sha256 } = originalHelper(name);
  const found = digest(bytes);
  if (found !== sha256)
    return { result: "failed", summary: `this build holds one with sha256 ${found}, built was ${sha256}` };
  const first = openHelperFiles(name, directories, uid).next();
  if (first.done !== true) return checkCopy(first.value, sha256);
  return { result: "failed", summary: `no copy can be kept to be executed: ${first.value.join("; ")}` };
}

/** Checks each helper; never throws for what is wrong with one. */
export function checkHelpers(directories: readonly string[], uid: number): SelfTestStep[] {
  loadAttackHelpers();
  return names.map((name) => {
    try {
      return { name, ...checkHelper(name, directories, uid) };
    } catch (error) {
      if (!(error instanceof CupelError)) throw error;
      return { name, result: "failed", summary: error.message };
    }
  });
}
