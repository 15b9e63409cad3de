/** The secrets of a file: their names, and where the value of each comes from. Never a value. */
import * as v from "valibot";
import { namedTexts } from "../variable-schemas.ts";

/** The secrets of a file. */
export const secretsSchema = v.strictObject({
  files: v.optional(
    namedTexts("secrets.files", "secrets for files in /run/secrets, by name: file:PATH, fd:N or command:PROGRAM…"),
  ),
  descriptors: v.optional(
    namedTexts("secrets.descriptors", "secrets that the job finds behind a descriptor, by name: as for files"),
  ),
  mask_output: v.optional(v.pipe(v.boolean(), v.description("take the values out of what the job writes"))),
});
