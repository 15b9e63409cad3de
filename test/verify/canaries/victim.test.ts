import { describe, expect, test } from "bun:test";
import { parseHits, plantVictim } from "../../../src/verify/canaries/victim.ts";
import type { Hit } from "../../../src/verify/canaries/hit.ts";
import { isAlive } from "../../support/processes.ts";
import { saidBy } from "../../support/said-by.ts";
import { makeTempDir, type TempDir } from "../../support/temp-dir.ts";
import { noneBut, sharedObjects } from "../../support/traces.ts";
import { until } from "../../support/until.ts";
import { victimProgram } from "../../support/victim-program.ts";

function orderIn(directory: TempDir): Parameters<typeof plantVictim>[0] {
  return { program: victimProgram, directory: directory.path, file: directory.file("file", "open") };
}

test("what came is told by the key of its canary, and other lines are no hits", () =>
  expect(parseHits(["held tcp4 80", "hit tcp4 E01-0123 and more", "hit signal 15", "looked"])).toEqual([
    { canary: "tcp4-port", text: "E01-0123 and more" },
    { canary: "signal", text: "15" },
  ]));

describe("a victim", () => {
  test("gives its tokens to whoever reaches it, tells who came, and leaves nothing", async () => {
    using directory = makeTempDir();
    const before = sharedObjects();
    const victim = await plantVictim(orderIn(directory));
    const pid = Number(victim.keys["victim-pid"]);
    expect(Object.keys({ ...victim.keys, ...victim.absent }).toSorted()).toEqual([
      "abstract-name",
      "dns-port",
      "keyring-description",
      "mq-name",
      "msg-key",
      "shm-key",
      "tcp4-port",
      "tcp6-port",
      "tty",
      "udp4-port",
      "udp6-port",
      "unix-path",
      "victim-address",
      "victim-descriptor",
      "victim-pid",
      "vsock-port",
    ]);
    expect(await victim.look()).toEqual([]);
    const said = await saidBy(Number(victim.keys["tcp4-port"]), "E01-0123");
    expect(victim.tokens.filter((token) => said.includes(token))).toHaveLength(1);
    const hits: Hit[] = [];
    process.kill(pid, "SIGTERM");
    await until("both are told", async () => (hits.push(...(await victim.look())), hits.length >= 2));
    expect(hits.toSorted((one, other) => (one.canary < other.canary ? -1 : 1))).toEqual([
      { canary: "signal", text: "15" },
      { canary: "tcp4-port", text: "E01-0123" },
    ]);
    await victim.remove();
    expect(isAlive(pid)).toBe(false);
    await noneBut(before, sharedObjects);
  });

  test("that is ended has been reached", async () => {
    using directory = makeTempDir();
    const victim = await plantVictim(orderIn(directory));
    process.kill(Number(victim.keys["victim-pid"]), "SIGTERM");
    await victim.remove();
    expect((await victim.look()).at(-1)).toEqual({ canary: "signal", text: "it was ended" });
  });

  test("that is no program is not planted", async () => {
    using directory = makeTempDir();
    expect(plantVictim({ ...orderIn(directory), program: "/bin/true" })).rejects.toMatchObject({
      code: "set-up",
      message: "the victim of the attacks did not start (/bin/true)",
    });
  });
});
