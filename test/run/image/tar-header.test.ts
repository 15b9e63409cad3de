import { describe, expect, test } from "bun:test";
import { ImageFault } from "../../../src/run/image/image-fault.ts";
import { parsePaxRecords, parseTarHeader } from "../../../src/run/image/tar-header.ts";
import { archiveOf } from "../../support/oci-image.ts";

describe("parseTarHeader", () => {
  const block = archiveOf([
    { name: "usr/bin/tool", mode: 0o4755, content: "abc", modifiedSeconds: 1_000_000, linkName: "to" },
  ]).subarray(0, 512);

  test("reads what an entry is", () =>
    expect(parseTarHeader(block)).toEqual({
      name: "usr/bin/tool",
      linkName: "to",
      type: "0",
      mode: 0o4755,
      sizeBytes: 3,
      modifiedSeconds: 1_000_000,
    }));

  test("joins what a long name is parted into", () => {
    const [whole] = [Buffer.from(block)];
    whole.write("some/where", 345);
    const sum = whole.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0);
    whole.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    expect(parseTarHeader(whole)?.name).toBe("some/where/usr/bin/tool");
  });

  test("knows the end", () => expect(parseTarHeader(Buffer.alloc(512))).toBeUndefined());

  test.each([
    ["a sum that is wrong", 0, "x"],
    ["a number that is none", 124, "9"],
  ])("refuses %s", (_, at, text) => {
    const damaged = Buffer.from(block);
    damaged.write(text, at);
    expect(() => parseTarHeader(damaged)).toThrow(new ImageFault("a layer is no tar archive"));
  });
});

describe("parsePaxRecords", () => {
  test("reads what counts, with line feeds in it", () =>
    expect(parsePaxRecords(Buffer.from("16 path=a\nb\nc/d\n13 mtime=1.5\n11 size=12\n"))).toEqual({
      path: "a\nb\nc/d",
      linkpath: undefined,
      size: "12",
    }));

  test.each(["9 path=a", "99 path=a\n", "x", "0 path=a\n", "10 pathabcd\n"])("refuses %j", (text) =>
    expect(() => parsePaxRecords(Buffer.from(text))).toThrow(
      new ImageFault("a layer has an extended header that cannot be read"),
    ),
  );

  test("refuses files with holes, whose names are not what they say", () =>
    expect(() => parsePaxRecords(Buffer.from("22 GNU.sparse.major=1\n"))).toThrow(
      new ImageFault("a layer has a file with holes, which is not unpacked"),
    ));
});
