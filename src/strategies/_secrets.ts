/** How jobs are given secrets, and what keeps them from everybody else. Pure. */
import type { Job } from "../model/job.ts";
import { givenNames, type DescriptorPlan } from "../model/plan.ts";
import type { RootStep } from "../model/root-step.ts";
import { allOf, keptBy, type GuaranteeRule } from "./_decide.ts";
import { rootCapabilities } from "./_own-root.ts";

/** Where the job finds those that are files. */
export const secretDirectory = "/run/secrets";

const authorityDirectory = "/run/cupel";

/** More than all secrets together. */
const directoryBytes = 4 * 1024 * 1024;

type Secrets = Pick<Job, "secrets">;

function namesOf({ secrets = [] }: Secrets, ...deliveries: readonly string[]): string[] {
  return secrets.filter(({ delivery }) => deliveries.includes(delivery)).map(({ name }) => name);
}

/** Files of the job's user alone, in memory that has no other name. */
function privateFiles(directory: string, files: readonly (readonly [name: string, content: string])[]): RootStep[] {
  if (files.length === 0) return [];
  return [
    {
      step: "tmpfs",
      destination: directory,
      mode: 0o500,
      sizeBytes: directoryBytes,
      owned: true,
      writable: true,
      keepsOffSwap: true,
    },
    ...files.map(([name, content]): RootStep => ({ step: "given", destination: `${directory}/${name}`, content })),
    { step: "read-only", destination: directory },
  ];
}

const authorityFiles = { own: "authority.pem", all: "certificates.pem" } as const;

/** The steps that make files of secrets, and of the authority that the proxy shows for hosts that it puts headers in. */
export function secretSteps(job: Pick<Job, "secrets" | "injections">): RootStep[] {
  const files = namesOf(job, "file").map((name) => [name, name] as const);
  const authority = [
    [authorityFiles.own, givenNames.authority],
    [authorityFiles.all, givenNames.certificates],
  ] as const;
  return [
    ...privateFiles(secretDirectory, files),
    ...privateFiles(authorityDirectory, job.injections === undefined ? [] : authority),
  ];
}

/** Of the first one: behind the standard streams. */
const firstDescriptor = 3;

/** Descriptors of secrets; without a root of its own the job is given those there that would be files. */
export function secretDescriptors(job: Secrets, hasRoot: boolean): DescriptorPlan[] | undefined {
  const names = hasRoot ? namesOf(job, "descriptor") : namesOf(job, "descriptor", "file");
  return names.length === 0 ? undefined : names.map((content, index) => ({ number: firstDescriptor + index, content }));
}

/** What tells the job at which number it finds each. */
export function descriptorVariables(descriptors: readonly DescriptorPlan[] = []): Record<string, string> {
  return Object.fromEntries(descriptors.map(({ number, content }) => [`CUPEL_SECRET_${content}_FD`, String(number)]));
}

/**
 * Variables by which programs find the authorities that they are to trust: all of them where one takes the place of the
 * system's, and the job's own where it is added (NODE_EXTRA_CA_CERTS).
 */
export function authorityVariables({ injections }: Pick<Job, "injections">): Record<string, string> {
  if (injections === undefined) return {};
  const all = `${authorityDirectory}/${authorityFiles.all}`;
  return {
    SSL_CERT_FILE: all,
    CURL_CA_BUNDLE: all,
    REQUESTS_CA_BUNDLE: all,
    GIT_SSL_CAINFO: all,
    PIP_CERT: all,
    CARGO_HTTP_CAINFO: all,
    AWS_CA_BUNDLE: all,
    NODE_EXTRA_CA_CERTS: `${authorityDirectory}/${authorityFiles.own}`,
    DENO_CERT: `${authorityDirectory}/${authorityFiles.own}`,
  };
}

const way = {
  file: keptBy("a private file system in memory, read-only, for files of the job's user", ...rootCapabilities),
  descriptor: keptBy("sealed memory behind a descriptor of the job's own", ...rootCapabilities),
  proxy: keptBy("a proxy outside of the job that puts them into its requests", "ns.network"),
} as const;

/** `secret.private`: by how the job is given each. */
export const privateSecrets: GuaranteeRule = (circumstances) => {
  const { secrets = [] } = circumstances.job;
  const asked = (["file", "descriptor", "proxy"] as const).filter((one) => namesOf({ secrets }, one).length > 0);
  // Of a job without any it is what one would be given them by.
  const deliveries = asked.length === 0 ? (["file", "descriptor"] as const) : asked;
  return allOf(...deliveries.map((delivery) => way[delivery]))(circumstances);
};
