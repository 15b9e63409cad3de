/*
 * A tracer that puts another call in the place of its child's: getppid becomes unshare(CLONE_NEWUSER). Says `ok` or the
 * name of the errno that the child gets, or that it could not trace.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __x86_64__
static void be_traced(void)
{
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0) {
        printf("cannot trace: %s\n", strerrorname_np(errno));
        exit(1);
    }
    raise(SIGSTOP);
    const long result = syscall(SYS_getppid, 0x10000000);
    printf("%s\n", result < 0 ? strerrorname_np(errno) : "ok");
    exit(0);
}

int main(void)
{
    const pid_t child = fork();
    if (child == 0)
        be_traced();
    int status;
    waitpid(child, &status, 0);
    while (WIFSTOPPED(status)) {
        struct user_regs_struct registers;
        if (ptrace(PTRACE_GETREGS, child, NULL, &registers) == 0 && registers.orig_rax == SYS_getppid) {
            registers.orig_rax = SYS_unshare;
            registers.rdi = 0x10000000;
            ptrace(PTRACE_SETREGS, child, NULL, &registers);
        }
        ptrace(PTRACE_SYSCALL, child, NULL, NULL);
        waitpid(child, &status, 0);
    }
    return 0;
}
#else
int main(void)
{
    return 64;
}
#endif
