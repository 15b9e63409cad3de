/** The formats of a report, by name: each is loaded when it is asked for. */
import type { RenderReport } from "./render-options.ts";

/** One format. */
export interface ReportFormat {
  /** One line, for help. */
  readonly description: string;
  readonly contentType: string;
  load(): Promise<RenderReport>;
}

/** All formats, in the order in which help lists them. */
export const reportFormats = {
  text: {
    description: "for people, on a terminal",
    contentType: "text/plain; charset=utf-8",
    load: async () => {
      const { renderText } = await import("./render-text.ts");
      return (report, options) => renderText(report, options.style, options);
    },
  },
  json: {
    description: "everything, for programs; `cupel schema report` describes it",
    contentType: "application/json",
    load: async () => (await import("./render-json.ts")).renderJson,
  },
  markdown: {
    description: "a summary of a CI job, for GitHub and GitLab",
    contentType: "text/markdown; charset=utf-8",
    load: async () => (await import("./render-markdown.ts")).renderMarkdown,
  },
  junit: {
    description: "JUnit XML, for CI's test reports",
    contentType: "application/xml",
    load: async () => (await import("./render-junit.ts")).renderJunit,
  },
  sarif: {
    description: "SARIF 2.1.0, for code scanning",
    contentType: "application/sarif+json",
    load: async () => (await import("./render-sarif.ts")).renderSarif,
  },
  github: {
    description: "annotations of a GitHub workflow run",
    contentType: "text/plain; charset=utf-8",
    load: async () => (await import("./render-github.ts")).renderGithub,
  },
  prometheus: {
    description: "metrics, for node_exporter's textfile collector",
    contentType: "text/plain; version=0.0.4; charset=utf-8",
    load: async () => (await import("./render-prometheus.ts")).renderPrometheus,
  },
  features: {
    description: "a features.d file, for Kubernetes' Node Feature Discovery",
    contentType: "text/plain; charset=utf-8",
    load: async () => (await import("./render-features.ts")).renderFeatures,
  },
  labels: {
    description: "words for `kubectl label --overwrite node NAME`",
    contentType: "text/plain; charset=utf-8",
    load: async () => (await import("./render-features.ts")).renderLabels,
  },
} as const satisfies Readonly<Record<string, ReportFormat>>;

/** Name of a format. */
export type ReportFormatName = keyof typeof reportFormats;
