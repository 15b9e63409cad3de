import { expect, test } from "bun:test";
import privileges from "../../src/probes/privileges.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { createFixtureContext } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";

test("lists what root holds and lacks", async () => {
  expect(printFindings(await privileges.run(createFixtureContext(fixtures.firecrackerRoot)))).toMatchInlineSnapshot(`
    "
    privilege.no-new-privs: works (enforced)
      set, inherited, and not to be taken back
      | prctl(PR_GET_NO_NEW_PRIVS) -> ok
      | prctl(PR_SET_NO_NEW_PRIVS, 1) -> ok
      | prctl(PR_GET_NO_NEW_PRIVS) after -> ok, 1
      | prctl(PR_SET_NO_NEW_PRIVS, 0) -> EINVAL
      | prctl(PR_GET_NO_NEW_PRIVS) in a child -> ok, 1
    privilege.capabilities: works (exercised) = 000001fffeffffff
      000001fffeffffff; lacks CAP_SYS_RESOURCE
      | effective set -> 000001fffeffffff
      | permitted set -> 000001fffeffffff
      | inheritable set -> 0000000000000000
      | bounding set -> 000001fffeffffff
      | ambient set -> 0000000000000000
      | use CAP_SETPCAP -> ok
      | use CAP_SYS_ADMIN -> ok
      | use CAP_SETUID -> ok
      | use CAP_SETGID -> ok
      | use CAP_NET_ADMIN -> ok
      | use CAP_SYS_CHROOT -> ok
      | use CAP_SYS_RESOURCE -> EPERM
    privilege.drop-identity: works (exercised)
      took ids that nobody else has, without supplementary groups
      | launcher: ids that nobody else has -> ok
    "
  `);
});

test("has nothing to list for a user", async () => {
  expect(printFindings(await privileges.run(createFixtureContext(fixtures.firecrackerUser)))).toMatchInlineSnapshot(`
    "
    privilege.no-new-privs: works (enforced)
      set, inherited, and not to be taken back
      | prctl(PR_GET_NO_NEW_PRIVS) -> ok
      | prctl(PR_SET_NO_NEW_PRIVS, 1) -> ok
      | prctl(PR_GET_NO_NEW_PRIVS) after -> ok, 1
      | prctl(PR_SET_NO_NEW_PRIVS, 0) -> EINVAL
      | prctl(PR_GET_NO_NEW_PRIVS) in a child -> ok, 1
    privilege.capabilities: works (exercised) = 0000000000000000
      none, as an ordinary user has it
      | effective set -> 0000000000000000
      | permitted set -> 0000000000000000
      | inheritable set -> 0000000000000000
      | bounding set -> 000001fffeffffff
      | ambient set -> 0000000000000000
      | use CAP_SETPCAP -> EPERM
      | use CAP_SYS_ADMIN -> EPERM
      | use CAP_SETUID -> EPERM
      | use CAP_SETGID -> EPERM
      | use CAP_NET_ADMIN -> EPERM
      | use CAP_SYS_CHROOT -> EPERM
      | use CAP_SYS_RESOURCE -> EPERM
    privilege.drop-identity: not-applicable (declared)
      only root takes ids of their own for jobs; a user's job keeps the user's
      | effective user id -> 1001
    "
  `);
});

test("is unknown without a prober", async () => {
  expect(printFindings(await privileges.run(createFixtureContext(fixtures.empty)))).toMatchInlineSnapshot(`
    "
    privilege.no-new-privs: unknown (inferred)
      could not be established: prober no-new-privs: the prober could not be started
      | prober no-new-privs -> the prober could not be started
    privilege.capabilities: unknown (inferred)
      could not be established: prober capabilities: the prober could not be started
      | prober capabilities -> the prober could not be started
    privilege.drop-identity: not-applicable (declared)
      only root takes ids of their own for jobs; a user's job keeps the user's
      | effective user id -> 1000
    "
  `);
});
