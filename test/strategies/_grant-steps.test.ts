import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Grant } from "../../src/model/job.ts";
import { orderedGrants } from "../../src/strategies/_grant-steps.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";

const project = "/home/ada/project";

function read(path: string): Grant {
  return { path, access: "read" };
}

function write(path: string): Grant {
  return { path, access: "write" };
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

describe("orderedGrants", () => {
  test("has the workspace among the grants, as the mode says", () => {
    expect(orderedGrants(jobOf())).toEqual([read(project)]);
    expect(orderedGrants(jobOf({ workspace: { mode: "rw", path: project } }))).toEqual([write(project)]);
    expect(orderedGrants(jobOf({ workspace: { mode: "empty", why: "" } }))).toEqual([]);
  });

  test("puts what holds another first", () => {
    const grants = ["/srv/a/b", "/srv", "/srv/a-b", "/srv/a", "/opt"].map(read);
    const paths = orderedGrants(jobOf({ workspace: { mode: "empty", why: "" }, grants })).map(({ path }) => path);
    expect(paths).toEqual(["/opt", "/srv", "/srv/a", "/srv/a-b", "/srv/a/b"]);
  });

  test("lets write win over read, whichever comes first", () => {
    expect(orderedGrants(jobOf({ grants: [write(project)] }))).toEqual([write(project)]);
    const workspace = { mode: "rw", path: project } as const;
    expect(orderedGrants(jobOf({ workspace, grants: [read(project)] }))).toEqual([write(project)]);
    expect(orderedGrants(jobOf({ grants: [read("/srv"), write("/srv"), read("/srv")] }))).toEqual([
      read(project),
      write("/srv"),
    ]);
  });

  test("never has a path before one that holds it, nor a path twice", () => {
    const name = fc.constantFrom("a", "b", "a-b", "a b", ".a", "ü");
    const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => `/${names.join("/")}`);
    const grant = fc.record({ path, access: fc.constantFrom("read" as const, "write" as const) });
    fc.assert(
      fc.property(fc.array(grant), (grants) => {
        const paths = orderedGrants(jobOf({ grants })).map((one) => one.path);
        expect(new Set(paths).size).toBe(paths.length);
        expect(paths.filter((later, at) => paths.slice(at + 1).some((earlier) => isWithin(later, earlier)))).toEqual(
          [],
        );
        expect(new Set(paths)).toEqual(new Set([project, ...grants.map((one) => one.path)]));
      }),
    );
  });
});
