/** Attacks on proxies, asked of cupel's own and of one that lets everything through: real servers behind both. */
import { describe, expect, test } from "bun:test";
import { startProxy } from "../../../src/run/network/start-proxy.ts";
import type { AttackKey } from "../../../src/verify/attack-keys.ts";
import { plantEgress, type Egress } from "../../../src/verify/canaries/egress.ts";
import { open } from "../../support/proxy-client.ts";
import { saidBy } from "../../support/said-by.ts";
import { makeTempDir } from "../../support/temp-dir.ts";

/** What an item of a list says: which service, and its bytes. */
function decode(item: string): { service: number; bytes: Buffer } {
  const [word = "", text = ""] = item.split(" ");
  const decoded = text.replace(/%(..)/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
  return { service: word === "http" ? 0 : 1, bytes: Buffer.from(decoded, "latin1") };
}

function itemsOf(egress: Egress, key: AttackKey): string[] {
  return egress.inside[key]?.split("\n") ?? [];
}

const lists = ["spelling-requests", "leading-requests", "twofold-requests"] as const;

describe("what a job asks of a proxy", () => {
  test("leads to the server that is not listed where nobody judges it", async () => {
    const egress = await plantEgress();
    try {
      const port = Number(egress.outside["proxy-port"]);
      for (const key of lists) {
        const asked = itemsOf(egress, key).filter((item) => item.startsWith("http"));
        const answers = await Promise.all(asked.map((item) => saidBy(port, decode(item).bytes)));
        expect([key, answers.some((answer) => answer.includes(egress.token))]).toEqual([key, true]);
      }
    } finally {
      egress.close();
    }
  });

  test("leads to the listed one alone by cupel's", async () => {
    using directory = makeTempDir();
    const egress = await plantEgress();
    const places = { directories: [directory.folder("state")], uid: process.getuid?.() ?? -1 };
    const proxy = await startProxy(egress.allowedHosts, places);
    const answersTo = (key: AttackKey): Promise<string[]> =>
      Promise.all(
        itemsOf(egress, key).map((item) => {
          const { service, bytes } = decode(item);
          return open(proxy, service, bytes, true).received;
        }),
      );
    try {
      expect((await answersTo("listed-request"))[0]).toContain("canary-");
      for (const key of lists) {
        const answers = await answersTo(key);
        expect(answers.filter((answer) => answer.includes(egress.token))).toEqual([]);
        expect(answers.length).toBeGreaterThan(4);
      }
    } finally {
      await proxy.close();
      egress.close();
    }
  });
});

test("ends with its servers", async () => {
  const egress = await plantEgress();
  const ports = [egress.inside["egress-port"], egress.outside["proxy-port"]].map(Number);
  egress.close();
  expect(await Promise.all(ports.map((port) => saidBy(port, "x")))).toEqual(["", ""]);
});
