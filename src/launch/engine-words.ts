/** What the command lines of container engines have in common: lists of options, and limits. Pure. */

/** One value of a list with commas (RFC 4180), where it is in need of it. */
function listed(option: string): string {
  return /[",\n\r]/.test(option) ? `"${option.replaceAll('"', '""')}"` : option;
}

/** The value of `--mount`. */
export function joined(...options: readonly string[]): string {
  return options.map(listed).join(",");
}

/** A soft and a hard limit of a process; undefined is none. */
export type LimitPair = readonly [soft: number | undefined, hard: number | undefined];

/** A limit of proc_pid_limits(5), by its title there; undefined where the text has none. */
export function parseLimit(limits: string, title: string): LimitPair | undefined {
  const [soft, hard] = new RegExp(`^${title}\\s+(\\S+)\\s+(\\S+)\\s`, "m").exec(limits)?.slice(1) ?? [];
  if (soft === undefined || hard === undefined) return undefined;
  const valueOf = (text: string): number | undefined => (text === "unlimited" ? undefined : Number(text));
  return [valueOf(soft), valueOf(hard)];
}

/** Of a limit on processes the launcher leaves some to cupel: see leave_processes_to_cupel() in its main.c. */
export function leftByLauncher(limit: number): number {
  return limit - Math.min(32, Math.floor(limit / 4));
}
