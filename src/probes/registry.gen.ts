// Written by scripts/gen.ts from the files of this folder; do not edit.
import apparmorProbe from "./apparmor.ts";
import bubblewrapProbe from "./bubblewrap.ts";
import clockAndRandomProbe from "./clock-and-random.ts";
import confidentialProbe from "./confidential.ts";
import controlGroupActsProbe from "./control-group-acts.ts";
import controlGroupIoProbe from "./control-group-io.ts";
import controlGroupsProbe from "./control-groups.ts";
import devicesProbe from "./devices.ts";
import dockerProbe from "./docker.ts";
import executablePlacesProbe from "./executable-places.ts";
import fileSystemCallsProbe from "./file-system-calls.ts";
import fuseProbe from "./fuse.ts";
import graphicsProbe from "./graphics.ts";
import gvisorProbe from "./gvisor.ts";
import hardeningProbe from "./hardening.ts";
import idRangesProbe from "./id-ranges.ts";
import identityMappedMountsProbe from "./identity-mapped-mounts.ts";
import iommuProbe from "./iommu.ts";
import kernelFileSystemsProbe from "./kernel-file-systems.ts";
import kernelInterfacesProbe from "./kernel-interfaces.ts";
import kernelSettingsProbe from "./kernel-settings.ts";
import kernelProbe from "./kernel.ts";
import kvmBootProbe from "./kvm-boot.ts";
import kvmProbe from "./kvm.ts";
import landlockProbe from "./landlock.ts";
import layersProbe from "./layers.ts";
import mountsProbe from "./mounts.ts";
import namespacesProbe from "./namespaces.ts";
import networkProbe from "./network.ts";
import nvidiaProbe from "./nvidia.ts";
import ociRuntimesProbe from "./oci-runtimes.ts";
import overlayProbe from "./overlay.ts";
import podmanProbe from "./podman.ts";
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
import systemdManagerProbe from "./systemd-manager.ts";
import tracingProbe from "./tracing.ts";
import tunnelProbe from "./tunnel.ts";
import userNamespacesProbe from "./user-namespaces.ts";
import userNetworkProbe from "./user-network.ts";
import vhostProbe from "./vhost.ts";
import vmmsProbe from "./vmms.ts";
import yamaProbe from "./yama.ts";

/** All probes, by file name. */
export const probes = [
  apparmorProbe,
  bubblewrapProbe,
  clockAndRandomProbe,
  confidentialProbe,
  controlGroupActsProbe,
  controlGroupIoProbe,
  controlGroupsProbe,
  devicesProbe,
  dockerProbe,
  executablePlacesProbe,
  fileSystemCallsProbe,
  fuseProbe,
  graphicsProbe,
  gvisorProbe,
  hardeningProbe,
  idRangesProbe,
  identityMappedMountsProbe,
  iommuProbe,
  kernelFileSystemsProbe,
  kernelInterfacesProbe,
  kernelSettingsProbe,
  kernelProbe,
  kvmBootProbe,
  kvmProbe,
  landlockProbe,
  layersProbe,
  mountsProbe,
  namespacesProbe,
  networkProbe,
  nvidiaProbe,
  ociRuntimesProbe,
  overlayProbe,
  podmanProbe,
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
  systemdManagerProbe,
  tracingProbe,
  tunnelProbe,
  userNamespacesProbe,
  userNetworkProbe,
  vhostProbe,
  vmmsProbe,
  yamaProbe,
] as const;
