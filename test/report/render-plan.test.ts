import { describe, expect, test } from "bun:test";
import { renderLauncherSteps, renderPlan } from "../../src/report/render-plan.ts";
import type { PlanView } from "../../src/report/render-plan.ts";
import { blockedNamespaces } from "../fixtures/reports/blocked-namespaces.ts";
import { firecrackerRoot } from "../fixtures/reports/firecracker-root.ts";
import { job, launch, matrixOf, planOf } from "../fixtures/reports/jobs.ts";
import { expectTidy, plainStyle, styles } from "./printed-lines.ts";

const whole: PlanView = {
  job: job({ limits: { graceMs: 10_000, timeoutMs: 30_000, cpus: 0.5 } }),
  selection: firecrackerRoot.selection,
  plan: planOf(firecrackerRoot),
  matrix: matrixOf(firecrackerRoot),
  strategies: firecrackerRoot.strategies,
  origins: [
    { from: "flag", flag: "", field: "command", value: "sh" },
    { from: "job file", flag: "timeout", field: "limits.timeout", value: "30s", place: "job.yaml:3:9" },
    { from: "project", flag: "cpus", field: "limits.cpus", value: "0.5", place: "/home/ada/project/cupel.yaml:2:9" },
    { from: "default", flag: "network", field: "network.mode", value: "none" },
  ],
  leftOut: [{ from: "project", flag: "tty", field: "tty", value: "true", place: "/home/ada/project/cupel.yaml:4:6" }],
};

const refused: PlanView = {
  job: job(),
  selection: blockedNamespaces.selection,
  matrix: matrixOf(blockedNamespaces),
  strategies: blockedNamespaces.strategies,
  origins: [],
  leftOut: [],
};

/** The plan with another launch. */
function withLaunch(parts: Partial<typeof launch>): string {
  return renderPlan({ ...whole, plan: { ...planOf(firecrackerRoot), launch: { ...launch, ...parts } } }, plainStyle);
}

describe("renderPlan", () => {
  test("tells what would run, with what, what that keeps and why nothing else was taken", () => {
    expect(renderPlan(whole, plainStyle)).toBe(`This would run in namespaces:
      sh -c 'echo '\\''hello  there'\\'''

With
    Directory: /home/ada/project
    Workspace: /home/ada/project, read-only.
    Root: a new one: 2 entries of the host, read-only, 1 directory, 1 written
      file, 1 file system in memory, 1 link, 2 granted paths (1 writable), 1
      fresh /proc, 1 path made read-only, 1 hidden path and 1 minimal /dev.
    Identity: on the host ids that nobody else has, no supplementary groups;
      inside uid 1000 and gid 1000.
    Namespaces: user, mount, pid, ipc, uts and network.
    Network: none but a loopback of its own.
    Privileges: all capabilities dropped; system call filter "default";
      Landlock: abstract-unix-socket and signal; umask 0022.
    Variables: HOME, PATH and TOKEN (values are not shown).
    Per process: no core files, 1024 open files and RLIMIT_NPROC 4096.

Limits
[+] limit.time (30 s, then SIGTERM and after 10 s SIGKILL, stated): kept: a
    timer, then SIGTERM and SIGKILL to PID 1.
[!] limit.cpu (0.5 CPUs, stated): not kept: needs cgroup.cpu, which is blocked
    (cgroup-version).
[!] limit.memory (3 GiB, default): not kept: needs cgroup.memory, which is
    blocked (cgroup-version).
[+] limit.pids (4096 processes, default): kept: RLIMIT_NPROC in a user namespace
    of its own.

Guarantees
[+] fs.read (only granted paths can be read): kept: a fresh root of granted
    paths.
[+] fs.write (only granted paths can be changed): kept: read-only mounts.
[+] fs.metadata (only granted paths can be seen to exist): kept: a fresh root of
    granted paths.
[+] fs.protected (protected names cannot be created or changed, also where they
    do not exist yet): kept: a read-only workspace.
[-] fs.workspace (the host's workspace stays as it was until the caller applies
    the changes, not demanded): not kept: it has no mechanism for it.
[+] net.none (no network at all): kept: a network namespace with a loopback
    only.
[-] net.allowlist (only listed destinations can be reached, not demanded): not
    kept: it has no mechanism for it.
[+] net.loopback (a loopback of the job's own, not demanded): kept: a network
    namespace with a loopback only.
[+] ipc.sockets (no host Unix sockets, by path or abstract): kept: a fresh root
    and a network namespace.
[+] ipc.shared (no shared memory, queues or keyrings with anyone else): kept: an
    IPC namespace.
[+] proc.hidden (other processes are invisible): kept: a PID namespace and a
    /proc of its own.
[+] proc.signal (other processes are neither signalled nor traced): kept: a PID
    namespace.
[+] proc.tree (nothing outlives the job): kept: PID 1 of the namespace.
[+] priv.escalation (no way to gain privileges): kept: no_new_privs and no
    capabilities.
[+] priv.devices (only listed devices): kept: a minimal /dev.
[+] kernel.syscalls (dangerous system calls are filtered): kept: the default
    seccomp profile.
[-] kernel.boundary (the job does not run on the host's kernel, not demanded):
    not kept: the job runs on this kernel.
[+] env.clean (only declared variables): kept: an environment of its own.
[-] secret.private (secrets never in argv, environment or anything cupel itself
    writes, not demanded): not kept: it has no mechanism for it.
[+] tty.safe (the job never holds the caller's terminal: nothing can be pushed
    into its input by ioctl): kept: relayed streams and a session of its own.

Root, step by step
    1. /usr: as on the host, read-only
    2. /lib: as on the host, read-only
    3. /etc: a directory, mode 0755
    4. /etc/hostname: a file that cupel writes, 4 characters
    5. /tmp: in memory, writable, at most 2 GiB, mode 1777
    6. /var/tmp: a link to /tmp
    7. /home/ada/project: read-only, owned by the job's user if possible
    8. /cache: /srv/cache of the host, writable, owned by the job's user, if it
      exists
    9. /proc: the job's own processes, freshly mounted
    10. /proc/sys: made read-only
    11. /proc/kcore: hidden
    12. /dev: a minimal set of devices, shared memory of at most 1 GiB

Where it comes from
    command: from the command line
    limits.timeout: 30s, from job.yaml:3:9 (the job file)
    limits.cpus: 0.5, from /home/ada/project/cupel.yaml:2:9 (the project)
    network.mode: none, from cupel's default

Left out, since the project is not trusted
    tty: true, from /home/ada/project/cupel.yaml:4:6 (the project)

Not taken
[!] process (class process): it does not keep fs.read: the job has the caller's
    view of the host.
`);
  });

  test("tells that nothing would run", () => {
    expect(renderPlan(refused, plainStyle)).toBe(`Nothing would run: no strategy here keeps what this job demands.
      sh -c 'echo '\\''hello  there'\\'''

Not taken
[x] namespaces (class namespace): it needs userns.capable, which is blocked
    (sysctl).
[!] process (class process): it does not keep fs.read: the job has the caller's
    view of the host.
`);
  });

  test.each(styles)("is tidy at $columns columns, colour $color, Unicode $unicode", (style) => {
    const commands = [String.raw`sh -c 'echo '\''hello  there'\'''`];
    expectTidy(renderPlan(whole, style), style, commands);
    expectTidy(renderPlan(refused, style), style, commands);
  });

  test("shows no value of a variable", () => {
    expect(renderPlan(whole, plainStyle)).not.toContain("hunter2");
  });

  test("says that no socket can be made, in whichever namespace", () => {
    const text = withLaunch({ namespaces: ["pid"], loopbackUp: false, seccomp: "strict", sockets: "pairs-only" });
    expect(text).toContain("    Network: no socket can be made but connected pairs.\n");
    expect(text).toContain('system call filter "strict"');
  });

  test("says what a plain launch does not change", () => {
    const text = withLaunch({
      namespaces: [],
      root: [],
      outside: "caller",
      inside: undefined,
      dropCapabilities: false,
      seccomp: "none",
      landlockScopes: [],
      environment: {},
      resourceLimits: {},
    });
    expect(text.slice(text.indexOf("    Root:"), text.indexOf("\n\nLimits"))).toBe(
      `    Root: the caller's own view of the file system; nothing is hidden.
    Identity: on the host the caller's user and all of its groups, which only
      root can give up: they count for what is granted.
    Namespaces: none of its own.
    Network: the host's.
    Privileges: the caller's capabilities are kept; no system call filter; no
      Landlock; umask 0022.
    Variables: none.`,
    );
    expect(text).not.toContain("Root, step by step");
  });

  test("says that the job has a terminal of its own, and nothing where it has none", () => {
    expect(withLaunch({ terminal: "private" })).toContain("    Terminal: one of its own, relayed to the caller's.\n");
    expect(renderPlan(whole, plainStyle)).not.toContain("Terminal:");
  });

  test("says what becomes of the workspace", () => {
    const workspaces = [
      { mode: "rw", path: "/srv/a" },
      { mode: "empty", why: "/ is not one project's" },
      { mode: "empty", why: "" },
    ] as const;
    const lines = workspaces.map((workspace) => {
      const text = renderPlan({ ...whole, job: job({ workspace }) }, plainStyle);
      return text.split("\n").find((line) => line.startsWith("    Workspace"));
    });
    expect(lines).toEqual([
      "    Workspace: /srv/a, writable: changes are made to the host's files.",
      "    Workspace: empty: / is not one project's.",
      "    Workspace: empty.",
    ]);
  });

  test("says what becomes of changes: kept apart, not possible, or made to the host's files", () => {
    const [path, manner] = ["/srv/a", "overlay"] as const;
    const workspace = { mode: "cow", path, isStated: true, manner, ignore: [], apply: "never" } as const;
    const lines = (root: typeof launch.root): string => {
      const view = {
        ...whole,
        job: job({ workspace }),
        plan: whole.plan && { ...whole.plan, launch: { ...launch, root } },
      };
      const text = renderPlan(view, plainStyle).split(/\n {4}(?=\S)/);
      return (text.find((line) => line.startsWith("Workspace")) ?? "").replaceAll(/\s+/g, " ");
    };
    const layer = { step: "overlay", source: path, destination: path, mapOwner: "no" } as const;
    expect([lines([...launch.root, layer]), lines(launch.root), lines([])]).toEqual([
      "Workspace: /srv/a, copy-on-write: changes are kept apart until they are applied.",
      "Workspace: /srv/a, read-only: no layer is laid over it here.",
      "Workspace: /srv/a, the host's own: the job changes there what you may change.",
    ]);
  });

  test("tells of secrets their names and how each is given", () => {
    const secrets = [
      { name: "A", delivery: "file" },
      { name: "B", delivery: "descriptor" },
      { name: "C", delivery: "proxy" },
    ] as const;
    const injections = [{ host: "a.example", header: "X-Key", value: "{C}" }];
    const root = [
      { step: "given", destination: "/run/secrets/A", content: "A" },
      { step: "given", destination: "/run/cupel/authority.pem", content: "the job's own authority" },
    ] as const;
    const plan = { ...planOf(firecrackerRoot), launch: { ...launch, root } };
    const view = { ...whole, plan, job: job({ secrets, injections, masksOutput: true }) };
    const lines = renderPlan(view, plainStyle).split("\n");
    const told = ["Root:", "Secrets:", "Put in:", "Output:", "1. ", "2. "];
    expect(lines.filter((line) => told.some((begin) => line.trim().startsWith(begin)))).toEqual([
      "    Root: a new one: 2 files for the job's user alone.",
      "    Secrets: A in a file, B behind a descriptor and C in the proxy alone.",
      "    Put in: X-Key for a.example.",
      "    Output: without the secrets' values.",
      "    1. /run/secrets/A: a file of the job's user, with the secret A",
      "    2. /run/cupel/authority.pem: a file of the job's user, with the job's own",
    ]);
  });

  test("tells a guarantee that was given up from one that was never demanded", () => {
    const given = job({}, { required: ["limit.memory", "kernel.boundary", "fs.read"], accepted: ["kernel.boundary"] });
    const selection = { ...firecrackerRoot.selection, accepted: ["kernel.boundary"] as const };
    const text = renderPlan({ ...whole, job: given, selection }, plainStyle);
    expect(text).toStartWith("This would run in namespaces, without kernel.boundary, given up by name:\n");
    expect(text).toContain(
      `[!] kernel.boundary (the job does not run on the host's kernel, given up by
    name): not kept: the job runs on this kernel.
`,
    );
    expect(text).toContain("[+] fs.read (only granted paths can be read): kept: a fresh root of granted\n");
    expect(text).toContain("[+] net.none (no network at all, not demanded): kept: a network namespace with a\n");
  });

  test("names the program that makes the sandbox, where there is one", () => {
    const made = withLaunch({ maker: { program: "bubblewrap", path: "/usr/bin/bwrap" } });
    expect(made.split("\n")).toContain("    Made by: bubblewrap (/usr/bin/bwrap)");
    expect(made.replace("    Made by: bubblewrap (/usr/bin/bwrap)\n", "")).toBe(withLaunch({}));
  });
});

test("of a strategy without such a program there are the launcher's steps, and that there is no command line", () => {
  const text = renderLauncherSteps(planOf(firecrackerRoot), whole.job, plainStyle);
  const plan = renderPlan(whole, plainStyle);
  const part = (start: string, end: string): string => plan.slice(plan.indexOf(start), plan.indexOf(end));
  expect(text).toBe(
    `There is no command line: cupel's own launcher does all of this:\n\n${part("With\n", "Limits\n")}${part("Root, step by step\n", "\nWhere it comes from")}`,
  );
});
