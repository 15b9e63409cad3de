import { describe, expect, test } from "bun:test";
import { attributeUserNamespaces } from "../../src/probes/_attribute-user-namespaces.ts";
import { readSteps } from "../../src/probes/_steps.ts";
import { deniedCreation, denials, fail, type Denial } from "../fixtures/denials/user-namespaces.ts";
import { altered, asRoot, asUser, notReached } from "../fixtures/hosts/transcripts.ts";
import { steps } from "../support/fixture-host.ts";

function attribute({ failure, seen, asRoot: isRoot = false, more = {} }: Denial) {
  const transcript = altered(isRoot ? asRoot.attribution : asUser.attribution, seen);
  const reading = readSteps("attribution", { status: "ended", steps: steps(transcript), durationMs: 1 });
  return attributeUserNamespaces({ failure, reading, settings: {}, selinuxEnforcing: false, procCovers: [], ...more });
}

test.each(denials)("$what", (item) => {
  const { state, blockers, ruledOut } = attribute(item);
  expect({ state, causes: blockers.map(({ code }) => code) }).toEqual({ state: "blocked", causes: [...item.causes] });
  for (const code of item.ruledOut ?? []) expect(ruledOut).toContain(code);
  for (const code of item.causes) expect(ruledOut).not.toContain(code);
  if (item.detail !== undefined) expect(blockers[0]?.detail).toBe(item.detail);
});

describe("what is no denial", () => {
  test("a kernel without user namespaces lacks them", () => {
    const item = {
      what: "",
      failure: fail("clone", "EINVAL"),
      seen: { ...notReached, "clone-user": "EINVAL", "unshare-user": "EINVAL" },
      causes: [],
    };
    expect(attribute(item)).toMatchObject({ state: "absent", blockers: [{ code: "kernel-config" }] });
  });

  test("a file that the job may not enter has no cause among these", () => {
    const item = { what: "", failure: fail("working-directory", "EACCES", "/"), seen: deniedCreation, causes: [] };
    expect(attribute(item)).toMatchObject({ state: "unknown", blockers: [{ code: "unknown" }], ruledOut: [] });
  });

  test("without the prober nothing is ruled out that it would have told", () => {
    const reading = readSteps("attribution", { status: "timeout", steps: [], durationMs: 3000 });
    const facts = { failure: fail("clone", "EPERM"), reading, settings: {}, selinuxEnforcing: false, procCovers: [] };
    const { blockers, ruledOut } = attributeUserNamespaces(facts);
    expect(blockers[0]?.detail).toContain("no end after 3000 ms");
    for (const code of ["seccomp", "chroot", "ns-limit", "idmap"] as const) expect(ruledOut).not.toContain(code);
  });
});
