// Written by scripts/gen.ts from the files of this folder; do not edit.
import apparmorProbe from "./apparmor.ts";
import controlGroupsProbe from "./control-groups.ts";
import identityMappedMountsProbe from "./identity-mapped-mounts.ts";
import kernelProbe from "./kernel.ts";
import kvmProbe from "./kvm.ts";
import landlockProbe from "./landlock.ts";
import layersProbe from "./layers.ts";
import mountsProbe from "./mounts.ts";
import namespacesProbe from "./namespaces.ts";
import privilegesProbe from "./privileges.ts";
import processFileSystemProbe from "./process-file-system.ts";
import processLimitsProbe from "./process-limits.ts";
import programsProbe from "./programs.ts";
import seccompProbe from "./seccomp.ts";
import selinuxProbe from "./selinux.ts";
import userNamespacesProbe from "./user-namespaces.ts";
import yamaProbe from "./yama.ts";

/** All probes, by file name. */
export const probes = [
  apparmorProbe,
  controlGroupsProbe,
  identityMappedMountsProbe,
  kernelProbe,
  kvmProbe,
  landlockProbe,
  layersProbe,
  mountsProbe,
  namespacesProbe,
  privilegesProbe,
  processFileSystemProbe,
  processLimitsProbe,
  programsProbe,
  seccompProbe,
  selinuxProbe,
  userNamespacesProbe,
  yamaProbe,
] as const;
