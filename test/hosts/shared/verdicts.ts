/** What attacks come to, for the strategies as hosts commonly let them be. */
import type { Verdicts } from "../../../scripts/hosts/lab-host.ts";

/** In namespaces, without control groups that cupel may write to. */
export const inNamespaces: Verdicts = {
  "fs.read": "held",
  "fs.write": "held",
  "fs.metadata": "held",
  "fs.protected": "held",
  "fs.workspace": "held",
  "net.none": "held",
  "net.allowlist": "not-provided",
  "net.loopback": "held",
  "ipc.sockets": "held",
  "ipc.shared": "held",
  "proc.hidden": "held",
  "proc.signal": "held",
  "proc.tree": "held",
  "priv.escalation": "held",
  "priv.devices": "held",
  "kernel.syscalls": "held",
  "kernel.boundary": "not-provided",
  "limit.time": "held",
  "limit.cpu": "not-provided",
  "limit.memory": "not-provided",
  "limit.pids": "held",
  "limit.disk": "not-provided",
  "limit.output": "held",
  "env.clean": "held",
  "secret.private": "held",
  "tty.safe": "held",
};

/** In namespaces, with a control group for each cap. */
export const withEveryCap: Verdicts = { ...inNamespaces, "limit.cpu": "held", "limit.memory": "held" };

/** In the caller's own session, without control groups: where user namespaces are denied, nothing more can be had. */
export const inProcess: Verdicts = {
  "fs.read": "not-provided",
  "fs.write": "not-provided",
  "fs.metadata": "not-provided",
  "fs.protected": "not-provided",
  "fs.workspace": "not-provided",
  "net.none": "not-provided",
  "net.allowlist": "not-provided",
  "net.loopback": "not-provided",
  "ipc.sockets": "not-provided",
  "ipc.shared": "not-provided",
  "proc.hidden": "not-provided",
  "proc.signal": "not-provided",
  "proc.tree": "not-provided",
  "priv.escalation": "not-provided",
  "priv.devices": "not-provided",
  "kernel.syscalls": "held",
  "kernel.boundary": "not-provided",
  "limit.time": "not-provided",
  "limit.cpu": "not-provided",
  "limit.memory": "not-provided",
  "limit.pids": "not-provided",
  "limit.disk": "not-provided",
  "limit.output": "not-provided",
  "env.clean": "held",
  "secret.private": "not-provided",
  "tty.safe": "not-provided",
};
