import { describe, expect, test } from "bun:test";
import type { MadePlan } from "../../src/launch/maker-call.ts";
import type { LauncherPlan } from "../../src/model/plan.ts";
import { renderBubblewrapCall } from "../../src/report/render-bubblewrap-call.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";

function madePlan(parts: Partial<LauncherPlan>): MadePlan<"bubblewrap"> {
  const maker = { program: "bubblewrap", path: "/usr/bin/bwrap" } as const;
  return { ...barePlan(["make", "all tests"], parts), maker };
}

const bind = { step: "bind", writable: false, mapOwner: "no", optional: false } as const;

/** What is at the descriptors that every call has. */
const fixedRows = `# Descriptors:
# 0 /dev/null
# 1 /dev/null
# 2 what bubblewrap says of its failures, for cupel to pass on
# 3 where the launcher inside says what becomes of the job
# 4 where it is told of signals, and that the time is up
# 5 what it is to do: all that the launcher outside was told
# 6 the job's standard input
# 7 its standard output
# 8 its standard error
# 9 where it leaves the job's terminal, if that has one of its own
# 10 where it leaves what listens for the proxy, if there is one
# 11 the file of cupel's launcher
# 12 when the launch began, and how the caller's terminal is set
# 14 all words up to the last --, each ended by a NUL: no list of processes shows them
`;

describe("renderBubblewrapCall", () => {
  test("writes each argument down, what is at which descriptor, and the launcher's part", () => {
    const plan = madePlan({
      namespaces: ["user", "mount", "pid"],
      outside: "fresh",
      controlGroup: { pids: 7 },
      loopbackUp: true,
      seccomp: "default",
      landlockScopes: ["signal"],
      directory: "/my work",
      environment: { PATH: "/usr/bin", HOME: "hidden-value" },
      root: [
        { ...bind, source: "/my work", destination: "/my work" },
        { step: "file", destination: "/etc/hosts", content: "127.0.0.1 'localhost'\n" },
        { step: "tmpfs", destination: "/tmp", mode: 0o1777, sizeBytes: 4096, owned: true, writable: true },
        { step: "proc", destination: "/proc" },
      ],
    });
    expect(renderBubblewrapCall(plan, () => "none")).toBe(`#!/bin/bash
# The call of bubblewrap, written out. What cupel's launcher really executes, with an empty
# environment:
# /usr/bin/bwrap --args 14 -- /proc/self/fd/11 inside
#
# Before it, the launcher joins the job's control groups, opens what is granted, takes ids that
# nobody else has and executes this in a session of its own.
# The last words start the launcher again, inside, which sets the loopback up, sets resource
# limits, applies Landlock, loads the system call filter "default", goes to '/my work' and
# executes make 'all tests' with HOME and PATH set.
# To try the sandbox alone: put a program of your own in the place of those words. What only cupel
# has is a file of yours: INPUT_ with the descriptor's number names it.
#
${fixedRows}# 15 '/my work', opened through no link
# 16 a file that cupel writes
env -i /usr/bin/bwrap \\
  --unshare-user \\
  --unshare-pid \\
  --disable-userns \\
  --cap-drop ALL \\
  --new-session \\
  --die-with-parent \\
  --as-pid-1 \\
  --clearenv \\
  --ro-bind-fd 15 '/my work' \\
  --perms 0444 --file 16 /etc/hosts \\
  --perms 1777 --size 4096 --tmpfs /tmp \\
  --proc /proc \\
  --chdir / \\
  -- /proc/self/fd/11 inside \\
  15<'/my work' \\
  16< <(printf %s $'127.0.0.1 \\'localhost\\'\\n')
`);
  });

  test("shows no secret, and no workspace of the host's in the place of a copy", () => {
    const plan = madePlan({
      root: [
        { step: "given", destination: "/run/secrets/TOKEN", content: "TOKEN" },
        { step: "given", destination: "/run/secrets/OTHER", content: "OTHER" },
        { step: "given", destination: "/run/cupel/ca", content: "the job's own authority" },
        { step: "copy", source: "/srv/work", destination: "/srv/work" },
      ],
    });
    const lines = renderBubblewrapCall(plan, () => "none").split("\n");
    expect(lines.filter((line) => /^(?:# | {2})1[5-9]/u.test(line))).toEqual([
      "# 15 the secret TOKEN, which is never shown",
      "# 16 the secret OTHER, which is never shown",
      "# 17 the job's own authority, which is never shown",
      "# 18 a copy of /srv/work, which cupel makes for the job",
      '  15<"${INPUT_15:?}" \\',
      '  16<"${INPUT_16:?}" \\',
      '  17<"${INPUT_17:?}" \\',
      '  18<"${INPUT_18:?}"',
    ]);
  });

  test("gives nobody's path a say in the script, nor on a terminal", () => {
    const path = "/a'; touch /x #\n\u001b[2J\u202e";
    const text = renderBubblewrapCall(madePlan({ root: [{ ...bind, source: path, destination: path }] }), () => "none");
    // oxlint-disable-next-line no-control-regex -- finding them is the purpose
    expect(/[\u0000-\u0009\u000b-\u001f\u202e]/u.test(text)).toBe(false);
    expect(text.split("\n").filter((line) => line.startsWith("touch") || line.startsWith("#\\n"))).toEqual([]);
    expect(text).toContain(String.raw`15<$'/a\'; touch /x #\n\033[2J\u{202e}'`);
  });

  test("refuses what the program cannot do", () =>
    expect(() =>
      renderBubblewrapCall(
        madePlan({ root: [{ step: "overlay", source: "/w", destination: "/w", mapOwner: "no" }] }),
        () => "none",
      ),
    ).toThrow("bubblewrap cannot lay a layer over /w"));
});
