/** On this machine, as root and as somebody without an account: what the kernel lets programs reach, and who denies it. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import type { Finding } from "../../src/model/capability.ts";
import type { Condition } from "../support/condition.ts";
import { needs } from "../support/must-work.ts";
import { clearStage, identities, runRealProbes, setStage, type Stage } from "../support/run-real-probes.ts";
import { isRoot } from "../support/tester.ts";

let stage: Stage;

beforeAll(async () => {
  stage = await setStage();
});

afterAll(() => clearStage(stage));

const families = (
  "kernel-settings resources executable-places shared-memory system-calls tracing " +
  "kernel-interfaces hardening clock-and-random surroundings file-system-calls"
).split(" ");

/** State, level and causes: what a condition changes. */
function essence({ state, level, blockers }: Finding): string {
  const codes = [...new Set(blockers.map(({ code }) => code))].join("+");
  return `${state} (${level})${codes === "" ? "" : ` by ${codes}`}`;
}

function essences(
  found: Readonly<Record<string, Finding>>,
  ids: readonly string[],
): Record<string, string | undefined> {
  return Object.fromEntries(
    ids.map((id) => {
      const one = found[id];
      return [id, one === undefined ? undefined : essence(one)];
    }),
  );
}

function setting(name: string): string | undefined {
  const path = `/proc/sys/${name.replaceAll(".", "/")}`;
  return existsSync(path) ? readFileSync(path, "utf8").trim() : undefined;
}

describe.each(identities)("as %s", (identity) => {
  const under = (conditions: readonly Condition[], ids: readonly string[]): Readonly<Record<string, Finding>> =>
    runRealProbes(stage, identity, conditions, ids);

  test("without any condition, what was tried works or says why not", () => {
    const found = under([], families);
    const exercised =
      "host.clock host.entropy place.memfd place.temporary place.shared-memory memory.shared memory.sysv trace.child " +
      "interface.keyring interface.userfaultfd file.openat2 file.rename";
    for (const id of exercised.split(" ")) expect({ id, state: found[id]?.state }).toEqual({ id, state: "works" });
    const known = [
      "host.config",
      "host.command-line",
      "host.lsm-list",
      "resource.cpu",
      "resource.memory",
      "resource.pids",
    ];
    for (const id of known) expect({ id, level: found[id]?.level }).toEqual({ id, level: "declared" });
    for (const [id, one] of Object.entries(found)) {
      expect({ id, isBroken: one.state === "broken" }).toEqual({ id, isBroken: false });
    }
    expect(found["seccomp.inherited"]?.state).toBe("absent");
    expect(found["resource.cpu"]?.value).toBe(availableParallelism());
  });

  test("settings deny what they say, and to nobody else", () => {
    const found = under([], ["kernel-interfaces"]);
    const isDenied = identity === "user" && Number(setting("kernel.unprivileged_bpf_disabled")) > 0;
    expect(essences(found, ["interface.bpf"])).toEqual({
      "interface.bpf": isDenied ? "blocked (exercised) by sysctl" : "works (exercised)",
    });
    if (isDenied) expect(found["interface.bpf"]?.ruledOut).toEqual(["seccomp"]);
  });

  test("a filter that denies interfaces is the cause of each denial, and no setting is", () => {
    const found = under(["interfaces-denied"], ["kernel-interfaces", "system-calls"]);
    const ids = ["interface.io-uring", "interface.perf", "interface.keyring", "interface.userfaultfd"];
    expect(essences(found, ids)).toEqual(Object.fromEntries(ids.map((id) => [id, "blocked (exercised) by seccomp"])));
    for (const id of ids) expect({ id, ruledOut: found[id]?.ruledOut }).toEqual({ id, ruledOut: ["sysctl"] });
    expect(found["interface.bpf"]?.blockers.map(({ code }) => code)).toContain(
      identity === "user" && Number(setting("kernel.unprivileged_bpf_disabled")) > 0 ? "sysctl" : "seccomp",
    );
    const names = String(found["seccomp.inherited"]?.value).split(",");
    expect(names).toEqual(expect.arrayContaining(["perf_event_open", "io_uring_enter", "keyctl", "add_key"]));
    expect(names).not.toContain("unshare");
  });

  needs(
    setting("kernel.io_uring_disabled") !== undefined,
    "a kernel before 6.6, which does not say that it has io_uring",
  )("a filter that hides io_uring is told from a kernel without it", () => {
    const found = under(["io-uring-hidden"], ["kernel-interfaces", "system-calls"]);
    expect(essences(found, ["interface.io-uring", "interface.keyring"])).toEqual({
      "interface.io-uring": "blocked (exercised) by seccomp",
      "interface.keyring": "works (exercised)",
    });
    expect(found["seccomp.inherited"]?.value).toBe("io_uring_enter");
  });

  test("the calls that a container engine's filter denies are named, and no others", () => {
    const found = under(["unshare-denied"], ["system-calls"]);
    expect(essences(found, ["seccomp.inherited"])).toEqual({ "seccomp.inherited": "works (exercised)" });
    expect(found["seccomp.inherited"]?.value).toBe(
      "unshare,unshare(CLONE_NEWUSER),unshare(CLONE_NEWNS),clone(CLONE_NEWUSER),clone3",
    );
  });

  test("a filter without effect is there, and denies nothing", () => {
    const found = under(["filter-without-effect"], ["system-calls", "kernel-interfaces", "tracing"]);
    expect(found["seccomp.inherited"]).toMatchObject({ state: "works", value: "" });
    expect(found["seccomp.inherited"]?.summary).toContain("denies none of the 32 calls");
    expect(essences(found, ["interface.io-uring", "trace.child"])).toEqual({
      "interface.io-uring": "works (exercised)",
      "trace.child": "works (exercised)",
    });
  });

  test("a filter that denies tracing", () => {
    const found = under(["tracing-denied"], ["tracing"]);
    expect(essences(found, ["trace.child", "trace.sibling"])).toEqual({
      "trace.child": "blocked (exercised) by seccomp",
      "trace.sibling": "blocked (exercised) by seccomp",
    });
  });

  test("a small /dev/shm without execution, as engines mount it", () => {
    const found = under(["small-shm"], ["shared-memory", "executable-places"]);
    expect(essences(found, ["memory.shared", "place.shared-memory", "place.temporary"])).toEqual({
      "memory.shared": "degraded (exercised)",
      "place.shared-memory": "blocked (exercised) by noexec",
      "place.temporary": "works (exercised)",
    });
    expect(found["memory.shared"]?.value).toBe(1024 * 1024);
  });

  test("low limits are named", () => {
    const found = under(["low-limits"], ["resources"]);
    expect(found["resource.limits"]).toMatchObject({
      state: "degraded",
      value: 256,
      blockers: [
        { code: "rlimit", detail: "RLIMIT_NOFILE is 256" },
        { code: "rlimit", detail: "RLIMIT_FSIZE is 1 TiB" },
      ],
    });
  });

  test("one processor of several", () => {
    expect(under(["one-processor"], ["resources"])["resource.cpu"]).toMatchObject({ state: "works", value: 1 });
  });

  test("without a namespace to try it in, nothing is claimed that could leave something behind", () => {
    const found = under(["unshare-denied"], ["file-system-calls", "shared-memory"]);
    expect(essences(found, ["file.openat2", "memory.shared", "file.rename", "memory.sysv"])).toEqual({
      "file.openat2": "works (enforced)",
      "memory.shared": "works (exercised)",
      "file.rename": "unknown (inferred)",
      "memory.sysv": "unknown (inferred)",
    });
  });

  test("a file system that makes no files without a name", () => {
    const found = under(["no-unnamed-files"], ["executable-places", "shared-memory", "file-system-calls"]);
    expect(essences(found, ["place.temporary", "place.shared-memory", "memory.shared", "file.workspace"])).toEqual({
      "place.temporary": "works (exercised)",
      "place.shared-memory": "works (exercised)",
      "memory.shared": "works (exercised)",
      "file.workspace": "unknown (inferred)",
    });
    expect(found["place.temporary"]?.evidence[0]?.result).toBe("ok, with a name");
    const left = ["/tmp", "/var/tmp", "/dev/shm"].flatMap((path) => readdirSync(path));
    expect(left.filter((name) => name.startsWith("cupel-probe-"))).toEqual([]);
  });
});

needs(isRoot && setting("vm.memfd_noexec") !== undefined, "only root can have a namespace with this setting")(
  "unnamed memory that may not be executed: the setting is named, and files still run",
  () => {
    const before = setting("vm.memfd_noexec");
    const found = runRealProbes(stage, "root", ["memfd-noexec"], ["executable-places"]);
    expect(found["place.memfd"]).toMatchObject({ state: "blocked", level: "exercised" });
    expect(found["place.memfd"]?.blockers.map(({ code }) => code)).toEqual(["sysctl"]);
    expect(found["place.memfd"]?.blockers[0]?.detail).toContain("vm.memfd_noexec is 2");
    expect(found["place.temporary"]?.state).toBe("works");
    expect(setting("vm.memfd_noexec")).toBe(before);
  },
);
