/** A kernel booted by the prober, with programs in QEMU's place: what they are given, and what becomes of them. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, copyFileSync, existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";

const repository = join(import.meta.dir, "../..");

let directory: TempDir;
let prober: string;

beforeAll(() => {
  directory = makeTempDir();
  prober = directory.at("prober");
  copyFileSync(join(repository, "dist/helpers", process.arch, "prober"), prober);
  chmodSync(prober, 0o755);
});

afterAll(() => directory[Symbol.dispose]());

/** A program in QEMU's place; `$initrd` and `$append` are what it was given, `$here` is the test's directory. */
function place(name: string, script: string): string {
  const head = `#!/bin/sh
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
here=${directory.path}
for word; do case $last in -initrd) initrd=$word;; -append) append=$word;; -accel) accel=$word;; esac; last=$word; done
`;
  return directory.file(name, head + script, 0o755);
}

interface Line {
  readonly step: string;
  readonly errno: number;
  readonly value: number;
  readonly text?: string;
}

function boot(program: string, deadlineMs = 20_000): Readonly<Record<string, Line>> {
  const command = [prober, "boot", program, "/kernel", "kvm", String(deadlineMs)];
  const child = Bun.spawnSync(command, { cwd: "/", stdin: "ignore", timeout: 30_000 });
  const lines = child.stdout.toString().trimEnd().split("\n");
  const steps = lines.map((line) => JSON.parse(line) as Line);
  expect(steps.at(-1)?.step).toBe("end");
  return Object.fromEntries(steps.map((step) => [step.step, step]));
}

test("the initramfs holds the prober as the first process, a console and a mark; KVM is asked for alone", () => {
  const program = place("lists", `busybox cpio -tv < $initrd > $here/list 2>&1\necho "$@" > $here/words\n`);
  const steps = boot(program);
  expect(steps["answer"]?.errno).toBe(32);
  expect(steps["ended"]).toMatchObject({ errno: 0, value: 0, text: "exit status" });
  const list = readFileSync(directory.at("list"), "utf8").trimEnd().split("\n");
  const entries = list.slice(0, -1).map((line) => [line.slice(0, 10), line.split(" ").at(-1)]);
  expect(entries).toEqual([
    ["drwxr-xr-x", "dev"],
    ["crw-------", "dev/console"],
    ["-r--r--r--", "cupel-boot"],
    ["-rwxr-xr-x", "init"],
  ]);
  const words = readFileSync(directory.at("words"), "utf8");
  expect(words).toContain("-accel kvm -cpu host ");
  expect(words.match(/-accel/g)).toHaveLength(1);
  expect(words).toMatch(/ -- init [0-9a-f]{16}\n$/);
});

test("the first process answers, and only as the first process of what it was packed into", () => {
  // As a kernel would: the initramfs is the root, and what is after "--" are arguments of /init.
  const program = place(
    "boots",
    `mkdir $here/root && cd $here/root && busybox cpio -idm < $initrd 2> /dev/null
exec unshare --user --map-root-user --pid --fork --kill-child chroot . /init \${append##*-- }
`,
  );
  const steps = boot(program);
  expect(steps["answer"]).toMatchObject({ errno: 0, text: "milliseconds" });
  expect(steps["last-line"]?.text).toMatch(/^cupel-boot:[0-9a-f]{16}$/);
  // Nothing of KVM was there: whoever judges this does not take it for a guest.
  expect(steps["virtual-machine"]?.value).toBe(0);
  const init = Bun.spawnSync([prober, "init", "0123456789abcdef"]);
  expect(init.stdout.toString().split("\n")[0]).toBe('{"step":"first-process","errno":1,"value":0}');
});

describe("what is no guest gives no answer", () => {
  test("a program that repeats its arguments", () => {
    const steps = boot(place("repeats", 'echo "cupel-boot:${append##* }"; exit 3\n'));
    expect(steps["answer"]?.errno).toBe(32);
    expect(steps["ended"]).toMatchObject({ value: 3, text: "exit status" });
    expect(steps["last-line"]?.text).toMatch(/^cupel-boot:/);
  });

  test("one that is killed", () => {
    const steps = boot(place("dies", "echo no use; kill -ABRT $$\n"));
    expect(steps["ended"]).toMatchObject({ value: 6, text: "signal" });
    expect(steps["last-line"]?.text).toBe("no use");
  });

  test("one that floods", () => {
    const steps = boot(place("floods", "busybox yes cupel-boot:0123456789 | busybox head -c 3000000\n"));
    expect(steps["answer"]?.errno).toBe(32);
  });

  test("one that is not there", () => {
    const steps = boot("/nowhere/qemu");
    expect(steps["execute"]?.errno).toBe(2);
    expect(steps["ended"]).toMatchObject({ value: 127 });
  });
});

function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
}

test("one that hangs is ended at the deadline", () => {
  const program = place("hangs", "echo $$ > $here/pid\nexec sleep 600\n");
  const steps = boot(program, 300);
  expect(steps["answer"]?.errno).toBe(110);
  expect(isRunning(Number(readFileSync(directory.at("pid"), "utf8")))).toBe(false);
});

test("a prober that is killed takes QEMU with it, and leaves no file", async () => {
  const program = place("lives", "echo $$ > $here/pid.new; mv $here/pid.new $here/alive\nexec sleep 600\n");
  const before = readdirSync("/tmp").length;
  const child = Bun.spawn([prober, "boot", program, "/kernel", "kvm", "20000"], { stdout: "ignore", stdin: "ignore" });
  await until("QEMU is started", () => existsSync(directory.at("alive")));
  child.kill("SIGKILL");
  await child.exited;
  const pid = Number(readFileSync(directory.at("alive"), "utf8"));
  await until("QEMU is gone", () => !isRunning(pid));
  expect(readdirSync("/tmp").length).toBeLessThanOrEqual(before + 1);
});
