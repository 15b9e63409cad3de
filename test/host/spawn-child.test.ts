import { describe, expect, test } from "bun:test";
import { closeSync, existsSync, lstatSync, openSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { spawnLauncher, type CallerStreams, type LauncherChild } from "../../src/host/spawn-child.ts";
import { execute } from "../support/execute.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";

/** Runs a shell script as the launcher: `$1` is its control, `$2` its events, `$3` to `$5` the job's streams. */
async function spawnScript(
  directory: TempDir,
  script: string,
  streams: CallerStreams = [-1, -1, -1],
): Promise<LauncherChild> {
  return spawnLauncher(directory.file("launcher", `#!/bin/sh\n${script}\n`, 0o755), streams);
}

async function readEvents(child: LauncherChild): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of child.events) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Sockets that this process holds, each by the kernel's number. */
function openSockets(): string[] {
  const links = readdirSync("/proc/self/fd").flatMap((name) => realLink(`/proc/self/fd/${name}`) ?? []);
  return links.filter((link) => link.startsWith("socket:"));
}

/** The directory's own descriptor is closed by then. */
function realLink(path: string): string | undefined {
  return lstatSync(path, { throwIfNoEntry: false }) === undefined ? undefined : readlinkSync(path);
}

describe("spawnLauncher", () => {
  test("joins control and events to the descriptors that its words name", async () => {
    using directory = makeTempDir();
    const child = await spawnScript(directory, 'read word <&"$1"; echo "heard $word" >&"$2"');
    child.send(Buffer.from("hello\n"));
    expect(await readEvents(child)).toBe("heard hello\n");
    expect(await child.exited).toBe(0);
  });

  test("gives events whole, and in order, when they are more than a pipe holds", async () => {
    using directory = makeTempDir();
    const child = await spawnScript(directory, 'seq 1 50000 >&"$2"');
    expect(await readEvents(child)).toBe(Array.from({ length: 50_000 }, (_, index) => `${index + 1}\n`).join(""));
  });

  test("gives events at once when it has ended, and then holds nothing open", async () => {
    using directory = makeTempDir();
    const before = openSockets();
    const child = await spawnScript(directory, 'seq 1 5000 >&"$2"; read word <&"$1"; echo "heard $word" >&"$2"');
    child.send(Buffer.from("hello\n"));
    const numbers = Array.from({ length: 5000 }, (_, index) => `${index + 1}\n`).join("");
    expect(Buffer.from(await child.readEvents()).toString()).toBe(`${numbers}heard hello\n`);
    expect(openSockets().filter((socket) => !before.includes(socket))).toEqual([]);
    using other = makeTempDir();
    const descriptors = Array.from({ length: 20 }, (_, index) => openSync(other.at(String(index)), "w"));
    child.send(Buffer.from("too late\n"));
    for (const descriptor of descriptors) closeSync(descriptor);
    expect(descriptors.map((_, index) => readFileSync(other.at(String(index)), "utf8")).join("")).toBe("");
  });

  test("hands the caller's streams over at the descriptors that its words name", async () => {
    using directory = makeTempDir();
    const input = openSync(directory.file("input", "from input\n"), "r");
    const output = openSync(directory.at("output"), "w");
    const errors = openSync(directory.at("errors"), "w");
    const child = await spawnScript(directory, 'cat <&"$3" >&"$4"; echo to errors >&"$5"', [input, output, errors]);
    expect(await child.exited).toBe(0);
    for (const descriptor of [input, output, errors]) closeSync(descriptor);
    expect(readFileSync(directory.at("output"), "utf8")).toBe("from input\n");
    expect(readFileSync(directory.at("errors"), "utf8")).toBe("to errors\n");
  });

  test("gives an empty environment, and / as the directory", async () => {
    using directory = makeTempDir();
    const child = await spawnScript(directory, 'tr "\\0" "\\n" </proc/$$/environ >&"$2"; readlink /proc/$$/cwd >&"$2"');
    expect(await readEvents(child)).toBe("/\n");
  });

  test("lets the launcher see the end of its control when this process lets go of it", async () => {
    using directory = makeTempDir();
    const launcher = directory.file("launcher", '#!/bin/sh\ncat <&"$1" >/dev/null; echo >"$0.ended"\n', 0o755);
    const module = new URL("../../src/host/spawn-child.ts", import.meta.url).pathname;
    const script = `const { spawnLauncher } = await import(${JSON.stringify(module)});
      await spawnLauncher(${JSON.stringify(launcher)}, [-1, -1, -1]); process.kill(process.pid, "SIGKILL");`;
    const ran = await execute([process.execPath, "-e", script]);
    expect(ran.signal).toBe("SIGKILL");
    await until("the launcher ends", () => existsSync(`${launcher}.ended`), 5000);
  });

  test("tells the exit code, and -1 for a signal or a kill", async () => {
    using directory = makeTempDir();
    expect(await (await spawnScript(directory, "exit 9")).exited).toBe(9);
    const killed = await spawnScript(directory, 'echo up >&"$2"; exec sleep 60');
    killed.kill();
    expect(await killed.exited).not.toBe(0);
  });

  test("drops what can no longer be sent", async () => {
    using directory = makeTempDir();
    const child = await spawnScript(directory, "exit 0");
    await child.exited;
    for (let times = 0; times < 3; times++) child.send(Uint8Array.of(15));
    expect(await readEvents(child)).toBe("");
  });

  test("does not wait for a launcher that does not read yet, and drops nothing of what it is sent", async () => {
    using directory = makeTempDir();
    const script = `head -c 2000000 /dev/zero >&"$2"; head -c 6000000 <&"$1" | cksum >&"$2"`;
    const child = await spawnScript(directory, script);
    const parts = Array.from({ length: 6 }, (_, index) => new Uint8Array(1_000_000).fill(index));
    for (const part of parts) child.send(part);
    const printed = await readEvents(child);
    const control = await execute(["cksum"], { stdin: Buffer.concat(parts) });
    expect([printed.length, printed.slice(2_000_000)]).toEqual([2_000_000 + control.stdout.length, control.stdout]);
  });

  test("takes a launcher that was killed with something unread for ended", async () => {
    using directory = makeTempDir();
    const child = await spawnScript(directory, 'echo up >&"$2"; exec sleep 60');
    child.send(Buffer.from("nobody reads this"));
    const printed = readEvents(child);
    await until("it is up", () => existsSync(`/proc/${child.pid}`));
    await Bun.sleep(20);
    child.kill();
    expect(await printed).toBe("up\n");
  });

  test("keeps no descriptor of one that has ended", async () => {
    using directory = makeTempDir();
    const run = async (): Promise<void> => {
      const child = await spawnScript(directory, "exit 0");
      await readEvents(child);
      await child.exited;
      child.send(Uint8Array.of(1));
    };
    await run();
    const before = readdirSync("/proc/self/fd").length;
    for (let times = 0; times < 10; times++) await run();
    expect(readdirSync("/proc/self/fd").length).toBeLessThan(before + 5);
  });

  test.each([
    ["not there", "absent", "ENOENT"],
    ["not executable", "text", "EACCES"],
  ])("throws where the file is %s", async (_, name, code) => {
    using directory = makeTempDir();
    directory.file("text", "", 0o644);
    const started = (async () => spawnLauncher(directory.at(name), [-1, -1, -1]))();
    const error: unknown = await started.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code });
  });
});
