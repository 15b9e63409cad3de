import { describe, expect, test } from "bun:test";
import type { HostPaths } from "../../src/launch/host-paths.ts";
import type { MadePlan } from "../../src/launch/maker-call.ts";
import type { LauncherPlan } from "../../src/model/plan.ts";
import { renderDockerCall, type DockerCaller } from "../../src/report/render-docker-call.ts";
import { barePlan, toldInWords } from "../fixtures/jobs/plans.ts";

const maker = { program: "docker", path: "/usr/bin/docker" } as const;

function madePlan(parts: Partial<LauncherPlan>): MadePlan<"docker"> {
  return { ...barePlan(["make", "all tests"], { inside: { uid: 7, gid: 8 }, ...parts }), maker };
}

const paths: HostPaths = {
  lookUp: (path) => (path.endsWith("file") ? "file" : "directory"),
  readLink: () => undefined,
  resolve: (path) => path,
  mountPoints: [],
  limits: "Max open files            1024                 unlimited            files     \n",
};

const caller: DockerCaller = {
  uid: 1001,
  gid: 1002,
  environment: { HOME: "/home/a user", DOCKER_HOST: "unix:///run/d.sock", TOKEN: "very-secret" },
};

const bind = { step: "bind", writable: false, mapOwner: "no", optional: false } as const;

/** Without comments. */
function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

function commentsOf(text: string): string[] {
  return text.split("\n").filter((line) => line.startsWith("#"));
}

describe("renderDockerCall", () => {
  test("makes the place and the image, and calls Docker with them", () => {
    const root = [
      { ...bind, source: "/my work", destination: "/my work" },
      { step: "file", destination: "/etc/passwd", content: "a 'b'\n" },
      { step: "file", destination: "/etc/hostname", content: "job\n" },
      { step: "symlink", destination: "/bin", target: "usr/bin" },
      { step: "tmpfs", destination: "/home", mode: 0o700, sizeBytes: 4096, owned: true, writable: true },
      { step: "mask", destination: "/my work/file" },
    ] as const;
    const plan = madePlan({ root, namespaces: ["network"], hostname: "job" });
    expect(linesOf(renderDockerCall(plan, paths, caller))).toMatchInlineSnapshot(`
      [
        "set -e",
        "docker() {",
        "  env -i PATH=/usr/local/bin:/usr/bin:/bin LC_ALL=C HOME='/home/a user' DOCKER_HOST=unix:///run/d.sock /usr/bin/docker "$@"",
        "}",
        "umask 022",
        "place=$(mktemp -d)",
        "remove() {",
        "  docker rm --force --volumes cupel-"\${place##*/}"",
        "  docker image rm cupel:"\${place##*/}"",
        "  rm -rf "$place"",
        "}",
        "trap 'remove >/dev/null 2>&1 || :' EXIT",
        "chmod 711 "$place"",
        "cd "$place" && mkdir root gate files && cd /",
        "printf %s $'job\\n' >"$place"/files/0",
        "printf %s '' >"$place"/files/1",
        "printf %s '' >"$place"/files/2",
        ": >"$place"/root/.dockerenv",
        "ln -s usr/bin "$place"/root/bin",
        "mkdir "$place"/root/dev",
        "mkdir "$place"/root/etc",
        ": >"$place"/root/etc/hostname",
        ": >"$place"/root/etc/hosts",
        "printf %s $'a \\'b\\'\\n' >"$place"/root/etc/passwd",
        ": >"$place"/root/etc/resolv.conf",
        "mkdir "$place"/root/home",
        "mkdir "$place"'/root/my work'",
        "mkdir "$place"/root/proc",
        "mkdir "$place"/root/sys",
        "mkdir "$place"/root/.cupel",
        "mkdir "$place"/root/.cupel/gate",
        "chmod 700 "$place"/root/home",
        "tar -C "$place"/root --owner=0 --group=0 --exclude=./sys -cf "$place"/image.tar .",
        "tar -C "$place"/root --owner=0 --group=0 --no-recursion --mode=0 -rf "$place"/image.tar ./sys",
        "docker import "$place"/image.tar cupel:"\${place##*/}" >/dev/null",
        "docker run \\",
        "  --name=cupel-"\${place##*/}" \\",
        "  --rm \\",
        "  --pull=never \\",
        "  --read-only \\",
        "  --no-healthcheck \\",
        "  --log-driver=none \\",
        "  --stop-signal=SIGKILL \\",
        "  --cap-drop=ALL \\",
        "  --security-opt=no-new-privileges \\",
        "  --security-opt=seccomp=unconfined \\",
        "  --security-opt=label=disable \\",
        "  --ipc=private \\",
        "  --cgroupns=private \\",
        "  --network=none \\",
        "  --hostname=job \\",
        "  --user=1001:1002 \\",
        "  --ulimit=nofile=1024:-1 \\",
        "  --shm-size=0 \\",
        "  '--mount=type=bind,source=/my work,destination=/my work,readonly,bind-nonrecursive' \\",
        "  --tmpfs=/home:exec,size=4096,mode=0700,uid=1001,gid=1002 \\",
        "  --mount=type=bind,source="$place"/files/0,destination=/etc/hostname,readonly,bind-nonrecursive \\",
        "  --mount=type=bind,source="$place"/files/1,destination=/etc/hosts,readonly,bind-nonrecursive \\",
        "  --mount=type=bind,source="$place"/files/2,destination=/etc/resolv.conf,readonly,bind-nonrecursive \\",
        "  --mount=type=bind,source="$place"/gate,destination=/.cupel/gate,readonly,bind-nonrecursive \\",
        "  --tmpfs=/sys:ro,size=4096,mode=0000 \\",
        "  --tmpfs=/sys/fs/cgroup:ro,size=4096,mode=0000 \\",
        "  '--mount=type=bind,source=/dev/null,destination=/my work/file,readonly,bind-nonrecursive' \\",
        "  --workdir=/ \\",
        "  cupel:"\${place##*/}" \\",
        "  /.cupel/launcher gate",
      ]
    `);
  });

  test("says what the launcher does before and after, and what cannot be shown", () => {
    const text = renderDockerCall(madePlan(toldInWords), paths, caller);
    expect(commentsOf(text)).toMatchInlineSnapshot(`
      [
        "#!/bin/bash",
        "# The calls of docker, written out, with the directory and the image that cupel makes for them,",
        "# and removes with the job.",
        "# Before it, the launcher opens what is granted, starts a keeper, which ends whatever this starts",
        "# and has the container's first process put into the job's control groups.",
        "# The last words start the launcher again, as the container's first process, which sets resource",
        "# limits, loads the system call filter "default", goes to / and executes make 'all tests' with",
        "# PATH set.",
        "# It writes /run/secrets/TOKEN, whose content is never shown.",
        "# COPY names a copy of /srv/work, which cupel makes for the job.",
        "# The image that cupel makes has the launcher in it; the one that is made here has not.",
        "# To try the container alone: put a program of your own in the place of the last words.",
        "#",
        "# Descriptors: the container inherits none from here. The keeper opens a socket in the directory",
        "# gate, which the container's first process comes to, and through which it is given all that it is",
        "# to have: what it is to do, the job's streams, and where it says what becomes of the job.",
      ]
    `);
    expect(text).toContain('  --mount=type=bind,source="${COPY:?}",destination=/srv/work,bind-nonrecursive \\\n');
    expect(text).not.toContain("very-secret");
  });

  test("as root has ids of nobody's, and says what the keeper does besides", () => {
    const before = renderDockerCall(madePlan({}), paths, caller);
    const text = renderDockerCall(madePlan({ outside: "fresh" }), paths, caller);
    const others = (one: string, other: string): string[] => one.split("\n").filter((line) => !other.includes(line));
    expect([others(before, text), others(text, before)]).toMatchInlineSnapshot(`
      [
        [
          "  --user=1001:1002 \\",
        ],
        [
          "# As root, cupel takes other ids each time. Before anything runs in the container, the keeper",
          "# enters its mount namespace, shows what is granted to the job as the job's own where it belongs",
          "# to root, and makes all mounts nosuid and, but for /dev, nodev.",
          "  --user=1879048192:1879048192 \\",
        ],
      ]
    `);
  });

  test("gives nobody's path a say in the script, nor on a terminal", () => {
    const path = "/a'; touch /x #\n\u001b[2J\u202e";
    const root = [{ ...bind, source: path, destination: path }];
    const text = renderDockerCall(madePlan({ root }), paths, { ...caller, environment: { HOME: path } });
    // oxlint-disable-next-line no-control-regex -- finding them is the purpose
    expect(/[\u0000-\u0009\u000b-\u001f\u202e]/u.test(text)).toBe(false);
    expect(text.split("\n").filter((line) => /^(?:touch|#\\n|\$\(|;)/u.test(line))).toEqual([]);
  });
});
