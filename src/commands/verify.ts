/** `cupel verify`: attacks sandboxes on this host, and says which guarantees held. */
import { randomUUID } from "node:crypto";
import { setPriority } from "node:os";
import type { Host } from "../host/host.ts";
import { errnoOf } from "../host/errno-of.ts";
import { stateDirectories } from "../host/private-directory.ts";
import { createRealHost } from "../host/real-host.ts";
import { loadAttackHelpers } from "../launch/attack-helpers.ts";
import { openHelperFiles } from "../launch/helper-file.ts";
import { CupelError } from "../model/error.ts";
import { guaranteeIds, type GuaranteeId } from "../model/guarantee.ts";
import type { Report } from "../model/report.ts";
import { verificationSchema, type SubjectResult, type Verification } from "../model/verification.ts";
import { renderVerificationAs, verificationExitCode, type VerificationView } from "../report/render-verification.ts";
import { loadVerifiedSets, mergeSets, saveVerifiedSets, verifiedSetOf } from "../report/saved-verification.ts";
import { cleanVerifications, removalNow, verificationPlaces } from "../run/verification-files.ts";
import { attackSpecs, chooseAttacks } from "../verify/attack-catalogue.ts";
import { plantEgress, type Egress } from "../verify/canaries/egress.ts";
import { hostAttacks } from "../verify/host-attacks.ts";
import { readHostFacts } from "../verify/host-facts.ts";
import { removeResidue } from "../verify/residue.ts";
import { takeTurn } from "../verify/take-turn.ts";
import { verifySubjects, type Subject, type VerificationOrder } from "../verify/verify-subject.ts";
import { chosenFormat } from "./chosen-format.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { withReportFiles } from "./report-files.ts";
import { styleOf } from "./style-of.ts";
import { say, writeErrors, writeOutput } from "./terminal.ts";
import { findSubjects, sandboxChoice } from "./verify-subjects.ts";

/** Below everything else that the machine has to do. */
const niceness = 10;

function beNice(): void {
  try {
    setPriority(niceness);
  } catch (error) {
    // A caller that is nicer already stays so.
    errnoOf(error);
  }
}

function wantedGuarantees({ flags }: CommandLine): readonly GuaranteeId[] {
  const named = (flags.get("guarantee") ?? []).flatMap((value) => value.split(","));
  return named.length === 0 ? guaranteeIds : guaranteeIds.filter((id) => named.includes(id));
}

/** One line that is written over, on a terminal; nothing elsewhere. */
function progressOn(stream: NodeJS.WriteStream): { show(text: string): void; end(): void } {
  if (stream.isTTY !== true) return { show: () => undefined, end: () => undefined };
  return {
    show: (text) => writeErrors(`\r\u001b[Kcupel: ${text} …`),
    end: () => writeErrors("\r\u001b[K"),
  };
}

/** The victim runs outside, where a helper is executed from anyway. @throws CupelError `set-up`. */
function openVictim(directories: readonly string[], uid: number): { readonly path: string; close(): void } {
  const first = openHelperFiles("victim", directories, uid).next();
  if (first.done !== true) return first.value;
  throw new CupelError("set-up", `no copy of the victim can be kept to be executed: ${first.value.join("; ")}`);
}

function definedVariables(environment: Host["environment"]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** Some others may be in front. */
const turnPatienceMs = 10 * 60_000;

interface Findings extends VerificationView {
  readonly host: Host;
}

interface Surroundings {
  readonly host: Host;
  readonly directories: readonly string[];
  readonly egress: Egress | undefined;
}

async function attackAll(
  line: CommandLine,
  subjects: readonly Subject[],
  { host, directories, egress }: Surroundings,
): Promise<Verification> {
  const turn = await takeTurn({
    patienceMs: turnPatienceMs,
    onWait: () => say("waits for another verification on this host to end"),
  });
  const started = performance.now();
  const isQuick = line.flags.has("quick");
  const wanted = wantedGuarantees(line);
  const victim = openVictim(directories, host.identity.uid);
  const progress = progressOn(process.stderr);
  const order: VerificationOrder = {
    victimProgram: victim.path,
    home: host.environment["HOME"],
    workspaceUse: sandboxChoice(line).workspace === "rw" ? "written" : "read",
    environment: definedVariables(host.environment),
    hostFacts: readHostFacts(),
    egress,
    attacks: chooseAttacks(attackSpecs, wanted, isQuick),
    hostAttacks: chooseAttacks(hostAttacks, wanted, isQuick),
    wanted,
    depth: isQuick ? "quick" : "full",
    isRoot: host.identity.uid === 0,
    onProgress: (text) => progress.show(text),
  };
  try {
    const results = await verifySubjects(subjects, order);
    return {
      schema: verificationSchema,
      id: randomUUID(),
      createdAt: new Date().toISOString(),
      depth: order.depth,
      subjects: results,
      durationMs: performance.now() - started,
    };
  } finally {
    progress.end();
    victim.close();
    turn.close();
  }
}

/** What was told is kept for this fingerprint; what could not be told any more is forgotten. */
function saveResults(
  { depth, subjects }: Verification,
  report: Report,
  directories: readonly string[],
  uid: number,
): string | undefined {
  const own = subjects.filter(({ kind }) => kind === "strategy");
  if (own.length === 0) return undefined;
  const { sets } = loadVerifiedSets(directories, uid, report.fingerprintParts);
  const untold = ({ guarantees }: SubjectResult): GuaranteeId[] =>
    depth === "quick" ? [] : guarantees.flatMap(({ id, state }) => (state === "unknown" ? [id] : []));
  const merged = own.reduce((known, subject) => mergeSets(known, verifiedSetOf(subject, depth), untold(subject)), sets);
  return saveVerifiedSets(merged, directories, uid, report.fingerprintParts);
}

/** What is attacked may connect to servers that have to be there first. */
async function findWith(line: CommandLine, surroundings: Surroundings): Promise<Findings> {
  const { host, directories, egress } = surroundings;
  const choice = { ...sandboxChoice(line), allowedHosts: egress?.allowedHosts ?? [] };
  const { subjects, report } = await findSubjects(line, host, directories, choice);
  const verification = await attackAll(line, subjects, surroundings);
  const notSaved = saveResults(verification, report, directories, host.identity.uid);
  return { host, report, verification, notSaved, asked: line.flags.has("guarantee") ? wantedGuarantees(line) : [] };
}

async function findAll(line: CommandLine, host: Host, directories: readonly string[]): Promise<Findings> {
  const egress = sandboxChoice(line).network === "allow" ? await plantEgress() : undefined;
  try {
    return await findWith(line, { host, directories, egress });
  } finally {
    egress?.close();
  }
}

async function list(line: CommandLine): Promise<number> {
  const { listAttacks } = await import("./verify-list.ts");
  writeOutput(listAttacks(line));
  return 0;
}

/**
 * Runs it; gives the exit code.
 * @throws CupelError `usage`; `set-up` where the canaries cannot be planted, or a file of --output cannot be written.
 */
export async function verify(line: CommandLine): Promise<number> {
  if (line.flags.has("list")) return list(line);
  const host = createRealHost();
  if (host.platform !== "linux") throw new CupelError("unsupported", "cupel verify attacks sandboxes of Linux only");
  const directories = stateDirectories(host);
  loadAttackHelpers();
  beNice();
  const places = verificationPlaces(host.environment["HOME"]);
  removeResidue(places, host.identity.uid);
  cleanVerifications(places, host.identity.uid, removalNow());
  const found = await withReportFiles(
    line,
    () => findAll(line, host, directories),
    (view) => (format, style) => renderVerificationAs(format, view, style),
  );
  writeOutput(await renderVerificationAs(chosenFormat(line), found, styleOf(1)));
  return verificationExitCode(found);
}
