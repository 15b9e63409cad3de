import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import { parseLockFile, readLockFile } from "../source/lock-file.ts";
import { repositoryRoot, sha256 } from "../source/repository.ts";
import { renderBillOfMaterials, type ReleaseContents } from "./bill-of-materials.ts";

const schemas = join(repositoryRoot, "node_modules/@cyclonedx/cyclonedx-library/res/schema");

function readSchema(name: string): object {
  return JSON.parse(readFileSync(join(schemas, `${name}.SNAPSHOT.schema.json`), "utf8"));
}

/** The official schema of CycloneDX 1.6. Formats of strings are left out: they are not part of the validator. */
function compileSchema(): ValidateFunction {
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  for (const name of ["spdx", "jsf-0.82"]) {
    // The copies refer to one another by their file names.
    ajv.addSchema(readSchema(name), `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`);
  }
  return ajv.compile(readSchema("bom-1.6"));
}

const check = compileSchema();

/** What the schema finds wrong. */
function validate(document: unknown): string[] {
  check(document);
  return (check.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

const contents: ReleaseContents = {
  manifest: { name: "cupel", version: "1.2.3", description: "What it is." },
  commit: "0123456789abcdef",
  lock: parseLockFile(`{ "packages": {
    "one": ["one@1.0.0", "", { "dependencies": { "two": "2" } }, "sha512-AAAA"],
    "two": ["two@2.0.0", "", { "dependencies": { "one": "1" } }, "sha512-AQID"],
    "@oven/bun-linux-x64": ["@oven/bun-linux-x64@1.4.5", "", {}, "sha512-BBBB"],
    "other": ["other@3.0.0", "", {}, "sha512-CCCC"],
  } }`),
  bundled: ["one"],
  runtimes: ["@oven/bun-linux-x64"],
  executables: [{ name: "cupel-1.2.3-linux-x64", sha256: sha256("an executable") }],
  helpers: [{ name: "cupel-helper-1.2.3-linux-x64-launcher", sha256: sha256("a helper") }],
  license: () => "MIT",
};

describe("renderBillOfMaterials", () => {
  test("is CycloneDX 1.6 by its official schema, for what is locked here", () => {
    const real = { ...contents, lock: readLockFile(), bundled: ["valibot"] };
    expect(validate(JSON.parse(renderBillOfMaterials(real)))).toEqual([]);
  });

  test("the control: the schema finds faults", () => {
    const document = JSON.parse(renderBillOfMaterials(contents));
    expect(validate({ ...document, specVersion: "9" })).not.toBeEmpty();
    expect(validate({ ...document, components: [{ type: "library" }] })).not.toBeEmpty();
  });

  test("names what is bundled, what that needs, the runtime, and each file with its hash", () => {
    const { metadata, components, dependencies } = JSON.parse(renderBillOfMaterials(contents));
    expect(components.map((component: Record<string, unknown>) => component["purl"] ?? component["name"])).toEqual([
      "pkg:npm/one@1.0.0",
      "pkg:npm/two@2.0.0",
      "pkg:npm/%40oven/bun-linux-x64@1.4.5",
      "cupel-helper-1.2.3-linux-x64-launcher",
    ]);
    expect(components[1].hashes).toEqual([{ alg: "SHA-512", content: "010203" }]);
    expect(metadata.component.components[0]).toMatchObject({
      name: "cupel-1.2.3-linux-x64",
      hashes: [{ alg: "SHA-256", content: sha256("an executable") }],
    });
    expect(metadata.component.properties).toEqual([{ name: "commit", value: "0123456789abcdef" }]);
    expect(dependencies[0]).toEqual({
      ref: "pkg:npm/cupel@1.2.3",
      dependsOn: components.map((component: Record<string, unknown>) => component["bom-ref"]),
    });
  });

  test("is the same text for the same release, and has another serial number for another", () => {
    const text = renderBillOfMaterials(contents);
    expect(renderBillOfMaterials(contents)).toBe(text);
    const serialOf = (document: string): string => JSON.parse(document).serialNumber;
    expect(serialOf(renderBillOfMaterials({ ...contents, commit: null }))).not.toBe(serialOf(text));
    expect(serialOf(text)).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
