/** Shell completion: one script for each shell, made from the commands' descriptions. */
import type { CommandDescription } from "../report/command-description.ts";
import { renderBashCompletion } from "./completion-bash.ts";
import { renderFishCompletion } from "./completion-fish.ts";
import { renderZshCompletion } from "./completion-zsh.ts";

/** Shells that completion is written for. */
export const completionShells = ["bash", "zsh", "fish"] as const;

/** One of {@link completionShells}. */
export type CompletionShell = (typeof completionShells)[number];

const renderers: Readonly<Record<CompletionShell, (commands: readonly CommandDescription[]) => string>> = {
  bash: renderBashCompletion,
  zsh: renderZshCompletion,
  fish: renderFishCompletion,
};

/** The script for one shell, to be sourced or put where that shell looks for completions. */
export function renderCompletion(shell: CompletionShell, commands: readonly CommandDescription[]): string {
  return renderers[shell](commands);
}
