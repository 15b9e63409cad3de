/** Job files at random that were damaged. */
import fc from "fast-check";
import { textOf, validFiles } from "./random-job-files.ts";
import type { FileValue } from "./random-limits.ts";

const names = [
  "command",
  "limits",
  "timeout",
  "memroy",
  "mode",
  "allow",
  "set",
  "require",
  "",
  "__proto__",
  "constructor",
  "<<",
];
const oddValues = fc.oneof(
  fc.constantFrom<FileValue[]>(
    null,
    true,
    "",
    0,
    -1,
    1.5,
    1e300,
    "host",
    "rw",
    "all",
    "5",
    "5m",
    "2G",
    "0s",
    "1,5",
    [],
    {},
  ),
  fc.string({ maxLength: 6 }),
  fc.constant<FileValue>(["a", 1]),
  fc.constant<FileValue>({ mode: "host" }),
);

function isBranch(
  value: FileValue | undefined,
): value is readonly FileValue[] | { readonly [name: string]: FileValue } {
  return typeof value === "object" && value !== null;
}

/** The value with another one, or another name, at a place that `steps` leads to. */
function damage(value: FileValue, steps: readonly number[], name: string, other: FileValue): FileValue {
  const [step, ...rest] = steps;
  if (!isBranch(value) || step === undefined) return other;
  const entries = Object.entries(value);
  const at = step % (entries.length + 1);
  const changed =
    at === entries.length
      ? [...entries, [name, other] as const]
      : entries.map(([key, one], index) => [key, index === at ? damage(one, rest, name, other) : one] as const);
  return Array.isArray(value) ? changed.map(([, one]) => one) : Object.fromEntries(changed);
}

/** Files of which something was changed: most are wrong now. */
export const damagedFiles: fc.Arbitrary<FileValue> = fc
  .tuple(validFiles, fc.array(fc.nat(7), { minLength: 1, maxLength: 4 }), fc.constantFrom(...names), oddValues)
  .map(([{ file }, steps, name, other]) => damage(file, steps, name, other));

/** Texts of files with some characters put in or taken out: most are not even YAML. */
export const damagedTexts: fc.Arbitrary<string> = validFiles
  .chain(({ file }) =>
    fc.tuple(
      textOf(file),
      fc.nat(),
      fc.nat(8),
      fc.constantFrom(
        "",
        "\t",
        "\n",
        "*a",
        "&a ",
        "!!x ",
        "!!omap ",
        "!!set ",
        "%YAML 1.1\n---\n",
        "- ",
        "{",
        "]",
        ":",
        "\u0000",
        "\u{1b}[31m",
        "---\n",
        "? ",
      ),
    ),
  )
  .map(([text, at, removed, put]) => {
    const place = at % (text.length + 1);
    return text.slice(0, place) + put + text.slice(place + removed);
  });
