/** What became of artifacts, in words. */
import type { ArtifactRefusal, ArtifactsOutcome, RefusedArtifact } from "../model/artifact.ts";
import { count, formatBytes, joinWords } from "./phrase.ts";
import { printableText } from "./printable-text.ts";

const words: Readonly<Record<ArtifactRefusal, string>> = {
  symlink: "a symlink",
  denied: "hidden from the job",
  special: "a device, FIFO or socket",
  name: "its name is no UTF-8",
  unreadable: "cannot be read",
  "too-many-bytes": "over the cap on bytes",
  "too-many-files": "over the cap on files",
  changed: "changed while it was copied",
  unwritable: "cannot be written there",
};

const shownMax = 5;

function describeRefused({ path, reason, errno }: RefusedArtifact): string {
  return printableText(
    `${path === "" ? "." : path} (${words[reason]}${errno === undefined ? "" : `, ${errno}`})`,
    true,
  );
}

/** `2 artifacts (14 KiB) in DIR`. */
export function describeArtifacts({ files, directory }: ArtifactsOutcome): string {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return printableText(`${count(files.length, "artifact")} (${formatBytes(bytes)}) in ${directory}`, true);
}

/** What matches and was not collected; there is some. */
export function describeRefusedArtifacts({ refused, refusedCount }: ArtifactsOutcome): string {
  const shown = refused.slice(0, shownMax).map(describeRefused);
  const more = refusedCount > shown.length ? [`${refusedCount - shown.length} more`] : [];
  return `not collected: ${joinWords([...shown, ...more])}`;
}

/** What matched nothing that could be collected; there is some. */
export function describeMissingArtifacts({ missing }: ArtifactsOutcome): string {
  return `nothing was collected for ${printableText(joinWords(missing.map((glob) => JSON.stringify(glob))), true)}`;
}
