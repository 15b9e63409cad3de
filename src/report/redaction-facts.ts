/** What is known of this machine and its users, so that a report can be shown without it. */
import type { Host } from "../host/host.ts";
import type { RedactionFacts } from "./redact-text.ts";

/** An account of passwd(5). */
interface Account {
  readonly name: string;
  readonly uid: number;
  readonly fullName: string;
  readonly home: string;
}

/** Ids of people; below are the system's, above are containers' and nobody's (login.defs(5)). */
const firstPerson = 1000;
const lastPerson = 60_000;

/** Reads names and places: the caller's first, then those of the other people here. A few small reads. */
export function readRedactionFacts(host: Host): RedactionFacts {
  const text = host.readText("/etc/passwd");
  const accounts = text.ok ? parseAccounts(text.value) : [];
  const isOwn = ({ uid }: Account): boolean => uid === host.identity.uid;
  const people = accounts.filter((one) => isOwn(one) || (one.uid >= firstPerson && one.uid <= lastPerson));
  const ordered = [...people.filter(isOwn), ...people.filter((one) => !isOwn(one))];
  const variables = (...names: readonly string[]): string[] => names.flatMap((name) => host.environment[name] ?? []);
  return {
    users: distinct([
      ...variables("USER", "LOGNAME", "SUDO_USER"),
      ...ordered.map(({ name }) => name),
      ...ordered.map(({ fullName }) => fullName),
    ]),
    homes: distinct([...variables("HOME"), ...ordered.map(({ home }) => home)]),
    hosts: distinct([
      ...["/proc/sys/kernel/hostname", "/etc/hostname"].map((path) => firstLine(host, path)),
      ...variables("HOSTNAME"),
    ]),
    directories: distinct([host.directory, ...variables("PWD", "OLDPWD")]),
  };
}

/** Accounts of a passwd file; lines that are none are left out. Pure. */
export function parseAccounts(text: string): Account[] {
  return text.split("\n").flatMap((line) => {
    const [name = "", , uid = "", , comment = "", home = ""] = line.split(":");
    // The first part of the comment is by custom the full name.
    return /^\d+$/u.test(uid) ? [{ name, uid: Number(uid), fullName: comment.split(",")[0] ?? "", home }] : [];
  });
}

function firstLine(host: Host, path: string): string {
  const text = host.readText(path);
  return text.ok ? (text.value.split("\n")[0] ?? "").trim() : "";
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)].filter((text) => text !== "");
}
