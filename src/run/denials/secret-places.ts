/** Places under a home that hold credentials: granting one has to be a decision of its own. Pure. */
import { isWithin } from "../../model/job.ts";

const names = [
  ".aws",
  ".azure",
  ".bash_history",
  ".config/gcloud",
  ".config/gh",
  ".config/google-chrome",
  ".config/chromium",
  ".docker",
  ".git-credentials",
  ".gnupg",
  ".kube",
  ".local/share/keyrings",
  ".mozilla",
  ".netrc",
  ".npmrc",
  ".password-store",
  ".pgpass",
  ".pypirc",
  ".ssh",
  ".cargo/credentials",
  ".cargo/credentials.toml",
  ".vault-token",
  ".zsh_history",
];

const systemPlaces = ["/etc/shadow", "/etc/gshadow", "/etc/sudoers", "/etc/sudoers.d", "/etc/ssh", "/etc/ssl/private"];

/** Whether `path` is such a place or lies in one, under one of the homes or the system's. */
export function isSecret(path: string, homes: readonly string[]): boolean {
  const places = [...systemPlaces, ...homes.flatMap((home) => names.map((name) => `${home}/${name}`))];
  return places.some((place) => isWithin(path, place));
}
