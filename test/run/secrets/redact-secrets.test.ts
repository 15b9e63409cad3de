import { expect, test } from "bun:test";
import { redactValue, secretRedactor } from "../../../src/run/secrets/redact-secrets.ts";
import { secretForms } from "../../../src/run/secrets/secret-forms.ts";

const redact = secretRedactor(secretForms(new Map([["TOKEN", Buffer.from("S3cr.et+\n")]])));

test("what cupel says has no secret in it, in whichever letters and form", () =>
  expect(redact("S3cr.et+ s3cr.et+ S3crxet+ UzNjci5ldCs=")).toBe(
    "[secret TOKEN] [secret TOKEN] S3crxet+ [secret TOKEN]",
  ));

test("an outcome has none in its texts and names, and is else as it was", () =>
  expect(redactValue({ a: ["S3cr.et+", 1, null, true], "S3cr.et+": { b: "x" } }, redact)).toEqual({
    a: ["[secret TOKEN]", 1, null, true],
    "[secret TOKEN]": { b: "x" },
  } as never));

test("without secrets nothing is changed", () => expect(secretRedactor([])("any")).toBe("any"));
