/** Standard streams: byte for byte, apart from each other, and no way back through them. */
import { beforeAll, afterAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { callers } from "../support/tester.ts";

const cupel = installCupel();
const megabytes = 100;

let source: TempDir;
let input: string;
let hash: string;

beforeAll(async () => {
  source = makeTempDir();
  input = source.file("input");
  await Bun.$`head -c ${megabytes * 1_000_000} /dev/urandom > ${input}`.quiet();
  hash = createHash("sha256").update(readFileSync(input)).digest("hex");
});
afterAll(() => source[Symbol.dispose]());

describe.each(callers)(`${megabytes} MB, called by $name`, (caller) => {
  test.each([
    ["from a pipe to a pipe", 'cat "$INPUT" | "$CUPEL" run -- cat | cat > "$OUTPUT"'],
    ["from a file to a file", '"$CUPEL" run -- cat < "$INPUT" > "$OUTPUT"'],
    ["from a file to a pipe", '"$CUPEL" run -- cat < "$INPUT" | cat > "$OUTPUT"'],
    ["from a pipe to a file", 'cat "$INPUT" | "$CUPEL" run -- cat > "$OUTPUT"'],
    ["to standard error", '"$CUPEL" run -- sh -c "cat >&2" < "$INPUT" 2> "$OUTPUT"'],
  ])("%s arrive intact", async (_name, script) => {
    using directory = makeTempDir({ owner: caller });
    const output = directory.file("output");
    const ran = await cupel.shell(caller, script, { env: { INPUT: input, OUTPUT: output } });
    expect(ran).toEqual({ code: 0, signal: null, stdout: "", stderr: "" });
    expect(statSync(output).size).toBe(megabytes * 1_000_000);
    expect(createHash("sha256").update(readFileSync(output)).digest("hex")).toBe(hash);
  });
});

describe.each(callers)("streams, called by $name", (caller) => {
  test("bytes that are no text, and none at all", async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    using directory = makeTempDir({ owner: caller });
    const output = directory.file("output");
    const ran = await cupel.shell(caller, '"$CUPEL" run -- cat > "$OUTPUT"', { stdin: bytes, env: { OUTPUT: output } });
    expect(ran.code).toBe(0);
    expect(new Uint8Array(readFileSync(output))).toEqual(bytes);
    expect(await cupel.run(caller, ["run", "--", "cat"], { stdin: "" })).toMatchObject({ code: 0, stdout: "" });
  });

  test("standard output and standard error stay apart", async () => {
    const script = "echo one; echo two >&2; echo three";
    expect(await cupel.run(caller, ["run", "--", "sh", "-c", script])).toMatchObject({
      stdout: "one\nthree\n",
      stderr: "two\n",
    });
    using directory = makeTempDir({ owner: caller });
    const [out, err] = [directory.file("out"), directory.file("err")];
    await cupel.shell(caller, `"$CUPEL" run -- sh -c "${script}" > ${out} 2> ${err}`);
    expect([readFileSync(out, "utf8"), readFileSync(err, "utf8")]).toEqual(["one\nthree\n", "two\n"]);
  });

  test("lines of both in one file keep their order", async () => {
    using directory = makeTempDir({ owner: caller });
    const log = directory.file("log");
    const loop = "for number in $(seq 1 200); do echo $number; echo $number >&2; done";
    const misplaced = (text: string): number => {
      const numbers = text.trimEnd().split("\n").map(Number);
      return numbers.filter((number, index) => number !== Math.floor(index / 2) + 1).length;
    };
    await cupel.shell(caller, `"$CUPEL" run -- sh -c '${loop}' > ${log} 2>&1`);
    expect(misplaced(readFileSync(log, "utf8"))).toBe(0);
    expect(misplaced((await cupel.shell(caller, `"$CUPEL" run -- sh -c '${loop}' 2>&1 | cat`)).stdout)).toBe(0);
  });

  test("what a job leaves running does not keep the streams open", async () => {
    const ran = await cupel.run(caller, [
      "run",
      "--",
      "sh",
      "-c",
      "(sleep 1000; echo late) & setsid sleep 1000 & echo done",
    ]);
    expect(ran).toMatchObject({ code: 0, stdout: "done\n" });
  });

  test("a job that reads nothing is not held up by what was sent", async () => {
    const script = 'cat "$INPUT" | "$CUPEL" run -- sh -c "exit 4"; "$CUPEL" run -- sh -c "exit 5" < "$INPUT"';
    expect(await cupel.shell(caller, script, { env: { INPUT: input } })).toMatchObject({ code: 5, stderr: "" });
  });

  test("a reader that goes away ends the writer", async () => {
    const script = '{ "$CUPEL" run -- yes; echo $? >&2; } | head -c1';
    expect(await cupel.shell(caller, script)).toMatchObject({ stdout: "y", stderr: "141\n" });
    expect((await cupel.shell(caller, "{ yes; echo $? >&2; } | head -c1")).stderr).toBe("141\n");
  });

  test.each([
    ["input", "<&-", "cat; echo read $?", "read 0\n"],
    ["output", ">&-", "echo lost; echo said >&2; exit 6", ""],
    ["error output", "2>&-", "echo said; echo lost >&2; exit 6", "said\n"],
    ["everything", "<&- >&- 2>&-", "cat; exit 6", ""],
  ])("closed %s is an empty one", async (_name, closing, script, stdout) => {
    const ran = await cupel.shell(caller, `"$CUPEL" run -- sh -c '${script}' ${closing}`);
    expect(ran.stdout).toBe(stdout);
    expect(ran.code).toBe(stdout.startsWith("read") ? 0 : 6);
  });

  test("output that cannot be written is not lost in silence", async () => {
    const outside = await cupel.shell(caller, 'sh -c "echo lost" > /dev/full');
    expect(outside.code).not.toBe(0);
    const inside = await cupel.shell(caller, '"$CUPEL" run -- sh -c "echo lost" > /dev/full');
    expect(inside.stderr).toMatch(/^cupel: [^\n]*ENOSPC[^\n]*\n$/);
    expect(inside.code).not.toBe(0);
  });

  test("more output than a full device takes ends the job", async () => {
    const ran = await cupel.shell(caller, '"$CUPEL" run -- seq 1 1000000 > /dev/full');
    expect(ran.code).not.toBe(0);
    expect(ran.code).not.toBeNull();
  });
});

describe.each(callers)("outputs by name, called by $name", (caller) => {
  const script = "echo out > /dev/stdout; echo err | tee /dev/stderr > /dev/null";

  test.each([
    ["pipes", "", "out\n", "err\n"],
    ["one pipe", "2>&1 | cat", "out\nerr\n", ""],
    ["files", `> "$PLACE/out" 2> "$PLACE/err"; cat "$PLACE/out" "$PLACE/err"`, "out\nerr\n", ""],
  ])("can be opened where they are %s", async (_name, to, stdout, stderr) => {
    using place = makeTempDir({ owner: caller });
    const ran = await cupel.shell(caller, `"$CUPEL" run -- sh -c '${script}' ${to}`, { env: { PLACE: place.path } });
    expect(ran).toEqual({ code: 0, signal: null, stdout, stderr });
  });

  test("can be opened by the jobs of a batch", async () => {
    const line = JSON.stringify({ command: ["sh", "-c", script] });
    const { code, stdout } = await cupel.run(caller, ["run", "--batch", "-"], { stdin: `${line}\n` });
    const outcome = JSON.parse(stdout);
    expect([code, outcome.stdout.text, outcome.stderr.text]).toEqual([0, "out\n", "err\n"]);
  });
});

describe.each(callers)("a log that is appended to, called by $name", (caller) => {
  /** Each tries one way back to the file behind a stream. */
  const ways = {
    "truncates it through /proc/self/fd/1": ": > /proc/self/fd/1",
    "truncates it through /dev/stdout": ": > /dev/stdout",
    "truncates it with a program": "truncate -s 0 /dev/stdout",
    "overwrites it": "printf OVER 1<> /proc/self/fd/1",
    "reads it back through /proc/self/fd/1": "cat < /proc/self/fd/1 >&2",
    "reads it back through /dev/stdout": "cat < /dev/stdout >&2",
  };

  test.each(Object.entries(ways))("is safe from a job that %s", async (_name, way) => {
    using directory = makeTempDir({ owner: caller });
    const log = directory.file("log", "written before\n");
    // A reader that was just killed may take one more thing out of the pipe.
    const attack = `timeout 2 sh -c '${way}'; sleep 0.2; echo said`;
    const inside = await cupel.shell(caller, `"$CUPEL" run -- sh -c "$ATTACK" >> ${log}`, { env: { ATTACK: attack } });
    const after = readFileSync(log, "utf8");
    expect(after).toStartWith("written before\n");
    expect(after).toEndWith("said\n");
    expect(inside.stderr).not.toContain("written before");
    const outside = await cupel.shell(caller, `sh -c "$ATTACK" >> ${log}`, { env: { ATTACK: attack } });
    const isIntact = readFileSync(log, "utf8").startsWith(after) && !outside.stderr.includes("written before");
    expect(isIntact).toBe(false);
  });

  test("an input file cannot be changed through its stream either", async () => {
    using directory = makeTempDir({ owner: caller });
    const file = directory.file("input", "as it was\n", 0o666);
    const attack = "timeout 2 sh -c ': > /proc/self/fd/0'; exit 0";
    await cupel.shell(caller, `"$CUPEL" run -- sh -c "$ATTACK" < ${file}`, { env: { ATTACK: attack } });
    expect(readFileSync(file, "utf8")).toBe("as it was\n");
    await cupel.shell(caller, `sh -c "$ATTACK" < ${file}`, { env: { ATTACK: attack } });
    expect(readFileSync(file, "utf8")).toBe("");
  });
});
