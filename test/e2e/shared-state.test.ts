/** A state directory that others use as well, where the numbers of processes are others': another PID namespace. */
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, isRoot } from "../support/tester.ts";
import { until } from "../support/until.ts";

const cupel = installCupel();

/** A number that no process has here, and that one can get elsewhere in a moment. */
function freeNumber(): number {
  const numbers = Array.from({ length: 32_000 }, (_, index) => index + 300);
  const free = numbers.find((number) => !existsSync(`/proc/${number}`));
  if (free === undefined) throw new Error("every number is some process's");
  return free;
}

/** Starts processes until one has that number, which then becomes what follows. */
const asNumber =
  "my $n = shift; for (;;) { my $c = fork // die; if (!$c) { exec @ARGV if $$ == $n; exit } waitpid $c, 0; exit $? >> 8 if $c == $n }";

describe.each(callers)("a state directory that $name shares with another PID namespace", (caller) => {
  test("keeps what a job changes there, whoever takes away what is left meanwhile", async () => {
    using directory = makeTempDir({ owner: caller });
    const [here, there] = [directory.folder("here"), directory.folder("there")];
    const userNamespace = caller.uid === 0 && isRoot ? [] : ["--user", "--map-current-user"];
    const apart = ["unshare", ...userNamespace, "--pid", "--fork", "--mount-proc"];
    const numbered = ["perl", "-e", asNumber, String(freeNumber())];
    const job = 'echo made >made; echo >"$1"; while [ -e "$1" ]; do sleep 0.1; done';
    const flag = directory.at("flag/up");
    directory.folder("flag");
    const words = [cupel.path, "run", "--workspace", "cow", "--write", directory.at("flag")];
    const running = cupel.outside(caller, [...apart, ...numbered, ...words, "--", "sh", "-c", job, "sh", flag], {
      cwd: there,
    });
    await until("the job runs", () => existsSync(flag));
    const other = await cupel.run(caller, ["run", "--workspace", "cow", "--", "sh", "-c", "echo >other"], {
      cwd: here,
    });
    expect(other.code).toBe(0);
    await cupel.outside(caller, ["rm", flag]);
    const { code, stderr } = await running;
    const id = /cupel apply (\w+)/.exec(stderr)?.[1] ?? "";
    expect({ code, stderr, id }).toMatchObject({ code: 0, id: expect.stringMatching(/^[a-z2-9]{6}$/) });
    expect((await cupel.run(caller, ["apply", id], { cwd: there })).code).toBe(0);
    expect(readFileSync(directory.at("there/made"), "utf8")).toBe("made\n");
  }, 60_000);
});
