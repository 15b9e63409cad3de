/** Globs of paths, as in a .gitignore without its exceptions. Pure. */

const special = /[.+^${}()|[\]\\]/g;

/** `**` stands for any number of names, `*` and `?` for what is in one. */
function patternOf(glob: string): string {
  return glob
    .split(/(\*\*\/|\*\*|\*|\?)/)
    .map((part) => {
      if (part === "**/") return "(?:[^/]+/)*";
      if (part === "**") return ".*";
      if (part === "*") return "[^/]*";
      return part === "?" ? "[^/]" : part.replaceAll(special, String.raw`\$&`);
    })
    .join("");
}

function withoutSlashes(glob: string): string {
  const start = glob.startsWith("/") ? 1 : 0;
  return glob.slice(start, glob.endsWith("/") ? -1 : undefined);
}

/** One without a slash before its end is about a name anywhere; any other about a path from the workspace on. */
function expressionOf(glob: string): RegExp {
  const isAnywhere = !glob.slice(0, -1).includes("/");
  return new RegExp(`^${isAnywhere ? "(?:.*/)?" : ""}${patternOf(withoutSlashes(glob))}(?:/.*)?$`, "s");
}

/** Whether a path, relative to the workspace, is one of those, or lies in one. */
export function matchingOf(globs: readonly string[]): (path: string) => boolean {
  const expressions = globs.filter((glob) => withoutSlashes(glob) !== "").map(expressionOf);
  return (path) => expressions.some((expression) => expression.test(path));
}

/** Whether something below a directory may be one of those: what is fixed at a glob's beginning leads there, or from there. */
export function mayHoldMatches(globs: readonly string[]): (directory: string) => boolean {
  const starts = globs.map((glob) => {
    const [start = ""] = glob.slice(0, -1).includes("/") ? withoutSlashes(glob).split(/[*?]/, 1) : [""];
    return start;
  });
  return (directory) => starts.some((start) => `${directory}/`.startsWith(start) || start.startsWith(`${directory}/`));
}
