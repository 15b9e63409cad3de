/**
 * strace around a launcher. Being the launcher's parent it needs no right over another's process; it stays outside of the
 * sandbox, and sees the calls that a filter on system calls denies as well: a tracer is asked before the filter is
 * (ptrace(2), since Linux 4.8). With a filter of its own, strace's --seccomp-bpf, it would not see those.
 */
import type { Host } from "../host/host.ts";
import { CupelError } from "../model/error.ts";

/** Calls that fail all the time without anything being denied: they wait, or ask what a descriptor is. */
const waitingCalls =
  "futex read readv pread64 recvfrom recvmsg recvmmsg accept accept4 wait4 waitid poll ppoll select pselect6 epoll_wait epoll_pwait epoll_pwait2 restart_syscall";
const askingCalls = "ioctl fcntl lseek close";
const ignoredCalls = `${waitingCalls} ${askingCalls}`.split(" ");

/** The descriptor that the trace comes on. */
const traceDescriptor = 4;

/** It has to live as long as the tracer writes, whatever is typed at the terminal that both may share. */
const relay = `trap '' HUP INT QUIT TERM TSTP; exec cat >&${traceDescriptor}`;

/**
 * strace(1): children too (-f), descriptors with their paths (-y), no data (-s 0), failed calls alone, no signals of
 * the terminal's (-I 4). `?`: a call that this processor's kernel does not have.
 */
const flags = [
  ..."-f -y -qq -s 0 -I 4 -e signal=none -e status=failed -e".split(" "),
  `trace=!${ignoredCalls.map((name) => `?${name}`).join(",")}`,
];

/** What goes in front of the launcher's own words. */
export type TracerWords = readonly [string, ...string[]];

const deadlineMs = 5000;

/**
 * The words, once strace was seen to trace something with these flags.
 * @throws CupelError `usage` where there is none, or it may not.
 */
export async function findTracer(host: Host): Promise<TracerWords> {
  const program = host.findProgram("strace");
  const refused = (why: string, hint: string): CupelError =>
    new CupelError("usage", `--explain-denials ${why}; ${hint}, or leave it out`);
  if (program === undefined)
    throw refused("watches the job with strace, which is not in PATH", "install it (Debian: apt-get install strace)");
  const tried = await host.run(program, [...flags, "-o", "/dev/null", program, "-V"], { deadlineMs });
  if (tried.status !== "exited" || tried.code !== 0) {
    const said = tried.status === "exited" ? tried.stderr.trim().split("\n").at(-1) : tried.status;
    throw refused(`cannot watch the job: ${program} traces nothing here (${said})`, "allow ptrace here");
  }
  return [program, ...flags, "-o", `|${relay}`];
}
