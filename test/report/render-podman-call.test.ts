import { describe, expect, test } from "bun:test";
import type { HostPaths } from "../../src/launch/host-paths.ts";
import type { MadePlan } from "../../src/launch/maker-call.ts";
import type { LauncherPlan } from "../../src/model/plan.ts";
import { renderPodmanCall } from "../../src/report/render-podman-call.ts";
import { barePlan, toldInWords } from "../fixtures/jobs/plans.ts";

const maker = { program: "podman", path: "/usr/bin/podman", runtime: "crun", runtimePath: "/usr/bin/crun" } as const;

function madePlan(parts: Partial<LauncherPlan>): MadePlan<"podman"> {
  return { ...barePlan(["make", "all tests"], { inside: { uid: 7, gid: 8 }, ...parts }), maker };
}

const paths: HostPaths = {
  lookUp: (path) => (path.endsWith("file") ? "file" : "directory"),
  readLink: () => undefined,
  resolve: (path) => path,
  mountPoints: [],
  limits: "",
};

const bind = { step: "bind", writable: false, mapOwner: "no", optional: false } as const;

/** Without comments, and the words that every call has. */
function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

describe("renderPodmanCall", () => {
  test("makes the place, and calls Podman with it", () => {
    const root = [
      { ...bind, source: "/my work", destination: "/my work" },
      { step: "file", destination: "/etc/passwd", content: "a 'b'\n" },
      { step: "file", destination: "/etc/hostname", content: "job\n" },
      { step: "symlink", destination: "/bin", target: "usr/bin" },
      { step: "tmpfs", destination: "/home", mode: 0o700, sizeBytes: 4096, owned: true, writable: true },
      { step: "mask", destination: "/proc/kcore" },
    ] as const;
    const lines = linesOf(renderPodmanCall(madePlan({ root, namespaces: ["network"], hostname: "job" }), paths));
    expect(lines).toMatchInlineSnapshot(`
      [
        "set -e",
        "umask 022",
        "place=$(mktemp -d)",
        "trap 'kill $(cat "$place"/tmp/pause.pid 2>/dev/null) 2>/dev/null || :; rm -rf "$place"' EXIT",
        "chmod 711 "$place"",
        "cd "$place" && mkdir root home hooks net run runtime store tmp files && cd /",
        "printf %s $'[engine]\\ncgroup_manager = "cgroupfs"\\nevents_logger = "none"\\nhooks_dir = ["'"$place"$'/hooks"]\\nlock_type = "file"\\ntmp_dir = "'"$place"$'/tmp"\\n[network]\\nnetwork_config_dir = "'"$place"$'/net"\\n' >"$place"/containers.conf",
        "printf %s '' >"$place"/mounts.conf",
        "printf %s $'[storage]\\ndriver = "vfs"\\ngraphroot = "'"$place"$'/store"\\nrunroot = "'"$place"$'/run"\\nrootless_storage_path = "'"$place"$'/store"\\n' >"$place"/storage.conf",
        "printf %s $'job\\n' >"$place"/files/0",
        "ln -s usr/bin "$place"/root/bin",
        "mkdir "$place"/root/dev",
        "mkdir "$place"/root/etc",
        ": >"$place"/root/etc/hostname",
        "printf %s $'a \\'b\\'\\n' >"$place"/root/etc/passwd",
        "mkdir "$place"/root/home",
        "mkdir "$place"'/root/my work'",
        "mkdir "$place"/root/proc",
        "mkdir "$place"/root/run",
        ": >"$place"/root/run/.containerenv",
        "mkdir "$place"/root/sys",
        "chmod 0 "$place"/root/sys",
        "chmod 700 "$place"/root/home",
        "env -i \\",
        "  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \\",
        "  LC_ALL=C \\",
        "  HOME="$place"/home \\",
        "  XDG_RUNTIME_DIR="$place"/run \\",
        "  TMPDIR="$place"/tmp \\",
        "  CONTAINERS_CONF="$place"/containers.conf \\",
        "  CONTAINERS_STORAGE_CONF="$place"/storage.conf \\",
        "  /usr/bin/podman \\",
        "  --default-mounts-file="$place"/mounts.conf \\",
        "  --runtime=/usr/bin/crun \\",
        "  --runtime-flag=root="$place"/runtime run \\",
        "  --rm \\",
        "  --interactive \\",
        "  --sig-proxy=false \\",
        "  --read-only \\",
        "  --read-only-tmpfs=false \\",
        "  --no-hosts \\",
        "  --passwd=false \\",
        "  --systemd=false \\",
        "  --log-driver=none \\",
        "  --cap-drop=all \\",
        "  --security-opt=no-new-privileges \\",
        "  --security-opt=seccomp=unconfined \\",
        "  --security-opt=label=disable \\",
        "  --ipc=private \\",
        "  --pid=private \\",
        "  --uts=private \\",
        "  --cgroupns=private \\",
        "  --cgroups=disabled \\",
        "  --network=none \\",
        "  --hostname=job \\",
        "  --userns=keep-id:uid=7,gid=8 \\",
        "  --user=7:8 \\",
        "  --shm-size=0 \\",
        "  --preserve-fds=11 \\",
        "  --mount 'type=bind,source=/my work,destination=/my work,ro,nosuid,nodev' \\",
        "  --mount type=tmpfs,destination=/home,tmpfs-size=4096,tmpfs-mode=0700,notmpcopyup,chown \\",
        "  --mount type=bind,source="$place"/files/0,destination=/etc/hostname,ro,nosuid,nodev \\",
        "  --mount type=tmpfs,destination=/sys,tmpfs-size=4096,tmpfs-mode=0700,ro \\",
        "  --mount type=tmpfs,destination=/sys/fs/cgroup,tmpfs-size=4096,tmpfs-mode=0700,ro \\",
        "  --security-opt=mask=/proc/kcore \\",
        "  --workdir=/ \\",
        "  --rootfs "$place"/root \\",
        "  /proc/self/fd/11 container \\",
        "  3</dev/null 4</dev/null 5</dev/null 6</dev/null 7</dev/null 8</dev/null 9</dev/null 10</dev/null 11</dev/null 12</dev/null 13</dev/null",
      ]
    `);
  });

  test("says what the launcher does before and after, and what cannot be shown", () => {
    const text = renderPodmanCall(madePlan(toldInWords), paths);
    expect(text.split("\n").filter((line) => line.startsWith("#"))).toMatchInlineSnapshot(`
      [
        "#!/bin/bash",
        "# The call of podman, written out, with the directory that cupel makes for it, and removes with",
        "# the job.",
        "# Before it, the launcher opens what is granted, starts a keeper, which ends whatever this starts",
        "# and has the container's first process put into the job's control groups.",
        "# The last words start the launcher again, as the container's first process, which sets resource",
        "# limits, loads the system call filter "default", goes to / and executes make 'all tests' with",
        "# PATH set.",
        "# It writes /run/secrets/TOKEN, whose content is never shown.",
        "# COPY names a copy of /srv/work, which cupel makes for the job.",
        "# To try the container alone: put a program of your own in the place of the last words.",
        "#",
        "# Descriptors, which are nothing here:",
        "# 3 where the launcher inside says what becomes of the job",
        "# 4 where it is told of signals, and that the time is up",
        "# 5 what it is to do: all that the launcher outside was told",
        "# 6 the job's standard input",
        "# 7 its standard output",
        "# 8 its standard error",
        "# 9 where it leaves the job's terminal, if that has one of its own",
        "# 10 where it leaves what listens for the proxy, if there is one",
        "# 11 the file of cupel's launcher",
        "# 12 when the launch began, and how the caller's terminal is set",
        "# 13 where it says that it is there, to be put into the job's control groups",
      ]
    `);
    expect(text).toContain('--mount type=bind,source="${COPY:?}",destination=/srv/work,nosuid,nodev \\');
  });

  test("as root shows each path in a mount namespace of its own", () => {
    const lines = linesOf(
      renderPodmanCall(
        madePlan({ outside: "fresh", root: [{ ...bind, source: "/a file", destination: "/a" }] }),
        paths,
      ),
    );
    expect(lines).toEqual(
      expect.arrayContaining([
        'if [ -z "${APART-}" ]; then APART=1 exec unshare --mount "$BASH" "$0"; fi',
        "mount -t tmpfs -o mode=755,size=1m none /sys",
        'mount --rbind "$place" /sys/0',
        ": >/sys/1",
        "mount --rbind '/a file' /sys/1",
        "  --mount type=bind,source=/sys/1,destination=/a,ro,nosuid,nodev \\",
      ]),
    );
  });

  test("gives nobody's path a say in the script, nor on a terminal", () => {
    const path = "/a'; touch /x #\n\u001b[2J\u202e";
    const text = renderPodmanCall(madePlan({ root: [{ ...bind, source: path, destination: path }] }), paths);
    // oxlint-disable-next-line no-control-regex -- finding them is the purpose
    expect(/[\u0000-\u0009\u000b-\u001f\u202e]/u.test(text)).toBe(false);
    expect(text.split("\n").filter((line) => /^(?:touch|#\\n|\$\(|;)/u.test(line))).toEqual([]);
  });
});
