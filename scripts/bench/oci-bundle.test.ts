import { expect, test } from "bun:test";
import { bundleConfiguration } from "./oci-bundle.ts";

const kinds = ["pid", "network", "ipc", "uts", "mount"];

test("root's bundle has no user namespace", () =>
  expect(bundleConfiguration(["/bin/true"], "/root", 0, 0)).toMatchObject({
    process: { args: ["/bin/true"], noNewPrivileges: true },
    root: { path: "/root", readonly: true },
    linux: { namespaces: kinds.map((type) => ({ type })) },
  }));

test("a user's maps the own ids", () =>
  expect(bundleConfiguration(["/bin/true"], "/root", 1000, 1001)).toMatchObject({
    linux: {
      namespaces: [...kinds, "user"].map((type) => ({ type })),
      uidMappings: [{ containerID: 0, hostID: 1000, size: 1 }],
      gidMappings: [{ containerID: 0, hostID: 1001, size: 1 }],
    },
  }));
