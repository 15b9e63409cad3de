/** The report as metrics, in the text exposition format 0.0.4: for a file that node_exporter's textfile collector reads. */
import type { Report } from "../model/report.ts";
import type { RenderOptions } from "./render-options.ts";
import { demandsOf } from "./reported-problems.ts";

type Labels = Readonly<Record<string, string>>;

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly samples: readonly (readonly [labels: Labels, value: number])[];
}

/** All metrics are gauges: what was found when the report was made. What is no longer found is no longer there. */
export function renderPrometheus(report: Report, options: RenderOptions): string {
  const metrics = [
    ...reportMetrics(report),
    ...capabilityMetrics(report),
    ...strategyMetrics(report),
    ...demandMetrics(report, options),
  ];
  return metrics
    .filter(({ samples }) => samples.length > 0)
    .map(renderMetric)
    .join("");
}

function reportMetrics({ createdAt, cupel, durationMs, layers }: Report): Metric[] {
  return [
    { name: "cupel_build_info", help: "The cupel that made the report.", samples: [[{ ...cupel }, 1]] },
    {
      name: "cupel_report_timestamp_seconds",
      help: "When the report was made, in seconds since 1970.",
      samples: [[{}, Date.parse(createdAt) / 1000]],
    },
    {
      name: "cupel_report_duration_seconds",
      help: "What probes, trials and selection took.",
      samples: [[{}, durationMs / 1000]],
    },
    {
      name: "cupel_layer_info",
      help: "What lies around a job; depth 0 is the outermost.",
      samples: layers.map(({ kind, name }, depth) => [{ kind, name, depth: String(depth) }, 1]),
    },
  ];
}

function capabilityMetrics({ capabilities }: Report): Metric[] {
  const probes = new Map(capabilities.map(({ probe, durationMs }) => [probe, durationMs]));
  return [
    {
      name: "cupel_capability_state",
      help: "1 for the state that each capability is in: works, degraded, blocked, absent, broken, unknown or not-applicable.",
      samples: capabilities.map(({ id, area, state }) => [{ id, area, state }, 1]),
    },
    {
      name: "cupel_capability_info",
      help: "How each capability was established, and the value measured.",
      samples: capabilities.map(({ id, title, level, probe, value }) => [
        { id, title, level, probe, ...(value === undefined ? {} : { value: String(value) }) },
        1,
      ]),
    },
    {
      name: "cupel_capability_blocker",
      help: "1 for each cause that stands in the way of a capability, and the layer that it lies in.",
      samples: capabilities.flatMap(({ id, blockers }) => {
        const causes = new Map(
          blockers.map(({ code, layer }) => [`${code} ${layer}`, { id, code, layer: layer ?? "" }]),
        );
        return [...causes.values()].map((labels): [Labels, number] => [labels, 1]);
      }),
    },
    {
      name: "cupel_probe_duration_seconds",
      help: "Wall time of each probe.",
      samples: [...probes].map(([probe, durationMs]) => [{ probe }, durationMs / 1000]),
    },
  ];
}

function strategyMetrics({ strategies, selection, trials }: Report): Metric[] {
  return [
    {
      name: "cupel_strategy_available",
      help: "1 where all that a strategy needs is there and its trial passed, otherwise 0.",
      samples: strategies.map(({ id, isolation, available }) => [{ strategy: id, isolation }, Number(available)]),
    },
    {
      name: "cupel_strategy_chosen",
      help: "1 for the strategy that a job without flags runs by, otherwise 0; all 0 where it would be refused.",
      samples: strategies.map(({ id, isolation }) => [{ strategy: id, isolation }, Number(id === selection.chosen)]),
    },
    {
      name: "cupel_trial_result",
      help: "1 for the result of each strategy's trial: passed, failed or unknown.",
      samples: trials.map(({ strategy, result }) => [{ strategy, result }, 1]),
    },
    {
      name: "cupel_guarantee_kept",
      help: "1 where a strategy is available and keeps a guarantee for a job without flags, otherwise 0.",
      samples: strategies.flatMap(({ id, available, guarantees }) =>
        guarantees.map((decision): [Labels, number] => [
          { strategy: id, guarantee: decision.id },
          Number(available && decision.kept),
        ]),
      ),
    },
  ];
}

function demandMetrics(report: Report, options: RenderOptions): Metric[] {
  return [
    {
      name: "cupel_demand_result",
      help: "1 for the result of each demand: holds, degraded, fails or unknown.",
      samples: demandsOf(report, options.demands).map(({ demand, result }) => [{ ...demand, result }, 1]),
    },
  ];
}

function renderMetric({ name, help, samples }: Metric): string {
  const lines = samples.map(([labels, value]) => `${name}${renderLabels(labels)} ${Number(value.toFixed(6))}`);
  return [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...lines, ""].join("\n");
}

function renderLabels(labels: Labels): string {
  const words = Object.entries(labels).map(([label, value]) => `${label}="${escapeValue(value)}"`);
  return words.length === 0 ? "" : `{${words.join(",")}}`;
}

/** Backslash, quote and newline have escapes in the format; other control characters, and halves of characters, have none. */
function escapeValue(value: string): string {
  return (
    value
      // oxlint-disable-next-line no-control-regex -- finding them is the purpose
      .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]|\p{Surrogate}/gu, "\ufffd")
      .replaceAll("\\", "\\\\")
      .replaceAll('"', '\\"')
      .replaceAll("\n", "\\n")
  );
}
