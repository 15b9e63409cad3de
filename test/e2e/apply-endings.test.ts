/** What `apply` keeps of a file besides its bytes, and what is there when it is killed on its way. */
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { filledWorkspace, idIn } from "../support/filled-workspace.ts";
import { installCupel } from "../support/run-cli.ts";
import { callers } from "../support/tester.ts";
import { until } from "../support/until.ts";

const cupel = installCupel();

describe.each(callers)("changes that are applied by $name", (caller) => {
  test("keep their times, and names that they have together", async () => {
    using workspace = filledWorkspace(caller);
    const script =
      "touch -d 2001-02-03T04:05:06.789Z a; echo b > b; ln b c; mkdir d; ln b d/e; echo more >> src/main.js";
    const ran = await cupel.run(caller, ["run", "--workspace", "cow", "--", "sh", "-ec", script], {
      cwd: workspace.path,
    });
    expect(await cupel.run(caller, ["apply", idIn(ran.stderr)])).toMatchObject({ code: 0, stderr: "" });
    expect(statSync(workspace.at("a")).mtime.toISOString()).toBe("2001-02-03T04:05:06.789Z");
    const [b, c, e] = ["b", "c", "d/e"].map((name) => statSync(workspace.at(name)));
    expect([c?.ino, e?.ino, b?.nlink]).toEqual([b?.ino, b?.ino, 3]);
    expect(readFileSync(workspace.at("d/e"), "utf8")).toBe("b\n");
  });

  test("are whole or not there where it is killed, and complete when it is called again", async () => {
    using workspace = filledWorkspace(caller);
    const count = 200;
    const content = (index: number): string => `${index}\n`.repeat(20_000);
    const script = `i=0; while [ $i -lt ${count} ]; do yes $i | head -n 20000 > f$i; i=$((i+1)); done`;
    const ran = await cupel.run(caller, ["run", "--workspace", "cow", "--", "sh", "-ec", script], {
      cwd: workspace.path,
    });
    const made = (): string[] => readdirSync(workspace.path).filter((name) => /^f\d+$/.test(name));
    const id = idIn(ran.stderr);
    {
      await using applying = cupel.start(caller, ["apply", id]);
      await until("the first is there", () => made().length > 0, 20_000);
      applying.kill("SIGKILL");
      await applying.ended;
    }
    const first = made();
    expect(first.length).toBeLessThan(count);
    for (const name of first)
      expect({ name, isWhole: readFileSync(workspace.at(name), "utf8") === content(Number(name.slice(1))) }).toEqual({
        name,
        isWhole: true,
      });
    expect(await cupel.run(caller, ["apply", id])).toMatchObject({ code: 0, stderr: "" });
    expect(made().length).toBe(count);
    expect(made().every((name) => readFileSync(workspace.at(name), "utf8") === content(Number(name.slice(1))))).toBe(
      true,
    );
    expect(readdirSync(workspace.path).filter((name) => name.startsWith(".cupel-apply"))).toEqual([]);
    expect(existsSync(`${cupel.state(caller)}/layers/${id}`)).toBe(false);
  });
});
