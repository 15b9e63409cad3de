/** Ids outside for jobs of root's: nobody's. */

/** systemd's UIDS-GIDS document leaves 0x70000000 and above to nobody; 65534 is what fits a container's 65,536 ids. */
const firstFreshId = 0x7000_0000;
const freshIdCount = 0x00ff_0000;
const overflowId = 65_534;

/** Beyond the last fresh id, and still below what systemd leaves to nobody ends at (0x7fffffff). */
const companionDistance = 0x0100_0000;

/** Whether uid_map(5)-style text maps `id` (second column is outside's; what counts here is inside). */
export function parseMapsId(uidMap: string, id: number): boolean {
  return uidMap.split("\n").some((line) => {
    const [inside, , count] = line.trim().split(/\s+/).map(Number);
    return inside !== undefined && count !== undefined && id >= inside && id < inside + count;
  });
}

/** Ids that no user and no other job has; where the current user namespace is small, the overflow id. */
export function freshIdentity(uidMap: string | undefined): { uid: number; gid: number } {
  // Not a secret: two jobs at once should merely not be one user.
  const id = firstFreshId + Math.floor(Math.random() * freshIdCount);
  const usable = uidMap === undefined || parseMapsId(uidMap, id) ? id : overflowId;
  return { uid: usable, gid: usable };
}

/** Another one for each of them, of nobody's either: of a container's root, whom a runtime takes for its set-up. */
export function companionId(id: number): number {
  return id === overflowId ? overflowId - 1 : id + companionDistance;
}
