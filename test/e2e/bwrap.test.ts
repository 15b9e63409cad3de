/** `cupel bwrap`: what came after bubblewrap 0.8, and what cannot be compared with that. */
import { describe, expect, test } from "bun:test";
import { readlinkSync, writeFileSync } from "node:fs";
import { bwrapOptions } from "../support/bubblewrap-cases.ts";
import { askBubblewrap, installFront } from "../support/bubblewrap-front.ts";
import { start } from "../support/execute.ts";
import { childrenOf, findProcesses, freshMark, isAlive } from "../support/processes.ts";
import { openTerminal } from "../support/terminal.ts";
import { callers, ordinaryCaller, rootCallers } from "../support/tester.ts";
import { until } from "../support/until.ts";

const front = installFront();

const whole = "--ro-bind / /";
const small = "--ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64";

/** Not what started it, which has the same words behind its own. */
function isSleep({ words }: { readonly words: readonly string[] }): boolean {
  return words[0] === "sleep";
}

describe.each(callers)("called by $name", (caller) => {
  const ask = (script: string) => askBubblewrap(caller, front.path, script);

  test("knows every option of the manual page, lists it, and refuses two by name", async () => {
    const { stdout } = await ask("$BWRAP --help");
    const listed = stdout.split("\n").flatMap((line) => /^ {4}(--\S+)/.exec(line)?.[1] ?? []);
    expect(listed.toSorted()).toEqual(bwrapOptions.toSorted());
    const known = await Promise.all(bwrapOptions.map((option) => ask(`$BWRAP ${option}`)));
    expect(known.filter(({ stderr }) => stderr.includes("Unknown option"))).toEqual([]);
    for (const option of ["--exec-label", "--file-label"]) {
      const stderr = `bwrap: ${option} is not supported by cupel, which sets no labels of SELinux: leave it out\n`;
      expect(await ask(`$BWRAP ${option} x true`)).toMatchObject({ code: 1, stdout: "", stderr });
    }
  });

  test.each([
    [`$BWRAP ${whole} --argv0 name sh -c 'echo $0'`, "name\n", ""],
    ["$BWRAP --version", "bubblewrap 0.11.0 (cupel)\n", ""],
    ["$BWRAP --level-prefix --bogus", "", "<3>bwrap: Unknown option --bogus\n"],
    [`$BWRAP ${small} --symlink usr/bin /bin echo twice the same`, "twice the same\n", ""],
    [
      `$BWRAP ${small} --symlink usr/lib /bin true`,
      "",
      "bwrap: Can't make symlink at /bin: existing destination is usr/bin\n",
    ],
    ["$BWRAP --overlay-src /usr --bind / / true", "", expect.stringContaining("--overlay-src must be followed by")],
    ["$BWRAP --overlay-src /usr --ro-overlay / true", "", expect.stringContaining("requires at least two")],
    ["$BWRAP --tmp-overlay / true", "", expect.stringContaining("requires at least one")],
    ["$BWRAP --argv0 a --argv0 b true", "", "bwrap: --argv0 used multiple times\n"],
    [`$BWRAP ${whole} --info-fd 99 true`, "", "bwrap: Write to info_fd: Bad file descriptor\n"],
    [`$BWRAP ${whole} --json-status-fd 99 true`, "", "bwrap: Write to json_status_fd: Bad file descriptor\n"],
    [
      `$BWRAP ${small} --symlink a /usr true`,
      "",
      "bwrap: Can't make symlink at /usr: destination exists and is not a symlink\n",
    ],
    [
      `own=$(env --ignore-signal=CHLD $BWRAP ${whole} --unshare-all readlink /proc/self/ns/user); [ "$own" != "$(readlink /proc/self/ns/user)" ] && echo own`,
      "own\n",
      "",
    ],
  ])("%s", async (script, stdout, stderr) => expect(await ask(script)).toMatchObject({ stdout, stderr }));

  test("overlays show the last source above the first, and keep what is written where it was said", async () => {
    const layers = `mkdir low high rw work; echo low >low/a; echo low >low/b; echo high >high/b`;
    const sources = `--overlay-src low --overlay-src high`;
    const look = `sh -c 'cat /o/a /o/b; echo new >/o/c && cat /o/c'`;
    const seen = "low\nhigh\n";
    expect(await ask(`${layers}; $BWRAP ${small} ${sources} --ro-overlay /o ${look}`)).toMatchObject({ stdout: seen });
    expect(await ask(`${layers}; $BWRAP ${small} ${sources} --tmp-overlay /o ${look}; ls low high`)).toMatchObject({
      stdout: `${seen}new\nhigh:\nb\n\nlow:\na\nb\n`,
    });
    const kept = `${layers}; $BWRAP ${small} ${sources} --overlay rw work /o ${look}; cat rw/c; cat work/work 2>&1 | wc -l`;
    expect(await ask(kept)).toMatchObject({ stdout: `${seen}new\nnew\n1\n` });
  });

  test("names with commas, colons and backslashes are names of layers like others", async () => {
    const script = `mkdir 'a,b' 'c:d' 'e\\f'; echo in it >'a,b/one'; echo there >'c:d/two'; echo too >'e\\f/three'
      $BWRAP ${small} --overlay-src 'a,b' --overlay-src 'c:d' --overlay-src 'e\\f' --ro-overlay /o sh -c 'cat /o/*'`;
    expect(await ask(script)).toMatchObject({ stdout: "in it\ntoo\nthere\n", stderr: "" });
  });

  test("enters the namespaces that it is given", async () => {
    await using holder = start([
      ...caller.prefix,
      "unshare",
      "-Ur",
      "-pf",
      "--kill-child",
      "sh",
      "-c",
      "echo made; exec sleep 60",
    ]);
    await holder.wrote("made");
    const inside = await until("its child is there", () => childrenOf(holder.pid)[0]);
    const open = `9</proc/${inside}/ns/user 8</proc/${inside}/ns/pid`;
    const look = "sh -c 'readlink /proc/self/ns/user /proc/self/ns/pid; id -u'";
    const { stdout, stderr } = await ask(
      `readlink /proc/${inside}/ns/user /proc/${inside}/ns/pid; $BWRAP ${whole} --userns 9 --pidns 8 ${look} ${open}; $BWRAP ${whole} --userns 9 --unshare-pid --pidns 8 --proc /proc sh -c 'echo $$; readlink /proc/self/ns/pid' ${open}`,
    );
    const [user = "", pid = "", ...seen] = stdout.split("\n");
    expect([seen.slice(0, 4), stderr]).toEqual([[user, pid, "0", "2"], ""]);
    expect(seen[4]).not.toBe(pid);
  });

  test("enters a second user namespace when the sandbox is made", async () => {
    const script = "unshare -U sleep 60 & echo made; exec sleep 60";
    await using holder = start([...caller.prefix, "unshare", "-Ur", "sh", "-c", script]);
    await holder.wrote("made");
    const nsOf = (pid: number): string => readlinkSync(`/proc/${pid}/ns/user`);
    const second = await until("its child is there", () =>
      childrenOf(holder.pid).find((pid) => nsOf(pid) !== nsOf(holder.pid)),
    );
    const open = `9</proc/${holder.pid}/ns/user 8</proc/${second}/ns/user`;
    for (const flags of ["", "--unshare-pid --die-with-parent"]) {
      const words = `$BWRAP ${whole} ${flags} --userns 9 --userns2 8 readlink /proc/self/ns/user ${open}`;
      expect(await ask(words)).toMatchObject({ stdout: `${nsOf(second)}\n`, stderr: "" });
    }
    process.kill(second, "SIGKILL");
  });

  test.each([
    ["goes on without its monitor", "", true],
    ["dies with its monitor where that was asked for", "--die-with-parent", false],
    ["dies with its monitor, and its own processes with it", "--die-with-parent --unshare-pid", false],
  ])("a command %s", async (_name, flags, survives) => {
    const mark = freshMark();
    // What survives would hold the outputs.
    const script = `exec ${front.path} ${whole} ${flags} sleep ${mark} >/dev/null 2>&1`;
    await using running = start([...caller.prefix, "sh", "-c", script]);
    const find = () => findProcesses(mark).find(isSleep);
    const command = await until("the command runs", () => find()?.pid);
    running.kill("SIGKILL");
    await running.ended;
    if (survives) {
      expect(isAlive(command)).toBe(true);
      process.kill(command, "SIGKILL");
    }
    await until("the command is gone", () => find() === undefined);
  });

  test("all of it dies with whoever called it", async () => {
    const mark = freshMark();
    const script = `${front.path} ${whole} --unshare-pid --die-with-parent sleep ${mark} & wait`;
    await using shell = start([...caller.prefix, "sh", "-c", script]);
    await until("the command runs", () => findProcesses(mark).some(isSleep));
    shell.kill("SIGKILL");
    await until("all is gone", () => findProcesses(mark).length === 0);
  });

  test("nothing runs, and nothing is said, where the monitor ends before the ids are mapped", async () => {
    const blocked = `$BWRAP ${whole} --unshare-user --userns-block-fd 7 --info-fd 9 echo ran 7<>go 9>told & monitor=$!`;
    const told = "until child=$(grep -Eo '[0-9]{2,}' told | head -1) && [ \"$child\" ]; do sleep 0.01; done";
    const ended = "while kill -0 $child 2>/dev/null; do sleep 0.01; done; echo ended";
    const script = `mkfifo go; : >told; ${blocked}; ${told}; kill -9 $monitor; wait $monitor 2>/dev/null; ${ended}`;
    expect(await ask(script)).toMatchObject({ code: 0, stdout: "ended\n", stderr: "" });
  });

  test("what is to be kept open is, until the last of the sandbox has ended", async () => {
    const command = "sh -c 'sleep 1 & exit 4'";
    const script = `mkfifo sync; { cat sync; echo closed; } & $BWRAP ${whole} --dev /dev --unshare-pid --sync-fd 9 ${command} 9>sync; echo $?; wait`;
    expect(await ask(script)).toMatchObject({ stdout: "4\nclosed\n", stderr: "" });
  });

  test("a filter that forbids to wait ends the sandbox, and makes nothing wait for it", async () => {
    // As `filter`, but for wait4(2), which is 61 or 260.
    const number = process.arch === "arm64" ? "\\x04\\x01" : "\\x3d\\x00";
    const program = `\\x20\\0\\0\\0\\0\\0\\0\\0\\x15\\0\\0\\x01${number}\\0\\0\\x06\\0\\0\\0\\x01\\0\\x05\\0\\x06\\0\\0\\0\\0\\0\\xff\\x7f`;
    const script = `printf '${program}' >nowait; $BWRAP ${whole} --unshare-pid --seccomp 9 /bin/echo ran 9<nowait`;
    expect(await ask(script)).toMatchObject({ code: 1, stderr: "bwrap: init wait(): Operation not permitted\n" });
  });

  test("in a sandbox with a terminal it makes one with a terminal", async () => {
    const outer = `${front.path} ${whole} --dev /dev --proc /proc`;
    const inner = `${outer} stat -Lc %t:%T /dev/console`;
    await using session = openTerminal([...caller.prefix, "sh", "-c", `${outer} ${inner}`], {
      env: { PATH: "/usr/bin:/bin" },
    });
    expect(await session.ended).toEqual({ code: 0, signal: null });
    expect(session.text()).toMatch(/^88:/);
  });

  test("a terminal is the command's, too, and its console", async () => {
    const words = [...caller.prefix, front.path, ...`${whole} --unshare-all --dev /dev`.split(" ")];
    const script = "stat -Lc %t:%T /dev/console /proc/self/fd/0; exit 4";
    await using session = openTerminal([...words, "sh", "-c", script], { env: { PATH: "/usr/bin:/bin" } });
    expect(await session.ended).toEqual({ code: 4, signal: null });
    const [first, second] = session.text().trim().split(/\s+/);
    expect(first).toMatch(/^88:/);
    expect(second).toBe(first as string);
  });
});

describe.each(rootCallers)("with mounts of $name's", (caller) => {
  const ask = (script: string) =>
    askBubblewrap(caller, front.path, `unshare -m bash -c '${script.replaceAll("'", `'\\''`)}'`);

  test("a mount is read-only by itself, and not only while its file system is", async () => {
    const script = `mkdir at && mount -t tmpfs -o nosuid,nodev none at && mount -o remount,ro at && mount -o remount,bind,rw,nosuid,nodev at
      mkfifo go; (sleep 0.3; mount -o remount,rw at; echo >go) & $BWRAP ${whole} --ro-bind at /mnt sh -c 'read -r line <&9; touch /mnt/a' 9<>go
      $BWRAP ${whole} --bind at /mnt sh -c 'touch /mnt/b && echo written'`;
    expect(await ask(script)).toMatchObject({
      stdout: "written\n",
      stderr: "touch: cannot touch '/mnt/a': Read-only file system\n",
    });
  });

  test("what was mounted over, above or at the same place, is let be", async () => {
    const script = `mkdir -p at/below; mount -t tmpfs none at/below; mount -t tmpfs none at; mkdir at/below; mount -t tmpfs none at; mkdir at/below
      $BWRAP --ro-bind / / sh -c 'touch at/below/a; echo done'`;
    expect(await ask(script)).toMatchObject({
      stdout: "done\n",
      stderr: "touch: cannot touch 'at/below/a': Read-only file system\n",
    });
  });

  test("a file system in user space whose program is gone keeps nobody out", async () => {
    const mount = `python3 -c 'import os, ctypes; fd = os.open("/dev/fuse", os.O_RDWR); print(ctypes.CDLL(None, use_errno=True).mount(b"dead", b"dead", b"fuse", 0, b"fd=%d,rootmode=40000,user_id=0,group_id=0" % fd))'`;
    expect(await ask(`mkdir dead; ${mount}; $BWRAP ${whole} echo ran`)).toMatchObject({
      stdout: "0\nran\n",
      stderr: "",
    });
  });

  test("a namespace of another user's leaves --die-with-parent what it is", async () => {
    const mark = freshMark();
    const { uid, gid } = ordinaryCaller;
    const holder = ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups", "unshare", "-U", "sleep", "60"];
    await using held = start(holder);
    const inOther = () => readlinkSync(`/proc/${held.pid}/ns/user`) !== readlinkSync("/proc/self/ns/user");
    await until("the namespace is there", inOther);
    for (const kind of ["uid_map", "gid_map"]) writeFileSync(`/proc/${held.pid}/${kind}`, "0 0 65536");
    const script = `${front.path} ${whole} --die-with-parent --userns 9 sleep ${mark} 9</proc/${held.pid}/ns/user & wait`;
    await using shell = start(["sh", "-c", script]);
    await until("the command runs", () => findProcesses(mark).some(isSleep));
    shell.kill("SIGKILL");
    await until("all is gone", () => findProcesses(mark).length === 0);
  });
});
