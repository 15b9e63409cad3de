import { describe, expect, test } from "bun:test";
import type { Host, ProgramResult } from "../../src/host/host.ts";
import { enterOwnScope, parseSessionScope } from "../../src/launch/own-scope.ts";
import { createFixtureHost, exited, type FixtureHostParts } from "../support/fixture-host.ts";

const session = "0::/user.slice/user-1000.slice/session-3.scope\n";
const unit = `cupel-${process.pid}.scope`;

interface Asked {
  readonly program: string;
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>> | undefined;
}

/** A host with a manager that moves whoever asks, unless its answer is another; and what it was asked. */
function withManager(answer: ProgramResult = exited(0, ""), parts: FixtureHostParts = {}): [Host, Asked[]] {
  const files = { "/proc/self/cgroup": session, "/proc/1/comm": "systemd\n", ...parts.files };
  const host = createFixtureHost({ programs: { "/usr/bin/busctl": "" }, ...parts, files });
  const asked: Asked[] = [];
  const moved = `0::/user.slice/user-1000.slice/user@1000.service/app.slice/${unit}\n`;
  const run: Host["run"] = (program, words, { environment }) => {
    asked.push({ program, words, environment });
    return Promise.resolve(answer);
  };
  const isMoved = (): boolean => asked.length > 0 && answer.status === "exited" && answer.code === 0;
  const readText: Host["readText"] = (path) =>
    path === "/proc/self/cgroup" && isMoved() ? { ok: true, value: moved } : host.readText(path);
  return [{ ...host, run, readText }, asked];
}

describe("enterOwnScope", () => {
  test("has the manager move this process, once", async () => {
    const [host, asked] = withManager();
    const both = await Promise.all([enterOwnScope(host), enterOwnScope(host)]);
    const entered = { status: "entered", from: "session-3.scope", unit } as const;
    expect([...both, await enterOwnScope(host)]).toEqual([entered, entered, entered]);
    const manager = "org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager";
    const call = `StartTransientUnit ssa(sv)a(sa(sv)) ${unit} fail 3`;
    const properties = `PIDs au 1 ${process.pid} Delegate b true CollectMode s inactive-or-failed 0`;
    expect(asked).toEqual([
      {
        program: "/usr/bin/busctl",
        words: `--user --quiet call ${manager} ${call} ${properties}`.split(" "),
        environment: {
          PATH: "/usr/bin:/bin",
          LC_ALL: "C",
          XDG_RUNTIME_DIR: "/run/user/1000",
          DBUS_SESSION_BUS_ADDRESS: "unix:path=/run/user/1000/bus",
        },
      },
    ]);
  });

  test.each([
    ["for root", { uid: 0, files: { "/proc/self/cgroup": "0::/user.slice/user-0.slice/session-3.scope\n" } }],
    ["in a service", { files: { "/proc/self/cgroup": "0::/system.slice/runner.service\n" } }],
    ["below the manager", { files: { "/proc/self/cgroup": "0::/user.slice/user-1000.slice/user@1000.service/x\n" } }],
    ["in another's session", { files: { "/proc/self/cgroup": "0::/user.slice/user-7.slice/session-3.scope\n" } }],
    ["with version 1", { files: { "/proc/self/cgroup": `1:memory:/\n${session}` } }],
    ["without control groups", { files: { "/proc/self/cgroup": { errno: "ENOENT" } } }],
  ])("asks nobody %s", async (_, parts) => {
    const [host, asked] = withManager(undefined, parts);
    expect([await enterOwnScope(host), asked]).toEqual([undefined, []]);
  });

  test.each<[string, ProgramResult | undefined, FixtureHostParts]>([
    ["the first process here is not systemd", undefined, { files: { "/proc/1/comm": "bwrap\n" } }],
    ["busctl, which would ask the user's systemd manager, is not in PATH", undefined, { programs: {} }],
    ["Failed to connect to bus: No medium found", exited(1, "", "Failed to connect to bus: No medium found\n"), {}],
    ["busctl ended with 3", exited(3, ""), {}],
    ["the user's systemd manager does not answer", { status: "timeout", stdout: "", stderr: "", durationMs: 3000 }, {}],
    ["busctl cannot be started (EACCES)", { status: "not-started", errno: "EACCES" }, {}],
  ])("says why it stays: %s", async (reason, answer, parts) => {
    const [host] = withManager(answer, parts);
    expect(await enterOwnScope(host)).toEqual({ status: "refused", from: "session-3.scope", reason });
  });
});

test("a session's scope is one of the user's own, and nothing below it", () => {
  expect(parseSessionScope(session, 1000)).toBe("session-3.scope");
  expect(parseSessionScope("0::/user.slice/user-1000.slice/session-c1.scope", 1000)).toBe("session-c1.scope");
  expect(parseSessionScope("0::/user.slice/user-1000.slice/session-3.scope/below\n", 1000)).toBeUndefined();
  expect(parseSessionScope("0::/user.slice/user-1000.slice/run-r1.scope\n", 1000)).toBeUndefined();
});
