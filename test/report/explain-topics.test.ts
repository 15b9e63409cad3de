import { describe, expect, test } from "bun:test";
import { allTopics } from "../../src/commands/explain.ts";
import { blockerCodes, capabilityStates, evidenceLevels } from "../../src/model/capability.ts";
import { guaranteeIds, isolationClasses } from "../../src/model/guarantee.ts";
import { findTopics, topicListBlocks } from "../../src/report/explain-topics.ts";
import { topicKinds, type TopicKind } from "../../src/report/topic.ts";
import { layOutBlocks } from "../../src/report/lay-out-blocks.ts";
import { strategies } from "../../src/strategies/registry.gen.ts";
import { capabilityIds } from "../fixtures/matrices/standings.ts";
import { blockedNamespaces } from "../fixtures/reports/blocked-namespaces.ts";
import { firecrackerRoot } from "../fixtures/reports/firecracker-root.ts";
import { perfectHost } from "../fixtures/reports/perfect-host.ts";
import { expectTidy, plainStyle, styles } from "./printed-lines.ts";

const topics = allTopics();
const reports = [blockedNamespaces, firecrackerRoot, perfectHost];

function idsOf(kind: TopicKind): string[] {
  return topics.filter((topic) => topic.kind === kind).map(({ id }) => id);
}

describe("topics", () => {
  test.each([
    ["capability", capabilityIds],
    ["family", new Set(capabilityIds.map((id) => id.split(".")[0] ?? ""))],
    ["guarantee", guaranteeIds],
    ["blocker", blockerCodes],
    ["strategy", strategies.map(({ id }) => id)],
    ["class", isolationClasses],
    ["state", capabilityStates],
    ["evidence level", evidenceLevels],
  ] as const)("of kind %s are complete", (kind, ids) => expect(idsOf(kind).toSorted()).toEqual([...ids].toSorted()));

  test("know every exit code of check", () =>
    expect(idsOf("exit code")).toEqual(expect.arrayContaining(["0", "1", "2", "3", "4", "64", "70", "124", "125"])));

  test("have one line each, and are of a known kind", () => {
    for (const { kind, id, summary } of topics) {
      expect([
        id,
        topicKinds.includes(kind),
        summary.length > 0 && summary.length <= 100 && !summary.includes("\n"),
      ]).toEqual([id, true, true]);
    }
  });

  test("are tidy in every style, with a report and without one", () => {
    for (const topic of topics) {
      for (const report of [undefined, ...reports]) {
        const commands =
          report?.remedies.flatMap((remedy) =>
            remedy.commands.flatMap((text) => text.split("\n").map((line) => line.trim())),
          ) ?? [];
        for (const style of styles.slice(0, 1)) expectTidy(layOutBlocks(topic.blocks(report), style), style, commands);
      }
    }
    for (const style of styles) expectTidy(layOutBlocks(topicListBlocks(topics), style), style, []);
  });

  test.each(["userns.capable", "net.none", "sysctl", "namespaces", "namespace", "blocked", "enforced", "3"])(
    "say of %s, where user namespaces are denied",
    (id) => {
      const found = findTopics(id, topics);
      expect(
        layOutBlocks(
          found.flatMap((topic) => topic.blocks(blockedNamespaces)),
          plainStyle,
        ),
      ).toMatchSnapshot();
    },
  );

  test("of one name and several kinds are all found", () =>
    expect(findTopics("unknown", topics).map(({ kind }) => kind)).toEqual(["blocker", "state"]));
});
