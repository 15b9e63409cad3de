/** `cupel upgrade` that is killed, interrupted, or called twice: one of the two versions works, and no rubbish stays. */
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, unlinkSync } from "node:fs";
import { usePrivatePlaces } from "../support/private-places.ts";
import { executableName } from "../support/release-server.ts";
import { callers, rootCallers } from "../support/tester.ts";
import { until } from "../support/until.ts";
import { scriptOf, useUpgradeTrials, type InstalledCopy } from "../support/upgrade-trials.ts";

const trials = useUpgradeTrials();
/** What others keep in places that several users share is not cleaned. */
const apart = usePrivatePlaces();
const name = executableName("2.0.0");
const staging = ".cupel-installing.upgrade";

/** A shell command that says that it was reached, and goes on when the file that says so is gone. */
const waits = `: >"$HOME/reached"; while [ -e "$HOME/reached" ]; do sleep 0.02; done`;

async function reached(copy: InstalledCopy): Promise<() => void> {
  const path = copy.at("state/reached");
  await until("the new version is run", () => existsSync(path));
  return () => unlinkSync(path);
}

/** How the server, or the new version, holds an upgrade up, and how it is seen that it does. */
interface Moment {
  readonly executable?: string;
  readonly held?: string;
  readonly isStaged: boolean;
  readonly come: (copy: InstalledCopy) => Promise<() => void>;
}

function asked(file: string): Moment["come"] {
  return async () => {
    await until(`${file} is asked for`, () => trials.server.asked.at(-1)?.endsWith(`/${file}`));
    return () => undefined;
  };
}

const moments: Readonly<Record<string, Moment>> = {
  "the list is on its way": { held: "SHA256SUMS", isStaged: false, come: asked("SHA256SUMS") },
  "the executable is on its way": { held: name, isStaged: true, come: asked(name) },
  "the new version says what it is": { executable: scriptOf("2.0.0", ":", waits), isStaged: true, come: reached },
  "the new version's doctor looks around": { executable: scriptOf("2.0.0", waits), isStaged: true, come: reached },
};

function publish({ executable, held }: Moment): void {
  trials.publish("2.0.0", trials.madeUp("2.0.0", executable === undefined ? {} : { executable }));
  trials.server.holdBack(held);
}

const cases = Object.entries(moments);

describe.each(callers)("an upgrade, called by $name", (caller) => {
  test.each(cases)("killed while %s leaves the old version, and what cupel clean removes", async (_when, moment) => {
    using copy = trials.install(apart(caller, "/"));
    const before = copy.survey();
    publish(moment);
    await using running = copy.start(["upgrade"]);
    const goOn = await moment.come(copy);
    running.kill("SIGKILL");
    expect(await running.ended).toMatchObject({ code: null, signal: "SIGKILL" });
    goOn();
    expect(await copy.version()).toBe("1.0.0");
    expect(readdirSync(copy.at("bin")).toSorted()).toEqual(moment.isStaged ? [staging, "cupel"] : ["cupel"]);
    const cleaned = await copy.run(["clean"]);
    expect([cleaned.code, cleaned.stdout.includes(`removed ${copy.at("bin")}/${staging}: files of an`)]).toEqual([
      0,
      moment.isStaged,
    ]);
    expect(copy.survey()).toEqual(before);
  });

  test.each(cases)("killed while %s is no hindrance to the next one", async (_when, moment) => {
    using copy = trials.install(caller);
    publish(moment);
    await using running = copy.start(["upgrade"]);
    const goOn = await moment.come(copy);
    running.kill("SIGKILL");
    await running.ended;
    goOn();
    trials.publish("2.0.0");
    expect(await copy.run(["upgrade"])).toMatchObject({ code: 0 });
    expect(await copy.version()).toBe("2.0.0");
    expect(readdirSync(copy.at("bin"))).toEqual(["cupel"]);
  });

  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("ends with %s and leaves nothing behind", async (signal) => {
    for (const [, moment] of cases.slice(1)) {
      using copy = trials.install(caller);
      const before = copy.survey();
      publish(moment);
      await using running = copy.start(["upgrade"]);
      const goOn = await moment.come(copy);
      running.kill(signal);
      goOn();
      expect(await running.ended).toMatchObject({ code: null, signal, stdout: "" });
      expect(copy.survey()).toEqual(before);
      expect(await copy.version()).toBe("1.0.0");
    }
  });

  test("killed at any moment leaves one of the two versions, and nothing that the next one does not remove", async () => {
    trials.publish("2.0.0");
    const seen = new Set<string>();
    for (let delayMs = 0; delayMs < 320; delayMs += 10) {
      using copy = trials.install(caller);
      await using running = copy.start(["upgrade", "--allow-downgrade"]);
      await Bun.sleep(delayMs);
      running.kill("SIGKILL");
      await running.ended;
      const version = await copy.version();
      seen.add(version);
      if (version === "1.0.0") expect(await copy.run(["upgrade"])).toMatchObject({ code: 0 });
      expect(await copy.version()).toBe("2.0.0");
      const left = readdirSync(copy.path, { recursive: true }).map(String).toSorted();
      const names = left.filter((path) => !path.startsWith("state") && /cupel[^/]*$|\.\d+$/.test(path));
      // One that was replaced has no next upgrade here: it is a script.
      if (version === "1.0.0") expect(names.filter((path) => path !== "lib/cupel")).toEqual(["bin/cupel"]);
    }
    expect([...seen].toSorted()).toEqual(["1.0.0", "2.0.0"]);
  }, 120_000);

  test("finds that another is under way, and says which", async () => {
    using copy = trials.install(apart(caller, "/"));
    publish({ held: name, isStaged: true, come: reached });
    await using first = copy.start(["upgrade"]);
    await until("the first one is at work", () => existsSync(copy.at(`bin/${staging}`)));
    const second = await copy.run(["upgrade"]);
    expect([second.code, second.stderr.split("\n")[1]]).toEqual([
      1,
      `cupel: not upgraded, 1.0.0 stays: another upgrade of ${copy.executable} is under way (process ${first.pid})`,
    ]);
    const cleaned = await copy.run(["clean"]);
    expect(cleaned.stdout).toContain(`left ${copy.at("bin")}/${staging}: an installation may be under way\n`);
    first.kill("SIGTERM");
    await first.ended;
    expect(readdirSync(copy.at("bin"))).toEqual(["cupel"]);
  });

  test("of a file that has been replaced since its start changes nothing", async () => {
    using copy = trials.install(caller);
    publish({ held: "SHA256SUMS", isStaged: false, come: reached });
    const askedBefore = trials.server.asked.length;
    await using running = copy.start(["upgrade"]);
    await until("the list is asked for", () => trials.server.asked.length > askedBefore);
    const words = `cp -p "$0" "$0.new" && mv "$0.new" "$0"`;
    expect(Bun.spawnSync(["sh", "-c", words, copy.executable]).exitCode).toBe(0);
    const before = copy.survey();
    trials.server.holdBack(undefined);
    const { code, stderr } = await running.ended;
    expect([code, stderr.split("\n")[1]]).toEqual([
      1,
      `cupel: not upgraded, 1.0.0 stays: ${copy.executable} was replaced meanwhile, by another upgrade perhaps: call it again`,
    ]);
    expect(copy.survey()).toEqual(before);
  });

  test("called by many at once is carried out once", async () => {
    using copy = trials.install(caller);
    publish({ executable: scriptOf("2.0.0", "sleep 0.2"), isStaged: true, come: reached });
    const ran = await Promise.all(Array.from({ length: 6 }, () => copy.run(["upgrade"])));
    expect(ran.filter(({ code }) => code === 0)).toHaveLength(1);
    const others = ran.filter(({ code }) => code !== 0).map(({ stderr }) => stderr.trimEnd().split("\n").at(-1));
    for (const sentence of others)
      expect(sentence).toMatch(/another upgrade of .* is under way|was replaced meanwhile, by another upgrade perhaps/);
    expect(await copy.version()).toBe("2.0.0");
    expect(readdirSync(copy.at("bin"))).toEqual(["cupel"]);
  });
});

describe.each(rootCallers)("an upgrade of root's that is tried in place", (root) => {
  test("and killed then leaves the new version in place, and the old one beside it", async () => {
    using copy = trials.install(root);
    const doctor = `case $0 in */bin/cupel) ${waits} ;; *) exit 1 ;; esac`;
    publish({ executable: scriptOf("2.0.0", doctor), isStaged: true, come: reached });
    await using running = copy.start(["upgrade"]);
    const goOn = await reached(copy);
    running.kill("SIGKILL");
    await running.ended;
    goOn();
    expect(await copy.version()).toBe("2.0.0");
    const kept = Bun.spawnSync([copy.at(`bin/${staging}/kept`), "version"]);
    expect(kept.stdout.toString()).toStartWith("cupel 1.0.0 (");
  });
});
