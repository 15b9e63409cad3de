/** What a failed call was after. Pure. */
import { posix } from "node:path";
import { descriptorPath, quotedText, type FailedCall } from "./parse-trace.ts";

/** What it was after. */
export type Aim =
  | { readonly kind: "path"; readonly path: string; readonly writes: boolean }
  | { readonly kind: "destination"; readonly address: string; readonly port: number }
  /** A socket with a name in the file system. */
  | { readonly kind: "socket"; readonly path: string }
  /** `about`: the address family of a socket. */
  | { readonly kind: "call"; readonly about?: string };

/** Where a call's path stands among its arguments, and where the descriptor that it is relative to. */
interface PathPlace {
  readonly at: number;
  readonly base?: number;
  /** Undefined: what the flags of an opening say. */
  readonly writes?: boolean;
}

const reading = (at: number, base?: number): PathPlace => ({
  at,
  writes: false,
  ...(base === undefined ? {} : { base }),
});
const writing = (at: number, base?: number): PathPlace => ({
  at,
  writes: true,
  ...(base === undefined ? {} : { base }),
});

function placesOf(
  place: (at: number, base?: number) => PathPlace,
  at: number,
  base: number | undefined,
  names: string,
) {
  return names.split(" ").map((name): [string, readonly PathPlace[]] => [name, [place(at, base)]]);
}

/** Calls that take paths (syscalls(2)). */
const pathCalls: ReadonlyMap<string, readonly PathPlace[]> = new Map([
  ...placesOf(reading, 0, undefined, "access stat lstat chdir readlink statfs execve getxattr lgetxattr chroot"),
  ...placesOf(reading, 1, 0, "newfstatat fstatat64 statx faccessat faccessat2 readlinkat execveat name_to_handle_at"),
  ...placesOf(writing, 0, undefined, "creat mkdir rmdir unlink truncate chmod utime utimes mknod setxattr lsetxattr"),
  ...placesOf(writing, 1, 0, "mkdirat unlinkat fchmodat fchmodat2 mknodat utimensat futimesat"),
  ["open", [{ at: 0 }]],
  ["openat", [{ at: 1, base: 0 }]],
  ["rename", [writing(0), writing(1)]],
  ["renameat", [writing(1, 0), writing(3, 2)]],
  ["renameat2", [writing(1, 0), writing(3, 2)]],
  ["link", [reading(0), writing(1)]],
  ["linkat", [reading(1, 0), writing(3, 2)]],
  ["symlink", [writing(1)]],
  ["symlinkat", [writing(2, 1)]],
]);

const writingFlags = /\b(?:O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_TMPFILE)\b/;

function pathAim({ parts }: FailedCall, place: PathPlace, directory: string): Aim[] {
  const text = quotedText(parts[place.at]);
  if (text === undefined || text === "") return [];
  // Relative to a directory that strace did not tell: the job's own, most likely.
  const base = (place.base === undefined ? undefined : descriptorPath(parts[place.base])) ?? directory;
  const writes = place.writes ?? writingFlags.test(parts.slice(place.at + 1).join(" "));
  return [{ kind: "path", path: posix.resolve(base, text), writes }];
}

/** `{sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("192.0.2.1")}` and its like. */
function destinationAim(part: string): Aim | undefined {
  const port = /sin6?_port=htons\((\d+)\)/.exec(part)?.[1];
  const address = /inet_(?:addr\(|pton\(AF_INET6, )"([^"]+)"/.exec(part)?.[1];
  if (port !== undefined && address !== undefined) return { kind: "destination", address, port: Number(port) };
  const path = quotedText(/sun_path=("(?:[^"\\]|\\.)*")/.exec(part)?.[1]);
  return path === undefined ? undefined : { kind: "socket", path };
}

const connectingCalls = ["connect", "sendto", "sendmsg", "sendmmsg"];
const fillingCalls = [
  "write",
  "writev",
  "pwrite64",
  "pwritev",
  "pwritev2",
  "fallocate",
  "ftruncate",
  "copy_file_range",
];

/** What the call was after; several for one with two paths. `directory`: the job's working directory. */
export function aimsOf(call: FailedCall, directory: string): readonly Aim[] {
  const places = pathCalls.get(call.name);
  if (places !== undefined) {
    const aims = places.flatMap((place) => pathAim(call, place, directory));
    return aims.length === 0 ? [{ kind: "call" }] : aims;
  }
  if (connectingCalls.includes(call.name))
    return [call.parts.map(destinationAim).find((aim) => aim !== undefined) ?? { kind: "call" }];
  if (call.name === "socket" && call.parts[0] !== undefined) return [{ kind: "call", about: call.parts[0] }];
  const path = fillingCalls.includes(call.name) ? descriptorPath(call.parts[0]) : undefined;
  return [path === undefined ? { kind: "call" } : { kind: "path", path, writes: true }];
}
