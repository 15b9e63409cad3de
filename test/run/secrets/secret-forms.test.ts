import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { MaskStream } from "../../../src/run/secrets/mask-stream.ts";
import { secretForms, withoutNewline } from "../../../src/run/secrets/secret-forms.ts";

/** What is left of a text. */
function masked(value: string | Uint8Array, text: string): string {
  const mask = new MaskStream(secretForms(new Map([["T", Buffer.from(value)]])));
  return Buffer.concat([mask.push(Buffer.from(text)), mask.flush()]).toString();
}

const value = 'a/b+c "d"\n\u00fc\n';
const bare = value.slice(0, -1);

describe("secretForms", () => {
  test.each([
    ["as it is", bare],
    ["with lines as a terminal has them", bare.replaceAll("\n", "\r\n")],
    ["in base64", Buffer.from(bare).toString("base64")],
    ["in base64 with its newline", Buffer.from(value).toString("base64")],
    ["in base64 for addresses", Buffer.from(bare).toString("base64url")],
    ["in an address", encodeURIComponent(bare)],
    ["in an address, in small letters", encodeURIComponent(bare).replace(/%../g, (code) => code.toLowerCase())],
    ["in a form", new URLSearchParams([["", bare]]).toString().slice(1)],
    ["in JSON", JSON.stringify(bare).slice(1, -1)],
    ["in JSON of ASCII alone", JSON.stringify(bare).slice(1, -1).replace("\u00fc", "\\u00fc")],
  ])("find it %s", (_, form) => expect(masked(value, `<${form}>`)).toBe("<[secret T]>"));

  test("find it within something longer in base64, wherever it stands, but for what its neighbours have a part in", () =>
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 6, maxLength: 30 }),
        fc.uint8Array({ maxLength: 9 }),
        fc.uint8Array({ maxLength: 9 }),
        (secret, before, behind) => {
          const bytes = Buffer.concat([before, withoutNewline(secret), behind]);
          // Two characters at each end, at most, are not the secret's alone.
          const left = masked(secret, bytes.toString("base64")).replace("[secret T]", "");
          expect(left.length).toBeLessThanOrEqual(Math.ceil((before.length + behind.length) / 3) * 4 + 8);
        },
      ),
    ));

  test("are none of what is shorter than four bytes", () =>
    expect([secretForms(new Map([["T", Buffer.from("abc\n")]])), masked("abc", "abc")]).toEqual([[], "abc"]));

  test("of bytes that are no text are found, too", () => {
    const bytes = Uint8Array.of(255, 254, 0, 1);
    const forms = secretForms(new Map([["T", bytes]])).map((form) => form.bytes.toString("latin1"));
    expect(["\xff\xfe\0\x01", "%FF%FE%00%01", "//4AAQ=="].filter((form) => !forms.includes(form))).toEqual([]);
  });
});
