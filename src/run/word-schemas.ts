/** What a file says in words: commands and paths. */
import * as v from "valibot";
import { describeWrongGlob, globLengthMax, globPattern } from "./stated-globs.ts";

/** What can be a word of a command, a path or a value of a variable (execve(2)). */
export const word = v.pipe(
  v.string(),
  v.check((text) => !text.includes("\0"), "a word holds a NUL byte, which none that is passed to a program can"),
  v.check((text) => text.isWellFormed(), "a word is not valid Unicode, and could not be passed on unchanged"),
  v.metadata({ jsonSchema: { type: "string", pattern: "^[^\\u0000]*$" } }),
);

/** One path that cupel is given. */
export const statedPath = v.pipe(
  word,
  v.minLength(1, "a path is empty; write one, or leave it out"),
  v.check(
    (text) => !text.startsWith("~"),
    "a path begins with ~, which only a shell replaces; write it out, or as ./~",
  ),
  v.metadata({ jsonSchema: { type: "string", pattern: "^[^\\u0000~][^\\u0000]*$" } }),
);

/** Globs of paths, at `field`. */
export const globs = (field: string, description: string) => {
  const glob = v.pipe(
    word,
    v.rawCheck(({ dataset, addIssue }) => {
      const message = dataset.typed ? describeWrongGlob(dataset.value, field) : undefined;
      if (message !== undefined) addIssue({ message });
    }),
    v.metadata({ jsonSchema: { type: "string", maxLength: globLengthMax, pattern: globPattern } }),
  );
  return v.pipe(v.array(glob), v.description(description));
};

/** Paths that are granted. */
export const paths = (description: string) => v.pipe(v.array(statedPath), v.description(description));

/** A command: at least a program. */
export const commandSchema = v.pipe(
  v.array(word),
  v.minLength(1, "command is empty; write the program and its arguments"),
  v.check(([program]) => program !== "", "command begins with an empty word; write the program"),
  v.description("the program and its arguments; no shell reads them"),
  v.metadata({
    jsonSchema: {
      type: "array",
      minItems: 1,
      prefixItems: [{ type: "string", pattern: "^[^\\u0000]+$" }],
      items: { type: "string", pattern: "^[^\\u0000]*$" },
    },
  }),
);
