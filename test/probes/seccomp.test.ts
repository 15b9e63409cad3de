import { expect, test } from "bun:test";
import seccomp from "../../src/probes/seccomp.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { altered, asUser } from "../fixtures/hosts/transcripts.ts";
import { createFixtureContext } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";

test("works for a user", async () => {
  expect(printFindings(await seccomp.run(createFixtureContext(fixtures.firecrackerUser)))).toMatchInlineSnapshot(`
    "
    seccomp.filter: works (enforced)
      denies one call with its own errno and lets another pass
      | prctl(PR_GET_SECCOMP) -> ok
      | getppid() before -> ok
      | install a filter that denies getppid with EDOM -> ok
      | getppid() after -> EDOM
      | getuid() after -> ok
      | install with TSYNC -> ok
      | install with LOG -> ok
      | seccomp(SECCOMP_GET_ACTION_AVAIL) -> kill-process, kill-thread, trap, errno, user-notification, trace, log, allow
      | a call that the filter kills for -> signal 31
    seccomp.architectures: works (enforced)
      32-bit and x32 calls are denied, 64-bit ones are let through
      | getppid() by int 0x80 before -> ok
      | getppid() as an x32 call before -> ENOSYS
      | install a filter that denies other architectures with EDOM -> ok
      | getppid() as a 64-bit call after -> ok
      | getppid() by int 0x80 after -> EDOM
      | getppid() as an x32 call after -> EDOM
    seccomp.user-notification: works (enforced)
      a call was answered by another process
      | seccomp(SECCOMP_GET_ACTION_AVAIL, USER_NOTIF) -> ok
      | install a filter with a listener -> ok
      | answer a notification -> ok
      | the call that was answered for -> ok
      | a second listener in the same process -> EBUSY
    "
  `);
});

test("has no listener where somebody has one already", async () => {
  expect(printFindings(await seccomp.run(createFixtureContext(fixtures.wsl)))).toMatchInlineSnapshot(`
    "
    seccomp.filter: works (enforced)
      denies one call with its own errno and lets another pass
      | prctl(PR_GET_SECCOMP) -> ok, 2
      | getppid() before -> ok
      | install a filter that denies getppid with EDOM -> ok
      | getppid() after -> EDOM
      | getuid() after -> ok
      | install with TSYNC -> ok
      | install with LOG -> ok
      | seccomp(SECCOMP_GET_ACTION_AVAIL) -> kill-process, kill-thread, trap, errno, user-notification, trace, log, allow
      | a call that the filter kills for -> signal 31
    seccomp.architectures: works (enforced)
      32-bit and x32 calls are denied, 64-bit ones are let through
      | getppid() by int 0x80 before -> ok
      | getppid() as an x32 call before -> ENOSYS
      | install a filter that denies other architectures with EDOM -> ok
      | getppid() as a 64-bit call after -> ok
      | getppid() by int 0x80 after -> EDOM
      | getppid() as an x32 call after -> EDOM
    seccomp.user-notification: blocked (exercised)
      no listener can be had (EBUSY): a surrounding filter has one
      | seccomp(SECCOMP_GET_ACTION_AVAIL, USER_NOTIF) -> ok
      | install a filter with a listener -> EBUSY
      | a second listener in the same process -> EBUSY
      ! seccomp: no listener can be had (EBUSY): a surrounding filter has one
    "
  `);
});

test("is unknown without a prober", async () => {
  expect(printFindings(await seccomp.run(createFixtureContext(fixtures.empty)))).toMatchInlineSnapshot(`
    "
    seccomp.filter: unknown (inferred)
      could not be established: prober seccomp: the prober could not be started
      | prober seccomp -> the prober could not be started
    seccomp.architectures: unknown (inferred)
      could not be established: prober seccomp: the prober could not be started
      | prober seccomp -> the prober could not be started
    seccomp.user-notification: unknown (inferred)
      could not be established: prober seccomp: the prober could not be started
      | prober seccomp -> the prober could not be started
    "
  `);
});

test.each([
  [
    "a kernel without 32-bit calls",
    {
      "foreign-control": undefined,
      "foreign-control-died": "ok 11",
      "foreign-denied": undefined,
      "foreign-died": "ok 11",
    },
    "works",
  ],
  [
    "a surrounding filter that kills",
    {
      "foreign-control": undefined,
      "foreign-control-died": "ok 31",
      "x32-denied": undefined,
      "foreign-denied": undefined,
      "foreign-died": "ok 31",
    },
    "works",
  ],
  ["a filter that is gone around", { "foreign-denied": "ok" }, "broken"],
  ["a filter that x32 calls pass", { "x32-denied": "ENOSYS" }, "broken"],
  [
    "no filter to be had",
    { "foreign-install": "EPERM", "foreign-own": undefined, "x32-denied": undefined, "foreign-denied": undefined },
    "blocked",
  ],
])("%s", async (_, changes, state) => {
  const { host } = fixtures.firecrackerUser;
  const transcripts = { seccomp: altered(asUser.seccomp, changes) };
  const findings = await seccomp.run(createFixtureContext({ host, helpers: { transcripts } }));
  expect(findings["seccomp.architectures"].state).toBe(state as never);
});

test("arm64 has no calls of another architecture", async () => {
  const { host, helpers } = fixtures.firecrackerUser;
  const findings = await seccomp.run(createFixtureContext({ host: { ...host, architecture: "arm64" }, helpers }));
  expect(findings["seccomp.architectures"].state).toBe("not-applicable");
});
