/** Hosts that are hard to come by, made around one command: builds and uses condition.c. */
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Conditions of condition.c without an argument. */
export type Condition =
  | "unshare-denied"
  | "unshare-unknown"
  | "mount-denied"
  | "mount-attributes-hidden"
  | "detached-mounts-denied"
  | "keys-denied"
  | "tracing-denied"
  | "landlock-denied"
  | "pid-namespace"
  | "closed-input"
  | "userns-quota"
  | "userns-quota-above"
  | "userns-depth"
  | "masked-proc"
  | "no-proc"
  | "read-only-cgroups"
  | "no-new-privs"
  | "bounding-empty"
  | "noexec-tmp"
  | "small-shm"
  | "interfaces-denied"
  | "io-uring-hidden"
  | "no-unnamed-files"
  | "filter-without-effect"
  | "low-limits"
  | "one-processor"
  | "memfd-noexec"
  | "clone3-hidden"
  | "listener-taken"
  | "shared-root"
  | "no-sys"
  | "masked-sys"
  | "hidden-processes"
  | "open-fuse";

/** Conditions with one: see condition.c. */
export type ConditionWith =
  /** A fresh directory that the caller owns. */
  | { readonly chroot: string }
  | { readonly "forged-docker": string }
  | { readonly "as-user": number }
  | { readonly "read-only-hierarchy": string }
  | { readonly "no-file-system": string }
  | { readonly overlaid: string }
  /** So many Landlock domains. */
  | { readonly landlocked: number }
  /** A directory that may be changed in the domain. */
  | { readonly "landlock-domain": string }
  | { readonly "file-size": number }
  | { readonly "open-files": number }
  /** A directory that nothing is seen of, a file that is no program. */
  | { readonly hidden: string }
  | { readonly "hidden-file": string }
  | { readonly "kvm-mode": string }
  /** A kind of namespace, as in `user.max_KIND_namespaces`. */
  | { readonly "namespace-quota": "cgroup" | "ipc" | "mnt" | "net" | "pid" | "time" | "uts" };

/** `command` under conditions, the first outermost. Exit code 125 and a line on stderr where one cannot be made here. */
export function underConditions(
  conditions: readonly (Condition | ConditionWith)[],
  command: readonly string[],
): string[] {
  const program = buildCondition();
  const prefix = conditions.flatMap((condition) =>
    typeof condition === "string"
      ? [program, condition, "--"]
      : [program, ...Object.entries(condition).flatMap(([name, argument]) => [name, String(argument)]), "--"],
  );
  return [...prefix, ...command];
}

/** Compiles condition.c, once for each of its versions, to where every user can execute it. */
export function buildCondition(): string {
  const source = join(import.meta.dir, "condition.c");
  const digest = createHash("sha256").update(readFileSync(source)).digest("hex").slice(0, 16);
  const directory = join(tmpdir(), `cupel-condition-${process.getuid?.() ?? 0}-${digest}`);
  const program = join(directory, "condition");
  if (existsSync(program)) return program;
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  const temporary = `${program}.${process.pid}`;
  const built = Bun.spawnSync(["cc", "-std=gnu17", "-O1", "-Wall", "-Wextra", "-Werror", source, "-o", temporary]);
  if (!built.success) throw new Error(`condition.c does not compile: ${built.stderr.toString()}`);
  chmodSync(temporary, 0o755);
  renameSync(temporary, program);
  return program;
}
