/** Which AppArmor profile of /etc/apparmor.d is attached to a path: what apparmor.d(5) says of attachments. */
import type { Host } from "../host/host.ts";

const folder = "/etc/apparmor.d";

/** `profile NAME /path flags=(…) {`, `profile /path {` or `/path {`; comments do not count. */
const header =
  /^\s*(?:profile\s+(?<name>"[^"]+"|[^\s"{]+)\s*)?(?<path>"[/@{][^"]*"|[/@](?:[^\s"{]|\{[^}\s]*\})*)?\s*(?:xattrs=\([^)]*\)\s*)?(?:flags=)?(?:\([^)]*\)\s*)?\{\s*(?:#.*)?$/gmu;

/**
 * The file whose profile is attached to this very path, if there is one: two such make the kernel take neither. A pattern
 * with wildcards gives way to a path that is written out, so it is no obstacle.
 */
export function findAttachedProfile(host: Pick<Host, "list" | "readText">, path: string): string | undefined {
  const names = host.list(folder);
  if (!names.ok) return undefined;
  return names.value
    .map((name) => `${folder}/${name}`)
    .find((file) => {
      const text = host.readText(file);
      return text.ok && listAttachments(text.value).includes(path);
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
    return expandVariables(pattern.replaceAll('"', ""), variables).flatMap(expandAlternatives);
  });
}

/** One variable at a time; what is defined elsewhere is left as it is, and equals no path. */
function expandVariables(pattern: string, variables: ReadonlyMap<string, readonly string[]>): string[] {
  const [found, name = ""] = /@\{(\w+)\}/u.exec(pattern) ?? [];
  const values = variables.get(name);
  if (found === undefined || values === undefined) return [pattern];
  const rest = new Map([...variables].filter(([other]) => other !== name));
  return values.flatMap((value) => expandVariables(pattern.replace(found, value), rest));
}

/** `/{usr/,}bin/x` is two paths. The innermost braces first: they may stand in others. */
function expandAlternatives(pattern: string): string[] {
  const [found, choices = ""] = /(?<!@)\{([^{}]*)\}/u.exec(pattern) ?? [];
  if (found === undefined) return [pattern];
  return choices.split(",").flatMap((choice) => expandAlternatives(pattern.replace(found, choice)));
}
