import { describe, expect, test } from "bun:test";
import { attributeUserNamespaces } from "../../src/probes/_attribute-user-namespaces.ts";
import { readSteps } from "../../src/probes/_steps.ts";
import { altered, asRoot, asUser } from "../fixtures/hosts/transcripts.ts";
import { steps } from "../support/fixture-host.ts";

/** Causes of a launch that fails with EPERM at this step, where the prober saw this besides. */
function causesAt(step: string, transcript: string, seen: Readonly<Record<string, string>>): string[] {
  const result = { status: "ended", steps: steps(altered(transcript, seen)), durationMs: 1 } as const;
  const { blockers } = attributeUserNamespaces({
    failure: { step, errno: "EPERM", subject: "" },
    reading: readSteps("attribution", result),
    settings: {},
    selinuxEnforcing: false,
    procCovers: [],
  });
  return blockers.map(({ code, detail }) => `${code}: ${detail}`);
}

describe("a filter", () => {
  test("on sethostname is told by a mount that the same privilege is good for", () => {
    const seen = { "seccomp-mode": "ok 2", "set-hostname": "EPERM" };
    expect(causesAt("hostname", asUser.attribution, seen)).toEqual([
      "seccomp: a system call filter denies sethostname (EPERM)",
    ]);
  });

  test("need not be behind a host name that is denied as mounts are", () => {
    const seen = { "seccomp-mode": "ok 2", "set-hostname": "EPERM", tmpfs: "EPERM" };
    expect(causesAt("hostname", asUser.attribution, seen).filter((cause) => cause.startsWith("seccomp"))).toEqual([]);
  });

  test("on namespaces and mounts says nothing of the calls that take other ids", () => {
    const seen = { "seccomp-mode": "ok 2", "unshare-zero": "EPERM", "mount-bad": "EPERM", capabilities: "ok 0" };
    expect(causesAt("drop-identity", asRoot.attribution, seen)).toEqual([
      "capability: root without CAP_SETUID, CAP_SETGID",
    ]);
  });
});
