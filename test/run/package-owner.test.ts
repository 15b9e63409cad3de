import { describe, expect, test } from "bun:test";
import { describeOwner } from "../../src/run/package-owner.ts";

const lists: Readonly<Record<string, string>> = {
  "cupel.list": "/.\n/usr\n/usr/bin\n/usr/bin/cupel\n",
  "cupel-tools:amd64.list": "/usr/bin/cupel-tools\n",
  "other.list": "/usr/local/bin/cupel\n",
};

const host = {
  list: (path: string) =>
    path === "/var/lib/dpkg/info"
      ? ({ ok: true, value: Object.keys(lists) } as const)
      : ({ ok: false, errno: "ENOENT" } as const),
  readText: (path: string) => ({ ok: true, value: lists[path.split("/").at(-1) ?? ""] ?? "" }) as const,
};

describe("describeOwner", () => {
  test.each([
    [
      "/usr/bin/cupel",
      "belongs to the Debian package cupel: upgrade that, with apt-get install --only-upgrade cupel, or",
    ],
    ["/usr/bin/cupel-tools", "belongs to the Debian package cupel-tools: upgrade that"],
    ["/usr/lib/node_modules/cupel/node_modules/@cupel/linux-x64/cupel", "npm install --global cupel@latest"],
    ["/home/a/p/node_modules/@cupel/linux-x64/cupel", "upgrade it in that project, with npm install cupel@latest"],
    ["/home/a/.bun/install/global/node_modules/@cupel/linux-x64/cupel", "bun add --global cupel@latest"],
    ["/home/a/.npm/_npx/0a1b/node_modules/@cupel/linux-x64/cupel", "npx cupel@latest fetches a newer one"],
    ["/tmp/bunx-1000-cupel@latest/node_modules/@cupel/linux-x64/cupel", "bunx cupel@latest fetches a newer one"],
  ])("%s", (path, words) => {
    const said = describeOwner(host, path);
    expect(said).toStartWith(`${path} `);
    expect(said).toContain(words);
  });

  test.each(["/usr/local/bin/cupel", "/usr/share/cupel", "/home/a/.local/bin/cupel", "/home/a/modules/cupel"])(
    "%s is nobody's",
    (path) => expect(describeOwner(host, path)).toBeUndefined(),
  );

  test("a machine without dpkg has no such packages", () => {
    const without = { ...host, list: () => ({ ok: false, errno: "ENOENT" }) as const };
    expect(describeOwner(without, "/usr/bin/cupel")).toBeUndefined();
  });
});
