import { describe, expect, test } from "bun:test";
import surroundings from "../../src/probes/surroundings.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { createFixtureContext, type FixtureHostParts } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";

function find(host: FixtureHostParts) {
  return surroundings.run(createFixtureContext({ host, helpers: {} }));
}

test("none of them", async () => {
  expect(printFindings(await surroundings.run(createFixtureContext(fixtures.firecrackerUser)))).toMatchInlineSnapshot(`
    "
    host.wsl: absent (declared)
      not in WSL
      | read /proc/sys/kernel/osrelease -> 6.18.44-fc-v669
      | look for /proc/sys/fs/binfmt_misc/WSLInterop -> ENOENT
      | look for /proc/sys/fs/binfmt_misc/WSLInterop-late -> ENOENT
      | look for /run/WSL -> ENOENT
      | look for /mnt/wsl -> ENOENT
      | look for $WSL_DISTRO_NAME -> not set
    host.kubernetes: absent (declared)
      not in a pod
      | look for $KUBERNETES_SERVICE_HOST -> not set
      | look for /var/run/secrets/kubernetes.io/serviceaccount/token -> ENOENT
      | look for kubepods in /proc/self/cgroup -> not there
      | read /proc/self/uid_map -> 0          0 4294967295
      | read Seccomp in /proc/self/status -> cannot be told
    host.ci: absent (declared)
      no CI service makes itself known
      | look for 15 variables of CI services -> not set
    "
  `);
});

describe("WSL", () => {
  const second = { "/proc/sys/kernel/osrelease": "6.6.36.6-microsoft-standard-WSL2\n" };

  test("2, from which Windows programs can be started", async () => {
    const files = { ...second, "/proc/sys/fs/binfmt_misc/WSLInterop": "enabled\n", "/run/WSL/1_interop": "" };
    const found = await find({ files, environment: { WSL_DISTRO_NAME: "Debian" } });
    expect(printFindings({ "host.wsl": found["host.wsl"] })).toMatchInlineSnapshot(`
      "
      host.wsl: works (declared) = wsl2
        WSL 2; Windows programs can be started from here, outside of any sandbox of the kernel's
        | read /proc/sys/kernel/osrelease -> 6.6.36.6-microsoft-standard-WSL2
        | look for /proc/sys/fs/binfmt_misc/WSLInterop -> there
        | look for /proc/sys/fs/binfmt_misc/WSLInterop-late -> ENOENT
        | look for /run/WSL -> there
        | look for /mnt/wsl -> ENOENT
        | look for $WSL_DISTRO_NAME -> set
      "
    `);
  });

  test.each([
    ["1", { files: { "/proc/sys/kernel/osrelease": "4.4.0-19041-Microsoft\n", "/run/WSL/1": "" } }, "wsl1"],
    ["a container in 2", { files: second }, "wsl2-container"],
    ["somebody's own kernel", { files: { "/proc/sys/kernel/osrelease": "6.12.1\n", "/run/WSL/1": "" } }, "wsl2"],
    ["only a variable, which ssh may have carried", { environment: { WSL_DISTRO_NAME: "Debian" } }, undefined],
  ])("%s", async (_, host, value) => {
    expect((await find(host))["host.wsl"].value).toBe(value);
  });
});

describe("Kubernetes", () => {
  const token = "/var/run/secrets/kubernetes.io/serviceaccount/token";

  test("a pod with the host's ids and a token", async () => {
    const files = {
      [token]: "secret",
      "/proc/self/cgroup": "0::/kubepods.slice/kubepods-burstable.slice/cri-1.scope\n",
      "/proc/self/uid_map": "0 0 4294967295\n",
      "/proc/self/status": "Seccomp:\t2\n",
    };
    const found = await find({ files, environment: { KUBERNETES_SERVICE_HOST: "10.0.0.1" } });
    expect(printFindings({ "host.kubernetes": found["host.kubernetes"] })).toMatchInlineSnapshot(`
      "
      host.kubernetes: works (declared) = host-users
        in a pod, with the host's user ids (hostUsers: true), under a seccomp profile, with a service account token that programs here can read
        | look for $KUBERNETES_SERVICE_HOST -> set
        | look for /var/run/secrets/kubernetes.io/serviceaccount/token -> there
        | look for kubepods in /proc/self/cgroup -> there
        | read /proc/self/uid_map -> 0 0 4294967295
        | read Seccomp in /proc/self/status -> 2
      "
    `);
  });

  test("a pod in a user namespace", async () => {
    const files = { "/proc/self/uid_map": "0 1048576 65536\n", "/proc/self/status": "Seccomp:\t0\n" };
    const found = await find({ files, environment: { KUBERNETES_SERVICE_HOST: "10.0.0.1" } });
    expect(found["host.kubernetes"]).toMatchObject({
      value: "own-users",
      summary:
        "in a pod, in a user namespace (hostUsers: false), without a seccomp profile, " +
        "without a service account token that programs here can read",
    });
  });
});

test.each([
  [{ CI: "true", GITHUB_ACTIONS: "true" }, "GitHub Actions"],
  [{ CI: "true", GITLAB_CI: "true" }, "GitLab CI"],
  [{ CI: "1" }, "a CI service without a name"],
  [{ CI: "" }, undefined],
])("CI service with %j", async (environment, value) => {
  expect((await find({ environment }))["host.ci"].value).toBe(value);
});
