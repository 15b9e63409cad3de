/** The forms in which a secret's value may come out: as it is, and as programs write it in text of other kinds. Pure. */

/** Bytes to be found, and the name of the secret that they are of. */
export interface SecretForm {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Shorter ones are found in what has nothing to do with them. */
export const formBytesMin = 4;

/** Without one newline at its end: files have it, and what is said of their content does not. */
export function withoutNewline(value: Uint8Array): Buffer {
  const bytes = Buffer.from(value);
  if (bytes.at(-1) !== 10) return bytes;
  return bytes.subarray(0, bytes.at(-2) === 13 ? -2 : -1);
}

/**
 * What base64 has of the value wherever it stands in something longer (RFC 4648): groups of three bytes begin before, at or
 * within it. Characters that its neighbours have a part in are left out.
 */
function base64Forms(value: Buffer): string[] {
  const inside = [0, 1, 2].flatMap((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), value]).toString("base64url");
    const first = Math.ceil((before * 8) / 6);
    const last = Math.floor(((before + value.length) * 8) / 6);
    return [whole.slice(first, last)];
  });
  const whole = value.toString("base64");
  const all = [whole, whole.replace(/=+$/, ""), value.toString("base64url"), ...inside];
  return [...all, ...all.map((text) => text.replaceAll("-", "+").replaceAll("_", "/"))];
}

/** RFC 3986, section 2.3: what nobody has to encode; and the blanks of forms. */
function urlForms(value: Buffer): string[] {
  const encode = (isKept: RegExp, render: (byte: number) => string): string =>
    Array.from(value, (byte) => {
      const character = String.fromCharCode(byte);
      return isKept.test(character) ? character : render(byte);
    }).join("");
  const upper = (byte: number): string => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  const lower = (byte: number): string => `%${byte.toString(16).padStart(2, "0")}`;
  const sets = [/[A-Za-z0-9\-._~]/, /[A-Za-z0-9\-._~!*'()]/, /[A-Za-z0-9\-._*]/];
  const forms = sets.flatMap((kept) => [encode(kept, upper), encode(kept, lower)]);
  return [...forms, ...forms.map((text) => text.replaceAll("%20", "+"))];
}

/** As in a string of JSON, and with every slash escaped, too. */
function jsonForms(value: Buffer): string[] {
  const text = value.toString("utf8");
  if (!Buffer.from(text).equals(value)) return [];
  const written = JSON.stringify(text).slice(1, -1);
  const ascii = written.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return [written, ascii, written.replaceAll("/", "\\/")];
}

/** A terminal begins a line anew with two characters. */
function lineForms(value: Buffer): string[] {
  const text = value.toString("latin1");
  return text.includes("\n") ? [text.replace(/\r?\n/g, "\r\n")] : [];
}

function formsOf(name: string, value: Uint8Array): SecretForm[] {
  const bare = withoutNewline(value);
  const texts = [...base64Forms(bare), ...base64Forms(Buffer.from(value)), ...urlForms(bare), ...jsonForms(bare)];
  const all = [
    bare,
    ...lineForms(bare).map((text) => Buffer.from(text, "latin1")),
    ...texts.map((text) => Buffer.from(text)),
  ];
  const unique = new Map(all.map((bytes) => [bytes.toString("latin1"), bytes]));
  return [...unique.values()].filter(({ length }) => length >= formBytesMin).map((bytes) => ({ name, bytes }));
}

/** All forms of all secrets, the longest first. */
export function secretForms(values: ReadonlyMap<string, Uint8Array>): SecretForm[] {
  return [...values]
    .flatMap(([name, value]) => (withoutNewline(value).length < formBytesMin ? [] : formsOf(name, value)))
    .toSorted((one, other) => other.bytes.length - one.bytes.length);
}

/** What stands in the place of a secret. */
export function markOf(name: string): string {
  return `[secret ${name}]`;
}
