import { expect, test } from "bun:test";
import { decisionsWith, standingsWith, type StandIns } from "../../src/strategies/_stand-ins.ts";

const standIns: StandIns = { program: "program.bwrap", made: ["ns.pid", "ns.ipc"], lacking: ["mount.overlay"] };

const works = { state: "works" } as const;

test("what the program makes is there where the program is, what it lacks is not, and the rest is as it was", () => {
  const broken = { state: "broken" } as const;
  const seen = standingsWith(standIns, {
    "program.bwrap": broken,
    "ns.pid": works,
    "mount.overlay": works,
    "ns.uts": works,
  });
  expect([seen["ns.pid"], seen["ns.ipc"], seen["mount.overlay"], seen["ns.uts"], seen["ns.user"]] as unknown[]).toEqual(
    [broken, broken, { state: "absent" }, works, undefined],
  );
});

test("takes standings that are frozen, and looks nothing up that nobody asked for", () => {
  const asked: string[] = [];
  const noting = new Proxy(Object.freeze({ "ns.uts": works }), {
    get: (target, id) => {
      asked.push(String(id));
      return Reflect.get(target, id) as unknown;
    },
  });
  const seen = standingsWith(standIns, noting);
  expect([seen["ns.uts"], seen["ns.pid"], seen["mount.overlay"]]).toEqual([works, undefined, { state: "absent" }]);
  expect(asked).toEqual(["ns.uts", "program.bwrap"]);
});

test("decisions name what they really stand on, once", () => {
  expect(
    decisionsWith(standIns, [
      { id: "proc.hidden", kept: true, mechanism: "one", capabilities: ["ns.pid", "ns.ipc", "seccomp.filter"] },
      { id: "ipc.shared", kept: false, reason: "two", missing: "ns.ipc" },
      { id: "net.none", kept: false, reason: "three" },
    ]),
  ).toEqual([
    { id: "proc.hidden", kept: true, mechanism: "one", capabilities: ["program.bwrap", "seccomp.filter"] },
    { id: "ipc.shared", kept: false, reason: "two", missing: "program.bwrap" },
    { id: "net.none", kept: false, reason: "three" },
  ]);
});
