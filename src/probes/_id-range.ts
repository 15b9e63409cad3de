/** A user's range of subordinate ids (subuid(5)). */
import type { Host } from "../host/host.ts";
import type { Blocker, Evidence } from "../model/capability.ts";

/** Ids that are somebody's to give away. */
export interface IdRange {
  readonly first: number;
  readonly count: number;
}

/** A range, or why there is none. */
export interface FoundRange {
  readonly range: IdRange | undefined;
  readonly blocker: Blocker | undefined;
  readonly evidence: readonly Evidence[];
}

/** The largest range of whoever is called one of these names. Pure. */
export function parseRange(text: string, names: readonly string[]): IdRange | undefined {
  const ranges = text.split("\n").flatMap((line) => {
    const [, name = "", first = "", count = ""] = /^([^:]+):(\d{1,10}):(\d{1,10})\s*$/.exec(line) ?? [];
    return names.includes(name) && Number(count) > 0 ? [{ first: Number(first), count: Number(count) }] : [];
  });
  return ranges.toSorted((one, other) => other.count - one.count)[0];
}

/** The account's name in passwd(5); undefined for an id without one. Pure. */
export function parseAccountName(passwd: string, uid: number): string | undefined {
  const line = passwd.split("\n").find((entry) => entry.split(":")[2] === String(uid));
  const name = line?.split(":")[0];
  return name === "" ? undefined : name;
}

/** Root needs no entry: the kernel lets it map any id that is mapped where it is itself (user_namespaces(7)). */
const rootRange: IdRange = { first: 100_000, count: 65_536 };

/** What getsubids(1) answers (shadow 4.11): `0: NAME FIRST COUNT`. It also asks the directory services. Pure. */
export function parseGetsubids(text: string): IdRange | undefined {
  const ranges = Array.from(text.matchAll(/^\d+:\s+\S+\s+(\d{1,10})\s+(\d{1,10})\s*$/gm), (match) => ({
    first: Number(match[1]),
    count: Number(match[2]),
  }));
  return ranges.toSorted((one, other) => other.count - one.count)[0];
}

/** Finds the caller's range: in the file by name or number, else by getsubids where that is installed. */
export async function findIdRange(host: Host, file: "/etc/subuid" | "/etc/subgid"): Promise<FoundRange> {
  const { uid } = host.identity;
  if (uid === 0) return { range: rootRange, blocker: undefined, evidence: [] };
  const passwd = host.readText("/etc/passwd");
  const account = passwd.ok ? parseAccountName(passwd.value, uid) : undefined;
  const names = [...(account === undefined ? [] : [account]), String(uid)];
  const text = host.readText(file);
  const inFile = text.ok ? parseRange(text.value, names) : undefined;
  const read = {
    action: `look for ${names.join(" or ")} in ${file}`,
    result: describe(inFile, text.ok ? "none" : text.errno),
  };
  if (inFile !== undefined) return { range: inFile, blocker: undefined, evidence: [read] };
  const asked = account === undefined ? undefined : await askServices(host, account, file);
  const evidence = asked === undefined ? [read] : [read, asked.evidence];
  if (asked?.range !== undefined) return { range: asked.range, blocker: undefined, evidence };
  const detail = `${file} has no range for ${names.join(" or ")}`;
  return { range: undefined, blocker: { code: "idmap", detail }, evidence };
}

async function askServices(
  host: Host,
  account: string,
  file: string,
): Promise<{ range: IdRange | undefined; evidence: Evidence } | undefined> {
  const [getsubids] = host.findPrograms("getsubids");
  if (getsubids === undefined) return undefined;
  const words = file === "/etc/subgid" ? ["-g", account] : [account];
  const result = await host.run(getsubids, words, { deadlineMs: 1500 });
  const range = result.status === "exited" && result.code === 0 ? parseGetsubids(result.stdout) : undefined;
  return { range, evidence: { action: `getsubids ${words.join(" ")}`, result: describe(range, "none") } };
}

function describe(range: IdRange | undefined, otherwise: string): string {
  return range === undefined ? otherwise : `${range.count} from ${range.first} on`;
}
