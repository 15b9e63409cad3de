// Written by scripts/gen.ts from the files of this folder; do not edit.
import apparmorProbe from "./apparmor.ts";
import clockAndRandomProbe from "./clock-and-random.ts";
import confidentialProbe from "./confidential.ts";
import controlGroupActsProbe from "./control-group-acts.ts";
import controlGroupsProbe from "./control-groups.ts";
import devicesProbe from "./devices.ts";
import executablePlacesProbe from "./executable-places.ts";
import fileSystemCallsProbe from "./file-system-calls.ts";
import fuseProbe from "./fuse.ts";
import graphicsProbe from "./graphics.ts";
import hardeningProbe from "./hardening.ts";
import identityMappedMountsProbe from "./identity-mapped-mounts.ts";
import iommuProbe from "./iommu.ts";
import kernelFileSystemsProbe from "./kernel-file-systems.ts";
import kernelInterfacesProbe from "./kernel-interfaces.ts";
import kernelSettingsProbe from "./kernel-settings.ts";
import kernelProbe from "./kernel.ts";
import kvmProbe from "./kvm.ts";
import landlockProbe from "./landlock.ts";
import layersProbe from "./layers.ts";
import mountsProbe from "./mounts.ts";
import namespacesProbe from "./namespaces.ts";
import networkProbe from "./network.ts";
import nvidiaProbe from "./nvidia.ts";
import overlayProbe from "./overlay.ts";
import privilegesProbe from "./privileges.ts";
import processFileSystemProbe from "./process-file-system.ts";
import processLimitsProbe from "./process-limits.ts";
import programsProbe from "./programs.ts";
import resourcesProbe from "./resources.ts";
import seccompProbe from "./seccomp.ts";
import selinuxProbe from "./selinux.ts";
import sharedMemoryProbe from "./shared-memory.ts";
import surroundingsProbe from "./surroundings.ts";
import systemCallsProbe from "./system-calls.ts";
import tracingProbe from "./tracing.ts";
import tunnelProbe from "./tunnel.ts";
import userNamespacesProbe from "./user-namespaces.ts";
import vhostProbe from "./vhost.ts";
import vmmsProbe from "./vmms.ts";
import yamaProbe from "./yama.ts";

/** All probes, by file name. */
export const probes = [
  apparmorProbe,
  clockAndRandomProbe,
  confidentialProbe,
  controlGroupActsProbe,
  controlGroupsProbe,
  devicesProbe,
  executablePlacesProbe,
  fileSystemCallsProbe,
  fuseProbe,
  graphicsProbe,
  hardeningProbe,
  identityMappedMountsProbe,
  iommuProbe,
  kernelFileSystemsProbe,
  kernelInterfacesProbe,
  kernelSettingsProbe,
  kernelProbe,
  kvmProbe,
  landlockProbe,
  layersProbe,
  mountsProbe,
  namespacesProbe,
  networkProbe,
  nvidiaProbe,
  overlayProbe,
  privilegesProbe,
  processFileSystemProbe,
  processLimitsProbe,
  programsProbe,
  resourcesProbe,
  seccompProbe,
  selinuxProbe,
  sharedMemoryProbe,
  surroundingsProbe,
  systemCallsProbe,
  tracingProbe,
  tunnelProbe,
  userNamespacesProbe,
  vhostProbe,
  vmmsProbe,
  yamaProbe,
] as const;
