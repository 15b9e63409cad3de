/*
 * Calls by another door: x86-64 programs can make 32-bit calls (int 0x80) and x32 ones (bit 30 of the number), which a
 * filter that knows one architecture alone does not see. arm64 code has no such door.
 */
#include "prober.h"

#include <asm/signal.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>

#if defined(__x86_64__)

/* arch/x86/entry/syscalls/syscall_32.tbl; __X32_SYSCALL_BIT of asm/unistd.h. */
enum { getppid_32 = 64, x32_bit = 0x40000000 };

static long call_32(long number)
{
    int result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number) : "r8", "r9", "r10", "r11", "memory", "cc");
    return result;
}

static long install(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EDOM),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, x32_bit, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EDOM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog filter = {.len = sizeof code / sizeof *code, .filter = code};
    kernel_call(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return kernel_call(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter);
}

static long succeeded(long result)
{
    return result < 0 ? result : 0;
}

static int make_foreign_call(void *argument)
{
    report(argument, succeeded(call_32(getppid_32)));
    return 0;
}

static int make_x32_call(void *argument)
{
    report(argument, succeeded(kernel_call(__NR_getppid | x32_bit)));
    return 0;
}

static int deny_foreign_calls(void *argument)
{
    (void)argument;
    const long installed = install();
    report("foreign-install", installed);
    if (installed < 0)
        return 0;
    report("foreign-own", succeeded(kernel_call(__NR_getppid)));
    report("x32-denied", succeeded(kernel_call(__NR_getppid | x32_bit)));
    report("foreign-denied", succeeded(call_32(getppid_32)));
    return 0;
}

void report_foreign_calls(void)
{
    /* A kernel without 32-bit calls answers with SIGSEGV, some filters with SIGSYS: the step foreign-control-died. */
    report_child("foreign-control", make_foreign_call, "foreign-control", 1000);
    report_child("x32-control", make_x32_call, "x32-control", 1000);
    report_child("foreign", deny_foreign_calls, 0, 1000);
}

#else

void report_foreign_calls(void)
{
}

#endif
