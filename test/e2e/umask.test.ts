/** A caller who lets nobody else see its files: what is made for the job is the job's all the same. */
import { describe, expect, test } from "bun:test";
import { lstatSync, readdirSync } from "node:fs";
import { installCupel } from "../support/run-cli.ts";
import { either } from "../support/sandbox-on-trial.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { callers, type Caller } from "../support/tester.ts";

const cupel = installCupel();

/** The caller behind a shell that sets a umask. */
function withUmask(caller: Caller, umask: string): Caller {
  return { ...caller, prefix: [...caller.prefix, "sh", "-c", `umask ${umask}; exec "$0" "$@"`] };
}

describe.each(callers)("called by $name", (caller) => {
  test.each(["077", "0777", "0"])("under umask %s the job finds its way, with a umask of its own", async (umask) => {
    // Not by stat(1), which some kernels of gVisor's have no answer for.
    const inRoot = "umask; head -n 1 /etc/passwd; find / /etc /home/job /etc/hosts -maxdepth 0 -printf '%m %p\\n'";
    const confined = 'umask; stat -c %a "$HOME" "$TMPDIR"; mkdir "$HOME/made"; stat -c %a "$HOME/made"';
    const words = ["run", "--", "sh", "-c", either(inRoot, confined)];
    const { code, stdout, stderr } = await cupel.run(withUmask(caller, umask), words);
    expect({ code, stderr, lines: stdout.split("\n") }).toEqual({
      code: 0,
      stderr: "",
      lines: [
        "0022",
        ...either(
          ["root:x:0:0:root:/:/usr/sbin/nologin", "755 /", "755 /etc", "700 /home/job", "444 /etc/hosts"],
          ["700", "700", "755"],
        ),
        "",
      ],
    });
  });

  const places: [string, (home: TempDir) => Record<string, string>][] = [
    ["state", (home) => ({ XDG_STATE_HOME: home.at("state") })],
    ["home", (home) => ({ XDG_STATE_HOME: "", HOME: home.at("home") })],
  ];
  // Root's state is never in a home.
  test.each(places.slice(0, caller.uid === 0 ? 1 : 2))(
    "under umask 0777 what is kept lies in the %s directory, and nothing is closed to its owner",
    async (_, env) => {
      using home = makeTempDir({ owner: caller });
      home.folder("home");
      const shut = withUmask(caller, "0777");
      for (const words of [
        ["run", "--", "true"],
        ["doctor", "--brief"],
        ["run", "--", "true"],
      ])
        expect(await cupel.run(shut, words, { env: env(home) })).toMatchObject({ code: 0, stderr: "" });
      const kept = readdirSync(home.path, { recursive: true, encoding: "utf8" });
      const modes = kept.map((name) => ({ name, stats: lstatSync(home.at(name)) }));
      expect(kept.filter((name) => /cupel\/(report\.json|runs)$/.test(name))).toHaveLength(2);
      expect(modes.filter(({ stats }) => (stats.mode & 0o400) === 0).map(({ name }) => name)).toEqual([]);
    },
  );

  test.each(["0777", "0277", "0035"])(
    "cupel bwrap hands umask %s on as it is, and can use what it keeps",
    async (umask) => {
      using home = makeTempDir({ owner: caller });
      const words = ["bwrap", "--ro-bind", "/", "/", "sh", "-c", "umask"];
      const given = { env: { XDG_STATE_HOME: home.at("state"), HOME: home.path } };
      expect(await cupel.run(withUmask(caller, umask), words, given)).toMatchObject({
        code: 0,
        stdout: `${umask}\n`,
        stderr: "",
      });
      const made = readdirSync(home.path, { recursive: true, encoding: "utf8" }).toSorted();
      expect(made).toEqual(["state", "state/cupel", expect.stringMatching(/^state\/cupel\/bwrap-[0-9a-f]{16}$/)]);
      expect(made.map((name) => lstatSync(home.at(name)).mode & 0o777)).toEqual([0o700, 0o700, 0o555]);
    },
  );
});
