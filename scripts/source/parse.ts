/** What a TypeScript file imports, exports and names, from its syntax tree: type imports and dynamic ones included. */
import { parseSync } from "oxc-parser";

/** One place where a file names another module. */
export interface ImportSite {
  /** What is imported; nothing where an `import()` computes it. */
  readonly specifier: string | undefined;
  readonly line: number;
}

/** A name in a file, with what it is a property of where that is a plain name too. */
export interface NameSite {
  readonly name: string;
  /** `process` for the `exit` of `process.exit`. */
  readonly owner: string | undefined;
  /** Whether the name is itself the owner of a property: `Bun` in `Bun.file`. */
  readonly isOwner: boolean;
  readonly line: number;
}

/** What {@link parseSource} finds in one file. */
export interface ParsedSource {
  readonly imports: readonly ImportSite[];
  readonly names: readonly NameSite[];
  readonly hasDefaultExport: boolean;
}

interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly [property: string]: unknown;
}

const importTypes = new Set([
  "ImportDeclaration",
  "ExportAllDeclaration",
  "ExportNamedDeclaration",
  "ImportExpression",
  "TSImportType",
]);

/** Parses one file; throws what the parser found wrong with it. */
export function parseSource(path: string, text: string): ParsedSource {
  const parsed = parseSync(path, text);
  const fault = parsed.errors[0];
  if (fault !== undefined) throw new Error(`${path}: ${fault.message}`);
  const imports: ImportSite[] = [];
  const names: NameSite[] = [];
  const lineOf = (node: SyntaxNode): number => text.slice(0, node.start).split("\n").length;
  walk(parsed.program, undefined, (node, parent) => {
    const specifier = importedBy(node);
    if (specifier !== null) imports.push({ specifier, line: lineOf(node) });
    const name = nameOf(node, parent);
    if (name !== undefined) names.push({ name, ...ownership(node, parent), line: lineOf(node) });
  });
  return { imports, names, hasDefaultExport: parsed.module.staticExports.some(exportsDefault) };
}

// --- internal ---

type Visit = (node: SyntaxNode, parent: SyntaxNode | undefined) => void;

function walk(value: unknown, parent: SyntaxNode | undefined, visit: Visit): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, parent, visit);
  } else if (isNode(value)) {
    visit(value, parent);
    for (const child of Object.values(value)) walk(child, value, visit);
  }
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

/** The specifier that a node imports: nothing known of a computed one, null where it imports nothing. */
function importedBy(node: SyntaxNode): string | undefined | null {
  if (node.type === "TSExternalModuleReference") return literalText(node["expression"]);
  if (!importTypes.has(node.type)) return null;
  const source = node["source"];
  return source === null || source === undefined ? null : literalText(source);
}

function literalText(value: unknown): string | undefined {
  if (!isNode(value) || value.type !== "Literal") return undefined;
  return typeof value["value"] === "string" ? value["value"] : undefined;
}

/** A name, or the string that names a property in `object["name"]`. */
function nameOf(node: SyntaxNode, parent: SyntaxNode | undefined): string | undefined {
  if (node.type === "Identifier" && typeof node["name"] === "string") return node["name"];
  return parent?.type === "MemberExpression" && parent["property"] === node ? literalText(node) : undefined;
}

function ownership(node: SyntaxNode, parent: SyntaxNode | undefined): Pick<NameSite, "owner" | "isOwner"> {
  if (parent?.type !== "MemberExpression") return { owner: undefined, isOwner: false };
  const object = parent["object"];
  if (object === node) return { owner: undefined, isOwner: true };
  return { owner: isNode(object) ? nameOf(object, undefined) : undefined, isOwner: false };
}

function exportsDefault(statement: { entries: { exportName: { kind: string; name: string | null } }[] }): boolean {
  return statement.entries.some(({ exportName }) => exportName.kind === "Default" || exportName.name === "default");
}
