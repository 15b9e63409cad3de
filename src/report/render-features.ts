/** What a node can do, for Kubernetes: a file for Node Feature Discovery, or labels for kubectl. */
import { isUsable } from "../model/capability.ts";
import type { Report } from "../model/report.ts";
import { isLabelValue, labelKey, labelValue, nodeLabels } from "./node-labels.ts";
import type { RenderOptions } from "./render-options.ts";

const aDaySeconds = 24 * 60 * 60;

/**
 * A file for `/etc/kubernetes/node-feature-discovery/features.d` (Node Feature Discovery's local source, 0.15 or later for
 * `+no-label`). What holds becomes a label and a feature; every other state, and values, are features that rules can use,
 * without a label. After its expiry time all of it vanishes, unless a new report was written.
 */
export function renderFeatures(report: Report, options: RenderOptions): string {
  const lines = nodeLabels(report).flatMap(({ key, value }) => (value === undefined ? [] : [`${key}=${value}`]));
  return [
    `# cupel ${labelValue(report.cupel.version)}: what this node can enforce. Written whole by each report; not to be edited.`,
    `# +expiry-time=${expiryOf(report, options)}`,
    ...lines,
    ...rawFeatures(report).flatMap((line) => ["# +no-label", line]),
    "",
  ].join("\n");
}

/**
 * `kubectl label --overwrite node NAME $(cupel doctor --format labels)`: one word on each line. What does not hold is taken
 * away (`key-`), so that no label outlives what it says.
 */
export function renderLabels(report: Report): string {
  return nodeLabels(report)
    .map(({ key, value }) => (value === undefined ? `${key}-\n` : `${key}=${value}\n`))
    .join("");
}

/** Values that cannot be a label's, such as paths, are left to the other formats. */
function rawFeatures({ capabilities }: Report): string[] {
  const states = capabilities
    .filter((capability) => !isUsable(capability))
    .map(({ id, state }) => `${labelKey(`capability.${id}`)}=${state}`);
  const values = capabilities
    .filter(({ value }) => value !== undefined && isLabelValue(String(value)))
    .map(({ id, value }) => `${labelKey(`value.${id}`)}=${value}`);
  return [...states, ...values];
}

/** RFC 3339 in whole seconds, as Go's parser and the directive want it. */
function expiryOf({ createdAt }: Report, { lifetimeSeconds = aDaySeconds }: RenderOptions): string {
  return new Date(Date.parse(createdAt) + lifetimeSeconds * 1000).toISOString().replace(/\.\d+Z$/u, "Z");
}
