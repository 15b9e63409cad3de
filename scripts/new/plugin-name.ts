/** Names of plug-ins, and what is made of them. */

/** A name in the forms that a template needs. */
export interface PluginName {
  /** `nested-sandbox`: file, id, and first part of capability ids. */
  readonly file: string;
  /** `Nested sandbox`. */
  readonly title: string;
}

/** A file that a template makes, relative to the root. */
export interface NewFile {
  readonly path: string;
  readonly text: string;
}

/** A name from what was typed; nothing unless that is a kebab-case noun. */
export function parsePluginName(typed: string): PluginName | undefined {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(typed) || typed.length > 40) return undefined;
  const words = typed.replaceAll("-", " ");
  return { file: typed, title: words.charAt(0).toUpperCase() + words.slice(1) };
}
