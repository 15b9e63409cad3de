import { expect, test } from "bun:test";
import { renderHosts } from "./readme-hosts.ts";

const attacked = { strategy: "namespaces", held: ["fs.read", "limit.time", "limit.memory"] } as const;
const root = { chosen: "namespaces", attacked } as const;
const refused = {
  chosen: null,
  lacks: "userns.create (sysctl)",
  attacked: { strategy: "process", held: ["env.clean"] },
} as const;

test("callers who have the same share a row, and hosts are in the order of their titles", () => {
  const hosts = [
    {
      title: "Linux 6.12, one",
      kernel: "debian-13",
      result: { measuredOn: "2026-01-03", release: "6.12.1", callers: { root, user: refused } },
    },
    {
      title: "Linux 6.1, other",
      kernel: "debian-12",
      result: { measuredOn: "2026-01-02", release: "6.1.0", callers: { root, user: root } },
    },
    {
      title: "Linux 6.1, none",
      kernel: "debian-12",
      result: { measuredOn: "2026-01-02", release: "6.1.0", callers: { root: { ...root, attacked: null } } },
    },
  ] as const;
  expect(renderHosts(hosts)).toMatchInlineSnapshot(`
    "As measured from 2026-01-02 to 2026-01-03; _held_ counts the guarantees that were attacked and held, of 26. The kernels:

    - Debian 12: 6.1.0
    - Debian 13: 6.12.1

    | host             | called by  | jobs run in                     | held           | caps that hold |
    | ---------------- | ---------- | ------------------------------- | -------------- | -------------- |
    | Linux 6.1, none  | root       | \`namespaces\`                    | not attacked   | not attacked   |
    | Linux 6.1, other | root, user | \`namespaces\`                    | 3              | time, memory   |
    | Linux 6.12, one  | root       | \`namespaces\`                    | 3              | time, memory   |
    | Linux 6.12, one  | user       | refused: userns.create (sysctl) | 1 in \`process\` | none           |
    "
  `);
});
