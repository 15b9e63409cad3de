/** Compiles every seccomp profile that a plan can name. Done where cupel is built (scripts/gen.ts), not by every run. */
import { compileSeccomp } from "./compile-seccomp.ts";
import { defaultSeccompProfile } from "./seccomp-profile.ts";

const profiles = { default: defaultSeccompProfile } as const;

/** Arrays of struct sock_filter, by the profile's name and the architecture. Pure. */
export function compileProfiles(): Readonly<Record<string, Readonly<Record<string, Uint8Array>>>> {
  return Object.fromEntries(
    Object.entries(profiles).map(([name, profile]) => [
      name,
      { x64: compileSeccomp(profile, "x64"), arm64: compileSeccomp(profile, "arm64") },
    ]),
  );
}
