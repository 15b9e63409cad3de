import { describe, expect, test } from "bun:test";
import { encodeInstruction } from "../../src/launch/encode-instruction.ts";
import { isMade, isMadeBy, stagedInput, type MakerCall } from "../../src/launch/maker-call.ts";
import { optionBits } from "../../src/launch/protocol.ts";
import type { LauncherPlan } from "../../src/model/plan.ts";
import type { MakerPlan } from "../../src/model/program-plan.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";
import { decodeInstruction, type DecodedRecord } from "../support/decode-instruction.ts";

const bubblewrap = { program: "bubblewrap", path: "/usr/bin/bwrap" } as const;
const docker = { program: "docker", path: "/usr/bin/docker" } as const;

function madeBy(maker: MakerPlan | undefined): LauncherPlan {
  return barePlan(["a"], { maker });
}

const ofBubblewrap: MakerCall = {
  path: "/usr/bin/bwrap",
  arguments: ["--args", "14"],
  environment: {},
  inputs: [{ content: Uint8Array.of(1, 0) }],
  startTimeoutMs: 7,
};

const ofDocker: MakerCall = {
  path: "/usr/bin/docker",
  arguments: ["run", ""],
  environment: { HOME: "/root" },
  inputs: [{ source: "/srv" }],
  startTimeoutMs: 7,
  isEngine: true,
  gate: "/place/gate",
  furtherCalls: [
    { time: "before", arguments: ["import", "image"] },
    { time: "after", arguments: [] },
    { time: "afterLoss", arguments: ["rm"] },
  ],
};

const systemd = {
  program: "systemd-run",
  path: "/usr/bin/systemd-run",
  manager: "system",
  controlPath: "/usr/bin/systemctl",
} as const;

const ofSystemd: MakerCall = {
  path: "/usr/bin/systemd-run",
  arguments: ["--pipe"],
  environment: {},
  inputs: [],
  startTimeoutMs: 7,
  isEngine: true,
  joinsByInput: true,
  furtherCalls: [{ time: "afterLoss", path: "/usr/bin/systemctl", arguments: ["stop", "unit"] }],
};

/** What the launcher is told of it, whether it is an engine, and whether that passes its input on. */
function told(
  maker: MakerPlan,
  call: MakerCall,
): { records: DecodedRecord[]; isEngine: boolean; joinsByInput: boolean } {
  const outside = { uid: 1001, gid: 1002 };
  const binding = { outside, controlGroups: [], rehearsal: false, architecture: "x64", maker: call } as const;
  const all = decodeInstruction(encodeInstruction(madeBy(maker), binding));
  const options = Number(all.find(([kind]) => kind === "options")?.[1]);
  return {
    records: all.filter(([kind]) => kind.startsWith("maker")),
    isEngine: (options & optionBits.engine) !== 0,
    joinsByInput: (options & optionBits.input) !== 0,
  };
}

describe("a call", () => {
  test("is told to the launcher word by word", () =>
    expect(told(bubblewrap, ofBubblewrap)).toEqual({
      records: [
        ["makerArgument", "/usr/bin/bwrap"],
        ["makerArgument", "--args"],
        ["makerArgument", "14"],
        ["makerStart", 7],
        ["makerInput", Uint8Array.of(1, 0)],
      ],
      isEngine: false,
      joinsByInput: false,
    }));

  test("of an engine's client is told with its gate, and all further calls behind it, each with its own words", () =>
    expect(told(docker, ofDocker)).toEqual({
      records: [
        ["makerArgument", "/usr/bin/docker"],
        ["makerArgument", "run"],
        ["makerArgument", ""],
        ["makerVariable", "HOME=/root"],
        ["makerStart", 7],
        ["makerSource", "/srv"],
        ["makerGate", "/place/gate"],
        ["makerFurther", 1],
        ["makerArgument", "/usr/bin/docker"],
        ["makerArgument", "import"],
        ["makerArgument", "image"],
        ["makerFurther", 2],
        ["makerArgument", "/usr/bin/docker"],
        ["makerFurther", 3],
        ["makerArgument", "/usr/bin/docker"],
        ["makerArgument", "rm"],
      ],
      isEngine: true,
      joinsByInput: false,
    }));

  test("of a daemon without root's rights is told with where that listens", () => {
    const { records } = told(docker, { ...ofDocker, rootlessDaemon: "/run/user/7/docker.sock" });
    expect(records[7]).toEqual(["makerDaemon", "/run/user/7/docker.sock"]);
    expect(records.toSpliced(7, 1)).toEqual(told(docker, ofDocker).records);
  });

  test("of a client that passes its input on is told so, and each further call by its own program", () =>
    expect(told(systemd, ofSystemd)).toEqual({
      records: [
        ["makerArgument", "/usr/bin/systemd-run"],
        ["makerArgument", "--pipe"],
        ["makerStart", 7],
        ["makerFurther", 3],
        ["makerArgument", "/usr/bin/systemctl"],
        ["makerArgument", "stop"],
        ["makerArgument", "unit"],
      ],
      isEngine: true,
      joinsByInput: true,
    }));

  test.each<[string, MakerPlan | undefined, MakerCall | undefined]>([
    ["without a plan of its own", undefined, ofBubblewrap],
    ["that is missing", docker, undefined],
  ])("%s is refused", (_, maker, call) => {
    const binding = { outside: { uid: 1, gid: 1 }, controlGroups: [], rehearsal: false, architecture: "x64" } as const;
    expect(() => encodeInstruction(madeBy(maker), { ...binding, maker: call })).toThrow("without the other");
  });
});

test("a plan says whether another program makes its sandbox, and which", () => {
  const plans = [madeBy(undefined), madeBy(bubblewrap), madeBy(docker)];
  expect(plans.map((plan) => [isMade(plan), isMadeBy(plan, "bubblewrap"), isMadeBy(plan, "docker")])).toEqual([
    [false, false, false],
    [true, true, false],
    [true, false, true],
  ]);
});

test("inputs of root's engines have paths by their numbers", () =>
  expect([stagedInput(0), stagedInput(12)]).toEqual(["/sys/0", "/sys/12"]));
