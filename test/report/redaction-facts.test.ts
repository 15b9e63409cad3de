import { describe, expect, test } from "bun:test";
import { parseAccounts, readRedactionFacts } from "../../src/report/redaction-facts.ts";
import { createRedactor } from "../../src/report/redact-text.ts";
import { createFixtureHost } from "../support/fixture-host.ts";

const passwd = `root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
bob:x:1001:1001:Bob B. Builder,,,:/srv/bob:/bin/sh
alice:x:1000:1000::/home/alice:/bin/sh
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
+::::::
`;

describe("readRedactionFacts", () => {
  test("names the caller first, then the other people, and where they are", () => {
    const host = createFixtureHost({
      uid: 1000,
      environment: { USER: "alice", HOME: "/home/alice", PWD: "/home/alice/work", HOSTNAME: "web1" },
      directory: "/home/alice/work",
      files: { "/etc/passwd": passwd, "/proc/sys/kernel/hostname": "web1.acme.example\n" },
    });
    expect(readRedactionFacts(host)).toEqual({
      users: ["alice", "bob", "Bob B. Builder"],
      homes: ["/home/alice", "/srv/bob"],
      hosts: ["web1.acme.example", "web1"],
      directories: ["/home/alice/work"],
    });
  });

  test("reads nothing where there is nothing", () => {
    const facts = readRedactionFacts(createFixtureHost({ uid: 4711, environment: {}, directory: "/" }));
    expect(facts).toEqual({ users: [], homes: [], hosts: [], directories: ["/"] });
    expect(createRedactor(facts)("as /usr/bin/x says")).toBe("as /usr/bin/x says");
  });
});

describe("parseAccounts", () => {
  test("leaves out what is no account", () =>
    expect(parseAccounts(passwd).map(({ name, uid }) => `${name} ${uid}`)).toEqual([
      "root 0",
      "daemon 1",
      "bob 1001",
      "alice 1000",
      "nobody 65534",
    ]));
});
