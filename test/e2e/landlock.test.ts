/** Jobs without namespaces, from the outside: what they find, how they end, and what is left of them. */
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { installCupel } from "../support/run-cli.ts";
import { needsPrograms } from "../support/must-work.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, ordinaryCaller, rootCallers } from "../support/tester.ts";

const cupel = installCupel();

/** Root's /proc is why root gives fs.read up as well; from a user nothing is taken by that. */
const strategy = ["--strategy", "landlock", "--accept-missing", "fs.read,fs.metadata,proc.hidden"];
const writing = [
  "--strategy",
  "landlock",
  "--accept-missing",
  "fs.read,fs.metadata,proc.hidden,fs.protected,fs.workspace",
];
const said = "running in landlock without ";

describe.each(callers)("landlock, called by $name", (caller) => {
  const sh = (script: string, ...flags: readonly string[]) =>
    cupel.run(caller, ["run", ...strategy, ...flags, "--", "sh", "-c", script]);

  test.each([
    ["exit 7", [], 7],
    ["exec no-such-program", [], 127],
    ["exec /etc", [], 126],
    ["kill -9 $$", [], 137],
    ["trap '' TERM; sleep 60", ["--timeout", "300ms", "--grace", "50ms"], 124],
    ["yes", ["--output-size", "10K", "--on-output", "kill"], 137],
  ] as const)("%s ends as in every strategy: %p, %p", async (script, flags, code) => {
    const ran = await sh(script, ...flags);
    const elsewhere = await cupel.run(caller, ["run", ...flags, "--", "sh", "-c", script]);
    expect([ran.code, elsewhere.code]).toEqual([code, code]);
    expect(ran.stdout).toBe(elsewhere.stdout);
    expect(ran.stderr).toContain(said);
    expect(ran.stderr).toEndWith(elsewhere.stderr);
  });

  test("a job has a home and a place for what it writes, and both are gone with it", async () => {
    const script = 'umask; cd && touch made && chmod 600 made && stat -c "%a" made; echo x > "$TMPDIR/x"; echo "$HOME"';
    const ran = await sh(script);
    const [umask, mode, home = ""] = ran.stdout.split("\n");
    expect([umask, mode]).toEqual(["0022", "600"]);
    expect(existsSync(home)).toBeFalse();
    expect(existsSync(home.replace(/\/[^/]+$/, ""))).toBeFalse();
  });

  test("the workspace is there to read, and stays as it is", async () => {
    const place = cupel.workspace(caller);
    writeFileSync(`${place}/given`, "text\n");
    const ran = await cupel.run(
      caller,
      ["run", ...strategy, "--", "sh", "-c", "cat given; echo > new; touch given; rm given"],
      {
        cwd: place,
      },
    );
    expect(ran.stdout).toBe("text\n");
    expect(ran.stderr).toContain(`${place} is read-only for this job, since without mounts no layer is laid over it`);
    expect(readdirSync(place)).toContain("given");
    expect(existsSync(`${place}/new`)).toBeFalse();
  });

  needsPrograms(
    "gcc",
    "git",
    "tar",
    "make",
  )("programs work where they may write", async () => {
    using project = makeTempDir({ owner: caller });
    project.file("a.c", "int main(void) { return 0; }\n");
    project.file("Makefile", "a: a.c\n\tgcc -o a a.c\n");
    const script = [
      "make -s && ./a",
      "tar cf t.tar a.c && mkdir out && tar xf t.tar -C out",
      "cp -a a b && install -m 700 a c && touch -d @7 out/a.c",
      "git init -q && git config user.name a && git config user.email a@b && git add a.c && git commit -qm one",
      "git log --format=%s",
    ].join(" && ");
    const ran = await cupel.run(caller, ["run", ...writing, "--workspace", "rw", "--", "sh", "-c", script], {
      cwd: project.path,
    });
    expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 0, stdout: "one\n" });
    expect(statSync(project.at("out/a.c")).mtimeMs).toBe(7000);
    expect(statSync(project.at("c")).mode & 0o777).toBe(0o700);
  });

  test("each job of a batch finds its directory as if nobody had been there", async () => {
    const script = 'ls -A "$HOME" "$TMPDIR" | grep -v :; echo x > "$HOME/left"; echo y > "$TMPDIR/left"';
    const line = `${JSON.stringify({ command: ["sh", "-c", script] })}\n`;
    using file = makeTempDir({ owner: caller });
    writeFileSync(file.at("jobs"), line.repeat(4));
    const ran = await cupel.run(caller, ["run", ...strategy, "--batch", file.at("jobs"), "--parallel", "2"]);
    expect(ran.code).toBe(0);
    const outcomes = ran.stdout
      .trimEnd()
      .split("\n")
      .map((one) => JSON.parse(one) as { status: string; stdout?: string });
    expect(outcomes.map(({ status }) => status)).toEqual(["ok", "ok", "ok", "ok"]);
    expect(ran.stdout).not.toContain("left");
  });

  test("a set-up command has the same directory as its job", async () => {
    const ran = await sh('cat "$HOME/made"', "--setup", "sh -c 'echo made > $HOME/made'");
    expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 0, stdout: "made\n" });
  });

  test("a job in such a job is one as well", async () => {
    const inner = 'export XDG_STATE_HOME="$HOME"; exec "$0" run --strategy landlock --accept-missing all -- echo inner';
    const words = ["run", ...strategy, "--read", cupel.path, "--", "sh", "-c", inner, cupel.path];
    const ran = await cupel.run(caller, words);
    expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 0, stdout: "inner\n" });
    expect(ran.stderr.split(said)).toHaveLength(3);
  });

  test("--explain-denials says what would grant each", async () => {
    const place = cupel.workspace(caller);
    const ran = await cupel.run(
      caller,
      ["run", ...strategy, "--explain-denials", "--", "sh", "-c", "echo > new; cat /etc/passwd; ipcmk -M 10; ls /sys"],
      { cwd: place },
    );
    const text = ran.stderr.replaceAll(/\s+/g, " ");
    expect(text).toContain(`write ${place}/new (openat: EACCES): --write ${place}`);
    expect(text).toContain("read /etc/passwd (openat: EACCES): --read /etc/passwd");
    expect(text).toContain("shmget (ENOSYS): no flag grants it to a job without namespaces");
    expect(text).toContain("of /sys no job sees anything");
  });
});

// Root in it has no place of its own left: its home is not where root keeps state.
test("landlock: a job in it writes nothing to a state directory that may only be read", async () => {
  using state = makeTempDir({ owner: ordinaryCaller });
  await cupel.outside(ordinaryCaller, ["mkdir", "-m", "700", state.at("cupel")]);
  const inner = 'export XDG_STATE_HOME="$1"; exec "$0" run --strategy landlock --accept-missing all -- echo inner';
  const granted = ["--read", cupel.path, "--read", state.path];
  const words = ["run", ...strategy, ...granted, "--", "sh", "-c", inner, cupel.path, state.path];
  const ran = await cupel.run(ordinaryCaller, words);
  expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 0, stdout: "inner\n" });
  expect(ran.stderr).not.toContain("EACCES");
  expect(readdirSync(state.at("cupel"))).toEqual([]);
});

describe("landlock, called by a user, refuses", () => {
  test.each([
    [["--tmpfs", "/cache:1M"], "a private directory at a path of its own (--tmpfs) takes a mount"],
    [["--workspace", "cow"], "a layer over the workspace, or a copy in its place, takes a mount"],
    [["--allow-host", "a.example"], "whoever listens at a socket of the host's does for the job what it may not"],
  ] as const)("%p", async (flags, reason) => {
    const accepted = ["--strategy", "landlock", "--accept-missing", "fs.metadata,proc.hidden"];
    const words = ["run", ...accepted, "--require", "fs.workspace", ...flags, "--", "true"];
    const ran = await cupel.run(ordinaryCaller, words);
    expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 125, stdout: "" });
    expect(ran.stderr.replaceAll(/\s+/g, " ")).toContain(reason);
  });
});

describe.each(rootCallers)("landlock, called by $name, with control groups", (caller) => {
  test("says of memory and processes what other strategies say", async () => {
    using directory = makeTempDir({ owner: caller });
    const causeOf = async (flags: readonly string[]): Promise<unknown> => {
      const path = directory.at("result.json");
      const perl = "my $x = 'x' x 200_000_000; print length($x)";
      await cupel.run(caller, ["run", ...flags, "--memory", "64M", "--result", path, "--", "perl", "-e", perl]);
      const { status, cause, exitCode } = JSON.parse(readFileSync(path, "utf8")) as Record<string, { code: string }>;
      return [status, cause?.code, exitCode];
    };
    expect(await causeOf(strategy)).toEqual(["out-of-memory", "memory", 137]);
    expect(await causeOf([])).toEqual(["out-of-memory", "memory", 137]);
  });
});
