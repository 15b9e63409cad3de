import { expect, test } from "bun:test";
import namespaces from "../../src/strategies/namespaces.ts";
import process_ from "../../src/strategies/process.ts";
import type { PublishedPort } from "../../src/model/job.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import { rootEverything } from "../fixtures/matrices/standings.ts";
import { printChanges } from "../support/print-decisions.ts";

const published: readonly PublishedPort[] = [
  { address: { version: 4, bytes: [127, 0, 0, 1] }, port: 8080, jobPort: 3000 },
];

test("a job that is reached from the host has a network, and connects to nothing", () => {
  const [plain, reached] = [jobOf(), jobOf({ published })];
  const changes = printChanges(
    namespaces.guarantees(plain, rootEverything),
    namespaces.guarantees(reached, rootEverything),
  );
  expect(changes).toMatchInlineSnapshot(`
    "
    net.none NOT: the host reaches ports of the job's (--publish)
    net.allowlist: a network namespace with nothing but a loopback, to which connections come in, and out of which none lead [ns.network]
    "
  `);
  expect(process_.guarantees(reached, rootEverything)).toEqual(process_.guarantees(plain, rootEverything));
});

test("its ports are the plan's where the network is its own", () =>
  expect([namespaces, process_].map((strategy) => strategy.plan(jobOf({ published }), rootEverything).publish)).toEqual(
    [published, undefined],
  ));

test("a set-up command with a list of its own leaves the job none of it", () => {
  const setup = { command: ["a"], allowedHosts: ["a.example"] } as const;
  const [plain, listing] = [jobOf(), jobOf({ setup })];
  const changes = printChanges(
    namespaces.guarantees(plain, rootEverything),
    namespaces.guarantees(listing, rootEverything),
  );
  expect(changes).toMatchInlineSnapshot(`
    "
    net.none NOT: the set-up command may connect to the destinations that it lists (--setup-allow-host)
    net.allowlist: a network namespace with nothing but a loopback, on which a proxy of cupel's takes what is listed for the set-up command, and nothing once that has ended [ns.network]
    "
  `);
  const { setup: command, proxy } = namespaces.plan(listing, rootEverything);
  expect([command, proxy]).toEqual([
    ["a"],
    { httpPort: 61_080, socksPort: 61_081, allow: [], allowInSetup: ["a.example"] },
  ]);
  const withoutList = jobOf({ setup: { ...setup, allowedHosts: [] } });
  expect(namespaces.guarantees(withoutList, rootEverything)).toEqual(namespaces.guarantees(plain, rootEverything));
});
