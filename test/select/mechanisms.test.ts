import { expect, test } from "bun:test";
import type { Job } from "../../src/model/job.ts";
import { plainLayout } from "../../src/model/layout.ts";
import { mechanismsOf } from "../../src/select/mechanisms.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";

const launch = { seccomp: "default", outside: "fresh", terminal: "none", root: [] } as const;
const overlay = { step: "overlay", source: "/w", destination: "/w", mapOwner: "no" } as const;

test("what keeps the rest of the host away tells sandboxes apart, and what is granted does not", () => {
  const of = (parts: Partial<Job> = {}): string => mechanismsOf(jobOf(parts), launch);
  expect(of()).toBe("seccomp=default network=none files=read terminal=none user=fresh");
  const path = "/data";
  expect(of({ grants: [{ path, access: "read" }] as Job["grants"] })).toBe(of());
  expect(of({ workspace: { mode: "empty", why: "asked" } })).toBe(of());
  const others = [
    of({ grants: [{ path, access: "write" }] as Job["grants"] }),
    of({ network: "host" }),
    mechanismsOf(jobOf(), { ...launch, seccomp: "strict" }),
    mechanismsOf(jobOf(), { ...launch, outside: "caller" }),
    mechanismsOf(jobOf(), { ...launch, terminal: "private" }),
    mechanismsOf(jobOf(), { ...launch, root: [overlay] }),
    mechanismsOf(jobOf(), { ...launch, publish: [] }),
    mechanismsOf(jobOf(), { ...launch, proxy: { httpPort: 1, socksPort: 2, allow: [], allowInSetup: [] } }),
    mechanismsOf(jobOf(), { ...launch, proxy: { httpPort: 1, socksPort: 2, allow: [], directPorts: [53] } }),
    mechanismsOf(jobOf(), { ...launch, root: [{ ...overlay, sizeBytes: 1 }] }),
    mechanismsOf(jobOf(), { ...launch, root: [{ ...overlay, program: "/usr/bin/fuse-overlayfs" }] }),
    of({ layout: { ...plainLayout, denied: ["/data/secret"] } }),
    of({ layout: { ...plainLayout, root: { source: "/srv/root", entries: [] } } }),
  ];
  expect(new Set([of(), ...others]).size).toBe(14);
});
