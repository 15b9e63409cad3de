/** What the fields of a report mean, for its published schema. */

/** By path; `[]` is each member of a list. A test keeps the paths and the shape in step. */
export const reportFieldWords: Readonly<Record<string, string>> = {
  schema: "Version of this shape. A reader refuses every other.",
  id: "Names this report; outcomes of jobs carry it.",
  createdAt: "ISO 8601, UTC.",
  cupel: "The cupel that made it.",
  user: "The ids of the caller, for whom it holds.",
  fingerprint: "SHA-256 over fingerprintParts.",
  fingerprintParts: "What decides whether the report still holds: when one of these changes, it does not.",
  isWhole: "Whether every probe was run; otherwise those that something asked for.",
  skipped: "Capabilities that were asked for, but whose probes were too slow to wait for.",
  layers: "What lies around a job, outermost first, and who can change what each layer denies.",
  capabilities: "Everything that was looked at, one entry each. What was not measured is unknown, never works.",
  "capabilities[].id": "Stable name: userns.create, kvm.run.",
  "capabilities[].probe": "Id of the probe that found it.",
  "capabilities[].durationMs": "Wall time of that probe, in milliseconds; one probe may find several capabilities.",
  "capabilities[].state":
    "works: done just now. degraded: done, with a named part missing. blocked: something denies it. absent: the kernel, hardware or program lacks it. broken: there, but errs or lies. unknown: timed out, crashed, or not allowed to look. not-applicable: another platform's.",
  "capabilities[].level":
    "How the state was established. enforced: a forbidden act was seen to fail and an allowed one to succeed. exercised: it was done. opened: only opened. declared: only read of. inferred: concluded from other facts.",
  "capabilities[].summary": "One line for people.",
  "capabilities[].evidence": "What was done, and what came back.",
  "capabilities[].blockers": "The causes; several may hold at once.",
  "capabilities[].blockers[].detail": "What was seen, in words that a person can check.",
  "capabilities[].blockers[].layer": "The layer in which the cause lies.",
  "capabilities[].ruledOut": "Causes that were looked for and are not it.",
  "capabilities[].value": "A measured value, such as a version, a path or a mode.",
  trials: "Each strategy's real minimal launch, run once.",
  strategies: "The ways to run a job, and what each keeps for a job without flags.",
  "strategies[].available": "All that it needs is there, and its trial passed.",
  "strategies[].missing": "Capabilities that it needs and that are not usable.",
  "strategies[].rank": "Order of preference among equals, lowest first.",
  selection: "The choice for a job without flags.",
  "selection.chosen": "The strategy taken; absent where the job would be refused.",
  "selection.accepted": "Demanded guarantees that are not kept and were given up by name.",
  "selection.rejected": "The other strategies, each with the first thing that it lacks.",
  "selection.closest": "Where none is left: the strategy that lacks least.",
  verified:
    "What attacks showed of sandboxes on this host (cupel verify), each with the mechanisms that it was made of.",
  "verified[].mechanisms": "It holds for jobs whose sandboxes are made of these, and for no other.",
  "verified[].guarantees[].depth": "full: by every attack on it. quick: by the one that says most.",
  "verified[].guarantees[].attack": "The attack that broke it; empty where none did.",
  startCosts: "What starts were measured to cost on this host (cupel strategies --measure), in microseconds.",
  remedies: "What can be done about blockers.",
  "remedies[].commands": "To be pasted as they stand; empty where no command helps.",
  "remedies[].appliedBy": "Who can carry it out.",
  durationMs: "Wall time of probes, trials and selection, in milliseconds.",
  quickProbes: "What the quick probes took together, and what they may take, in milliseconds.",
};

interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
}

/** The schema with a description of each field that has one. */
export function describeFields(schema: object): object {
  return describeNode(schema, "");
}

function describeNode(node: Node, path: string): Node {
  const description = reportFieldWords[path];
  const properties = Object.entries(node.properties ?? {}).map(([name, inner]) => [
    name,
    describeNode(inner, path === "" ? name : `${path}.${name}`),
  ]);
  return {
    ...(description === undefined ? {} : { description }),
    ...node,
    ...(node.properties === undefined ? {} : { properties: Object.fromEntries(properties) }),
    ...(node.items === undefined ? {} : { items: describeNode(node.items, `${path}[]`) }),
  };
}
