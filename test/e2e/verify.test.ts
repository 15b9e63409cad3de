/** `cupel verify`: what strategies say of themselves is what attacks on them show, and selection goes by it. */
import { describe, expect, test } from "bun:test";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { namesIn } from "../../src/host/names-in.ts";
import type { Report } from "../../src/model/report.ts";
import type { SubjectResult, Verification } from "../../src/model/verification.ts";
import type { Ran } from "../support/execute.ts";
import { usePrivatePlaces } from "../support/private-places.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { callers, type Caller } from "../support/tester.ts";
import { noneBut, processesFrom, sharedObjects } from "../support/traces.ts";
import { until } from "../support/until.ts";

const cupel = installCupel();
/** Where root's state is looked for besides, nothing may be verified already. */
const apart = usePrivatePlaces();

/**
 * In memory that all share. Other tests have directories and places of state there meanwhile; what was verified is kept in
 * such a place by no other test.
 */
function sharedFiles(): string[] {
  return readdirSync("/dev/shm").flatMap((name) => {
    if (name.startsWith("cupel-test-")) return [];
    if (!/^cupel-\d+$/.test(name)) return [name];
    return namesIn(`/dev/shm/${name}`)
      .filter((file) => file.startsWith("verification"))
      .map((file) => `${name}/${file}`);
  });
}

/** How often all strategies are attacked by every attack; a soak sets it to twenty. */
const rounds = Number(process.env["CUPEL_VERIFY_ROUNDS"] ?? 1);

/** Verifications of a host wait for each other. */
const deadlineMs = 300_000;

/** A state of its own, so that nothing is verified yet. */
function callIn(caller: Caller, state: TempDir): (...words: readonly string[]) => Promise<Ran> {
  const env = { XDG_STATE_HOME: state.path, HOME: state.path, TMPDIR: state.folder("tmp") };
  return (...words) => cupel.run(apart(caller, cupel.workspace(caller)), words, { env, deadlineMs });
}

function told({ stdout }: Ran): Verification & { readonly exitCode: number } {
  return JSON.parse(stdout) as Verification & { readonly exitCode: number };
}

function named(subjects: readonly SubjectResult[], name: string): SubjectResult["guarantees"] {
  return subjects.find((subject) => subject.name === name)?.guarantees ?? [];
}

/** What a strategy says of itself, in the doctor's report. */
function keptBy({ strategies }: Report, name: string): Record<string, boolean> {
  const decisions = strategies.find(({ id }) => id === name)?.guarantees ?? [];
  return Object.fromEntries(decisions.map(({ id, kept }) => [id, kept]));
}

/** What must not be seen of a guarantee: said and broken, or not attacked to an end. */
function isWrong({ state }: SubjectResult["guarantees"][number]): boolean {
  return state !== "held" && state !== "not-provided";
}

function statesOf({ subjects }: Verification): unknown {
  return subjects.map(({ name, guarantees }) => [name, guarantees.map(({ id, state }) => `${id} ${state}`)]);
}

function flat({ stdout, stderr }: Ran): string {
  return `${stdout}${stderr}`.replaceAll(/\s+/g, " ");
}

describe.each(callers)("verify, called by $name", (caller) => {
  test("finds each strategy to hold what it says and to lack what it says, in each round, and leaves nothing", async () => {
    using state = makeTempDir({ owner: caller });
    const call = callIn(caller, state);
    const report = JSON.parse((await call("doctor", "--json")).stdout) as Report;
    const [shared, memory] = [sharedObjects(), sharedFiles()];
    const found: unknown[] = [];
    for (let round = 0; round < rounds; round++) {
      const ran = await call("verify", "--all", "--json");
      expect(ran.stderr).toBe("");
      const { subjects, ...verification } = told(ran);
      expect(
        subjects.flatMap(({ name, guarantees }) => guarantees.filter(isWrong).map((one) => ({ name, ...one }))),
      ).toEqual([]);
      expect(ran.code).toBe(0);
      found.push(statesOf({ subjects, ...verification }));
      for (const name of ["namespaces", "bubblewrap", "podman", "gvisor", "landlock", "process"]) {
        // The doctor's job may only read its workspace; the attacked one of bubblewrap and podman is a copy, of which they
        // bound nothing, and landlock has none to give.
        const { "limit.disk": said, "fs.workspace": unchanged, ...kept } = keptBy(report, name);
        const states = Object.fromEntries(named(subjects, name).map(({ id, state: one }) => [id, one === "held"]));
        const { "limit.disk": seen, "fs.workspace": layered, ...held } = states;
        expect({ name, ...held }).toEqual({ name, ...kept });
        expect({ name, isKept: seen }).toEqual({
          name,
          isKept: ["bubblewrap", "podman"].includes(name) ? false : said,
        });
        expect({ name, isKept: layered }).toEqual({ name, isKept: name === "landlock" ? false : unchanged });
      }
      // What it lacks was seen to be lacking, each guarantee by an attack of its own.
      const unshown = named(subjects, "process").filter((one) => one.state !== "held" && one.brokenBy.length === 0);
      expect(unshown.map(({ id }) => id)).toEqual([]);
    }
    // One attack for each guarantee comes to the same as all of them: a verdict that changes is seen.
    found.push(statesOf(told(await call("verify", "--all", "--quick", "--json"))));
    expect(new Set(found.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(readdirSync(state.at("tmp"))).toEqual([]);
    expect(readdirSync(state.path).toSorted()).toEqual(["cupel", "tmp"]);
    expect(processesFrom(state.path)).toEqual([]);
    await noneBut(shared, sharedObjects);
    await noneBut(memory, sharedFiles);
  }, 600_000);

  test("has run --verified, the doctor and selection go by what it saw, and by nothing else", async () => {
    using state = makeTempDir({ owner: caller });
    const call = callIn(caller, state);
    const before = await call("run", "--verified", "--", "true");
    expect(before.code).toBe(125);
    expect(flat(before)).toContain("namespaces was not seen to hold fs.read when such a sandbox was attacked");
    expect(flat(await call("doctor"))).not.toContain("Attacks (cupel verify)");
    expect((await call("verify", "--quick")).code).toBe(0);
    expect(await call("run", "--verified", "--", "true")).toEqual({ code: 0, signal: null, stdout: "", stderr: "" });
    expect(flat(await call("doctor"))).toMatch(
      /Attacks \(cupel verify\) .* namespaces \(seccomp=default network=none .*\): \d+ guarantees held, each against one attack alone\./,
    );
    const other = await call("run", "--verified", "--network", "host", "--", "true");
    expect(other.code).toBe(125);
  }, 300_000);

  test("attacks a job with a terminal, by way of which it takes what it is told", async () => {
    using state = makeTempDir({ owner: caller });
    const call = callIn(caller, state);
    const onTerminal = ["plan", "--tty", "--verified", "--", "true"];
    expect((await call(...onTerminal)).code).toBe(125);
    const attacked = told(await call("verify", "--tty", "--json"));
    const wrong = attacked.subjects.map(({ name, guarantees }) => [
      name,
      guarantees.filter((one) => one.state === "broken" || one.state === "unknown"),
      guarantees.find(({ id }) => id === "tty.safe")?.state,
    ]);
    expect(wrong).toEqual([["namespaces", [], "held"]]);
    // The attack on the terminal was made from inside, and found one there.
    expect(attacked.subjects[0]?.attacks.find(({ attack }) => attack === "F04")?.verdict).toBe("held");
    expect((await call(...onTerminal)).code).toBe(0);
  }, 300_000);

  test("attacks a job that lists what it may connect to, by way of its proxy", async () => {
    using state = makeTempDir({ owner: caller });
    const call = callIn(caller, state);
    const wanted = "net.none,net.allowlist,secret.private";
    const ran = await call("verify", "--network", "allow", "--all", "--guarantee", wanted, "--json");
    const { subjects } = told(ran);
    const shown = subjects.map(({ name, guarantees }) => [name, guarantees.map((one) => [one.state, one.brokenBy[0]])]);
    const lacking = ["not-provided", "E01"];
    expect(shown).toEqual([
      ["namespaces", [lacking, ["held", undefined], ["held", undefined]]],
      ["bubblewrap", [lacking, ["held", undefined], ["held", undefined]]],
      ["podman", [lacking, ["held", undefined], ["held", undefined]]],
      ["gvisor", [lacking, ["held", undefined], ["held", undefined]]],
      ...["landlock", "process"].map((name) => [
        name,
        [lacking, ["not-provided", expect.stringMatching(/^E05|E18$/)], ["not-provided", "B06"]],
      ]),
    ]);
    const verdicts = subjects[0]?.attacks.filter(({ attack }) => /^E1[5-9]$/.test(attack));
    expect(verdicts?.map(({ attack, verdict }) => `${attack} ${verdict}`)).toEqual([
      "E15 held",
      "E16 held",
      "E17 held",
      "E18 held",
      "E19 held",
    ]);
    expect((await call("verify", "--network", "allow", "--quick")).code).toBe(0);
    const listing = ["run", "--verified", "--allow-host", "a.example", "--", "true"];
    expect(await call(...listing)).toEqual({ code: 0, signal: null, stdout: "", stderr: "" });
    expect((await call("run", "--verified", "--", "true")).code).toBe(125);
    // Programs that know of no proxy have another way out: what was seen of this one says nothing of that.
    const transparent = ["--network", "allow", "--transparent-network"];
    expect((await call(...listing.toSpliced(1, 0, "--transparent-network"))).code).toBe(125);
    const attacked = told(await call("verify", ...transparent, "--guarantee", "net.allowlist,net.loopback", "--json"));
    expect(attacked.subjects.map(({ name, guarantees }) => [name, guarantees.map((one) => one.state)])).toEqual([
      ["namespaces", ["held", "held"]],
    ]);
    expect((await call("verify", ...transparent, "--quick")).code).toBe(0);
    expect((await call(...listing.toSpliced(1, 0, "--transparent-network"))).code).toBe(0);
  }, 300_000);

  test("has no strategy chosen for what was broken", async () => {
    using state = makeTempDir({ owner: caller });
    const call = callIn(caller, state);
    expect((await call("verify", "--quick")).code).toBe(0);
    const path = state.at("cupel/verification.json");
    const saved = readFileSync(path, "utf8");
    const broken = saved.replace(
      /\{"id":"net.none","state":"held","depth":"quick","attack":""\}/,
      '{"id":"net.none","state":"broken","depth":"quick","attack":"E01"}',
    );
    expect(broken).not.toBe(saved);
    writeFileSync(path, broken);
    // Another one that was not attacked takes its place, if it is not asked for by name.
    expect((await call("run", "--workspace", "ro", "--", "true")).code).toBe(0);
    const ran = await call("run", "--strategy", "namespaces", "--", "true");
    expect(ran.code).toBe(125);
    expect(flat(ran)).toContain("broken here by attack E01");
    expect((await call("run", "--accept-missing", "net.none", "--", "true")).code).toBe(0);
    expect(flat(await call("doctor"))).toContain("broken: net.none by E01.");
  }, 300_000);

  test("attacks what is named alone, and is no pass where that is not held", async () => {
    using state = makeTempDir({ owner: caller });
    const call = callIn(caller, state);
    const words = ["--guarantee", "net.none,env.clean", "--quick", "--json"];
    const ran = await call("verify", "--strategy", "process", ...words);
    expect(ran.code).toBe(1);
    const [subject] = told(ran).subjects;
    expect(subject?.guarantees.map(({ id, state: one, brokenBy }) => [id, one, brokenBy])).toEqual([
      ["net.none", "not-provided", ["E01"]],
      ["env.clean", "held", []],
    ]);
    expect(subject?.attacks.map(({ attack }) => attack)).toEqual(["B05", "E01"]);
  }, 300_000);

  test("attacks somebody else's sandbox", async () => {
    using state = makeTempDir({ owner: caller });
    const call = callIn(caller, state);
    const ran = await call("verify", "--subject", "env -i", "--guarantee", "fs.read,env.clean", "--json");
    expect(ran.code).toBe(1);
    const [subject] = told(ran).subjects;
    expect(subject?.name).toBe("env -i");
    const states = subject?.guarantees.map(({ id, state: one, brokenBy }) => [id, one, brokenBy[0]]);
    expect(states).toEqual([
      ["fs.read", "broken", "A01"],
      ["env.clean", "held", undefined],
    ]);
    // It says nothing about cupel's own strategies.
    expect(readdirSync(state.at("cupel"))).not.toContain("verification.json");
  }, 300_000);

  test("says what became of a sandbox that does not start", async () => {
    using state = makeTempDir({ owner: caller });
    const ran = await callIn(caller, state)("verify", "--subject", "/nonexistent/sandbox --", "--guarantee", "fs.read");
    expect(ran.code).toBe(3);
    expect(flat(ran)).toContain("the sandbox did not start the attacker");
  }, 300_000);

  test("killed at any moment, leaves nothing that the next one does not take away", async () => {
    using state = makeTempDir({ owner: caller });
    const tmp = state.folder("tmp");
    const env = { XDG_STATE_HOME: state.path, HOME: state.path, TMPDIR: tmp };
    await cupel.run(caller, ["doctor", "--brief"], { env });
    const shared = sharedObjects();
    const mine = (): string[] =>
      [tmp, state.path, "/dev/shm", "/var/tmp"].flatMap((place) =>
        readdirSync(place).filter((name) => name.startsWith("cupel-verify-") && name.includes(`-${pid}-`)),
      );
    const killed = cupel.start(caller, ["verify"], { env });
    const { pid } = killed;
    await until("canaries are planted", () => mine().length >= 3);
    killed.kill("SIGKILL");
    await killed.ended;
    await until("the victims are gone", () => processesFrom(state.path).length === 0);
    expect(mine().length).toBeGreaterThan(0);
    expect((await cupel.run(caller, ["verify", "--quick"], { env, deadlineMs })).code).toBe(0);
    expect(mine()).toEqual([]);
    await noneBut(shared, sharedObjects);
  }, 300_000);
});

const [anyone] = callers;

test.each([
  [["--subject", "env 'x", "--quick"], "has a quote that is not ended"],
  [["--subject", " "], "needs a command"],
  [["--subject", "env", "--all"], "--all is about strategies of cupel's"],
  [["--subject", "env", "--tty"], "--tty is about strategies of cupel's"],
  [["--transparent-network"], "--transparent-network is about jobs with a list; add --network allow, or leave it out"],
  [["--transparent-network", "--network", "none"], "add --network allow"],
  [["--strategy", "process", "--all"], "cannot be given together"],
  [["--guarantee", "fs.reed"], "fs.reed"],
])("verify refuses %p", async (words, message) => {
  if (anyone === undefined) throw new Error("nobody calls");
  const ran = await cupel.run(anyone, ["verify", ...words]);
  expect(ran).toMatchObject({ code: 64, stdout: "" });
  expect(flat(ran)).toContain(message);
});

test("verify --list counts the attacks on each guarantee, and says why others are not made", async () => {
  if (anyone === undefined) throw new Error("nobody calls");
  const ran = await cupel.run(anyone, ["verify", "--list"]);
  expect(ran).toMatchObject({ code: 0, stderr: "" });
  expect(flat(ran)).toMatch(/^Attacks by guarantee: fs\.read \d+ attacks/);
  const list = JSON.parse((await cupel.run(anyone, ["verify", "--list", "--json"])).stdout) as {
    readonly attacks: readonly { readonly guarantees: readonly string[] }[];
    readonly counts: readonly { readonly id: string; readonly attacks: number }[];
  };
  for (const { id, attacks } of list.counts)
    expect([id, list.attacks.filter(({ guarantees }) => guarantees.includes(id)).length]).toEqual([id, attacks]);
});
