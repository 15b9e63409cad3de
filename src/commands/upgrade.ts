/** `cupel upgrade`: replaces this cupel by a release, if who made it can be told and it works here. */
import { join } from "node:path";
import type { Host } from "../host/host.ts";
import { createRealHost } from "../host/real-host.ts";
import { build } from "../model/build.gen.ts";
import { CupelError } from "../model/error.ts";
import { compareVersions, isVersion } from "../model/release-version.ts";
import type { Release } from "../model/release.ts";
import type { UpgradeOutcome } from "../model/upgrade.ts";
import { renderUpgrade, renderUpgradeJson } from "../report/render-upgrade.ts";
import { fetchRelease, type ReleaseOrder } from "../run/fetch-release.ts";
import { demandOwner, locateInstallation, type Installation } from "../run/installation.ts";
import { describeOwner } from "../run/package-owner.ts";
import {
  chooseAddress,
  recordName,
  releaseFolder,
  withoutCredentials,
  type ReleaseAddress,
} from "../run/release-address.ts";
import { replaceInstallation } from "../run/replace-installation.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { say, writeOutput } from "./terminal.ts";

function refuse(message: string): CupelError {
  return new CupelError("refused", message);
}

/** What a release is and another build is not. @throws CupelError `refused` for what is not to be replaced this way. */
function demandReplaceable(host: Host, { executable }: Installation): { target: string; releaseKey: string } {
  const { target, releaseKey } = build;
  if (target === null)
    throw refuse(
      "This cupel was built from a checkout, without a key to know releases by: build it again from newer sources (git pull, then bun run build:here), or install a release",
    );
  const owner = describeOwner(host, executable);
  if (owner !== undefined) throw refuse(owner);
  if (releaseKey === null)
    throw refuse(
      "This build of cupel has no release key, so nothing would tell it who made a release: install one that has, with its install.sh",
    );
  if (host.platform === "win32")
    throw refuse("On Windows cupel cannot replace itself: put the executable of a newer release in its place");
  return { target, releaseKey };
}

function readVersion(flags: CommandLine["flags"]): string | undefined {
  const given = flags.get("version")?.at(-1);
  const version = given?.replace(/^v/, "");
  if (version === undefined || isVersion(version)) return version;
  throw new CupelError("usage", `--version ${JSON.stringify(given)} is not a version such as 1.2.3`);
}

/** A server could offer an old release, with its true signature, to have its faults back. @throws CupelError `refused`. */
function checkVersion({ version }: Release, wanted: string | undefined, allowsDowngrade: boolean): void {
  if (wanted !== undefined && version !== wanted)
    throw refuse(`The server gave release ${version} in place of ${wanted}: it is not installed`);
  if (allowsDowngrade || compareVersions(version, build.version) >= 0) return;
  const what = wanted === undefined ? `The server calls ${version} the latest release, and` : `${version} is older:`;
  throw refuse(`${what} ${build.version} is installed; to go back, say --allow-downgrade`);
}

/** Runs `work` so that a signal ends this process only where nothing is left behind. */
async function endingBetweenSteps<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let received: NodeJS.Signals | undefined;
  const receive = (signal: NodeJS.Signals): void => {
    received = signal;
    controller.abort(refuse(`${signal} came first`));
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, receive);
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of signals) process.removeListener(signal, receive);
    // By its own hand, so that whoever sent it sees what it did.
    if (received !== undefined) process.kill(process.pid, received);
  }
}

/** What is remembered: undefined is what was. */
function recordFor({ url, isStated }: ReleaseAddress): string | null | undefined {
  const address = withoutCredentials(url);
  if (!isStated) return undefined;
  return address === build.releaseAddress ? null : address;
}

async function replace(
  host: Host,
  installation: Installation,
  { address, order, release }: { address: ReleaseAddress; order: ReleaseOrder; release: Release },
): Promise<UpgradeOutcome["doctor"]> {
  const stats = demandOwner(installation, host.identity.uid);
  say(`upgrade: getting ${release.version} from ${order.shown}`);
  try {
    return await endingBetweenSteps((signal) => {
      const stoppable = { ...order, signal };
      const record = recordFor(address);
      return replaceInstallation({ host, installation, stats, order: stoppable, release, record, signal });
    });
  } catch (error) {
    if (!(error instanceof CupelError)) throw error;
    throw new CupelError("refused", `not upgraded, ${build.version} stays: ${error.message}`, { cause: error });
  }
}

/** Upgrades; gives the exit code. @throws CupelError `usage`, and `refused` where the old one stays. */
export async function upgrade({ flags }: CommandLine): Promise<number> {
  const wanted = readVersion(flags);
  const host = createRealHost();
  const installation = locateInstallation(process.execPath);
  const { library } = installation;
  const { target, releaseKey } = demandReplaceable(host, installation);
  const address = chooseAddress(host, library && join(library, recordName), build.releaseAddress);
  const folder = releaseFolder(address.url, wanted);
  const order = { folder, shown: withoutCredentials(folder), target, releaseKey };
  const release = await fetchRelease(order);
  checkVersion(release, wanted, flags.has("allow-downgrade"));
  const facts = {
    from: build.version,
    to: release.version,
    isNamed: wanted !== undefined,
    executable: installation.executable,
    address: withoutCredentials(address.url),
  };
  const print = (outcome: UpgradeOutcome): number => {
    writeOutput(flags.has("json") ? renderUpgradeJson(outcome) : renderUpgrade(outcome));
    return 0;
  };
  if (compareVersions(release.version, build.version) === 0) return print({ ...facts, result: "up-to-date" });
  if (flags.has("dry-run")) return print({ ...facts, result: "would-replace" });
  const doctor = await replace(host, installation, { address, order, release });
  return print({ ...facts, result: "replaced", doctor });
}
