import { describe, expect, test } from "bun:test";
import type { Job } from "../../src/model/job.ts";
import namespaces from "../../src/strategies/namespaces.ts";
import processes from "../../src/strategies/process.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import { rootEverything } from "../fixtures/matrices/standings.ts";

const secrets = [
  { name: "A", delivery: "file" },
  { name: "B", delivery: "descriptor" },
  { name: "C", delivery: "proxy" },
  { name: "D", delivery: "descriptor" },
] as const satisfies Job["secrets"];

/** What one has that a plan without secrets has not. */
function added(job: Job, strategy = namespaces): object {
  const [own, bare] = [job, jobOf({ ...job, secrets: undefined, injections: undefined })].map((one) =>
    strategy.plan(one, rootEverything),
  );
  const known = new Set(bare?.root.map((step) => JSON.stringify(step)));
  const names = new Set(Object.keys(bare?.environment ?? {}));
  return {
    root: own?.root.filter((step) => !known.has(JSON.stringify(step))),
    environment: Object.fromEntries(Object.entries(own?.environment ?? {}).filter(([name]) => !names.has(name))),
    descriptors: own?.descriptors,
  };
}

const decisionOn = (job: Job, strategy = namespaces) =>
  strategy.guarantees(job, rootEverything).find(({ id }) => id === "secret.private");

const tmpfs = { step: "tmpfs", mode: 0o500, sizeBytes: 4_194_304, owned: true, writable: true, keepsOffSwap: true };
const descriptors = [
  { number: 3, content: "B" },
  { number: 4, content: "D" },
];
const numbers = { CUPEL_SECRET_B_FD: "3", CUPEL_SECRET_D_FD: "4" };

describe("secrets", () => {
  test("are files and descriptors that the plan only names", () =>
    expect(added(jobOf({ secrets }))).toEqual({
      root: [
        { ...tmpfs, destination: "/run/secrets" },
        { step: "given", destination: "/run/secrets/A", content: "A" },
        { step: "read-only", destination: "/run/secrets" },
      ],
      environment: numbers,
      descriptors,
    }));

  test("without a root of its own are descriptors, all that the job is given", () =>
    expect(added(jobOf({ secrets }), processes)).toEqual({
      root: [],
      environment: { CUPEL_SECRET_A_FD: "3", CUPEL_SECRET_B_FD: "4", CUPEL_SECRET_D_FD: "5" },
      descriptors: ["A", "B", "D"].map((content, index) => ({ number: 3 + index, content })),
    }));

  test("in headers need an authority that the job trusts, where there is a proxy", () => {
    const injections = [{ host: "a.example", header: "A", value: "{C}" }];
    const job = jobOf({ network: "allow", allowedHosts: ["a.example"], injections });
    const [all, own] = ["/run/cupel/certificates.pem", "/run/cupel/authority.pem"];
    expect(added(job)).toEqual({
      root: [
        { ...tmpfs, destination: "/run/cupel" },
        { step: "given", destination: own, content: "the job's own authority" },
        { step: "given", destination: all, content: "authorities that the job trusts" },
        { step: "read-only", destination: "/run/cupel" },
      ],
      environment: {
        SSL_CERT_FILE: all,
        CURL_CA_BUNDLE: all,
        REQUESTS_CA_BUNDLE: all,
        GIT_SSL_CAINFO: all,
        PIP_CERT: all,
        CARGO_HTTP_CAINFO: all,
        AWS_CA_BUNDLE: all,
        NODE_EXTRA_CA_CERTS: own,
        DENO_CERT: own,
      },
      descriptors: undefined,
    });
    expect(added({ ...job, network: "none" })).toEqual({ root: [], environment: {}, descriptors: undefined });
    expect(namespaces.plan(job, rootEverything).proxy?.inject).toEqual(injections);
  });

  test("are private by the way in which each is given, and not where the job is one of the caller's processes", () => {
    const [file, descriptor, proxy] = [
      "a private file system in memory, read-only, for files of the job's user",
      "sealed memory behind a descriptor of the job's own",
      "a proxy outside of the job that puts them into its requests",
    ];
    const root = ["ns.mount", "mount.private-root", "mount.setattr", "mount.tmpfs"];
    const kept = { id: "secret.private", kept: true };
    expect(
      [undefined, secrets, secrets.slice(0, 1), secrets.slice(2, 3)].map((given) =>
        decisionOn(jobOf({ secrets: given })),
      ),
    ).toEqual([
      { ...kept, mechanism: `${file}; ${descriptor}`, capabilities: root },
      { ...kept, mechanism: `${file}; ${descriptor}; ${proxy}`, capabilities: [...root, "ns.network"] },
      { ...kept, mechanism: file, capabilities: root },
      { ...kept, mechanism: proxy, capabilities: ["ns.network"] },
    ] as never);
    expect(decisionOn(jobOf({ secrets }), processes)).toEqual({
      id: "secret.private",
      kept: false,
      reason: "the job is one of the caller's processes, which can read each other's memory and files",
    });
  });
});
