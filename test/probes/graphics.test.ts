import { expect, test } from "bun:test";
import graphics from "../../src/probes/graphics.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { devicesAsRoot } from "../fixtures/hosts/device-transcripts.ts";
import { printFindings } from "../support/print-findings.ts";
import { alteredContext } from "../support/with-devices.ts";

test("a machine without a card", async () => {
  const context = alteredContext(fixtures.firecrackerRoot, {
    transcripts: { ...devicesAsRoot, "device open": "open ENOENT" },
  });
  expect(printFindings(await graphics.run(context))).toMatchInlineSnapshot(`
    "
    gpu.render: absent (exercised)
      no /dev/dri: no graphics driver has a render node here
      | list /dev/dri -> ENOENT
      | list /sys/class/drm -> ENOENT
      ! device-missing: no /dev/dri: no graphics driver has a render node here
    gpu.amd: absent (declared)
      no /dev/kfd: no AMD graphics driver with compute
      | stat /dev/kfd -> ENOENT
      ! device-missing: no /dev/kfd: no AMD graphics driver with compute
    gpu.wsl: absent (declared)
      no /dev/dxg: it is WSL 2's alone
      | stat /dev/dxg -> ENOENT
      ! device-missing: no /dev/dxg: it is WSL 2's alone
    "
  `);
});

test("an AMD card answers", async () => {
  const context = alteredContext(fixtures.gpuServer, { transcripts: { "device open": "open ENOENT" } });
  expect(printFindings(await graphics.run(context))).toMatchInlineSnapshot(`
    "
    gpu.render: works (exercised) = amdgpu
      1 of 1 render nodes answer (driver amdgpu); nothing was rendered
      | open /dev/dri/renderD128 -> ok
      | DRM_IOCTL_VERSION -> ok, 3
    gpu.amd: works (exercised) = 1.17
      /dev/kfd speaks version 1.17; nothing was computed
      | open /dev/kfd -> ok
      | AMDKFD_IOC_GET_VERSION -> ok, 65553
    gpu.wsl: absent (declared)
      no /dev/dxg: it is WSL 2's alone
      | stat /dev/dxg -> ENOENT
      ! device-missing: no /dev/dxg: it is WSL 2's alone
    "
  `);
});

test("a card that a container was not given", async () => {
  const context = alteredContext(fixtures.dockerDefault, { files: { "/sys/class/drm/renderD128/dev": "226:128\n" } });
  expect((await graphics.run(context))["gpu.render"]).toMatchObject({
    state: "absent",
    summary: "the kernel has renderD128, but /dev/dri is not in this /dev",
  });
});

test("a user who is not in the group render", async () => {
  const node = { status: { kind: "character-device", mode: 0o660, gid: 104 } as const };
  const context = alteredContext(fixtures.gpuServer, {
    files: { "/dev/dri/renderD128": node, "/dev/kfd": node },
    transcripts: { "device render-node": "open EACCES", "device compute": "open EACCES" },
  });
  const found = await graphics.run(context);
  expect(found["gpu.render"].blockers).toEqual([
    {
      code: "device-mode",
      detail: "/dev/dri/renderD128: mode 0660, owner 0, group 104; this user may not open it (EACCES)",
    },
  ]);
  expect(found["gpu.amd"].state).toBe("blocked");
});

test("two cards, of which one is refused, are one card less", async () => {
  const context = alteredContext(fixtures.gpuServer, {
    files: { "/dev/dri/renderD129": { status: { kind: "character-device", mode: 0o600 } } },
  });
  const found = await graphics.run({
    ...context,
    helpers: {
      ...context.helpers,
      probe: (name, words, deadlineMs) =>
        words[1] === "/dev/dri/renderD129"
          ? Promise.resolve({
              status: "ended",
              steps: [{ step: "open", errno: "EACCES", value: 0, text: "" }],
              durationMs: 1,
            })
          : context.helpers.probe(name, words, deadlineMs),
    },
  });
  expect(found["gpu.render"]).toMatchObject({
    state: "degraded",
    summary: "1 of 2 render nodes answer (driver amdgpu); nothing was rendered",
    blockers: [{ code: "device-mode" }],
  });
});
