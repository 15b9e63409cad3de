/**
 * No sockets but connected pairs: `--network no-sockets`, and part of the strict profile. Without a network namespace of
 * its own a job must then be kept from every way to a socket that somebody outside can hear.
 */
import { families } from "./seccomp-profile.ts";
import {
  always,
  withEntries,
  type SeccompClause,
  type SeccompEntry,
  type SeccompProfile,
  type SeccompRule,
} from "./seccomp-rule.ts";

const noSuchFamily = { errno: 97 /* EAFNOSUPPORT */ } as const;
const noSuchType = { errno: 94 /* ESOCKTNOSUPPORT */ } as const;
const notForThisFile = { errno: 25 /* ENOTTY */ } as const;

/** SOCK_TYPE_MASK (linux/net.h): the bits above are flags such as SOCK_CLOEXEC. */
const typeMask = 0xf;

/** SOCK_STREAM and SOCK_SEQPACKET. An end of a datagram pair can send to, and connect to, any name (unix(7)). */
const connectedTypes = [1, 5];

const isUnix = { argument: 0, type: "int", values: [families.unix] } as const;

/** What takes the place of a profile's own rules. */
export const pairsOnlyEntries: readonly SeccompEntry[] = [
  { name: "socket", rule: always(noSuchFamily) },
  {
    name: "socketpair",
    rule: {
      clauses: [
        { when: [isUnix, { argument: 1, type: "int", mask: typeMask, values: connectedTypes }], answer: "allow" },
        { when: [isUnix], answer: noSuchType },
      ],
      otherwise: noSuchFamily,
    },
  },
  // An end of a pair could take a name that somebody outside expects a service at.
  { name: "bind", rule: always(noSuchFamily) },
  { name: "connect", rule: always(noSuchFamily) },
];

/** SIOC* and the wireless ones (linux/sockios.h, linux/wireless.h): any socket, a pair's end too, asks for interfaces. */
const interfaceCommands: SeccompClause = {
  when: [{ argument: 1, type: "unsigned int", mask: 0xffff_ff00, values: [0x8900, 0x8b00] }],
  answer: notForThisFile,
};

function ioctlRuleOf({ entries, otherwise }: SeccompProfile): SeccompRule {
  return entries.find(({ name }) => name === "ioctl")?.rule ?? always(otherwise);
}

/** The profile without a way to make a socket that is not one of a connected pair. */
export function withoutSockets(profile: SeccompProfile): SeccompProfile {
  const { clauses, otherwise } = ioctlRuleOf(profile);
  const ioctl: SeccompEntry = { name: "ioctl", rule: { clauses: [interfaceCommands, ...clauses], otherwise } };
  return withEntries(profile, [...pairsOnlyEntries, ioctl]);
}
