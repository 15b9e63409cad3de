/*
 * The lines that an attack is told in. src/verify/attack-line.ts reads and writes the same; src/verify/attacks.ts holds
 * every attack with its keys.
 *
 * Standard input, each line ended by LF. A value is one word: bytes outside printable ASCII, the space and % are
 * written %XX (two hexadecimal digits of either case). A list holds one item a line (%0A between them).
 *
 *   set KEY VALUE          where a canary is, or how much of something to use; the last one of a key counts. Never a
 *                          token: what is told need not be found.
 *   run ID DEADLINE_MS     carries out one attack (1 to 600000 ms), with the keys that are set by then
 *
 * The end of input ends the program with 0. An unknown id or a line that is none of these ends it with 64.
 *
 * Standard output, one write(2) of at most 4096 bytes for each line:
 *
 *   hello 1 ARCH           x64 or arm64; always the first line
 *   start ID
 *   did ID STEP RESULT     one step and how it ended: ok, or the errno as a number. A denial proves nothing by itself.
 *   saw ID CHANNEL VALUE   what the attack got hold of, escaped, at most 512 bytes of it; VALUE may be empty
 *   end ID ENDING WORDS    always the last of an attack; WORDS are free, and there may be none. ENDING is
 *     attempted              all that there is to do was done, whatever it gave
 *     impossible             nothing was proved: a key is missing, or this machine lacks what the attack is about
 *     timeout                killed at its deadline
 *     crashed                died otherwise: "signal N" or "exit N"
 *   error LINE WORDS       the line of input (from 1) that is none; then exit 64
 *
 * Each attack runs in a child in a process group of its own, which is killed at its deadline and at its end. Where no
 * child can be made, `did ID fork ERRNO` says so and the attack runs in the program itself: its deadline or crash then
 * ends the program, without an `end` line.
 *
 * Three channels mean the same in every attack; the others belong to one each and hold what was read there:
 *
 *   gained WORDS           an effect that must not be, seen from inside and not by a result alone: a namespace with
 *                          its capabilities, a mount that was read, another's memory. Inside a sandbox it is a break.
 *   left VALUE             something that this attack leaves behind, for the host to look for and to remove
 *   fact NAME=VALUE        a state or an amount for the host to compare with what it promised
 *
 * Attacks that search places which may hold more than canaries (all of /proc, the kernel's log) tell only words that
 * begin with the key `token-prefix`, so that outside a sandbox nobody's secret is copied.
 *
 * attacker --list          one line for each attack, in order: ID KEYS TITLE; KEYS joined by commas, `-` for none, one
 *                          that it can do without ends in `?`
 * attacker --identity      for files with a set-user-id bit or file capabilities: `identity UID EUID NO_NEW_PRIVS
 *                          EFFECTIVE`, the last in hexadecimal, and exit 0
 * attacker --victim        a process to be attacked. The first line of standard input is its token, which it holds in
 *                          memory and in an open descriptor (its name is the token's first 15 bytes; environment and
 *                          arguments are the caller's to fill). Then it says
 *                            victim PID ADDRESS DESCRIPTOR   (ADDRESS in decimal)
 *                          and from then on, as it happens, `signal N` for SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2,
 *                          SIGURG, SIGWINCH and SIGCONT, none of which ends it, and once `changed` when somebody wrote
 *                          into the 512 bytes that follow its token's 512. It ends with 0 at the end of its input.
 */
#ifndef CUPEL_ATTACKER_PROTOCOL_H
#define CUPEL_ATTACKER_PROTOCOL_H

enum {
    protocol_version = 1,
    usage_error = 64, /* EX_USAGE of sysexits.h */
    line_bytes_max = 4096,
    saw_bytes_max = 512,
    deadline_ms_max = 600000,
    victim_room = 512
};

#endif
