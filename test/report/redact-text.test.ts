import { describe, expect, test } from "bun:test";
import { createRedactor } from "../../src/report/redact-text.ts";

const facts = {
  users: ["alice", "root"],
  homes: ["/home/alice"],
  hosts: ["web1.acme.example"],
  directories: ["/home/alice/src/secret project"],
  kept: ["0978b27eeb6a6f2c"],
};

/** A new one for each text, so that numbers begin at 1. */
function redact(text: string): string {
  return createRedactor(facts)(text);
}

describe("createRedactor takes out", () => {
  test.each([
    ["names", "uid 1000(alice) on web1, web1.acme.example, alice_x", "uid 1000(<user>) on <host>, <host>, <user>_x"],
    ["a project with a space in its path", "in /home/alice/src/secret project/x.", "in <directory>/<path-1>."],
    [
      "what lies in a home",
      "/home/alice/.local/bin/podman, /home/alice/acme",
      "<home>/.local/bin/podman, <home>/<path-1>",
    ],
    [
      "other homes",
      "/home/bob/a:/Users/bob/b:~/c",
      "/home/<account-1>/<path-1>:/Users/<account-1>/<path-2>:<home>/<path-3>",
    ],
    [
      "what is nobody else's business",
      "/srv/acme /tmp/acme /opt/acme/bin",
      "/srv/<path-1> /tmp/<path-1> /opt/<path-2>",
    ],
    ["a path of no system", "/acme/build (/acme/build)", "<path-1> (<path-1>)"],
    ["control groups", "/sys/fs/cgroup/cpu,cpuacct/acme/memory.max", "/sys/fs/cgroup/cpu,cpuacct/<group-1>/memory.max"],
    [
      "groups in /proc/self/cgroup",
      "4:memory:/acme/x\n1:cpu:/user.slice/acme\n0::/",
      "4:memory:<path-1>\n1:cpu:/user.slice/<group-1>\n0::/",
    ],
    ["devices with names", "/dev/mapper/acme /dev/disk/by-id/nvme-X", "/dev/mapper/<path-1> /dev/disk/by-id/<path-2>"],
    [
      "addresses",
      "10.1.2.3, fe80::1%eth0, 2001:DB8::1, 10.1.2.3",
      "<address-1>, <address-2>, <address-3>, <address-1>",
    ],
    ["hardware addresses", "52:54:00:ab:CD:ef and 52-54-00-ab-cd-ef", "<mac-1> and <mac-2>"],
    ["units", "acme-build.service user@1000.service x.scope", "<unit-1> user@1000.service <unit-2>"],
    ["containers", "docker-0123456789ab.scope 0123456789abcdef0123", "docker-<id-1>.scope <id-2>"],
    ["identifiers", "9d9e9b4f-d1b7-431a-9aab-39f90e16a2e8 = 9D9E9B4F-D1B7-431A-9AAB-39F90E16A2E8", "<id-1> = <id-1>"],
    ["tokens", "ghp_0123456789abcdefghij sk-abcdefghijklmnop AKIA0123456789ABCDEF", "<secret-1> <secret-2> <secret-3>"],
    [
      "what is called a secret",
      `Authorization: Bearer abc.def password=1234 "token": "y" serial number: Z1`,
      `Authorization: Bearer <secret-1> password=<secret-2> "token": "<secret-3>" serial number: <secret-4>`,
    ],
    ["long random words", "a 0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1w b", "a <secret-1> b"],
    [
      "addresses of services",
      "https://u:p@git.acme.example:8443/a unix:///run/x.sock",
      "https://<secret-1>@<host-1>:8443/<path-1> unix:///run/x.sock",
    ],
    ["mail addresses", "bob@acme.example", "<email-1>"],
  ])("%s", (_, text, expected) => expect(redact(text)).toBe(expected));

  test("nothing that a maintainer needs", () => {
    const needed = [
      "unshare(CLONE_NEWUSER) says EPERM; uid 0, root, nobody",
      "kernel.apparmor_restrict_unprivileged_userns is 1, user/max_user_namespaces=96365",
      "Linux 6.18.44-fc-v669 #1 SMP PREEMPT_DYNAMIC, 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3), build e6534b4",
      "/usr/bin/bwrap /etc/subuid /proc/self/uid_map /sys/module/kvm_intel/parameters/nested /dev/kvm /dev/net/tun",
      "/run/docker.sock /var/lib/docker /.dockerenv / /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service",
      "CapEff=000001fffeffffff user:[4026531837] 0 1000 65536 127.0.0.1 ::1 255.255.255.0 0::/",
      "cupel 0978b27eeb6a6f2c; I/O and/or read/write; 09:30:00; serial: ENOENT; token: none",
      "unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023 docker-default (enforce)",
    ];
    expect(needed.map(redact)).toEqual(needed);
  });

  test("the same as the same thing, in whichever text it stands", () => {
    const one = createRedactor(facts);
    expect(["10.0.0.1", "10.0.0.2", "10.0.0.1"].map(one)).toEqual(["<address-1>", "<address-2>", "<address-1>"]);
  });

  test("no more of a name than the whole word, and nothing of what every machine has", () => {
    const plain = createRedactor({
      users: ["root", "al"],
      homes: ["/"],
      hosts: ["localhost"],
      directories: ["/usr", "/"],
    });
    const text = "root; also /usr/bin/al on localhost / final";
    expect(plain(text)).toBe("root; also /usr/bin/<user> on localhost / final");
  });

  test("names that look like its own marks", () => {
    const odd = createRedactor({ users: ["home", "path", "id"], homes: ["/home/home"] });
    expect(odd("home at /home/home/x, path, id")).toBe("<user> at <home>/<path-1>, <other-user-1>, <other-user-2>");
  });
});
