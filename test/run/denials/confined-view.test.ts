import { expect, test } from "bun:test";
import { rootOfRules } from "../../../src/run/denials/confined-view.ts";

test("rules are the steps that would show the same", () =>
  expect(
    rootOfRules({
      rules: [
        { path: "/usr", access: "read", optional: true },
        { path: "/srv", access: "read", optional: false },
        { path: "/out", access: "write", optional: false },
        { path: "/dev/null", access: "device", optional: true },
      ],
      scratch: { variables: {} },
    }),
  ).toEqual([
    { step: "mirror", path: "/usr" },
    { step: "bind", source: "/srv", destination: "/srv", writable: false, mapOwner: "no", optional: false },
    { step: "bind", source: "/out", destination: "/out", writable: true, mapOwner: "no", optional: false },
    { step: "devices", destination: "/dev/null", shmBytes: 0 },
  ]));
