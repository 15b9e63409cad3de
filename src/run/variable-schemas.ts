/** Variables of the job's environment in a file. */
import * as v from "valibot";
import { word } from "./word-schemas.ts";

const namePattern = "^[A-Za-z_][A-Za-z0-9_]*$";
/** The name of a variable. */
export const variableName = v.pipe(
  v.string(),
  v.regex(new RegExp(namePattern), "a variable's name is of letters, digits and _, and begins with no digit"),
);

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The first thing that is wrong with a variable; undefined where nothing is. */
function problemOf(name: string, value: unknown): v.BaseIssue<unknown> | undefined {
  return v.safeParse(variableName, name).issues?.[0] ?? v.safeParse(word, value).issues?.[0];
}

function describeVariable(field: string, name: string, value: unknown): string | undefined {
  const issue = problemOf(name, value);
  if (issue?.kind !== "schema") return issue?.message;
  return `${field}.${name} is ${JSON.stringify(value)}, and has to be text; put it in quotes`;
}

/**
 * Names, as variables have them, and a text for each, at `field`. Not a record of valibot's, which leaves out names such
 * as `constructor` without a word.
 */
export const namedTexts = (field: string, description: string) =>
  v.pipe(
    v.custom<Readonly<Record<string, string>>>(isMapping),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const input = dataset.value;
      for (const [key, value] of Object.entries(input)) {
        const message = describeVariable(field, key, value);
        const origin = v.safeParse(variableName, key).success ? "value" : "key";
        if (message !== undefined) addIssue({ message, path: [{ type: "object", origin, input, key, value }] });
      }
    }),
    v.description(description),
    v.metadata({
      jsonSchema: {
        type: "object",
        propertyNames: { pattern: namePattern },
        additionalProperties: { type: "string", pattern: "^[^\\u0000]*$" },
      },
    }),
  );

/** Variables and their values. */
export const variablesSchema = namedTexts("env.set", "variables and their values");
