import { describe, expect, test } from "bun:test";
import type { AttackRecord } from "../../src/verify/attack-record.ts";
import * as find from "../../src/verify/find-breach.ts";

function told(...facts: readonly string[]): AttackRecord {
  return { steps: [], sightings: facts.map((value) => ({ channel: "fact", value })), ending: "attempted", words: "" };
}

const context = { host: { "boot-id": "b-1" }, variables: ["http_proxy"], wishes: { pids: 40, cpus: 0.2 } };
const morePids = find.moreThan(["processes", "threads"], ({ pids }) => pids);

test.each([
  ["an amount over its cap", morePids, told("processes=41"), "it had 41 processes, and the cap is 40"],
  ["an amount at its cap", morePids, told("processes=40", "threads=2"), undefined],
  ["an amount without a cap", find.moreThan(["bytes"], () => undefined), told("bytes=41"), undefined],
  [
    "more processor time",
    find.findCpuTime,
    told("cpu-ms=400", "wall-ms=500"),
    "it had 400 ms of CPU time in 500 ms, and the cap is 0.2 CPUs",
  ],
  ["its share of it", find.findCpuTime, told("cpu-ms=110", "wall-ms=500"), undefined],
  [
    "a variable of the caller's",
    find.findForeignVariable,
    told("variable=PATH", "variable=SECRET"),
    "it has the variable SECRET",
  ],
  ["a job's own variables", find.findForeignVariable, told("variable=PATH", "variable=http_proxy"), undefined],
  [
    "an answer of what is listed",
    find.findListed,
    { ...told(), sightings: [{ channel: "listed", value: "canary-1" }] },
    "it reached a listed server by a proxy",
  ],
  ["an answer of somebody else", find.findListed, told("listed=canary-1"), undefined],
  [
    "a fourth descriptor",
    find.findForeignDescriptor,
    told("descriptor=0:pipe", "descriptor=3:file"),
    "it has descriptor 3:file",
  ],
  ["the standard streams", find.findForeignDescriptor, told("descriptor=0:pipe", "descriptor=2:pipe"), undefined],
  ["a socket", find.findForeignSocket, told("socket=4:1:1"), "it has socket 4:1:1"],
  ["a file that is to be hidden", find.findSeenFile, told("home-file=1:2:3:4"), "it saw the file (1:2:3:4)"],
  ["a place outside", find.findUnreachable, told("directory=(unreachable)/x"), "it is at (unreachable)/x"],
  ["the dead that wait", find.findZombies, told("orphans=9", "zombies=3"), "3 processes wait for nobody"],
  ["the host's number", find.findHostIdentity, told("boot-id=b-1"), "its boot-id is the host's"],
  ["another number", find.findHostIdentity, told("boot-id=b-2"), undefined],
  ["another interface", find.findInterfaces, told("interface=lo", "interface=eth0"), "there is an interface eth0"],
  ["the loopback alone", find.findInterfaces, told("interface=lo"), undefined],
  [
    "capabilities",
    find.findPrivilege,
    told("no-new-privs=1", "effective=0000000000000001"),
    "effective is 0000000000000001",
  ],
  ["no privileges", find.findPrivilege, told("no-new-privs=1", "effective=0000000000000000"), undefined],
] as const)("%s", (_, finder, record, breach) => expect(finder(record, context)).toBe(breach as string));

describe("a record without facts", () => {
  test("breaks nothing", () => expect(find.findPrivilege(told(), context)).toBeUndefined());
});
