/** Hosts that deny one thing: that cause is named and no other, nothing runs unasked, and what is asked for is recorded. */
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { buildCondition, underConditions, type Condition, type ConditionWith } from "../support/condition.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, ordinaryCaller, rootCallers, type Caller } from "../support/tester.ts";

const cupel = installCupel();
buildCondition();

interface Doctor {
  readonly capabilities: readonly {
    readonly id: string;
    readonly state: string;
    readonly blockers: readonly { readonly code: string; readonly detail: string }[];
    readonly ruledOut: readonly string[];
  }[];
  readonly selection: { readonly chosen?: string; readonly closest?: string };
}

interface Case {
  readonly name: string;
  readonly caller: Caller;
  readonly condition: Condition | ((directory: string) => ConditionWith);
  /** What cannot be done, and why; undefined where it changes nothing for this caller. */
  readonly blocked?: { readonly capability: string; readonly code: string };
}

const chroot = (directory: string): ConditionWith => ({ chroot: directory });

function casesFor(caller: Caller, rows: readonly (readonly [string, Case["condition"], string?, string?])[]): Case[] {
  return rows.map(([name, condition, capability, code]) => ({
    name: `${name}, called by ${caller.name}`,
    caller,
    condition,
    ...(capability === undefined || code === undefined ? {} : { blocked: { capability, code } }),
  }));
}

/** Root needs no user namespace, so what denies only those changes nothing for it. */
const cases: readonly Case[] = [
  ...casesFor(ordinaryCaller, [
    ["a filter on unshare", "unshare-denied", "userns.create", "seccomp"],
    ["a filter on mount", "mount-denied", "userns.capable", "seccomp"],
    ["a quota of no user namespaces", "userns-quota", "userns.create", "ns-limit"],
    ["a quota further out", "userns-quota-above", "userns.create", "ns-limit"],
    ["user namespaces as deep as can be", "userns-depth", "userns.create", "ns-limit"],
    ["a chroot", chroot, "userns.create", "chroot"],
    ["a masked /proc", "masked-proc", "mount.proc", "proc-masked"],
    ["no_new_privs", "no-new-privs"],
    ["an empty bounding set", "bounding-empty"],
    ["a kernel without mount_setattr", "mount-attributes-hidden"],
    ["detached mounts that are denied", "detached-mounts-denied"],
    ["control groups that are read-only", "read-only-cgroups"],
  ]),
  ...rootCallers.flatMap((root) =>
    casesFor(root, [
      ["a filter on unshare", "unshare-denied", "ns.mount", "seccomp"],
      ["a filter on mount", "mount-denied", "mount.private-root", "seccomp"],
      ["a chroot", chroot, "mount.private-root", "chroot"],
      ["a masked /proc", "masked-proc", "mount.proc", "proc-masked"],
      ["an empty bounding set", "bounding-empty", "userns.create", "capability"],
      ["a quota of no user namespaces", "userns-quota"],
      ["a quota further out", "userns-quota-above"],
      ["user namespaces as deep as can be", "userns-depth"],
      ["a kernel without mount_setattr", "mount-attributes-hidden"],
      ["detached mounts that are denied", "detached-mounts-denied"],
      ["no_new_privs", "no-new-privs"],
      ["control groups that are read-only", "read-only-cgroups"],
    ]),
  ),
];

/** Calls cupel under the condition, as the caller, with an exit code that is cupel's. */
async function callUnder({ condition, caller }: Case, words: readonly string[]) {
  using directory = makeTempDir({ owner: caller });
  const made = typeof condition === "function" ? condition(directory.path) : condition;
  const ran = await cupel.outside(caller, underConditions([made], [cupel.path, ...words]));
  expect(ran.stderr).not.toMatch(/^condition: /m);
  return ran;
}

async function doctorUnder(given: Case): Promise<{ readonly code: number | null; readonly report: Doctor }> {
  const { code, stdout } = await callUnder(given, ["doctor", "--json"]);
  return { code, report: JSON.parse(stdout) as Doctor };
}

/** What a user namespace around, or a device that is root's, stops without any condition. */
const withOtherCauses = ["userns.range", "mount.idmap", "mount.fuse", "mount.overlay-fuse"];

const blocking = cases.flatMap((given) => (given.blocked === undefined ? [] : [{ ...given, ...given.blocked }]));
const harmless = cases.filter(({ blocked }) => blocked === undefined);

describe.each(blocking)("$name", (given) => {
  test("the doctor names it, and nothing else", async () => {
    const { code, report } = await doctorUnder(given);
    expect(code).toBe(1);
    expect(report.selection.chosen).toBeUndefined();
    const capability = report.capabilities.find(({ id }) => id === given.capability);
    expect(capability?.state).toBe("blocked");
    expect([...new Set(capability?.blockers.map((blocker) => blocker.code))]).toEqual([given.code]);
    expect(capability?.ruledOut).not.toContain(given.code);
    // What this condition stops is stopped by nothing else; a user namespace that it stands in may stop more.
    for (const { id, blockers } of report.capabilities.filter(({ id: name }) => /^(userns|ns|mount)\./.test(name))) {
      const codes = [...new Set(blockers.map((blocker) => blocker.code))];
      if (codes.includes(given.code) || !withOtherCauses.includes(id))
        expect([id, codes]).toEqual([id, codes.length === 0 ? [] : [given.code]]);
    }
  });

  test("a job is refused, and it is said why", async () => {
    const ran = await callUnder(given, ["run", "--", "echo", "ran"]);
    expect(ran).toMatchObject({ code: 125, stdout: "" });
    expect(ran.stderr).toStartWith("cupel: refused: ");
    const text = ran.stderr.replaceAll(/\s+/g, " ");
    expect(text).toContain(given.capability);
    expect(text).toContain(`(${given.code}, in the `);
    expect(text).toMatch(
      /To run all the same, by strategy landlock: --accept-missing (fs\.read,)?fs\.metadata,proc\.hidden;/,
    );
    expect(text).not.toContain("is a bug");
  });

  test("told to go on without, it runs under Landlock's rules and records that", async () => {
    using directory = makeTempDir({ owner: given.caller, mode: 0o777 });
    const path = directory.at("result.json");
    const ran = await callUnder(given, ["run", "--accept-missing", "all", "--result", path, "--", "echo", "ran"]);
    expect(ran).toMatchObject({ code: 0, stdout: "ran\n" });
    expect(ran.stderr).toMatch(/^cupel: running in landlock without [^\n]*proc\.hidden[^\n]*given up by name$/m);
    // A chroot has the file where it was called for: /tmp is bound into it.
    expect(existsSync(path)).toBe(true);
    const outcome = JSON.parse(readFileSync(path, "utf8")) as {
      accepted: string[];
      strategy: string;
      exitCode: number;
    };
    expect(outcome).toMatchObject({ strategy: "landlock", exitCode: 0 });
    expect(outcome.accepted).toEqual(expect.arrayContaining(["fs.metadata", "proc.hidden"]));
  });

  test("outside of it the same caller's jobs run, whatever was saved under it", async () => {
    const ran = await cupel.run(given.caller, ["run", "--", "echo", "ran"]);
    expect(ran).toEqual({ code: 0, signal: null, stdout: "ran\n", stderr: "" });
  });
});

/**
 * For root's overlays the owner of the files has to be mapped, which takes a user namespace for a moment, and mounts by
 * descriptor.
 */
const withoutRootsOverlays: readonly Case["condition"][] = [
  "userns-quota",
  "userns-quota-above",
  "userns-depth",
  "mount-attributes-hidden",
  "detached-mounts-denied",
];

describe.each(harmless)("$name", (given) => {
  test("changes nothing: jobs run in namespaces", async () => {
    const { code, report } = await doctorUnder(given);
    expect(report.selection.chosen).toBe("namespaces");
    expect(code).toBe(0);
    const ran = await callUnder(given, ["run", "--", "sh", "-c", "echo ran in $$"]);
    const readOnly = given.caller.uid === 0 && withoutRootsOverlays.includes(given.condition);
    const line = /^cupel: [^\n]*since overlays do not work here; --workspace cow copies it\n$/;
    const stderr = readOnly ? (expect.stringMatching(line) as unknown as string) : "";
    expect(ran).toEqual({ code: 0, signal: null, stdout: "ran in 2\n", stderr });
  });
});

describe.each(callers)("inside cupel itself, called by $name", (caller) => {
  test("another sandbox cannot be made, and that is said and not crashed over", async () => {
    const words = ["--read", cupel.path, "--env", "XDG_STATE_HOME=/tmp", "--", cupel.path, "run", "--", "echo", "ran"];
    const ran = await cupel.run(caller, ["run", ...words]);
    expect(ran).toMatchObject({ code: 125, stdout: "" });
    expect(ran.stderr).toStartWith("cupel: refused: ");
    expect(ran.stderr.replaceAll(/\s+/g, " ")).toContain("(seccomp, in the ");
  });
});
