/**
 * Where a project and the user say what their jobs are to be like. Finding out that neither does is part of every run, and
 * takes a few calls of stat.
 */
import type { Host } from "../host/host.ts";
import { isThere } from "../host/is-there.ts";
import { ancestorsOf, isRootOfTheHost } from "../host/private-directory.ts";
import { isCommonDirectory } from "./common-directories.ts";
import { realPath } from "./real-path.ts";

/** A project's file, in its directory. */
export const projectFileName = "cupel.yaml";

/** Files that are there. */
export interface SettingsFiles {
  readonly project?: string | undefined;
  readonly user?: string | undefined;
}

function isHome(directory: string, { environment }: Host): boolean {
  return directory === environment["HOME"]?.replace(/\/+$/, "");
}

/** HOME may be a link; that costs a call more, and is looked at only where there is a file. */
function isLinkedHome(directory: string, { environment }: Host): boolean {
  const home = environment["HOME"];
  return home?.startsWith("/") === true && directory === realPath(home);
}

/**
 * The project's file: the current directory's, or else the nearest above it in the same Git repository. None of a home, or
 * of a directory that is everybody's: what lies there is no project's.
 */
export function findProjectFile(host: Host): string | undefined {
  const { directory } = host;
  let found: string | undefined;
  for (const place of [directory, ...ancestorsOf(directory)]) {
    if (isCommonDirectory(place) || isHome(place, host)) break;
    const path = `${place}/${projectFileName}`;
    if (found === undefined && isThere(path)) {
      if (isLinkedHome(place, host)) break;
      if (place === directory) return path;
      found = path;
    }
    if (isThere(`${place}/.git`)) return found;
  }
  return undefined;
}

/** Where the user's own configuration is, there or not: $XDG_CONFIG_HOME/cupel, ~/.config/cupel; root's is /etc/cupel. */
export function userConfigurationPath({ environment, identity, platform }: Host): string | undefined {
  const stated = environment["XDG_CONFIG_HOME"];
  if (stated?.startsWith("/") === true) return `${stated}/cupel/config.yaml`;
  if (platform === "linux" && isRootOfTheHost(identity.uid)) return "/etc/cupel/config.yaml";
  const home = environment["HOME"];
  return home?.startsWith("/") === true ? `${home}/.config/cupel/config.yaml` : undefined;
}

/** Both, where they are there. */
export function findSettingsFiles(host: Host): SettingsFiles {
  const user = userConfigurationPath(host);
  return { project: findProjectFile(host), user: user !== undefined && isThere(user) ? user : undefined };
}
