import { describe, expect, test } from "bun:test";
import {
  guaranteeIds,
  guaranteePromises,
  isolationClasses,
  isolationSet,
  isolationStrength,
} from "../../src/model/guarantee.ts";

describe("guaranteeIds", () => {
  test("are the ids of DESIGN, which are API", () =>
    expect(guaranteeIds).toEqual([
      "fs.read",
      "fs.write",
      "fs.metadata",
      "fs.protected",
      "fs.workspace",
      "net.none",
      "net.allowlist",
      "net.loopback",
      "ipc.sockets",
      "ipc.shared",
      "proc.hidden",
      "proc.signal",
      "proc.tree",
      "priv.escalation",
      "priv.devices",
      "kernel.syscalls",
      "kernel.boundary",
      "limit.time",
      "limit.cpu",
      "limit.memory",
      "limit.pids",
      "limit.disk",
      "limit.output",
      "env.clean",
      "secret.private",
      "tty.safe",
    ]));

  test("each have a promise of one line", () =>
    expect(Object.values(guaranteePromises).filter((promise) => !/^[^\n]{8,120}$/.test(promise))).toEqual([]));
});

describe("isolationSet", () => {
  test("is what DESIGN has every job demand", () =>
    expect([...isolationSet]).toEqual([
      "fs.read",
      "fs.write",
      "fs.metadata",
      "fs.protected",
      "net.none",
      "ipc.sockets",
      "ipc.shared",
      "proc.hidden",
      "proc.signal",
      "proc.tree",
      "priv.escalation",
      "priv.devices",
      "kernel.syscalls",
      "env.clean",
      "tty.safe",
    ]));
});

describe("isolationStrength", () => {
  test("falls along the classes, and is one for container and namespace", () => {
    const strengths = isolationClasses.map((name) => [name, isolationStrength(name)]);
    expect(strengths).toEqual([
      ["vm", 5],
      ["user-kernel", 4],
      ["container", 3],
      ["namespace", 3],
      ["lsm", 2],
      ["process", 1],
    ]);
  });
});
