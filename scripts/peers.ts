/**
 * Attacks the sandboxes that people have besides cupel, and writes the table in the README: bun scripts/peers.ts. It is
 * root's work, on a machine that has all of them, and takes some minutes.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SubjectResult, Verification } from "../src/model/verification.ts";
import { startDocker, usePodman, type ContainerEngine } from "../test/support/container-engines.ts";
import { execute } from "../test/support/execute.ts";
import { makeTempDir } from "../test/support/temp-dir.ts";
import { ordinaryCaller, rootCallers, type Caller } from "../test/support/tester.ts";
import { putTable, renderPeers, type Peer } from "./peers/render-peers.ts";
import { repositoryRoot } from "./source/repository.ts";

/** One sandbox that is attacked. */
interface Candidate {
  readonly name: string;
  readonly caller: Caller;
  /** As people write it. */
  readonly shown: string;
  /** As it is called here, where that differs: with an engine of this script's own. */
  readonly words?: readonly string[];
  /** Words that print its version. */
  readonly version: readonly string[];
}

const executable = join(repositoryRoot, "dist/cupel");
const deadlineMs = 120_000;

const hardBwrap =
  "bwrap --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --dev /dev " +
  "--proc /proc --tmpfs /tmp --ro-bind {} {} --unshare-all --unshare-user --disable-userns --cap-drop ALL " +
  "--new-session --die-with-parent --clearenv --";
const hardFirejail =
  "firejail --quiet --noprofile --net=none --private --private-dev --whitelist={} --caps.drop=all --seccomp " +
  "--nonewprivs --noroot --";

const ofUsers: readonly Omit<Candidate, "caller">[] = [
  {
    name: "bwrap",
    shown: "bwrap --ro-bind / / --dev /dev --proc /proc --unshare-all --die-with-parent --",
    version: ["bwrap", "--version"],
  },
  { name: "bwrap, hardened", shown: hardBwrap, version: ["bwrap", "--version"] },
  { name: "firejail", shown: "firejail --quiet --noprofile --", version: ["firejail", "--version"] },
  { name: "firejail, hardened", shown: hardFirejail, version: ["firejail", "--version"] },
  {
    name: "unshare",
    shown: "unshare --user --map-root-user --mount --pid --fork --net --ipc --uts --mount-proc --",
    version: ["unshare", "--version"],
  },
];

const hardened = [
  "--network=none",
  "--cap-drop=ALL",
  "--security-opt=no-new-privileges",
  "--read-only",
  "--user=1000:1000",
  "--pids-limit=100",
];

/** With the attacker's program bound to where it is outside: there is nothing else to run in the image. */
const bound = ["--volume", "{}:{}:ro"];

type Engine = ContainerEngine;

function ofEngine(name: string, engine: Engine, caller: Caller, further: readonly string[]): Candidate {
  const shown = [name, "run", "--rm", "-i", ...bound, ...further, "IMAGE"].join(" ");
  const title = further.length === 0 ? name : `${name}, hardened`;
  return { name: title, caller, shown, words: engine.bare([...bound, ...further]), version: [name, "--version"] };
}

/** A word as `--subject` reads it. */
function quote(word: string): string {
  return /^[\w/.:={},+-]+$/.test(word) ? word : `'${word}'`;
}

async function versionOf(words: readonly string[]): Promise<string> {
  const { stdout } = await execute(words);
  return /\d+(?:\.\d+)+/.exec(stdout)?.[0] ?? "of unknown version";
}

async function verify(caller: Caller, words: readonly string[]): Promise<SubjectResult> {
  const env = { ...(process.env as Record<string, string>), HOME: caller.home };
  const command = [...caller.prefix, executable, "verify", "--json", ...words];
  const { stdout, stderr } = await execute(command, { cwd: "/", env, deadlineMs });
  const [result] = stdout === "" ? [] : (JSON.parse(stdout) as Verification).subjects;
  if (result === undefined) throw new Error(`${command.join(" ")}: ${stderr.trim()}`);
  return result;
}

async function attack({ name, caller, shown, words, version }: Candidate): Promise<Peer> {
  const subject = words === undefined ? shown : words.map(quote).join(" ");
  const { guarantees } = await verify(caller, ["--subject", subject]);
  console.log(`${name}: ${guarantees.filter(({ state }) => state === "held").length} held of ${guarantees.length}`);
  return { name, caller: caller.uid === 0 ? "root" : "user", shown, version: await versionOf(version), guarantees };
}

async function attackAll(root: Caller): Promise<Peer[]> {
  using stage = makeTempDir();
  await using docker = await startDocker(stage.path);
  await using podman = usePodman(stage.path);
  const candidates = [
    ...ofUsers.map((candidate) => ({ ...candidate, caller: ordinaryCaller })),
    ofEngine("docker", docker, root, []),
    ofEngine("docker", docker, root, hardened),
    ofEngine("podman", podman, root, []),
  ];
  const { guarantees } = await verify(ordinaryCaller, ["--strategy", "namespaces"]);
  const version = await versionOf([executable, "version"]);
  const peers: Peer[] = [{ name: "cupel", caller: "user", shown: "cupel run --", version, guarantees }];
  for (const candidate of candidates) peers.push(await attack(candidate));
  return peers;
}

const [root] = rootCallers;
if (root === undefined) {
  console.error("cupel: only root can start the engines that are compared; run it as root");
  process.exit(1);
}
const readme = join(repositoryRoot, "README.md");
const kernel = (await execute(["uname", "-r"])).stdout.trim();
const table = renderPeers(await attackAll(root), new Date().toISOString().slice(0, 10), kernel);
writeFileSync(readme, putTable(readFileSync(readme, "utf8"), table));
