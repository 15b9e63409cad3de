/**
 * Globs of paths: as in a .gitignore, without its exceptions. Matched without going back over what was matched already, for
 * a stranger's project may state them. Pure.
 */

/** Any number of names. */
const anyNames = "**";

/** One name: `*` stands for any part of it, `?` for a character. Of several stars only the last is ever tried again. */
function matchesName(pattern: string, name: string): boolean {
  let [at, star, tried] = [0, -1, 0];
  for (let index = 0; index < name.length;) {
    if (pattern[at] === "*") [star, tried] = [at++, index];
    else if (at < pattern.length && (pattern[at] === "?" || pattern[at] === name[index]))
      [at, index] = [at + 1, index + 1];
    else if (star >= 0) [at, index] = [star + 1, ++tried];
    else return false;
  }
  return /^\**$/.test(pattern.slice(at));
}

/** How many names can have been matched by one more part, where so many were before. */
function advance(counts: readonly number[], part: string, names: readonly string[]): number[] {
  if (part !== anyNames) {
    return counts.flatMap((count) => {
      const name = names[count];
      return name !== undefined && matchesName(part, name) ? [count + 1] : [];
    });
  }
  const [least = names.length] = counts;
  return Array.from({ length: names.length - least + 1 }, (_, index) => least + index);
}

/** One without a slash before its end is about a name anywhere; any other about a path from the workspace on. */
function partsOf(glob: string): string[] {
  const parts = glob.split("/").filter((part) => part !== "");
  const isAnywhere = !glob.slice(0, -1).includes("/");
  // What lies in a directory is not the directory itself.
  const inside = parts.length > 1 && parts.at(-1) === anyNames ? [...parts, "*"] : parts;
  return isAnywhere ? [anyNames, ...inside] : inside;
}

/** Whether a path, relative to the workspace, is one of those, or lies in one. */
export function matchingOf(globs: readonly string[]): (path: string) => boolean {
  const patterns = globs.filter((glob) => /[^/]/.test(glob)).map(partsOf);
  return (path) => {
    const names = path.split("/");
    return patterns.some((parts) => {
      const counts = parts.reduce((reached, part) => advance(reached, part, names), [0]);
      return counts.some((count) => count > 0);
    });
  };
}

/** Whether something below a directory may be one of those: what is fixed at a glob's beginning leads there, or from there. */
export function mayHoldMatches(globs: readonly string[]): (directory: string) => boolean {
  const starts = globs.map((glob) => {
    const [start = ""] = glob.slice(0, -1).includes("/") ? glob.replace(/^\//, "").split(/[*?]/, 1) : [""];
    return start;
  });
  return (directory) => starts.some((start) => `${directory}/`.startsWith(start) || start.startsWith(`${directory}/`));
}
