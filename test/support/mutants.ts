/** Launchers that leave one step of a sandbox's set-up out, and the guarantees that break by that. */
import type { GuaranteeId } from "../../src/model/guarantee.ts";
import type { Patch } from "./mutant.ts";

const launcher = "platform/linux/launcher";

/** One step left out. */
export interface Mutant {
  readonly without: string;
  readonly breaks: readonly GuaranteeId[];
  /** Root's sandboxes are kept apart by their user as well, and have control groups everywhere. */
  readonly by: "root" | "anyone";
  /** Only a job that lists something has a proxy; none unless told. */
  readonly network?: "allow" | undefined;
  /** `namespaces` unless told. */
  readonly strategy?: "landlock" | "gvisor" | undefined;
  readonly patches: readonly Patch[];
}

function withoutNamespace(flag: string): Patch {
  const from = "~((uint64_t)CLONE_NEWCGROUP | launch->prepared_namespaces)";
  return { path: `${launcher}/clone.c`, from, to: from.replace("CLONE_NEWCGROUP", `CLONE_NEWCGROUP | ${flag}`) };
}

/**
 * Taken out of the instruction itself: whoever believes to be the first process of a PID namespace ends everybody in it,
 * and that would be this machine.
 */
const withoutPidNamespace: Patch = {
  path: `${launcher}/instruction-records.c`,
  from: "        cursor->broken = true;\n    return flags;",
  to: "        cursor->broken = true;\n    return flags & ~(uint64_t)CLONE_NEWPID;",
};

/** It is a second opinion: where it is, it has to go as well. */
const withoutLandlock: Patch = {
  path: `${launcher}/landlock.c`,
  from: "if (scopes == 0 && network == 0 && instruction->landlock_version == 0)",
  to: "if (true)",
};

function inFile(name: string, from: string, to: string): Patch {
  return { path: `${launcher}/${name}.c`, from, to };
}

/** All of them. */
export const mutants: readonly Mutant[] = [
  {
    without: "a network namespace",
    breaks: ["net.none", "net.loopback", "ipc.sockets"],
    by: "anyone",
    patches: [
      withoutNamespace("CLONE_NEWNET"),
      withoutLandlock,
      inFile("sandbox", "has_option(instruction, option_loopback_up)", "false"),
    ],
  },
  { without: "an IPC namespace", breaks: ["ipc.shared"], by: "anyone", patches: [withoutNamespace("CLONE_NEWIPC")] },
  {
    without: "a PID namespace and a user of its own",
    breaks: ["proc.hidden", "proc.signal", "proc.tree"],
    by: "root",
    patches: [
      withoutPidNamespace,
      withoutLandlock,
      inFile("sandbox", "        take_fresh_identity(launch);", "        (void)launch;"),
    ],
  },
  {
    without: "a root of its own",
    breaks: ["fs.read", "fs.write", "fs.metadata", "fs.protected", "fs.workspace", "priv.devices"],
    by: "anyone",
    patches: [withoutLandlock, inFile("sandbox", "else if (instruction->root_count > 0)", "else if (false)")],
  },
  {
    without: "a filter of system calls",
    breaks: ["kernel.syscalls"],
    by: "anyone",
    patches: [{ path: `${launcher}/privilege.c`, from: "if (filter->len > 0)", to: "if (false)" }],
  },
  {
    without: "giving up capabilities",
    breaks: ["priv.escalation"],
    by: "anyone",
    patches: [
      {
        path: `${launcher}/privilege.c`,
        from: "if (has_option(instruction, option_drop_capabilities))",
        to: "if (false)",
      },
    ],
  },
  {
    without: "a deadline",
    breaks: ["limit.time"],
    by: "anyone",
    patches: [
      {
        path: `${launcher}/instruction-records.c`,
        from: "into->timeout_ms = take_milliseconds(cursor);",
        to: "take_milliseconds(cursor);",
      },
    ],
  },
  {
    without: "sizes of its file systems",
    breaks: ["limit.disk"],
    by: "anyone",
    patches: [{ path: `${launcher}/root-memory.c`, from: "if (step->size > 0)", to: "if (false)" }],
  },
  {
    without: "counting its output",
    breaks: ["limit.output"],
    by: "anyone",
    patches: [
      {
        path: `${launcher}/instruction-records.c`,
        from: "into->output_bytes_max = take_u64(cursor);",
        to: "take_u64(cursor);",
      },
    ],
  },
  {
    without: "its control groups",
    breaks: ["limit.cpu", "limit.memory", "limit.pids"],
    by: "root",
    patches: [
      { path: `${launcher}/control-group.c`, from: "if (instruction->control_group_count != 1)", to: "if (true)" },
      inFile("control-group", "index < launch->instruction->control_group_count;", "false;"),
    ],
  },
  {
    without: "a session of its own",
    breaks: ["tty.safe"],
    by: "anyone",
    patches: [inFile("job", "    kernel_call(__NR_setsid);", "    ;")],
  },
  {
    without: "judging where a listed name leads",
    breaks: ["net.allowlist"],
    network: "allow",
    by: "anyone",
    patches: [
      {
        path: "src/run/network/judge-destination.ts",
        from: "  if (kind === undefined) return { allowed: true };",
        to: "  if (kind !== null) return { allowed: true };",
      },
    ],
  },
  {
    without: "an environment of its own",
    breaks: ["env.clean"],
    by: "anyone",
    patches: [
      {
        path: "src/strategies/_decide.ts",
        from: "    ...job.environment,",
        to: "    ...(process.env as Record<string, string>),\n    ...job.environment,",
      },
    ],
  },
  {
    without: "a way of their own for secrets",
    breaks: ["secret.private"],
    by: "anyone",
    patches: [
      {
        path: "src/launch/encode-instruction.ts",
        from: "  encodeCommand(writer, { command: plan.command, environment: start.environment });",
        to: "  const given = [...(binding.given ?? [])].map(([name, value]) => [name, value.toString()]);\n  encodeCommand(writer, { ...plan, environment: { ...plan.environment, ...Object.fromEntries(given) } });",
      },
    ],
  },
  {
    without: "a look at where a header goes",
    breaks: ["secret.private"],
    network: "allow",
    by: "anyone",
    patches: [
      {
        path: "src/run/network/injector.ts",
        from: "    find: (destination) => injected.get(keyOf(destination)),",
        to: "    find: () => [...injected.values()][0],",
      },
    ],
  },
  {
    without: "Landlock's rights to files",
    strategy: "landlock",
    breaks: ["fs.read", "fs.write", "fs.protected"],
    by: "anyone",
    patches: [
      inFile(
        "landlock",
        "landlock_version > 0 ? rights_of(version) : 0",
        "landlock_version > 99 ? rights_of(version) : 0",
      ),
    ],
  },
  {
    without: "Landlock's scopes",
    strategy: "landlock",
    breaks: ["proc.signal"],
    by: "anyone",
    patches: [inFile("instruction-records", "into->landlock_scopes = take_u64(cursor);", "take_u64(cursor);")],
  },
  {
    without: "the guard",
    strategy: "landlock",
    breaks: ["fs.write", "ipc.shared"],
    by: "anyone",
    patches: [inFile("file-changes", "if (guard->len == 0)", "if (true)")],
  },
  {
    without: "an end of its whole domain",
    strategy: "landlock",
    breaks: ["proc.tree", "limit.time"],
    by: "anyone",
    patches: [
      inFile("first-process", "    if (has_own_domain()) {\n        end_domain();", "    if (has_own_domain()) {"),
      inFile("confinement", "        kernel_call(__NR_kill, -1, signal_kill);\n        leave(0);", "        leave(0);"),
    ],
  },
  {
    without: "the filter that denies sockets",
    strategy: "landlock",
    breaks: ["net.none", "ipc.sockets", "kernel.syscalls"],
    by: "anyone",
    patches: [
      inFile("job", "    load_filter(launch, &launch->instruction->seccomp);", "    (void)launch;"),
      inFile("landlock", "network = instruction->landlock_network", "network = 0"),
    ],
  },
  {
    without: "gVisor's kernel",
    strategy: "gvisor",
    breaks: ["kernel.boundary"],
    by: "anyone",
    patches: [
      { path: "src/strategies/gvisor.ts", from: "guest: gvisorGuest({", to: "guest: undefined, unused: gvisorGuest({" },
      { path: "src/strategies/gvisor.ts", from: "root: rootForGvisor(made.root)", to: "root: made.root" },
    ],
  },
];
