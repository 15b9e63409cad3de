/**
 * Each guarantee of `namespaces` broken on purpose: a launcher without the step that keeps it, in a copy of the
 * sources. `cupel verify` sees each, by attacks on that very guarantee.
 */
import { expect, test } from "bun:test";
import { join } from "node:path";
import type { GuaranteeId } from "../../src/model/guarantee.ts";
import type { Report } from "../../src/model/report.ts";
import type { Verification } from "../../src/model/verification.ts";
import { repositoryRoot } from "../support/compile-c.ts";
import { execute } from "../support/execute.ts";
import { makeMutant, type Patch } from "../support/mutant.ts";
import { needs } from "../support/must-work.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { callers, isRoot, ordinaryCaller, type Caller } from "../support/tester.ts";

const launcher = "platform/linux/launcher";
const sound = join(repositoryRoot, "src/main.ts");
const deadlineMs = 120_000;

interface Mutant {
  readonly without: string;
  readonly breaks: readonly GuaranteeId[];
  /** Root's sandboxes are kept apart by their user as well, and have control groups everywhere. */
  readonly by: "root" | "anyone";
  /** Only a job that lists something has a proxy; none unless told. */
  readonly network?: "allow" | undefined;
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
  from: "if (instruction->landlock_scopes == 0 && instruction->landlock_version == 0)",
  to: "if (true)",
};

function inFile(name: string, from: string, to: string): Patch {
  return { path: `${launcher}/${name}.c`, from, to };
}

const mutants: readonly Mutant[] = [
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
    patches: [{ path: `${launcher}/privilege.c`, from: "if (instruction->seccomp.len > 0)", to: "if (false)" }],
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
        from: "  encodeCommand(writer, plan);",
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
];

/**
 * What a launcher with a fault may end or see is no more than this; an ordinary user's is as weak as that user. All calls
 * share one, since a report holds for the namespaces that it was made in.
 */
const contained = isRoot ? ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--"] : [];

const separator = "\n--- the next one ---\n";

/** What each of them writes, run by the runtime of the tests; the report is the first one's, for whose build all pass. */
async function callEach(
  caller: Caller,
  state: TempDir,
  mains: readonly string[],
  words: readonly string[],
): Promise<string[]> {
  const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: state.path, XDG_STATE_HOME: state.path, LANG: "C.UTF-8" };
  const quote = (word: string): string => `'${word}'`;
  const lines = mains.map((main) => [...caller.prefix, process.execPath, main, ...words].map(quote).join(" "));
  const script = lines.join(`; printf ${quote(separator.replaceAll("\n", "\\n"))}; `);
  const ran = await execute([...contained, "sh", "-c", script], { cwd: state.path, env, deadlineMs });
  expect(ran.stderr).toBe("");
  return ran.stdout.split(separator);
}

function statesOf(output: string | undefined): unknown {
  const [subject] = (JSON.parse(output ?? "") as Verification).subjects;
  return subject?.guarantees.map(({ id, state }) => [id, state]);
}

for (const { without, breaks, by, patches, network = "none" } of mutants) {
  const caller = by === "root" ? callers[0] : ordinaryCaller;
  const title = `without ${without}, ${breaks.join(", ")} ${breaks.length === 1 ? "is" : "are"} seen to be broken`;
  needs(by === "anyone" || isRoot, "only root can be told apart from its jobs")(title, async () => {
    if (caller === undefined) throw new Error("nobody calls");
    using state = makeTempDir({ owner: caller });
    using mutant = await makeMutant(patches);
    // Changes to a copy-on-write workspace have no cap.
    const workspace = breaks.includes("limit.disk") ? ["--workspace", "ro"] : [];
    const flags = [...workspace, "--network", network, "--guarantee", breaks.join(","), "--json"];
    const words = ["verify", "--strategy", "namespaces", ...flags];
    const [before, after] = await callEach(caller, state, [sound, mutant.main], words);
    expect(statesOf(before)).toEqual(breaks.map((id) => [id, "held"]));
    expect(statesOf(after)).toEqual(breaks.map((id) => [id, "broken"]));
  });
}

test("every guarantee that namespaces keeps has such a launcher", async () => {
  const [caller] = callers;
  if (caller === undefined) throw new Error("nobody calls");
  using state = makeTempDir({ owner: caller });
  const [output = ""] = await callEach(caller, state, [sound], ["doctor", "--json"]);
  const report = JSON.parse(output) as Report;
  const decisions = report.strategies.find(({ id }) => id === "namespaces")?.guarantees ?? [];
  const kept = decisions.flatMap(({ id, kept: isKept }) => (isKept ? [id] : []));
  const broken = mutants.flatMap(({ breaks }) => breaks);
  expect(kept.filter((id) => !broken.includes(id))).toEqual([]);
});
