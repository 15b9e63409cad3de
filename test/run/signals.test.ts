import { describe, expect, test } from "bun:test";
import { constants } from "node:os";
import { continueSignal, forwardedSignals, signalName, stopSignal } from "../../src/run/signals.ts";

const machine: Readonly<Record<string, number>> = { ...constants.signals };

describe("signalName", () => {
  test("agrees with this machine's names, wherever it has one", () => {
    const aliases = ["SIGIOT", "SIGPOLL", "SIGUNUSED"];
    const signals = Object.entries(machine).filter(([name]) => !aliases.includes(name));
    expect(signals.length).toBeGreaterThan(20);
    expect(signals.filter(([name, number]) => ![name, `signal ${number}`].includes(signalName(number)))).toEqual([]);
  });

  test.each([
    [1, "SIGHUP"],
    [2, "SIGINT"],
    [6, "SIGABRT"],
    [9, "SIGKILL"],
    [11, "SIGSEGV"],
    [15, "SIGTERM"],
    [24, "SIGXCPU"],
    [31, "SIGSYS"],
  ])("%d is %s", (number, name) => expect(signalName(number)).toBe(name));

  test.each([0, 34, 40, 64])("%d stays a number", (number) => expect(signalName(number)).toBe(`signal ${number}`));
});

describe("signals that are passed on", () => {
  test("have this machine's numbers", () => {
    expect({ ...forwardedSignals }).toEqual(
      Object.fromEntries(Object.keys(forwardedSignals).map((name) => [name, machine[name]])) as typeof forwardedSignals,
    );
    expect([stopSignal, continueSignal]).toEqual([machine["SIGSTOP"] ?? 0, machine["SIGCONT"] ?? 0]);
  });

  test("are those that a user or a supervisor sends, and none that cannot be caught", () => {
    expect(Object.keys(forwardedSignals)).toEqual(["SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGTERM"]);
  });
});
