/** What a file maps names to text for: variables of the job's environment, and files in its root. */
import * as v from "valibot";
import { word } from "./word-schemas.ts";

const namePattern = "^[A-Za-z_][A-Za-z0-9_]*$";
/** The name of a variable. */
export const variableName = v.pipe(
  v.string(),
  v.regex(new RegExp(namePattern), "a variable's name is of letters, digits and _, and begins with no digit"),
);

/** What a mapping of names to text is of. */
interface TextMapping {
  /** The field that it stands in: `env.set`. */
  readonly field: string;
  readonly name: v.GenericSchema<string, string>;
  /** The same as a regular expression. */
  readonly namePattern: string;
  readonly description: string;
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What is wrong with one entry; undefined where nothing is. */
function describeEntry(mapping: TextMapping, name: string, value: unknown): string | undefined {
  const issue = v.safeParse(mapping.name, name).issues?.[0] ?? v.safeParse(word, value).issues?.[0];
  if (issue?.kind !== "schema") return issue?.message;
  return `${mapping.field}.${name} is ${JSON.stringify(value)}, and has to be text; put it in quotes`;
}

/** Names and text. Not a record of valibot's, which leaves out names such as `constructor` without a word. */
function textMapping(mapping: TextMapping) {
  return v.pipe(
    v.custom<Readonly<Record<string, string>>>(isMapping),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const input = dataset.value;
      for (const [key, value] of Object.entries(input)) {
        const message = describeEntry(mapping, key, value);
        const origin = v.safeParse(mapping.name, key).success ? "value" : "key";
        if (message !== undefined) addIssue({ message, path: [{ type: "object", origin, input, key, value }] });
      }
    }),
    v.description(mapping.description),
    v.metadata({
      jsonSchema: {
        type: "object",
        propertyNames: { pattern: mapping.namePattern },
        additionalProperties: { type: "string", pattern: "^[^\\u0000]*$" },
      },
    }),
  );
}

/** Names, as variables have them, and a text for each, at `field`. */
export function namedTexts(field: string, description: string) {
  return textMapping({ field, name: variableName, namePattern, description });
}

/** Variables and their values. */
export const variablesSchema = namedTexts("env.set", "variables and their values");

const filePattern = "^/[^\\u0000=]*$";

/** Files in the job's root and what is in them. */
export const filesSchema = textMapping({
  field: "files",
  name: v.pipe(
    v.string(),
    v.regex(new RegExp(filePattern), "a file's path is absolute, where the job sees it, and has no = in it"),
    v.check((text) => text.isWellFormed(), "a path is not valid Unicode, and could not be passed on unchanged"),
  ),
  namePattern: filePattern,
  description: "files that the job finds at these paths, read-only, and their content",
});
