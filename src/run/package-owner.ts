/** Package managers that an executable can belong to: what they installed is theirs to replace. */
import type { Host } from "../host/host.ts";

/** Where dpkg keeps the names of what packages installed (dpkg-query(1), --listfiles). */
const dpkgLists = "/var/lib/dpkg/info";

function findDebianPackage({ list, readText }: Pick<Host, "list" | "readText">, path: string): string | undefined {
  const names = list(dpkgLists);
  if (!names.ok) return undefined;
  const candidates = names.value.filter((name) => name.startsWith("cupel") && name.endsWith(".list"));
  const file = candidates.find((name) => {
    const text = readText(`${dpkgLists}/${name}`);
    return text.ok && text.value.split("\n").includes(path);
  });
  return file?.replace(/(?::[a-z0-9]+)?\.list$/, "");
}

/** Places of npm's family, the most particular first; what is said of each ends its sentence. */
const nodePlaces: readonly (readonly [RegExp, string])[] = [
  [/\/_npx\/[^/]+\/node_modules\//, "was fetched by npx: npx cupel@latest fetches a newer one"],
  [/\/bunx-[^/]+\/node_modules\//, "was fetched by bunx: bunx cupel@latest fetches a newer one"],
  [/\/\.bun\/install\/global\/node_modules\//, "belongs to bun: upgrade it with bun add --global cupel@latest"],
  [/\/lib\/node_modules\//, "belongs to npm: upgrade it with npm install --global cupel@latest"],
  [
    /\/node_modules\//,
    "belongs to npm or its like: upgrade it in that project, with npm install cupel@latest or what does that there",
  ],
];

/** Says whose the executable at an absolute path is, and what upgrades it; undefined where it is nobody's. */
export function describeOwner(host: Pick<Host, "list" | "readText">, path: string): string | undefined {
  const debianPackage = findDebianPackage(host, path);
  if (debianPackage !== undefined) {
    const commands = `apt-get install --only-upgrade ${debianPackage}, or dpkg --install and a newer file`;
    return `${path} belongs to the Debian package ${debianPackage}: upgrade that, with ${commands}`;
  }
  const place = nodePlaces.find(([pattern]) => pattern.test(path));
  return place === undefined ? undefined : `${path} ${place[1]}`;
}
