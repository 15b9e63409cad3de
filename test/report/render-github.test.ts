import { describe, expect, test } from "bun:test";
import { renderGithub } from "../../src/report/render-github.ts";
import { hostileReport, hostileText } from "../fixtures/reports/hostile.ts";
import { blockedNamespaces } from "../fixtures/reports/blocked-namespaces.ts";
import { mixedDemands } from "../fixtures/reports/demands.ts";
import { firecrackerRoot } from "../fixtures/reports/firecracker-root.ts";
import { perfectHost } from "../fixtures/reports/perfect-host.ts";
import { parseWorkflowCommands } from "../support/read-formats.ts";
import { plainOptions } from "../support/render-formats.ts";

describe("renderGithub", () => {
  test("says nothing but the verdict where there is no problem", () => {
    expect(parseWorkflowCommands(renderGithub(perfectHost, plainOptions))).toEqual([
      {
        name: "notice",
        properties: { title: "cupel" },
        message: "Jobs will run in namespaces; all demanded guarantees hold.",
      },
    ]);
  });

  test("tells one cause once, with its remedy, and ends with the verdict", () => {
    const [first, ...others] = parseWorkflowCommands(renderGithub(blockedNamespaces, plainOptions));
    expect(first).toMatchInlineSnapshot(`
      {
        "message": 
      "User namespaces [userns.capable]: blocked (exercised); unshare(CLONE_NEWUSER) says EPERM.
      Also, by the same cause: ns.mount and ns.pid.
      Cause: a kernel setting (sysctl): kernel.unprivileged_userns_clone is 0.
      Demanded: fs.read, fs.write, fs.metadata, fs.protected, net.none, ipc.sockets, ipc.shared, proc.hidden, proc.signal, proc.tree, priv.escalation, priv.devices and kernel.syscalls.
      Costs: strategy namespaces cannot be taken.
      Remedy: set kernel.unprivileged_userns_clone to 1 until the next boot (for the administrator, reversible). Risk: every user of this host can then create namespaces, which opens more of the kernel to them.
          sudo sysctl -w kernel.unprivileged_userns_clone=1"
      ,
        "name": "error",
        "properties": {
          "title": "cupel: userns.capable is blocked",
        },
      }
    `);
    expect(others.map(({ name }) => name)).toEqual(["notice"]);
  });

  test("pins annotations to the file that made the demands, gravest first", () => {
    const commands = parseWorkflowCommands(
      renderGithub(firecrackerRoot, { ...plainOptions, demands: mixedDemands, location: "ci/a,b:c.yaml" }),
    );
    expect(commands.map(({ name, properties }) => [name, properties["file"], properties["title"]])).toEqual([
      ["error", "ci/a,b:c.yaml", "cupel: isolation class vm does not hold"],
      ["error", "ci/a,b:c.yaml", "cupel: strategy process could not be told"],
      ["error", "ci/a,b:c.yaml", "cupel: cgroup.memory is blocked"],
      ["warning", "ci/a,b:c.yaml", "cupel: kvm.run is broken"],
      ["notice", undefined, "cupel"],
    ]);
  });

  test("gives no command to what was measured", () => {
    const commands = parseWorkflowCommands(renderGithub(hostileReport, plainOptions));
    expect(commands.map(({ name }) => name)).toEqual(["error", "error", "error", "notice"]);
    expect(hostileText).toContain("\n::warning::");
    expect(commands[0]?.message).toContain("%0A ::error::j");
  });
});
