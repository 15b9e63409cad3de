import { expect, test } from "bun:test";
import tracing from "../../src/probes/tracing.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { surfaceAsUser } from "../fixtures/hosts/surface-transcripts.ts";
import { altered } from "../fixtures/hosts/transcripts.ts";
import { createFixtureContext } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";

async function find(changes: Readonly<Record<string, string | undefined>>, scope?: number) {
  const files = scope === undefined ? {} : { "/proc/sys/kernel/yama/ptrace_scope": `${scope}\n` };
  const transcripts = { tracing: altered(surfaceAsUser.tracing, changes) };
  return printFindings(await tracing.run(createFixtureContext({ host: { files }, helpers: { transcripts } })));
}

const noChild = {
  "child-stopped": "ESRCH",
  "child-peek": undefined,
  "child-continue": undefined,
  "child-ended": undefined,
};

test("everybody may trace", async () => {
  expect(await find({})).toMatchInlineSnapshot(`
    "
    trace.child: works (exercised)
      a debugger can trace what it starts
      | ptrace(unknown request) -> ESRCH
      | a child asks to be traced -> ok
      | it stops -> ok
      | its memory is read -> ok
      | it goes on -> ok
      | it ends as it would have -> ok
      | read kernel.yama.ptrace_scope -> ENOENT
    trace.sibling: works (exercised)
      a process can attach to any other of its user, unless something keeps them apart
      | attach to a descendant that did not ask for it -> ok
      | process_vm_readv() of it -> ok
      | attach to it from a process beside it -> ok
      | process_vm_readv() from there -> ok
      | read kernel.yama.ptrace_scope -> ENOENT
    "
  `);
});

test("descendants only", async () => {
  expect(await find({ "beside-seize": "EPERM", "beside-copy": "EPERM" }, 1)).toMatchInlineSnapshot(`
    "
    trace.child: works (exercised)
      a debugger can trace what it starts
      | ptrace(unknown request) -> ESRCH
      | a child asks to be traced -> ok
      | it stops -> ok
      | its memory is read -> ok
      | it goes on -> ok
      | it ends as it would have -> ok
      | read kernel.yama.ptrace_scope -> 1
    trace.sibling: blocked (enforced)
      a process cannot attach to one beside it (EPERM): that protects jobs
      | attach to a descendant that did not ask for it -> ok
      | process_vm_readv() of it -> ok
      | attach to it from a process beside it -> EPERM
      | process_vm_readv() from there -> EPERM
      | read kernel.yama.ptrace_scope -> 1
      ! sysctl: Yama allows it to ancestors only (ptrace_scope 1)
    "
  `);
});

test("nobody", async () => {
  const denied = {
    "beside-seize": "EPERM",
    "beside-copy": "EPERM",
    "descendant-seize": "EPERM",
    "descendant-copy": "EPERM",
  };
  expect(await find({ ...denied, "child-asks": "EPERM", ...noChild }, 3)).toMatchInlineSnapshot(`
    "
    trace.child: blocked (exercised)
      a debugger cannot trace what it starts (EPERM)
      | ptrace(unknown request) -> ESRCH
      | a child asks to be traced -> EPERM
      | it stops -> ESRCH
      | read kernel.yama.ptrace_scope -> 3
      ! sysctl: Yama allows it to nobody (ptrace_scope 3)
    trace.sibling: blocked (exercised)
      a process cannot attach to one beside it (EPERM): that protects jobs
      | attach to a descendant that did not ask for it -> EPERM
      | process_vm_readv() of it -> EPERM
      | attach to it from a process beside it -> EPERM
      | process_vm_readv() from there -> EPERM
      | read kernel.yama.ptrace_scope -> 3
      ! sysctl: Yama allows it to nobody (ptrace_scope 3)
    "
  `);
});

test("a filter", async () => {
  const denied = { "ptrace-bad": "EPERM", "beside-seize": "EPERM", "descendant-seize": "EPERM", "child-asks": "EPERM" };
  expect(await find({ "seccomp-mode": "ok 2", ...denied, ...noChild }, 1)).toMatchInlineSnapshot(`
    "
    trace.child: blocked (exercised)
      a debugger cannot trace what it starts (EPERM)
      | ptrace(unknown request) -> EPERM
      | a child asks to be traced -> EPERM
      | it stops -> ESRCH
      | read kernel.yama.ptrace_scope -> 1
      ! seccomp: a system call filter answers EPERM to ptrace
    trace.sibling: blocked (exercised)
      a process cannot attach to one beside it (EPERM): that protects jobs
      | attach to a descendant that did not ask for it -> EPERM
      | process_vm_readv() of it -> ok
      | attach to it from a process beside it -> EPERM
      | process_vm_readv() from there -> ok
      | read kernel.yama.ptrace_scope -> 1
      ! seccomp: a system call filter answers EPERM to ptrace
    "
  `);
});

test("gVisor: no process_vm_readv, yet a process is attached to", async () => {
  expect(await find({ "beside-copy": "ENOSYS", "descendant-copy": "ENOSYS" })).toContain(
    "trace.sibling: works (exercised)",
  );
});

test("neither Yama nor a filter", async () => {
  expect(await find({ "beside-seize": "EACCES", "beside-copy": "EACCES" })).toMatchInlineSnapshot(`
    "
    trace.child: works (exercised)
      a debugger can trace what it starts
      | ptrace(unknown request) -> ESRCH
      | a child asks to be traced -> ok
      | it stops -> ok
      | its memory is read -> ok
      | it goes on -> ok
      | it ends as it would have -> ok
      | read kernel.yama.ptrace_scope -> ENOENT
    trace.sibling: blocked (enforced)
      a process cannot attach to one beside it (EACCES): that protects jobs
      | attach to a descendant that did not ask for it -> ok
      | process_vm_readv() of it -> ok
      | attach to it from a process beside it -> EACCES
      | process_vm_readv() from there -> EACCES
      | read kernel.yama.ptrace_scope -> ENOENT
      ! unknown: tracing is denied (EACCES) by neither Yama nor a filter
    "
  `);
});

test("nothing could be started", async () => {
  expect(printFindings(await tracing.run(createFixtureContext(fixtures.empty)))).toMatchInlineSnapshot(`
    "
    trace.child: unknown (inferred)
      could not be established: prober tracing: the prober could not be started
      | prober tracing -> the prober could not be started
      | read kernel.yama.ptrace_scope -> ENOENT
    trace.sibling: unknown (inferred)
      could not be established: prober tracing: the prober could not be started
      | prober tracing -> the prober could not be started
      | read kernel.yama.ptrace_scope -> ENOENT
    "
  `);
});
