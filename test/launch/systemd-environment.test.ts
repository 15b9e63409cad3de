import { expect, test } from "bun:test";
import { systemdEnvironment } from "../../src/launch/systemd-environment.ts";

const own = { HOME: "/home/me", TOKEN: "secret", XDG_RUNTIME_DIR: "/run/user/7" };

test("root's client is told nothing of its caller", () =>
  expect(systemdEnvironment("system", { uid: 0, environment: own })).toEqual({ PATH: "/usr/bin:/bin", LC_ALL: "C" }));

test("a user's is told where that user's manager is, and nothing else", () =>
  expect(systemdEnvironment("user", { uid: 7, environment: own })).toEqual({
    PATH: "/usr/bin:/bin",
    LC_ALL: "C",
    XDG_RUNTIME_DIR: "/run/user/7",
    DBUS_SESSION_BUS_ADDRESS: "unix:path=/run/user/7/bus",
  }));

test("a manager of whoever says nothing is where managers are", () =>
  expect(systemdEnvironment("user", { uid: 1000, environment: {} })).toMatchObject({
    XDG_RUNTIME_DIR: "/run/user/1000",
    DBUS_SESSION_BUS_ADDRESS: "unix:path=/run/user/1000/bus",
  }));
