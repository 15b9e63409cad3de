/** Changes to a copy-on-write workspace, kept until the caller applies or discards them. */

/** Version of a record's shape. */
export const layerSchema = 1;

/** What an entry of a directory is. */
export type EntryKind = "file" | "directory" | "symlink" | "special";

/** What happened to one path. A directory that is gone is so path by path. */
export const changeKinds = ["added", "modified", "deleted", "type-changed", "mode-changed"] as const;

/** One of {@link changeKinds}. */
export type ChangeKind = (typeof changeKinds)[number];

/** How an entry of the host's was when the job had ended: what must still be so when a change is applied to it. */
export interface HostEntry {
  readonly kind: EntryKind;
  /** Permissions, with the set-id and sticky bits (inode(7)). */
  readonly mode: number;
  readonly sizeBytes: number;
  readonly inode: string;
  readonly modifiedNs: string;
  /** The kernel's own time of the last change (inode(7), ctime): nobody sets it. */
  readonly changedNs: string;
}

/** One change. */
export interface Change {
  /** Relative to the workspace. */
  readonly path: string;
  readonly change: ChangeKind;
  /** What is there now in the job's view; of a deletion, what was there. */
  readonly kind: EntryKind;
  readonly mode: number;
  /** Of a file: its size now, or before it was deleted. */
  readonly sizeBytes: number;
  /** Of a symlink: where it leads. */
  readonly target?: string | undefined;
  /** What the host has there; absent where it has nothing. */
  readonly before?: HostEntry | undefined;
  /** The host's own entry was changed while the job ran. */
  readonly isStale?: boolean | undefined;
  /** Its name is no valid UTF-8, and is shown with replacements. */
  readonly isUnreadable?: boolean | undefined;
}

/** What is kept of one job. */
export interface LayerRecord {
  readonly schema: typeof layerSchema;
  readonly id: string;
  readonly workspace: string;
  /** The program of the job's command, for people; its arguments may hold secrets. */
  readonly program: string;
  /** When the job had ended, ISO 8601. */
  readonly endedAt: string;
  readonly changes: readonly Change[];
  /** Globs of names that the job's caller protected beside those that always are. */
  readonly protect?: readonly string[] | undefined;
}

/** How many changes there are of each kind, and how much they hold. */
export type ChangeCounts = { readonly [Kind in ChangeKind]: number } & {
  /** In files that were added or modified, or changed their type. */
  readonly sizeBytes: number;
};

/** The counts. Pure. */
export function countChanges(changes: readonly Change[]): ChangeCounts {
  const of = (kind: ChangeKind): number => changes.filter(({ change }) => change === kind).length;
  const holdsContent = ({ change, kind }: Change): boolean =>
    kind === "file" && change !== "deleted" && change !== "mode-changed";
  return {
    added: of("added"),
    modified: of("modified"),
    deleted: of("deleted"),
    "type-changed": of("type-changed"),
    "mode-changed": of("mode-changed"),
    sizeBytes: changes.filter(holdsContent).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  };
}
