import { describe, expect, test } from "bun:test";
import { quoteUnitWord, unitWords } from "../../src/launch/systemd-words.ts";

const ofAll = [
  "PrivatePIDs=yes",
  "PrivateIPC=yes",
  "PrivateDevices=yes",
  "MountFlags=private",
  "NoNewPrivileges=yes",
  "KeyringMode=private",
  "BindLogSockets=no",
  "ReadOnlyPaths=+/",
  "InaccessiblePaths=+/sys -+/dev/hugepages",
  "ProtectKernelTunables=yes",
  "KillSignal=SIGKILL",
  "TimeoutStopSec=5s",
  "OOMPolicy=continue",
  "LogLevelMax=warning",
].map((property) => `--property=${property}`);

const flags = ["--unit=one.service", "--quiet", "--collect", "--wait", "--pipe", "--service-type=exec"];

test("root's unit keeps what the launcher becomes another user with", () =>
  expect(unitWords("system", "one.service")).toEqual([
    "--system",
    ...flags,
    ...ofAll,
    "--property=CapabilityBoundingSet=CAP_SETGID CAP_SETPCAP CAP_SETUID CAP_SYS_ADMIN",
  ]));

test("a user's has a user namespace, and no capability", () =>
  expect(unitWords("user", "one.service")).toEqual([
    "--user",
    ...flags,
    ...ofAll,
    "--property=PrivateUsers=yes",
    "--property=CapabilityBoundingSet=",
  ]));

describe("quoteUnitWord", () => {
  test.each([
    ["/usr/lib64/a.b-c_d+e,f@g", "/usr/lib64/a.b-c_d+e,f@g"],
    ["/with space", '"/with space"'],
    ["/with:colon", '"/with:colon"'],
    ["/with\\backslash", '"/with\\\\backslash"'],
    ["/100%", '"/100%"'],
    ["", '""'],
  ])("takes %s for one word", (word, quoted) => expect(quoteUnitWord(word)).toBe(quoted));

  test.each(['/with"quote', "/with'apostrophe", "/with\ttab", "/with\nline", "/with\u001bescape", "/with\u007fdelete"])(
    "has none for %j",
    (word) => expect(quoteUnitWord(word)).toBeUndefined(),
  );
});
