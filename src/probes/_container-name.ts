/** Names for containers that engines know by name. */

/** A name that nobody else uses: two doctors may ask the same engine at the same time. */
export function containerName(): string {
  return `cupel-${Math.random().toString(36).slice(2, 12)}`;
}
