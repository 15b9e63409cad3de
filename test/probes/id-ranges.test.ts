import { expect, test } from "bun:test";
import { parseAccountName, parseGetsubids, parseRange } from "../../src/probes/_id-range.ts";
import { parseMountOptions } from "../../src/probes/_id-range-failure.ts";
import ranges from "../../src/probes/id-ranges.ts";
import { createFixtureContext, exited, type FixtureHostParts } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";

const setUid = { status: { mode: 0o4755, uid: 0 } };

const files: NonNullable<FixtureHostParts["files"]> = {
  "/etc/passwd": "root:x:0:0::/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\n",
  "/etc/subuid": "ada:100000:65536\n",
  "/etc/subgid": "1000:200000:65536\n",
  "/proc/self/status": "NoNewPrivs:\t0\n",
  "/proc/self/mountinfo": "1 0 8:1 / / rw,relatime - ext4 /dev/sda rw\n",
  "/usr/bin/newuidmap": setUid,
  "/usr/bin/newgidmap": setUid,
};

const programs = { "/usr/bin/newuidmap": "", "/usr/bin/newgidmap": "" };

const mapped = `
  namespaces ok
  newuidmap ok
  newgidmap ok
  uid-map ok 0 0 1000 1?1 100000 65536?
  set-group ok
  set-user ok
`;

const refused = "namespaces ok\nnewuidmap ok 1 newuidmap: write to uid_map failed: Operation not permitted?\n";

async function find(transcript: string, host: FixtureHostParts = {}) {
  const context = createFixtureContext({
    host: { programs, ...host, files: { ...files, ...host.files } },
    helpers: { transcripts: { "id-range": transcript } },
  });
  return ranges.run(context);
}

test("works where the last id of the range was taken", async () => {
  expect(printFindings(await find(mapped))).toMatchInlineSnapshot(`
    "
    program.newuidmap: works (declared) = /usr/bin/newuidmap
      /usr/bin/newuidmap: set-uid root; /usr/bin/newgidmap: set-uid root; what they can do here: userns.range
      | look for newuidmap in PATH -> /usr/bin/newuidmap
      | look for newgidmap in PATH -> /usr/bin/newgidmap
      | stat /usr/bin/newuidmap -> mode 4755, owner 0
      | stat /usr/bin/newgidmap -> mode 4755, owner 0
    userns.range: works (exercised) = 65536
      65536 ids from 100000 on mapped by newuidmap and newgidmap, and the last one taken
      | look for ada or 1000 in /etc/subuid -> 65536 from 100000 on
      | look for ada or 1000 in /etc/subgid -> 65536 from 200000 on
      | make a user namespace -> ok
      | run newuidmap on it -> ok
      | run newgidmap on it -> ok
      | take the range's last group inside -> ok
      | take the range's last user inside -> ok
      | uid_map inside -> 0 1000 1, 1 100000 65536,
    "
  `);
});

test("root maps ranges itself, with no program and no entry", async () => {
  const transcript = "namespaces ok\nwrite-uid-map ok\nwrite-gid-map ok\nuid-map ok\nset-group ok\nset-user ok\n";
  const found = await find(transcript, { uid: 0, programs: {} });
  expect(found["userns.range"]).toMatchObject({ state: "works", value: 65_536 });
  expect(found["program.newuidmap"].state).toBe("absent");
});

test("a range too small for images is degraded", async () => {
  const found = (await find(mapped, { files: { "/etc/subuid": "ada:100000:1000\n" } }))["userns.range"];
  expect(found).toMatchObject({
    state: "degraded",
    value: 1000,
    blockers: [{ code: "idmap", detail: "the range holds 1000 ids; images expect 65536" }],
  });
});

test("no entry by name or number", async () => {
  const found = (await find(mapped, { files: { "/etc/subuid": "grace:100000:65536\n", "/etc/subgid": "" } }))[
    "userns.range"
  ];
  expect(found).toMatchObject({
    state: "blocked",
    blockers: [
      { code: "idmap", detail: "/etc/subuid has no range for ada or 1000" },
      { code: "idmap", detail: "/etc/subgid has no range for ada or 1000" },
    ],
  });
});

test("an entry that only the directory services know", async () => {
  const host = {
    files: { "/etc/subuid": "", "/etc/subgid": "" },
    programs: { ...programs, "/usr/bin/getsubids": "0: ada 300000 65536\n" },
  };
  expect((await find(mapped, host))["userns.range"].summary).toContain("65536 ids from 300000 on mapped");
});

test.each([
  [
    "no-new-privs",
    { "/proc/self/status": "NoNewPrivs:\t1\n" },
    "no_new_privs is set, so newuidmap gains nothing by its set-uid bit",
  ],
  [
    "nosuid",
    { "/proc/self/mountinfo": "1 0 8:1 / / rw - ext4 a rw\n2 1 8:2 / /usr rw,nosuid - ext4 b rw\n" },
    "/usr/bin/newuidmap lies on a file system that is mounted nosuid",
  ],
] as const)("%s takes newuidmap's privilege", async (code, differences, detail) => {
  const found = (await find(refused, { files: differences }))["userns.range"];
  expect(found).toMatchObject({ state: "blocked", blockers: [{ code, detail }] });
  expect(found.ruledOut).toContain("capability");
});

test("a newuidmap that lost its set-uid bit, and has no capabilities instead", async () => {
  const host = {
    files: { "/usr/bin/newuidmap": { status: { mode: 0o755, uid: 0 } } },
    programs: { ...programs, "/usr/sbin/getcap": "" },
  };
  const found = (await find(refused, host))["userns.range"];
  expect(found.blockers).toEqual([
    { code: "capability", detail: "/usr/bin/newuidmap is neither set-uid nor with capabilities" },
  ]);
  expect(found.ruledOut).toEqual(["no-new-privs", "nosuid"]);
});

test("a newuidmap whose owner is not root in this user namespace", async () => {
  const host = { files: { "/usr/bin/newuidmap": { status: { mode: 0o4755, uid: 65_534 } } } };
  expect((await find(refused, host))["userns.range"].blockers).toEqual([
    {
      code: "idmap",
      detail: "/usr/bin/newuidmap is set-uid for user 65534, who is not root in this user namespace",
    },
  ]);
});

test("root without the capability to map ids", async () => {
  const context = createFixtureContext({
    host: { uid: 0, programs, files },
    helpers: {
      transcripts: {
        "id-range": "namespaces ok\nwrite-uid-map EPERM\n",
        attribution: "effective-uid ok 0\ncapabilities ok 0\nunshare-zero ok\nunshare-user ok\nclone-user ok\n",
      },
    },
  });
  expect((await ranges.run(context))["userns.range"].blockers).toEqual([
    { code: "capability", detail: "root without CAP_SETUID, CAP_SETGID" },
  ]);
});

test("capabilities of the file do as well as the bit", async () => {
  const host = {
    files: { "/usr/bin/newuidmap": { status: { mode: 0o755, uid: 0 } } },
    programs: { ...programs, "/usr/sbin/getcap": "/usr/bin/newuidmap cap_setuid=ep\n" },
  };
  const found = await find(mapped, host);
  expect(found["program.newuidmap"].summary).toContain("/usr/bin/newuidmap: with cap_setuid");
  expect(found["userns.range"].state).toBe("works");
});

test("a range that is not this user's, or that the namespace around does not have", async () => {
  const notAllowed = "namespaces ok\nnewuidmap ok 1 newuidmap: uid range [1-65537) -> [100000-165536) not allowed?\n";
  expect((await find(notAllowed))["userns.range"].blockers).toMatchObject([{ code: "idmap" }]);
  expect((await find(refused))["userns.range"].blockers).toMatchObject([{ code: "idmap" }]);
  const byRoot = await find("namespaces ok\nwrite-uid-map EPERM\n", { uid: 0 });
  expect(byRoot["userns.range"]).toMatchObject({ state: "blocked", blockers: [{ code: "idmap" }] });
});

test("is unknown where the prober does not come to it", async () => {
  const context = createFixtureContext({ host: { programs, files }, helpers: {} });
  expect((await ranges.run(context))["userns.range"].state).toBe("unknown");
});

test("is absent without the programs", async () => {
  const found = await find(mapped, { programs: { "/usr/bin/newuidmap": exited(1, "") } });
  expect(found["userns.range"]).toMatchObject({ state: "absent", blockers: [{ detail: "no newgidmap in PATH" }] });
});

test("reads entries, accounts, answers and mounts", () => {
  expect(parseRange("ada:1:10\nada:100:20\nx\nada:5:0\n", ["ada"])).toEqual({ first: 100, count: 20 });
  expect(parseRange("", ["ada"])).toBeUndefined();
  expect(parseAccountName("ada:x:1000:1000\n", 1000)).toBe("ada");
  expect(parseAccountName("ada:x:1000:1000\n", 1001)).toBeUndefined();
  expect(parseGetsubids("0: ada 7 9\n1: ada 100 65536\n")).toEqual({ first: 100, count: 65_536 });
  expect(parseMountOptions("1 0 8:1 / / rw - a b c\n2 1 8:2 / /usr rw,nosuid - a b c\n", "/usr/bin/x")).toEqual([
    "rw",
    "nosuid",
  ]);
  expect(parseMountOptions("1 0 8:1 / / rw - a b c\n2 1 8:2 / /us rw,nosuid - a b c\n", "/usr/bin/x")).toEqual(["rw"]);
});
