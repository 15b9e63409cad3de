/** How the root is mounted. */
import type { Host } from "../host/host.ts";
import { oneLine } from "./_host-text.ts";

/** What mountinfo(5) says of "/": "36 35 98:0 / / rw shared:1 master:2 - ext4 /dev/sda rw". */
export interface RootMount {
  readonly type: string;
  /** `shared`, `master`, `unbindable`, or several; `private` where it is none of them. */
  readonly propagation: string;
}

/** The mount that is seen at /, the last of several; undefined where none is listed. */
export function readRootMount(host: Host): RootMount | undefined {
  const mounts = host.readText("/proc/self/mountinfo");
  const line = mounts.ok ? mounts.value.split("\n").findLast((mount) => mount.split(" ")[4] === "/") : undefined;
  if (line === undefined) return undefined;
  const [left = "", right = ""] = line.split(" - ", 2);
  const fields = left.split(" ").slice(6);
  const peers = fields.map((field) => field.split(":", 1)[0] ?? "");
  const named = ["shared", "master", "unbindable"].filter((name) => peers.includes(name));
  return {
    type: oneLine(right.split(" ", 1)[0] ?? "", 40),
    propagation: named.length === 0 ? "private" : named.join(" "),
  };
}
