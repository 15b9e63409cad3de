/** A fresh /proc of a PID namespace's own: what hides the host's processes from a job. */
import { onLinux } from "./_elsewhere.ts";
import { judgeRehearsal, rehearse } from "./_judge-rehearsal.ts";
import { defineProbe, type ProbeContext } from "./_probe.ts";

async function run(context: ProbeContext) {
  const rehearsed = await rehearse(context, "a fresh /proc in a PID namespace", {
    namespaces: ["mount", "pid"],
    root: [{ step: "proc", destination: "/proc" }],
  });
  return { "mount.proc": await judgeRehearsal(context, rehearsed, "mounted in a PID namespace of its own") };
}

/** Probe `process-file-system`. */
export default defineProbe({
  id: "process-file-system",
  area: "mounts",
  capabilities: { "mount.proc": "Fresh /proc" },
  deadlineMs: 6000,
  run: onLinux(["mount.proc"], run),
});
