import { describe, expect, test } from "bun:test";
import { descriptorPath, parseFailedCall, quotedText } from "../../../src/run/denials/parse-trace.ts";

describe("parseFailedCall", () => {
  test.each([
    [
      String.raw`3495  openat(AT_FDCWD</tmp/a>, "/usr/q\"u<o>,t\303\251\n", O_WRONLY|O_CREAT, 0666) = -1 EROFS (Read-only file system)`,
      {
        process: 3495,
        name: "openat",
        parts: ["AT_FDCWD</tmp/a>", String.raw`"/usr/q\"u<o>,t\303\251\n"`, "O_WRONLY|O_CREAT", "0666"],
        errno: "EROFS",
      },
    ],
    [
      '7 connect(3<socket:[70]>, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("192.0.2.1")}, 16) = -1 ENETUNREACH (Network is unreachable)',
      {
        process: 7,
        name: "connect",
        parts: ["3<socket:[70]>", '{sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("192.0.2.1")}', "16"],
        errno: "ENETUNREACH",
      },
    ],
    ["7 getppid()                         = -1 EDOM (text)", { process: 7, name: "getppid", parts: [], errno: "EDOM" }],
    ["7 restart_syscall(<... resuming interrupted read ...>) = ? ERESTART_RESTARTBLOCK (Interrupted)", undefined],
    ["7 +++ exited with 3 +++", undefined],
    ['7 open("/a", O_RDONLY) = 3', undefined],
    ["", undefined],
  ])("%s", (line, call) => expect(parseFailedCall(line)).toEqual(call));
});

test.each([
  [String.raw`"/usr/q\"u<o>t\303\251\n\\"`, '/usr/q"u<o>té\n\\'],
  [String.raw`"\1\0012"`, "\u0001\u00012"],
  ['"/a"...', undefined],
  ["NULL", undefined],
  [undefined, undefined],
])("quotedText of %p", (part, text) => expect(quotedText(part)).toBe(text));

test.each([
  ["3</usr/lib>", "/usr/lib"],
  ["AT_FDCWD</home/a\\76b>", "/home/a>b"],
  ["3</tmp/gone>(deleted)", "/tmp/gone"],
  ["3<socket:[70]>", undefined],
  ["AT_FDCWD", undefined],
])("descriptorPath of %p", (part, path) => expect(descriptorPath(part)).toBe(path));
