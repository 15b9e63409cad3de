/** What a job could do without a guarantee: what a user gives up by accepting its loss. */
import type { GuaranteeId } from "../model/guarantee.ts";

/** As it reads after "the job could then"; the gravest first. */
const freedoms: Readonly<Record<GuaranteeId, string>> = {
  "fs.read": "read every file that you can",
  "fs.write": "change every file that you can",
  "net.none": "use the network",
  "net.allowlist": "reach any address",
  "priv.escalation": "use set-uid programs",
  "proc.signal": "signal and trace your processes",
  "ipc.sockets": "talk to this host's services",
  "tty.safe": "type into your terminal",
  "proc.tree": "leave processes behind",
  "env.clean": "read your environment",
  "secret.private": "leave secrets where others can read them",
  "kernel.boundary": "attack this host's kernel directly",
  "kernel.syscalls": "make dangerous system calls",
  "priv.devices": "use every device that you can",
  "fs.protected": "plant files that your tools obey, such as .git/hooks",
  "fs.workspace": "change the workspace itself",
  "ipc.shared": "share memory with your processes",
  "proc.hidden": "see your processes",
  "fs.metadata": "see which files exist",
  "net.loopback": "reach services on this host's loopback",
  "limit.time": "run for ever",
  "limit.cpu": "take all CPUs",
  "limit.memory": "take all memory",
  "limit.pids": "start processes without end",
  "limit.disk": "fill the disk",
  "limit.output": "write output without end",
};

const shown = 4;

/** What the job could do without these guarantees, gravest first: `read every file that you can, use the network, …`. */
export function describeFreedoms(lost: readonly GuaranteeId[]): string {
  const all = mergeFreedoms(
    Object.entries(freedoms).flatMap(([id, freedom]) => (lost.some((one) => one === id) ? [freedom] : [])),
  );
  const words = all.slice(0, shown);
  if (all.length > shown) return `${words.join(", ")} and more`;
  const last = words.pop() ?? "";
  return words.length === 0 ? last : `${words.join(", ")} and ${last}`;
}

/** Reading and changing files are mostly lost together, and said in one. */
function mergeFreedoms(words: readonly string[]): string[] {
  const both = [freedoms["fs.read"], freedoms["fs.write"]];
  if (!both.every((word) => words.includes(word))) return [...words];
  return ["read and change every file that you can", ...words.filter((word) => !both.includes(word))];
}
