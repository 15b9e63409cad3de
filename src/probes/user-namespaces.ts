/** User namespaces: that they can be made, and that their capabilities are good for something afterwards. */
import type { Finding } from "../model/capability.ts";
import { onLinux } from "./_elsewhere.ts";
import { judgeRehearsal, judgeStep, rehearse, type Rehearsed } from "./_judge-rehearsal.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { isRootInNameOnly } from "./_rehearsal.ts";
import { errnoAt, evidenceOf, notEstablished, readSteps } from "./_steps.ts";

async function run(context: ProbeContext) {
  const [own, nested] = await Promise.all([runInLauncher(context), nest(context)]);
  return { ...own, "userns.nested": nested };
}

async function runInLauncher(context: ProbeContext) {
  const created = await rehearse(context, "a user namespace", { namespaces: ["user"] });
  if (isOwn(context, created)) {
    const lie = { action: "compare /proc/self/ns/user inside and outside", result: "the same namespace" };
    const broken = finding({
      state: "broken",
      level: "exercised",
      summary: "reported as made, but not there",
      evidence: [lie],
    });
    return { "userns.create": broken, "userns.capable": broken };
  }
  const create = await judgeRehearsal(context, created, "made by the launcher, with an id mapped");
  if (create.state !== "works") return { "userns.create": create, "userns.capable": create };
  const isRoot = context.host.identity.uid === 0 && !isRootInNameOnly(context.host);
  return {
    "userns.create": create,
    "userns.capable": isRoot ? await exerciseInProber(context) : await exerciseInLauncher(context),
  };
}

function isOwn({ host }: ProbeContext, { result }: Rehearsed): boolean {
  const outside = host.status("/proc/self/ns/user");
  return result.status === "ready" && outside.ok && result.namespaces["user"] === outside.value.inode;
}

/**
 * Some hosts let a user namespace be made and then refuse every capability in it: a mount, a host name and an interface
 * take three different ones.
 */
async function exerciseInLauncher(context: ProbeContext): Promise<Finding> {
  const rehearsed = await rehearse(context, "a mount, a host name and a loopback in namespaces of its own", {
    namespaces: ["user", "mount", "uts", "network"],
    root: [{ step: "directory", destination: "/tmp", mode: 0o755 }],
    hostname: "cupel",
    loopbackUp: true,
  });
  return judgeRehearsal(context, rehearsed, "mounted, set a host name and brought lo up in namespaces of its own");
}

const exercises = {
  "drop-identity": "take ids other than root's",
  "capabilities-inside": "capabilities in a user namespace (bits)",
  "mount-namespace": "unshare(CLONE_NEWNS) in a user namespace",
  "private-root": "make / private in it",
  tmpfs: "mount tmpfs in it",
  "uts-namespace": "unshare(CLONE_NEWUTS) in it",
  "set-hostname": "set a host name in it",
  "network-namespace": "unshare(CLONE_NEWNET) in it",
  loopback: "bring lo up in it",
} as const;

/** Steps that tell something and decide nothing: all capabilities may be listed where each of them is refused. */
const told: readonly string[] = ["drop-identity", "capabilities-inside"];

/** Root builds sandboxes as root; what a user namespace is good for to others, the prober tries as somebody else. */
async function exerciseInProber(context: ProbeContext): Promise<Finding> {
  const reading = readSteps("attribution", await context.helpers.probe("attribution", [], 3000));
  const evidence = evidenceOf(reading, exercises);
  const needed = Object.keys(exercises).filter((step) => !told.includes(step));
  const failed = needed.find((step) => errnoAt(reading, step) !== "ok");
  if (failed === undefined) {
    const summary = "mounted, set a host name and brought lo up in namespaces of its own";
    return finding({ state: "works", level: "exercised", summary, evidence });
  }
  const errno = errnoAt(reading, failed);
  return errno === undefined
    ? { ...notEstablished(reading, failed), evidence }
    : judgeStep(context, { step: errno === "ENOSPC" ? "clone" : failed, errno }, evidence);
}

const nestingWords = {
  "drop-identity": "take ids other than root's",
  enter: "make a user namespace",
  "drop-capabilities": "give up every capability in it",
  nested: "make another in it all the same",
  "capabilities-nested": "capabilities in that one (bits)",
} as const;

/** As browsers do it in a sandbox; how many levels fit is what is left of the kernel's 32 (user_namespaces(7)). */
async function nest(context: ProbeContext): Promise<Finding> {
  const reading = readSteps("nesting", await context.helpers.probe("nesting", [], 4000));
  const levels = reading.steps.get("levels");
  const evidence = [
    ...evidenceOf(reading, nestingWords),
    ...(levels === undefined
      ? []
      : [{ action: "make one in another", result: `${levels.value}, then ${levels.errno}` }]),
  ];
  const failed = ["enter", "nested"].find((step) => errnoAt(reading, step) !== "ok");
  const errno = failed === undefined ? "ok" : errnoAt(reading, failed);
  if (errno === undefined) return { ...notEstablished(reading, "make a user namespace in another"), evidence };
  const isForIds = failed === "enter" && errnoAt(reading, "drop-identity") === "EPERM";
  const step = isForIds ? "drop-identity" : "user-namespace";
  if (errno !== "ok") return judgeStep(context, { step, errno }, evidence);
  const summary = "made by a process without capabilities in a user namespace";
  const depth = levels === undefined ? "" : `; ${levels.value} levels fit from here`;
  return finding({ state: "works", level: "exercised", summary: `${summary}${depth}`, evidence, value: levels?.value });
}

/** Probe `user-namespaces`. */
export default defineProbe({
  id: "user-namespaces",
  area: "namespaces",
  capabilities: {
    "userns.create": "User namespaces",
    "userns.capable": "Capabilities in user namespaces",
    "userns.nested": "User namespaces in user namespaces",
  },
  deadlineMs: 8000,
  run: onLinux(["userns.create", "userns.capable", "userns.nested"], run),
});
