import { describe, expect, test } from "bun:test";
import { encodeRootStep, type StepBinding } from "../../src/launch/encode-root-step.ts";
import { InstructionWriter } from "../../src/launch/instruction-writer.ts";
import type { RootStep } from "../../src/model/root-step.ts";

/** The record's bytes, behind a header of twelve. */
function bytesOf(step: RootStep, binding: StepBinding = {}): string {
  const writer = new InstructionWriter();
  for (let word = 0; word < 3; word++) writer.u32(0);
  encodeRootStep(writer, step, binding);
  return Buffer.from(writer.finish().subarray(12)).toString("hex");
}

describe("encodeRootStep", () => {
  const rows: readonly (readonly [RootStep, string])[] = [
    [{ step: "mirror", path: "/a" }, "1400 0000 07000000 02000000 2f61 00"],
    [
      { step: "bind", source: "/a", destination: "/b", writable: true, optional: true, mapOwner: "must" },
      "1500 0000 12000000 0b000000 02000000 2f61 00 02000000 2f62 00",
    ],
    [
      { step: "bind", source: "/a", destination: "/b", writable: false, optional: false, mapOwner: "if-possible" },
      "1500 0000 12000000 04000000 02000000 2f61 00 02000000 2f62 00",
    ],
    [
      { step: "tmpfs", destination: "/t", mode: 0o700, sizeBytes: 2 ** 33, filesMax: 64, owned: true, writable: false },
      "1600 0000 1f000000 10000000 c0010000 0000000002000000 4000000000000000 02000000 2f74 00",
    ],
    [{ step: "directory", destination: "/d", mode: 0o755 }, "1700 0000 0b000000 ed010000 02000000 2f64 00"],
    [
      { step: "file", destination: "/f", content: "é" },
      "1800 0000 15000000 00000000 24010000 02000000 2f66 00 02000000 c3a9",
    ],
    [{ step: "symlink", destination: "/l", target: "x" }, "1900 0000 0d000000 02000000 2f6c 00 01000000 78 00"],
    [{ step: "proc", destination: "/p" }, "1a00 0000 07000000 02000000 2f70 00"],
    [{ step: "read-only", destination: "/r" }, "1b00 0000 07000000 02000000 2f72 00"],
    [{ step: "mask", destination: "/m" }, "1c00 0000 07000000 02000000 2f6d 00"],
    [
      { step: "devices", destination: "/v", shmBytes: 4096 },
      "1d00 0000 17000000 0010000000000000 0000000000000000 02000000 2f76 00",
    ],
  ];

  test.each(rows.map(([step, bytes]) => [step.step, step, bytes] as const))("writes %s", (_, step, bytes) =>
    expect(bytesOf(step)).toBe(bytes.replaceAll(" ", "")),
  );

  test("puts the layer's place into what needs one", () => {
    const overlay = { step: "overlay", source: "/a", destination: "/b", mapOwner: "must" } as const;
    expect(bytesOf(overlay, { layer: "/l" })).toBe(
      "1e00 0000 2e000000 08000000 02000000 2f61 00 02000000 2f62 00 02000000 2f6c 00 0000000000000000 0000000000000000 00000000 00".replaceAll(
        " ",
        "",
      ),
    );
    expect(bytesOf({ ...overlay, sizeBytes: 5, filesMax: 6 }, { layer: "/l" }).slice(-42)).toBe(
      "050000000000000006000000000000000000000000",
    );
    expect(bytesOf({ ...overlay, program: "/f" }, { layer: "/l" }).slice(-14)).toBe("020000002f6600");
    const bind = { step: "bind", source: "/l/upper", destination: "/b", writable: true, optional: false } as const;
    expect(bytesOf({ step: "copy", source: "/a", destination: "/b" }, { layer: "/l" })).toBe(
      bytesOf({ ...bind, mapOwner: "no" }),
    );
    expect(() => bytesOf(overlay)).toThrow("There is no place for what the job changes");
  });

  test("keeps a file system off swap space where that is asked for", () =>
    expect(
      bytesOf({
        step: "tmpfs",
        destination: "/t",
        mode: 0o500,
        sizeBytes: 0,
        owned: true,
        writable: true,
        keepsOffSwap: true,
      }),
    ).toBe(
      "16000000 1f000000 31000000 40010000 0000000000000000 0000000000000000 02000000 2f7400".replaceAll(" ", ""),
    ));

  test("puts in a content that the plan only names, for the job's user alone", () => {
    const step = { step: "given", destination: "/s", content: "TOKEN" } as const;
    expect(bytesOf(step, { given: new Map([["TOKEN", Uint8Array.of(0, 255)]]) })).toBe(
      "18000000 15000000 10000000 00010000 02000000 2f7300 02000000 00ff".replaceAll(" ", ""),
    );
    expect(() => bytesOf(step)).toThrow("There is no content for TOKEN");
  });
});
