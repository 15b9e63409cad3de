import { expect, test } from "bun:test";
import { aimsOf } from "../../../src/run/denials/attempts.ts";
import { parseFailedCall } from "../../../src/run/denials/parse-trace.ts";

const path = (name: string, writes: boolean): object => ({ kind: "path", path: name, writes });

test.each([
  ['openat(AT_FDCWD</w>, "a/../b", O_RDONLY|O_CLOEXEC)', [path("/w/b", false)]],
  ['openat(3</usr>, "lib", O_RDWR)', [path("/usr/lib", true)]],
  ['openat(AT_FDCWD, "a", O_RDONLY)', [path("/job/a", false)]],
  ['open("a", O_WRONLY|O_CREAT, 0666)', [path("/job/a", true)]],
  ['stat("/a", 0x7ffc)', [path("/a", false)]],
  ['rename("/a", "/b")', [path("/a", true), path("/b", true)]],
  ['renameat2(AT_FDCWD</w>, "a", 3</x>, "b", 0)', [path("/w/a", true), path("/x/b", true)]],
  ['symlink("/target", "/link")', [path("/link", true)]],
  ['symlinkat("/target", AT_FDCWD</w>, "link")', [path("/w/link", true)]],
  ['write(5</dev/shm/f>, ""..., 4096)', [path("/dev/shm/f", true)]],
  ['write(1<pipe:[5]>, ""..., 4096)', [{ kind: "call" }]],
  ["fstatat64(3</a>, NULL, 0)", [{ kind: "call" }]],
  ["unshare(CLONE_NEWUSER)", [{ kind: "call" }]],
  ["socket(AF_PACKET, SOCK_RAW, 0)", [{ kind: "call", about: "AF_PACKET" }]],
  [
    'connect(3, {sa_family=AF_INET6, sin6_port=htons(99), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "::1", &sin6_addr), sin6_scope_id=0}, 28)',
    [{ kind: "destination", address: "::1", port: 99 }],
  ],
  [
    'sendto(3, ""..., 1, 0, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("192.0.2.1")}, 16)',
    [{ kind: "destination", address: "192.0.2.1", port: 53 }],
  ],
  ['connect(3, {sa_family=AF_UNIX, sun_path="/run/a,b"}, 110)', [{ kind: "socket", path: "/run/a,b" }]],
  ['connect(3, {sa_family=AF_UNIX, sun_path=@"abstract"}, 11)', [{ kind: "call" }]],
])("%s", (call, aims) => {
  const parsed = parseFailedCall(`1 ${call} = -1 ENOENT (text)`);
  expect(parsed && aimsOf(parsed, "/job")).toEqual(aims as never);
});
