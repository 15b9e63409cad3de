/** From what failed to what was denied, and by which flag it would be granted. Pure but for the host's view. */
import { posix } from "node:path";
import { isWithin } from "../../model/job.ts";
import type { KernelDenial } from "../../model/denial.ts";
import type { LauncherPlan } from "../../model/plan.ts";
import { isBroad, type Granting } from "./granting.ts";
import type { HostView } from "./host-view.ts";
import { judgeCall } from "./judge-call.ts";
import { destinationText, judgeDestination, judgeLookup } from "./judge-destination.ts";
import { judgePath, type JobView } from "./judge-path.ts";
import type { Failure } from "./trace-reader.ts";

/** Who is asked for the addresses of names (resolv.conf(5)). */
const resolverPath = "/etc/resolv.conf";

function judgeSocket(path: string, errno: string, view: JobView): Granting | undefined {
  if (view.host.kindOf(path) !== "socket") return undefined;
  const granting = judgePath({ path, writes: true, errno }, view);
  return granting?.grant === undefined
    ? granting
    : { ...granting, note: "whoever answers at this socket acts outside of the sandbox" };
}

type Judged = Granting & Pick<KernelDenial, "access" | "subject">;

function judge({ call, errno, aim }: Failure, view: JobView, launch: LauncherPlan): Judged | undefined {
  const { job, host } = view;
  const ofCall = (): Judged | undefined => {
    const about = aim.kind === "call" ? aim.about : undefined;
    const granting = judgeCall({ call, errno, about }, job, launch);
    return granting && { ...granting, access: "call", ...(about === undefined ? {} : { subject: about }) };
  };
  switch (aim.kind) {
    case "call":
      return ofCall();
    case "destination": {
      const granting = judgeDestination({ ...aim, errno }, job, host);
      return granting && { ...granting, access: "connect", subject: destinationText(aim.address, aim.port) };
    }
    case "socket": {
      const granting = judgeSocket(aim.path, errno, view);
      return granting && { ...granting, access: "connect", subject: aim.path };
    }
    case "path": {
      const access = aim.writes ? "write" : "read";
      const isLookup = aim.path === resolverPath && errno === "ENOENT";
      const granting = isLookup ? judgeLookup(job) : judgePath({ ...aim, errno }, view);
      return granting === undefined ? ofCall() : { ...granting, access, subject: aim.path };
    }
  }
}

/** The same thing, tried by several calls, is one. */
function merged(denials: readonly KernelDenial[]): KernelDenial[] {
  const byThing = new Map<string, KernelDenial>();
  for (const denial of denials) {
    const { access, subject, errno, call } = denial;
    const key = JSON.stringify([access, errno, subject ?? call]);
    const before = byThing.get(key);
    byThing.set(key, before === undefined ? denial : { ...before, count: before.count + denial.count });
  }
  return [...byThing.values()];
}

/** Whoever looks a file up asks for its directories as well. */
function withoutAncestors(denials: readonly KernelDenial[]): KernelDenial[] {
  const isAncestor = ({ subject: path, access }: KernelDenial): boolean =>
    path !== undefined &&
    access === "read" &&
    denials.some(({ subject }) => subject !== undefined && subject !== path && isWithin(subject, path));
  return denials.filter((denial) => !isAncestor(denial));
}

/** From so many files of one directory on, that is what to grant. */
const siblingsMin = 3;

function withDirectories(denials: readonly KernelDenial[], host: HostView): KernelDenial[] {
  const directoryOf = ({ grant, note }: KernelDenial): string | undefined => {
    const [flag, path, ...more] = grant ?? [];
    const isPath = (flag === "--read" || flag === "--write") && path !== undefined && more.length === 0;
    return isPath && note === undefined ? `${flag} ${posix.dirname(path)}` : undefined;
  };
  const directories = denials.map(directoryOf);
  return denials.map((denial, index) => {
    const directory = directories[index];
    if (directory === undefined || directories.filter((one) => one === directory).length < siblingsMin) return denial;
    const split = directory.indexOf(" ");
    const path = directory.slice(split + 1);
    return isBroad(path, host) ? denial : { ...denial, grant: [directory.slice(0, split), path] };
  });
}

/** What the sandbox denied, the last to happen first. */
export function judgeDenials(failures: readonly Failure[], view: JobView, launch: LauncherPlan): KernelDenial[] {
  const found = failures.toReversed().flatMap((failure): KernelDenial[] => {
    const { call, errno, count } = failure;
    const judged = judge(failure, view, launch);
    return judged === undefined ? [] : [{ call, errno, count, ...judged }];
  });
  return withDirectories(withoutAncestors(merged(found)), view.host);
}
