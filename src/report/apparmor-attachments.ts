/** Which AppArmor profile of /etc/apparmor.d is attached to a path: what apparmor.d(5) says of attachments. */
import type { Host } from "../host/host.ts";

const folder = "/etc/apparmor.d";

/** `profile NAME /path flags=(…) {`, `profile /path {` or `/path {`; comments do not count. */
const header =
  /^\s*(?:profile\s+(?<name>"[^"]+"|[^\s"{]+)\s*)?(?<path>"[/@{][^"]*"|[/@](?:[^\s"{]|\{[^}\s]*\})*)?\s*(?:xattrs=\([^)]*\)\s*)?(?:flags=)?(?:\([^)]*\)\s*)?\{\s*(?:#.*)?$/gmu;

/** The file whose profile is attached to `path`, if there is one. */
export function findAttachedProfile(host: Pick<Host, "list" | "readText">, path: string): string | undefined {
  const names = host.list(folder);
  if (!names.ok) return undefined;
  return names.value
    .map((name) => `${folder}/${name}`)
    .find((file) => {
      const text = host.readText(file);
      return text.ok && listAttachments(text.value).some((pattern) => matchesAttachment(pattern, path));
    });
}

/** Paths and patterns that the profiles of one file are attached to, with that file's own variables put in. */
function listAttachments(text: string): string[] {
  const variables = new Map<string, string[]>();
  for (const [, name = "", values = ""] of text.matchAll(/^\s*@\{(\w+)\}\s*\+?=\s*(.+)$/gmu)) {
    variables.set(name, [...(variables.get(name) ?? []), ...values.trim().split(/\s+/u)]);
  }
  return [...text.matchAll(header)].flatMap(({ groups }) => {
    const pattern = groups?.["path"] ?? groups?.["name"] ?? "";
    return expand(pattern.replaceAll('"', ""), variables);
  });
}

/** One variable at a time; what is defined elsewhere is left as it is, and matches nothing. */
function expand(pattern: string, variables: ReadonlyMap<string, readonly string[]>): string[] {
  const [found, name = ""] = /@\{(\w+)\}/u.exec(pattern) ?? [];
  const values = variables.get(name);
  if (found === undefined || values === undefined) return [pattern];
  const rest = new Map([...variables].filter(([other]) => other !== name));
  return values.flatMap((value) => expand(pattern.replace(found, value), rest));
}

/** `*` stays within one name, `**` does not; `?`, `[…]` and `{one,other}` are as in a shell. */
function matchesAttachment(pattern: string, path: string): boolean {
  if (!pattern.startsWith("/") || pattern.includes("@{")) return false;
  const source = pattern.replaceAll(
    /\*\*|[*?{},]|\[[^\]]*\]|[^*?{},[]/gu,
    (part) => translations[part] ?? literal(part),
  );
  try {
    return new RegExp(`^${source}$`, "u").test(path);
  } catch (error) {
    if (error instanceof SyntaxError) return pattern === path;
    throw error;
  }
}

const translations: Readonly<Record<string, string>> = {
  "**": ".*",
  "*": "[^/]*",
  "?": "[^/]",
  "{": "(?:",
  "}": ")",
  ",": "|",
};

function literal(part: string): string {
  return part.startsWith("[") ? part : part.replaceAll(/[\\^$.|+()/-]/gu, String.raw`\$&`);
}
