import { describe, expect, test } from "bun:test";
import type { HostPaths } from "../../src/launch/host-paths.ts";
import type { MadePlan } from "../../src/launch/maker-call.ts";
import type { LauncherPlan } from "../../src/model/plan.ts";
import { renderSystemdCall, type UnitOwner } from "../../src/report/render-systemd-call.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";

const programs = { path: "/usr/bin/systemd-run", controlPath: "/usr/bin/systemctl" } as const;

function madePlan(manager: "system" | "user", parts: Partial<LauncherPlan>): MadePlan<"systemd-run"> {
  const maker = { program: "systemd-run", manager, ...programs } as const;
  return { ...barePlan(["make", "all tests"], { inside: { uid: 7, gid: 8 }, ...parts }), maker };
}

const paths: HostPaths = {
  lookUp: (path) => (path.endsWith("file") ? "file" : "directory"),
  readLink: () => undefined,
  resolve: (path) => path,
  mountPoints: [],
  limits: "",
};

const owner: UnitOwner = { uid: 1001, gid: 1002, environment: { HOME: "/home/a user", TOKEN: "very-secret" } };

const bind = { step: "bind", writable: false, mapOwner: "no", optional: false } as const;

/** Without comments, and without what is said of every unit. */
function linesOf(text: string): string[] {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return lines.filter(
    (line) => !/--property=(?:Private|Protect|Keyring|NoNew|Bind[L]|Kill|Timeout|OOM|Log)/u.test(line),
  );
}

/** Comments as one text. */
function commentsOf(text: string): string {
  const lines = text.split("\n").filter((line) => line.startsWith("# "));
  return lines.map((line) => line.slice(2)).join(" ");
}

describe("renderSystemdCall", () => {
  test("makes the place, and calls systemd-run with it", () => {
    const root = [
      { ...bind, source: "/my work", destination: "/my work" },
      { step: "file", destination: "/etc/passwd", content: "a 'b'\n" },
      { step: "symlink", destination: "/bin", target: "usr/bin" },
      { step: "tmpfs", destination: "/home", mode: 0o700, sizeBytes: 4096, owned: true, writable: true },
      { step: "mask", destination: "/my work/file" },
    ] as const;
    const plan = madePlan("user", { root, namespaces: ["network"] });
    expect(linesOf(renderSystemdCall(plan, paths, owner))).toMatchInlineSnapshot(`
      [
        "set -e",
        "umask 022",
        "place=$(mktemp -d)",
        "trap 'rm -rf "$place"' EXIT",
        "chmod 711 "$place"",
        "cd "$place" && mkdir root files && cd /",
        "ln -s usr/bin "$place"/root/bin",
        "mkdir "$place"/root/dev",
        "mkdir "$place"/root/etc",
        "printf %s $'a \\'b\\'\\n' >"$place"/root/etc/passwd",
        "mkdir "$place"/root/home",
        "mkdir "$place"'/root/my work'",
        "mkdir "$place"/root/proc",
        "mkdir "$place"/root/sys",
        "mkdir "$place"/root/root",
        "mkdir "$place"/root/.cupel",
        "chmod 0 "$place"/root/sys",
        "chmod 700 "$place"/root/home",
        "env -i \\",
        "  PATH=/usr/bin:/bin \\",
        "  LC_ALL=C \\",
        "  XDG_RUNTIME_DIR=/run/user/1001 \\",
        "  DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1001/bus \\",
        "  /usr/bin/systemd-run \\",
        "  --user \\",
        "  --unit=cupel-"\${place##*/}".service \\",
        "  --quiet \\",
        "  --collect \\",
        "  --wait \\",
        "  --pipe \\",
        "  --service-type=exec \\",
        "  --property=MountFlags=private \\",
        "  --property=ReadOnlyPaths=+/ \\",
        "  '--property=InaccessiblePaths=+/sys -+/dev/hugepages' \\",
        "  --property=CapabilityBoundingSet= \\",
        "  --property=RootDirectory="$place"/root \\",
        "  --property=TemporaryFileSystem=/dev/shm:size=0,mode=1777 \\",
        "  --property=TemporaryFileSystem=/dev/pts:ro,size=4096,mode=0500 \\",
        "  --property=TemporaryFileSystem=/run:ro,size=4096,mode=0755 \\",
        "  '--property=BindReadOnlyPaths="/my work":"/my work":rbind' \\",
        "  --property=TemporaryFileSystem=/home:exec,size=4096,mode=0700,uid=1001,gid=1002 \\",
        "  '--property=InaccessiblePaths=-+"/my work/file"' \\",
        "  /.cupel/launcher input \\",
        "  </dev/null",
      ]
    `);
  });

  test("tells nothing of its caller, and of root what the keeper does besides", () => {
    const text = renderSystemdCall(madePlan("system", { outside: "fresh" }), paths, owner);
    expect(text).not.toContain("very-secret");
    expect(commentsOf(text)).toContain("the launcher inside becomes that user first of all");
    const users = commentsOf(renderSystemdCall(madePlan("user", {}), paths, owner));
    expect(users).not.toContain("becomes that user");
    expect(users).toContain("Descriptors: standard input is a socket");
  });
});
