/** What the prober writes when it is run inside a sandbox, for engines of fixture hosts. */

/** Steps by name: an errno's number, or a value with a text. */
export type InsideSteps = Readonly<
  Record<string, { readonly errno?: number; readonly value?: number; readonly text?: string }>
>;

const kinds = ["user", "mount", "pid", "ipc", "uts", "network"] as const;

/** Namespaces of a fixture host, as the prober's transcript tells them. */
export const outsideTranscript = [
  "pid ok 4711",
  "no-new-privs ok 0",
  "seccomp-mode ok 0",
  ...kinds.map((kind, index) => `namespace-${kind} ok ${100 + index}`),
  "read ok",
  "write ok",
  "line ok 0 Linux version 6.18.44-fc-v669",
].join("\n");

const isolated: InsideSteps = {
  pid: { value: 1 },
  "no-new-privs": { value: 1 },
  "seccomp-mode": { value: 2 },
  "capabilities-effective": { value: 0 },
  "root-write": { errno: 30 },
  interfaces: { text: "lo" },
  ...Object.fromEntries(kinds.map((kind, index) => [`namespace-${kind}`, { value: 200 + index }])),
  "unshare-user": { errno: 28 },
  read: {},
  write: { errno: 30 },
};

/** The prober's output in a sandbox that keeps everything, but for these steps. */
export function insideOutput(differences: InsideSteps = {}): string {
  const lines = Object.entries({ ...isolated, ...differences }).map(([step, { errno = 0, value = 0, text }]) =>
    JSON.stringify({ step, errno, value, ...(text === undefined ? {} : { text }) }),
  );
  return [...lines, JSON.stringify({ step: "end", errno: 0, value: 0 }), ""].join("\n");
}
