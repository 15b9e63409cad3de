/** Jobs in another root than the host's: a directory, and images, one of them an engine's. */
import { describe, expect, test } from "bun:test";
import { chmodSync, cpSync, existsSync, readFileSync, readdirSync, symlinkSync } from "node:fs";
import { startDocker } from "../support/container-engines.ts";
import { execute } from "../support/execute.ts";
import { needs, needsPrograms } from "../support/must-work.ts";
import { layerOf, writeLayout } from "../support/oci-image.ts";
import { usePrivatePlaces } from "../support/private-places.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { callers, rootCallers, type Caller } from "../support/tester.ts";
import { readTreeExactly } from "../support/tree.ts";

const cupel = installCupel();
/** What others keep in places that several users share is not cleaned. */
const apart = usePrivatePlaces();
const busybox = Bun.which("busybox") ?? "";
const tools = ["sh", "ls", "cat", "id", "grep", "touch"];
const testWithBusybox = needs(busybox !== "", "busybox is not installed");

/** With a root in `root` and a workspace in `workspace`. */
function makePlaces(owner: Caller): TempDir {
  const directory = makeTempDir({ owner });
  directory.folder("root/bin");
  cpSync(busybox, directory.at("root/bin/busybox"));
  for (const tool of tools) symlinkSync("busybox", directory.at(`root/bin/${tool}`));
  directory.file("root/etc/app/conf", "configured,");
  directory.file("root/etc/passwd", "other:x:1000:1000::/:/bin/sh\n");
  directory.file("root/usr/share/mine", "mine");
  directory.file("root/var/lib/data", "data,");
  directory.file("root/tmp/theirs", "theirs");
  directory.file("workspace/file", "work\n");
  return directory;
}

describe.each(callers)("a directory as the root, called by $name,", (caller) => {
  const inRoot = (place: TempDir, script: string, ...flags: string[]) =>
    cupel.run(caller, ["run", "--root", "dir:../root", ...flags, "--", "/bin/sh", "-c", script], {
      cwd: place.at("workspace"),
    });

  testWithBusybox("is all that the job sees of programs, with its own on top", async () => {
    using place = makePlaces(caller);
    const before = readTreeExactly(place.at("root"));
    const script = `ls /; ls /usr /usr/share /home; cat /etc/app/conf /var/lib/data file; id -un; ls /proc/1/cmdline /dev/null
      touch /tmp/x /home/job/x && echo own; cat /tmp/theirs; for path in /bin/x /usr/x /etc/x /var/x; do touch $path; done`;
    const { stdout, stderr, code } = await inRoot(place, script);
    expect(stdout).toBe(
      `${["bin", "dev", "etc", "home", "proc", "run", "tmp", "usr", "var"].join("\n")}
/home:
job

/usr:
share

/usr/share:
mine
configured,data,work
job
/dev/null
/proc/1/cmdline
own
`,
    );
    const readOnly = (path: string): string => `touch: ${path}: Read-only file system\n`;
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `cat: can't open '/tmp/theirs': No such file or directory\n${["/bin/x", "/usr/x", "/etc/x", "/var/x"].map(readOnly).join("")}`,
    });
    expect(readTreeExactly(place.at("root"))).toEqual(before);
  });

  testWithBusybox("takes files, private directories and grants, and hides what is denied", async () => {
    using place = makePlaces(caller);
    const files = ["--file", "/usr/share/made=made,", "--file", "/etc/app/more=more,", "--tmpfs", "/var/lib/own:1M"];
    const paths = ["--read", "/usr/share/perl5", "--deny", "../root/usr/share/mine"];
    const script =
      "cat /usr/share/made /etc/app/more /etc/app/conf /var/lib/data /usr/share/mine; ls -d /usr/share/*; touch /var/lib/own/x";
    expect(await inRoot(place, script, ...files, ...paths)).toMatchObject({
      code: 0,
      stdout: "made,more,configured,data,/usr/share/made\n/usr/share/mine\n/usr/share/perl5\n",
    });
  });

  testWithBusybox("is said in the plan, and in the place of a hint about the host's programs", async () => {
    using place = makePlaces(caller);
    const options = { cwd: place.at("workspace") };
    const planned = await cupel.run(caller, ["plan", "--root", "dir:../root", "--", "true"], options);
    expect(planned.stdout.replaceAll(/\s+/g, " ")).toContain(
      ` Programs: those of ${place.at("root")}, in the place of the host's. `,
    );
    const missing = await cupel.run(caller, ["run", "--root", "dir:../root", "--", "uname"], options);
    expect(missing).toMatchObject({
      code: 127,
      stderr: `cupel: uname: not found in the sandbox, whose root is ${place.at("root")}\n`,
    });
  });
});

function imageIn(place: TempDir): Pick<TempDir, "file"> {
  return { file: (name, content) => place.file(`image/${name}`, content) };
}

describe.each(callers)("an image as the root, called by $name,", (caller) => {
  const run = (place: TempDir, words: readonly string[]) =>
    cupel.run(caller, ["run", "--root", "image:../image", "--", ...words], { cwd: place.folder("workspace") });

  testWithBusybox("is unpacked once, and gone when cupel cleans", async () => {
    using place = makeTempDir({ owner: caller });
    const program = { content: readFileSync(busybox), mode: 0o4755 };
    const layers = [
      [
        { name: "bin/sh", ...program },
        { name: "etc/who", content: "lower" },
      ],
      [{ name: "etc/who", content: "upper\n" }],
    ];
    writeLayout(imageIn(place), layers.map(layerOf));
    const script = "read who </etc/who; echo $who; [ -u /bin/sh ] || echo no set-id";
    const expected = { code: 0, stdout: "upper\nno set-id\n", stderr: "" };
    expect(await run(place, ["/bin/sh", "-c", script])).toMatchObject(expected);
    expect(await run(place, ["/bin/sh", "-c", script])).toMatchObject(expected);
    const images = `${cupel.state(caller)}/images`;
    expect(readdirSync(images)).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
    const cleaned = await cupel.run(apart(caller, "/"), ["clean"]);
    expect(cleaned.stdout).toContain(images);
    expect(existsSync(images)).toBe(false);
  });

  test("that is none is refused, and nothing is left of it", async () => {
    using place = makeTempDir({ owner: caller });
    writeLayout(imageIn(place), [layerOf([{ name: "a" }, { name: "../b" }])]);
    expect(await run(place, ["true"])).toMatchObject({
      code: 125,
      stdout: "",
      stderr: `cupel: --root image:${place.at("image")}: a layer has an entry that leads out of the root ("../b")\n`,
    });
    expect(readdirSync(`${cupel.state(caller)}/images`)).toEqual([]);
  });
});

describe.each(rootCallers)("an image of an engine's", (caller) => {
  needsPrograms("podman", "busybox")("runs as Podman saved it", async () => {
    using place = makePlaces(caller);
    chmodSync(place.at("root/bin/busybox"), 0o4755);
    const store = ["--root", place.at("store"), "--runroot", place.at("run"), "--storage-driver=vfs"];
    const script = `tar -C root -c . | podman "$@" import - made:1 && podman "$@" save --format oci-archive -o made.tar made:1 &&
      mkdir image && tar -x -C image -f made.tar`;
    try {
      const made = await execute(["sh", "-c", script, "sh", ...store], { cwd: place.path });
      expect(made).toMatchObject({ code: 0 });
      const words = ["run", "--root", "image:../image", "--", "/bin/sh", "-c", "cat /etc/app/conf /usr/share/mine"];
      expect(await cupel.run(caller, words, { cwd: place.at("workspace") })).toMatchObject({
        code: 0,
        stdout: "configured,mine",
      });
    } finally {
      await execute(["podman", ...store, "system", "reset", "--force"]);
    }
  });

  needsPrograms("podman", "busybox")("runs by the name that Podman knows it by, and is exported once", async () => {
    using place = makePlaces(caller);
    const storage = `[storage]\ndriver = "vfs"\ngraphroot = "${place.at("store")}"\nrunroot = "${place.at("run")}"\n`;
    const env = {
      CONTAINERS_STORAGE_CONF: place.file("storage.conf", storage),
      CONTAINERS_CONF: place.file("containers.conf", `[engine]\nlock_type = "file"\ntmp_dir = "${place.at("tmp")}"\n`),
    };
    const run = (image: string) =>
      cupel.run(caller, ["run", "--root", `image:podman:${image}`, "--", "/bin/sh", "-c", "cat /etc/app/conf"], {
        cwd: place.at("workspace"),
        env,
      });
    try {
      const imported = await execute(["sh", "-c", "tar -C root -c . | podman import - made:1"], {
        cwd: place.path,
        env,
      });
      expect(imported).toMatchObject({ code: 0 });
      expect(await run("made:1")).toMatchObject({ code: 0, stdout: "configured,", stderr: "" });
      const id = imported.stdout.trim().replace("sha256:", "");
      expect(existsSync(`${cupel.state(caller)}/images/${id}/etc/app/conf`)).toBe(true);
      expect(await run(id.slice(0, 12))).toMatchObject({ code: 0, stdout: "configured,", stderr: "" });
      expect(await run("made:2")).toMatchObject({
        code: 125,
        stderr: "cupel: --root image:podman:made:2: podman has no such image here; get it first: podman pull made:2\n",
      });
    } finally {
      await execute(["podman", "system", "reset", "--force"], { env });
    }
  });

  needsPrograms(
    "docker",
    "dockerd",
    "busybox",
  )("runs by the name that Docker knows it by, also of several layers", async () => {
    using place = makePlaces(caller);
    await using engine = await startDocker(place.path);
    const { env } = engine;
    const dockerfile = "FROM base:1\nCOPY root/var/lib/data /etc/app/conf\nCOPY root/etc/app/conf /again\n";
    place.file("Dockerfile", dockerfile);
    const script = "tar -C root -c . | docker import - base:1 && DOCKER_BUILDKIT=0 docker build --quiet --tag made:1 .";
    expect(await execute(["sh", "-c", script], { cwd: place.path, env })).toMatchObject({ code: 0 });
    const words = ["run", "--root", "image:docker:made:1", "--", "/bin/sh", "-c", "cat /etc/app/conf /again"];
    const options = { cwd: place.at("workspace"), env };
    expect(await cupel.run(caller, words, options)).toMatchObject({ code: 0, stdout: "data,configured,", stderr: "" });
    await engine[Symbol.asyncDispose]();
    const stopped = await cupel.run(caller, words, options);
    expect([stopped.code, stopped.stderr.split("\n").length]).toEqual([125, 2]);
    expect(stopped.stderr).toStartWith("cupel: --root image:docker:made:1: docker does not give it: ");
  });
});
