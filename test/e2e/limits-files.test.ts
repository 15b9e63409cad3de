/** Caps on what a job stores: sizes of its own file systems, on the tree; and limits that each process has for itself. */
import { describe, expect, test } from "bun:test";
import { installCupel } from "../support/run-cli.ts";
import { limitOf, runLimited, told } from "../support/run-limited.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers } from "../support/tester.ts";

const cupel = installCupel();

const places = ["/tmp", "$HOME", "/dev/shm", "/workspace"];

describe.each(callers)("called by $name", (caller) => {
  test.each(places)("%s takes as many bytes as it may, and it is said that it was full", async (place) => {
    const fill = `head -c 3000000 /dev/zero > ${place}/x`;
    const words = ["--workspace", "none", "--tmp-size", "1M", "--", "sh", "-c"];
    const full = await runLimited(cupel, caller, [...words, `${fill} || exit 7`]);
    expect(full).toMatchObject({
      code: 7,
      outcome: { status: "limit-disk", cause: { code: "file-system-full" }, code: 7 },
    });
    expect(full.stderr).toEndWith(" was full, with 1048576 bytes\n");
    expect(told(full, "full")).toMatchObject({ bytes: 1_048_576, freeBytes: 0 });
    expect(limitOf(full, "disk")).toMatchObject({ id: "limit.disk", requested: 1_048_576, enforced: true });
    const emptied = await runLimited(cupel, caller, [...words, `${fill}; rm ${place}/x; exit 7`]);
    expect(emptied.outcome).toMatchObject({ status: "nonzero", code: 7 });
  });

  test("many small files come to an end as well", async () => {
    const script = 'i=0; while :; do i=$((i+1)); : > "$0/$i" || exit 9; done';
    for (const place of ["/tmp", "/dev/shm"]) {
      const full = await runLimited(cupel, caller, ["--tmp-files", "50", "--", "sh", "-c", script, place]);
      expect(full).toMatchObject({ outcome: { status: "limit-disk" } });
      expect(told(full, "full")).toMatchObject({ subject: place, files: 50, freeFiles: 0 });
    }
  });

  test("a file system that has room for all is no cause of anything", async () => {
    const words = ["--workspace", "ro", "--tmp-size", "8M", "--tmp-files", "100", "--", "sh", "-c"];
    const fits = await runLimited(cupel, caller, [...words, "head -c 3000000 /dev/zero > /tmp/x; exit 4"]);
    expect(fits).toMatchObject({ code: 4, stderr: "", outcome: { status: "nonzero" } });
  });

  test("a cap on disk is refused where the job can write to the host", async () => {
    using directory = makeTempDir({ owner: caller });
    for (const grant of [
      ["--workspace", "rw"],
      ["--write", directory.path],
    ]) {
      const ran = await runLimited(cupel, caller, [...grant, "--tmp-size", "1M", "--", "echo", "ran"], {
        cwd: directory.path,
      });
      expect(ran).toMatchObject({ code: 125, stdout: "", outcome: { status: "refused" } });
      expect(ran.stderr.replaceAll(/\s+/g, " ")).toContain("limit.disk");
    }
    const accepted = ["--write", directory.path, "--tmp-size", "1M", "--accept-missing", "limit.disk"];
    const ran = await runLimited(cupel, caller, [...accepted, "--", "echo", "ran"], { cwd: directory.path });
    expect(limitOf(ran, "disk")).toMatchObject({ enforced: false });
    expect(ran.outcome.degraded.map(({ id }) => id)).toContain("limit.disk");
  });

  test("limits of each process are set, hold, and are called what they are", async () => {
    const flags = ["--open-files", "64", "--file-size", "4096", "--core-size", "1M"];
    const script =
      "ulimit -n; ulimit -f; ulimit -c; head -c 9000 /dev/zero > /tmp/x; echo $?; exec head -c 9000 /dev/zero > /tmp/y";
    const ran = await runLimited(cupel, caller, [...flags, "--", "sh", "-c", script]);
    expect(ran.stdout).toBe("64\n8\n2048\n153\n");
    expect(ran).toMatchObject({ code: 153, outcome: { status: "signalled", signal: { name: "SIGXFSZ", number: 25 } } });
    const names = ["open-files", "file-size", "core"] as const;
    expect(names.map((name) => limitOf(ran, name))).toMatchObject([
      { scope: "process", requested: 64, enforced: true, by: expect.stringContaining("RLIMIT_NOFILE") },
      { scope: "process", requested: 4096, enforced: true, by: expect.stringContaining("RLIMIT_FSIZE") },
      { scope: "process", requested: 1_048_576, enforced: true, by: expect.stringContaining("RLIMIT_CORE") },
    ]);
    const raise = await runLimited(cupel, caller, [...flags, "--", "sh", "-c", "ulimit -n 65 && echo raised"]);
    expect(raise.stdout).toBe("");
  });

  test("they hold without a sandbox, too", async () => {
    const words = [
      "--strategy",
      "process",
      "--accept-missing",
      "all",
      "--open-files",
      "64",
      "--",
      "sh",
      "-c",
      "ulimit -n",
    ];
    expect(await runLimited(cupel, caller, words)).toMatchObject({ code: 0, stdout: "64\n" });
  });
});
