/** A report that can be shown to strangers: what a maintainer needs, and nothing about whose machine it was. */
import type { Blocker, Capability, Evidence } from "../model/capability.ts";
import type { GuaranteeDecision } from "../model/guarantee.ts";
import type { Rejection, Remedy, Report } from "../model/report.ts";
import { createRedactor, type RedactionFacts, type RedactText } from "./redact-text.ts";

/**
 * The same report with every text redacted. Ids, states and codes are cupel's own words and stay, as do the numbers of the
 * caller's ids: without them no user namespace can be understood. What was saved under it is not found again by its parts.
 */
export function redactReport(report: Report, facts: RedactionFacts): Report {
  const redact = createRedactor({ ...facts, kept: [...(facts.kept ?? []), report.cupel.build] });
  const parts = Object.entries(report.fingerprintParts).map(([name, value]) => [name, redact(value)]);
  return {
    ...report,
    fingerprint: redact(report.fingerprint),
    fingerprintParts: Object.fromEntries(parts),
    layers: report.layers.map((layer) => ({
      ...layer,
      name: redact(layer.name),
      evidence: redactEvidence(layer.evidence, redact),
    })),
    capabilities: report.capabilities.map((capability) => redactCapability(capability, redact)),
    trials: report.trials.map((trial) => ({
      ...trial,
      summary: redact(trial.summary),
      evidence: redactEvidence(trial.evidence, redact),
    })),
    strategies: report.strategies.map((strategy) => ({
      ...strategy,
      summary: redact(strategy.summary),
      guarantees: strategy.guarantees.map((decision) => redactDecision(decision, redact)),
    })),
    selection: {
      ...report.selection,
      rejected: report.selection.rejected.map((rejection) => redactRejection(rejection, redact)),
    },
    remedies: report.remedies.map((remedy) => redactRemedy(remedy, redact)),
  };
}

function redactEvidence(evidence: readonly Evidence[], redact: RedactText): Evidence[] {
  return evidence.map(({ action, result }) => ({ action: redact(action), result: redact(result) }));
}

function redactBlocker(blocker: Blocker, redact: RedactText): Blocker {
  return { ...blocker, detail: redact(blocker.detail) };
}

function redactCapability(capability: Capability, redact: RedactText): Capability {
  const { value } = capability;
  return {
    ...capability,
    title: redact(capability.title),
    summary: redact(capability.summary),
    evidence: redactEvidence(capability.evidence, redact),
    blockers: capability.blockers.map((blocker) => redactBlocker(blocker, redact)),
    ...(typeof value === "string" ? { value: redact(value) } : {}),
  };
}

function redactDecision(decision: GuaranteeDecision, redact: RedactText): GuaranteeDecision {
  return decision.kept
    ? { ...decision, mechanism: redact(decision.mechanism) }
    : { ...decision, reason: redact(decision.reason) };
}

function redactRejection(rejection: Rejection, redact: RedactText): Rejection {
  const { reason } = rejection;
  if (reason.kind === "trial") return { ...rejection, reason: { ...reason, summary: redact(reason.summary) } };
  if (reason.kind === "guarantee") return { ...rejection, reason: { ...reason, because: redact(reason.because) } };
  return rejection;
}

function redactRemedy(remedy: Remedy, redact: RedactText): Remedy {
  return {
    ...remedy,
    summary: redact(remedy.summary),
    scope: redact(remedy.scope),
    commands: remedy.commands.map(redact),
    engineFlags: remedy.engineFlags.map(redact),
    undo: remedy.undo.map(redact),
    risk: redact(remedy.risk),
  };
}
