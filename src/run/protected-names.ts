/**
 * Names that other programs of the caller's take orders from: what a job changes of them is applied only where the caller
 * names it. Pure.
 */

/** Files that shells and tools read by themselves, in whatever directory they find them. */
const protectedFiles = new Set([
  ".bash_aliases",
  ".bash_login",
  ".bash_logout",
  ".bash_profile",
  ".bashrc",
  ".envrc",
  ".gitconfig",
  ".gitmodules",
  ".mcp.json",
  ".netrc",
  ".npmrc",
  ".profile",
  ".pypirc",
  ".ripgreprc",
  ".yarnrc",
  ".yarnrc.yml",
  ".zlogin",
  ".zprofile",
  ".zshenv",
  ".zshrc",
  "cupel.lock.json",
  "cupel.yaml",
]);

const protectedDirectories = new Set([
  ".claude",
  ".codex",
  ".cursor",
  ".devcontainer",
  ".husky",
  ".idea",
  ".ssh",
  ".vscode",
]);

/** What of a repository of Git's own makes programs run, or reads another place. */
function isGitOrder(rest: readonly string[]): boolean {
  const [last = ""] = rest.slice(-1);
  const isConfiguration = ["config", "config.worktree", "commondir", "gitdir", "alternates"].includes(last);
  return rest.length === 0 || isConfiguration || rest.includes("hooks");
}

/** Whether a path, relative to the workspace, is one; a new `.git` directory is judged by what lies in it. */
export function isProtected(path: string, isDirectory: boolean): boolean {
  // Some file systems do not tell capitals apart.
  const names = path.toLowerCase().split("/");
  const git = names.indexOf(".git");
  if (git >= 0 && !(isDirectory && git === names.length - 1) && isGitOrder(names.slice(git + 1))) return true;
  return names.some((name) => protectedDirectories.has(name)) || protectedFiles.has(names.at(-1) ?? "");
}
