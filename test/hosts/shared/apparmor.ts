/** AppArmor's parser and bwrap in a host of the lab, and a profile that is loaded there. */

/** What both need, with the C library of their release. */
export const appArmorPackages = ["apparmor", "bubblewrap", "libc6", "libcap2", "libpcre2-8-0", "libselinux1"] as const;

/** Shell lines that load these lines of policy. */
export function loadProfile(...lines: readonly string[]): string {
  const words = ["abi <abi/4.0>,", "include <tunables/global>", ...lines].map((line) => `'${line}'`);
  return `printf '%s\\n' ${words.join(" ")} > /etc/apparmor.d/restricted
apparmor_parser -r /etc/apparmor.d/restricted`;
}
