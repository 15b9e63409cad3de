/** The smallest container that an OCI runtime can be asked for (opencontainers/runtime-spec, config.md). */
import type { Identity } from "../host/host.ts";

/** One system call is filtered: enough to see that filters are loaded, and none that the prober uses. */
const seccomp = {
  defaultAction: "SCMP_ACT_ALLOW",
  syscalls: [{ names: ["keyctl"], action: "SCMP_ACT_ERRNO" }],
};

const nothing: readonly string[] = [];

/**
 * config.json for a container that runs `/prober inside` in `root`, read-only. /dev is a tmpfs of its own, because runc
 * would otherwise make its devices in the root itself. Who is not root gets a user namespace with one id mapped.
 */
export function renderBundle(root: string, { uid, gid }: Identity): string {
  const map = (id: number) => [{ containerID: 0, hostID: id, size: 1 }];
  const isRoot = uid === 0;
  const kinds = ["pid", "mount", "ipc", "uts", "network", ...(isRoot ? [] : ["user"])];
  return JSON.stringify({
    ociVersion: "1.0.2",
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args: ["/prober", "inside"],
      env: nothing,
      cwd: "/",
      capabilities: { bounding: nothing, effective: nothing, permitted: nothing },
      noNewPrivileges: true,
    },
    root: { path: root, readonly: true },
    mounts: [
      { destination: "/proc", type: "proc", source: "proc" },
      { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755", "size=65536k"] },
    ],
    linux: {
      namespaces: kinds.map((type) => ({ type })),
      ...(isRoot ? {} : { uidMappings: map(uid), gidMappings: map(gid) }),
      seccomp,
    },
  });
}
