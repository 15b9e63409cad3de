/* Throw-away children, time and memory. */
#include "attacker.h"
#include "../shared/child.h"

#include <linux/futex.h>
#include <linux/mman.h>
#include <linux/sched.h>
#include <linux/time_types.h>

enum { vanished = 111 };

long fork_child(long milliseconds)
{
    const long process = fork_with_parent(vanished);
    if (process == 0)
        die_after(milliseconds);
    return process;
}

long wait_for(long process)
{
    int status = 0;
    long result;
    do
        result = kernel_call(__NR_wait4, process, &status, 0, 0);
    while (result == -EINTR);
    return result < 0 ? result : status;
}

void kill_and_wait(long process)
{
    if (process <= 0)
        return;
    kernel_call(__NR_kill, process, SIGKILL);
    wait_for(process);
}

long run_child(act *action, void *argument, long milliseconds)
{
    const long process = fork_child(milliseconds);
    if (process == 0)
        leave(action(argument));
    return process < 0 ? process : wait_for(process);
}

void sleep_milliseconds(long milliseconds)
{
    const struct __kernel_timespec time = {milliseconds / 1000, (milliseconds % 1000) * 1000000};
    kernel_call(__NR_nanosleep, &time, 0);
}

long long now_nanoseconds(void)
{
    struct __kernel_timespec time = {0, 0};
    kernel_call(__NR_clock_gettime, CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

long long now_milliseconds(void)
{
    return now_nanoseconds() / 1000000;
}

bool is_mapped(long result)
{
    return result > 0 || result < -4095;
}

void *map_memory(size_t bytes, int flags)
{
    const long result = kernel_call(__NR_mmap, 0, bytes, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
    return is_mapped(result) ? (void *)result : 0;
}

void *shared_memory(size_t bytes)
{
    return map_memory(bytes, MAP_SHARED);
}

/* The new thread has no stack that it may use: it stays in four instructions, waiting in poll(0, 0, -1). */
long start_idle_thread(void)
{
    const long flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
    static char room[64];
    long result;
#if defined(__x86_64__)
    register long r10 __asm__("r10") = 0;
    register long r8 __asm__("r8") = 0;
    __asm__ volatile("syscall\n"
                     "test %%rax, %%rax\n"
                     "jnz 2f\n"
                     "1: xor %%edi, %%edi\n"
                     "xor %%esi, %%esi\n"
                     "mov $-1, %%rdx\n"
                     "mov $7, %%eax\n"
                     "syscall\n"
                     "jmp 1b\n"
                     "2:\n"
                     : "=a"(result)
                     : "a"((long)__NR_clone), "D"(flags), "S"(room + 32), "d"(0L), "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
#else
    register long x8 __asm__("x8") = __NR_clone;
    register long x0 __asm__("x0") = flags;
    register long x1 __asm__("x1") = (long)(room + 32);
    register long x2 __asm__("x2") = 0;
    register long x3 __asm__("x3") = 0;
    register long x4 __asm__("x4") = 0;
    __asm__ volatile("svc #0\n"
                     "cbnz x0, 2f\n"
                     "1: mov x0, #0\n"
                     "mov x1, #0\n"
                     "mov x2, #0\n"
                     "mov x3, #0\n"
                     "mov x8, #73\n"
                     "svc #0\n"
                     "b 1b\n"
                     "2:\n"
                     : "+r"(x0), "+r"(x8), "+r"(x1), "+r"(x2), "+r"(x3)
                     : "r"(x4)
                     : "memory");
    result = x0;
#endif
    return result;
}
