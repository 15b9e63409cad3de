/** The C side of the launch protocol, from the tables of the TypeScript side. */
import { gatePlaces } from "../../src/launch/gate-places.ts";
import {
  callTimes,
  controlKill,
  controlProceed,
  controlShown,
  frameKinds,
  instructionBytesMax,
  launchSteps,
  makerDescriptors,
  makerInputsMax,
  optionBits,
  pathBits,
  protocolMagic,
  protocolVersion,
  recordKinds,
  stepBits,
} from "../../src/launch/protocol.ts";
import { guestPlaces } from "../../src/model/program-plan.ts";

/** The header. Pure. */
export function renderProtocolHeader(): string {
  const stepNames = launchSteps.map((step) => `    "${step}",`).join("\n");
  return [
    "/* Written by scripts/gen.ts from src/launch/protocol.ts. */",
    "#ifndef CUPEL_PROTOCOL_GEN_H",
    "#define CUPEL_PROTOCOL_GEN_H",
    "",
    `#define PROTOCOL_MAGIC 0x${protocolMagic.toString(16)}u`,
    `#define PROTOCOL_VERSION ${protocolVersion}u`,
    `#define INSTRUCTION_BYTES_MAX ${instructionBytesMax}u`,
    `#define CONTROL_KILL ${controlKill}`,
    `#define MAKER_INPUTS_MAX ${makerInputsMax}`,
    `#define GUEST_ROOT "${guestPlaces.root}"`,
    `#define GUEST_LAUNCHER "${guestPlaces.launcher}/launcher"`,
    `#define GATE_SOCKET_INSIDE "${gatePlaces.gate}/${gatePlaces.socket}"`,
    `#define GATE_SOCKET "${gatePlaces.socket}"`,
    `#define GUEST_PROGRAM_DIRECTORY "${guestPlaces.inside}"`,
    `#define CONTROL_PROCEED ${controlProceed}`,
    `#define CONTROL_SHOWN ${controlShown}`,
    "",
    renderEnum("record", Object.entries(recordKinds)),
    renderEnum("option", withAll(optionBits)),
    renderEnum("call", Object.entries(callTimes)),
    renderEnum("maker", Object.entries(makerDescriptors)),
    renderEnum("frame", Object.entries(frameKinds)),
    renderEnum("step_bit", withAll(stepBits)),
    renderEnum("path_bit", withAll(pathBits)),
    renderEnum(
      "step",
      launchSteps.map((step, index) => [step, index] as const),
    ),
    `static const char *const step_names[] = {\n${stepNames}\n};`,
    "",
    "#endif",
    "",
  ].join("\n");
}

// --- internal ---

function renderEnum(prefix: string, entries: Iterable<readonly [string, number]>): string {
  const lines = Array.from(entries, ([name, value]) => `    ${prefix}_${snakeCase(name)} = ${value},`);
  return `enum {\n${lines.join("\n")}\n};\n`;
}

function snakeCase(name: string): string {
  return name.replaceAll("-", "_").replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** All bits of a table, as one more entry: the launcher refuses any other. */
function withAll(table: Readonly<Record<string, number>>): [string, number][] {
  return [...Object.entries(table), ["all", Object.values(table).reduce((all, bit) => all | bit, 0)]];
}
