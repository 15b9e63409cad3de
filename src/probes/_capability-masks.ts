/** Capability sets as the kernel prints them, and the few capabilities that cupel speaks about. */

/** Bit numbers (linux/capability.h). */
export const capabilityBits = {
  CAP_SETGID: 6,
  CAP_SETUID: 7,
  CAP_SETPCAP: 8,
  CAP_NET_ADMIN: 12,
  CAP_SYS_CHROOT: 18,
  CAP_SYS_ADMIN: 21,
  CAP_SYS_RESOURCE: 24,
} as const;

/** Whether a mask holds a capability. Masks have more bits than JavaScript's operators see. */
export function hasCapability(mask: number, bit: number): boolean {
  return Math.floor(mask / 2 ** bit) % 2 === 1;
}

/** As in /proc/PID/status. */
export function formatMask(mask: number): string {
  return mask.toString(16).padStart(16, "0");
}
