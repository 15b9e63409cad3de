/** Platforms that are more than a kernel: Windows around WSL, Kubernetes around a pod, a CI service. Told, never obeyed. */
import type { Answer, Host } from "../host/host.ts";
import type { Evidence, Finding } from "../model/capability.ts";
import { onLinux } from "./_elsewhere.ts";
import { lineOrErrno, readLine } from "./_host-text.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";

const ids = ["host.wsl", "host.kubernetes", "host.ci"] as const;

function run({ host }: ProbeContext) {
  return Promise.resolve({
    "host.wsl": judgeWsl(host),
    "host.kubernetes": judgeKubernetes(host),
    "host.ci": judgeService(host),
  });
}

function existence(host: Host, path: string): Evidence & { readonly exists: boolean } {
  const status = host.status(path);
  return { action: `look for ${path}`, result: status.ok ? "there" : status.errno, exists: status.ok };
}

function asEvidence({ action, result }: Evidence): Evidence {
  return { action, result };
}

function variable(host: Host, name: string): Evidence & { readonly isSet: boolean } {
  const isSet = (host.environment[name] ?? "") !== "";
  return { action: `look for $${name}`, result: isSet ? "set" : "not set", isSet };
}

/**
 * The kernel's release says `Microsoft` in WSL 1 and `microsoft` or `WSL2` in WSL 2, unless it is somebody's own. A
 * container in WSL shows the same release, but not WSL's own files.
 */
function judgeWsl(host: Host): Finding {
  const release = readLine(host, "/proc/sys/kernel/osrelease");
  const interop = ["WSLInterop", "WSLInterop-late"].map((name) => existence(host, `/proc/sys/fs/binfmt_misc/${name}`));
  const own = [existence(host, "/run/WSL"), existence(host, "/mnt/wsl")];
  const named = variable(host, "WSL_DISTRO_NAME");
  const evidence = [
    { action: "read /proc/sys/kernel/osrelease", result: lineOrErrno(release) },
    ...[...interop, ...own, named].map(asEvidence),
  ];
  const text = release.ok ? release.value : "";
  const isSecond = /microsoft|WSL2/.test(text);
  const isFirst = text.includes("Microsoft") && !isSecond;
  const isInside = own.some(({ exists }) => exists) || named.isSet;
  if (!isFirst && !isSecond && !own.some(({ exists }) => exists)) {
    return finding({ state: "absent", level: "declared", summary: "not in WSL", evidence });
  }
  if (isFirst) {
    const summary = "WSL 1: no Linux kernel, so no namespaces and no KVM; `wsl --set-version NAME 2` changes that";
    return finding({ state: "works", level: "declared", summary, evidence, value: "wsl1" });
  }
  if (!isInside) {
    const summary = "WSL 2's kernel, but none of its files: a container in WSL";
    return finding({ state: "works", level: "declared", summary, evidence, value: "wsl2-container" });
  }
  const programs = interop.some(({ exists }) => exists)
    ? "Windows programs can be started from here, outside of any sandbox of the kernel's"
    : "Windows programs cannot be started from here";
  return finding({ state: "works", level: "declared", summary: `WSL 2; ${programs}`, evidence, value: "wsl2" });
}

/** Where Kubernetes puts a pod's service account, unless automountServiceAccountToken is false. */
const accountToken = "/var/run/secrets/kubernetes.io/serviceaccount/token";

function judgeKubernetes(host: Host): Finding {
  const token = existence(host, accountToken);
  const service = variable(host, "KUBERNETES_SERVICE_HOST");
  const group = host.readText("/proc/self/cgroup");
  const map = readLine(host, "/proc/self/uid_map");
  const mode = readFilterMode(host);
  const evidence: Evidence[] = [
    asEvidence(service),
    asEvidence(token),
    { action: "look for kubepods in /proc/self/cgroup", result: podWord(group) },
    { action: "read /proc/self/uid_map", result: lineOrErrno(map) },
    { action: "read Seccomp in /proc/self/status", result: mode ?? "cannot be told" },
  ];
  if (!service.isSet && !token.exists && !namesPod(group)) {
    return finding({ state: "absent", level: "declared", summary: "not in a pod", evidence });
  }
  const isHostUsers = !map.ok || /^0\s+0\s/.test(map.value);
  const users = isHostUsers ? "with the host's user ids (hostUsers: true)" : "in a user namespace (hostUsers: false)";
  const account = `${token.exists ? "with" : "without"} a service account token that programs here can read`;
  const summary = ["in a pod", users, profileWords[mode ?? ""] ?? "seccomp cannot be told", account].join(", ");
  const value = isHostUsers ? "host-users" : "own-users";
  return finding({ state: "works", level: "declared", summary, evidence, value });
}

function readFilterMode(host: Host): string | undefined {
  const status = host.readText("/proc/self/status");
  return status.ok ? /^Seccomp:\s*(\d)/m.exec(status.value)?.[1] : undefined;
}

/** proc_pid_status(5): Seccomp is 0 for none, 2 for a filter. */
const profileWords: Readonly<Record<string, string>> = {
  "0": "without a seccomp profile",
  "2": "under a seccomp profile",
};

function podWord(group: Answer<string>): string {
  if (!group.ok) return group.errno;
  return namesPod(group) ? "there" : "not there";
}

function namesPod(group: Answer<string>): boolean {
  return group.ok && /\/kubepods|kubepods[.-]/.test(group.value);
}

/** Variables by which CI services make themselves known, the more particular ones first. */
const services: Readonly<Record<string, string>> = {
  GITHUB_ACTIONS: "GitHub Actions",
  GITLAB_CI: "GitLab CI",
  FORGEJO_ACTIONS: "Forgejo Actions",
  GITEA_ACTIONS: "Gitea Actions",
  BUILDKITE: "Buildkite",
  CIRCLECI: "CircleCI",
  TF_BUILD: "Azure Pipelines",
  JENKINS_URL: "Jenkins",
  TEAMCITY_VERSION: "TeamCity",
  DRONE: "Drone",
  TRAVIS: "Travis CI",
  CIRRUS_CI: "Cirrus CI",
  BITBUCKET_BUILD_NUMBER: "Bitbucket Pipelines",
  CODEBUILD_BUILD_ID: "AWS CodeBuild",
  CI: "a CI service without a name",
};

/** Information only: nothing that is measured or chosen depends on it. */
function judgeService(host: Host): Finding {
  const found = Object.keys(services).find((name) => variable(host, name).isSet);
  if (found === undefined) {
    const evidence = [
      { action: `look for ${Object.keys(services).length} variables of CI services`, result: "not set" },
    ];
    return finding({ state: "absent", level: "declared", summary: "no CI service makes itself known", evidence });
  }
  const service = services[found] ?? found;
  const evidence = [asEvidence(variable(host, found))];
  const summary = `${service}, says the environment; nothing depends on it`;
  return finding({ state: "works", level: "declared", summary, evidence, value: service });
}

/** Probe `surroundings`. */
export default defineProbe({
  id: "surroundings",
  area: "host",
  capabilities: { "host.wsl": "Windows around it", "host.kubernetes": "Kubernetes around it", "host.ci": "CI service" },
  deadlineMs: 1000,
  run: onLinux(ids, run),
});
