/*
 * The kernel, called directly: system calls that return -errno, the few memory and text functions that a compiler
 * expects, and the entry point. There is no C library below this: a helper is some ten kilobytes, starts in the time
 * of an exec, and reads neither the environment nor a configuration file before its first line.
 *
 * With HOSTED defined the same sources build against a C library, for AddressSanitizer and UBSan.
 */
#ifndef CUPEL_KERNEL_H
#define CUPEL_KERNEL_H

#include <asm/unistd.h>
#include <linux/errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Every helper defines this; what it returns is the exit status. */
int program(int argument_count, char **arguments, char **environment);

#ifdef HOSTED

#include <errno.h>
#include <string.h>
#include <unistd.h>

static inline long kernel_call6(long number, long a, long b, long c, long d, long e, long f)
{
    const long result = syscall(number, a, b, c, d, e, f);
    return result == -1 ? -errno : result;
}

#else

#if defined(__x86_64__)

/* syscall(2): rcx and r11 are the kernel's; the fourth argument is in r10. */
static inline long kernel_call6(long number, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

#elif defined(__aarch64__)

static inline long kernel_call6(long number, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
    return x0;
}

#else
#error "cupel's helpers are written for x86-64 and arm64"
#endif

/* start.c */
void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *at, int value, size_t length);
int memcmp(const void *left, const void *right, size_t length);

static inline size_t strlen(const char *text)
{
    size_t length = 0;
    while (text[length] != '\0')
        length++;
    return length;
}

static inline int strcmp(const char *left, const char *right)
{
    while (*left != '\0' && *left == *right) {
        left++;
        right++;
    }
    return (unsigned char)*left - (unsigned char)*right;
}

#endif /* HOSTED */

/* kernel_call(__NR_close, fd): as many arguments as the call has; pointers and integers alike become longs. */
#define KERNEL_CALL_PICK(_0, _1, _2, _3, _4, _5, _6, name, ...) name
#define KERNEL_CALL_0(n) kernel_call6(n, 0, 0, 0, 0, 0, 0)
#define KERNEL_CALL_1(n, a) kernel_call6(n, (long)(a), 0, 0, 0, 0, 0)
#define KERNEL_CALL_2(n, a, b) kernel_call6(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define KERNEL_CALL_3(n, a, b, c) kernel_call6(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define KERNEL_CALL_4(n, a, b, c, d) kernel_call6(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define KERNEL_CALL_5(n, a, b, c, d, e) kernel_call6(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)
#define KERNEL_CALL_6(n, a, b, c, d, e, f)                                                                             \
    kernel_call6(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define kernel_call(...)                                                                                               \
    KERNEL_CALL_PICK(__VA_ARGS__, KERNEL_CALL_6, KERNEL_CALL_5, KERNEL_CALL_4, KERNEL_CALL_3, KERNEL_CALL_2,           \
                     KERNEL_CALL_1, KERNEL_CALL_0)                                                                     \
    (__VA_ARGS__)

/* Ends this process and all its threads, without any clean-up of a library's. */
__attribute__((noreturn)) static inline void leave(int status)
{
    for (;;)
        kernel_call(__NR_exit_group, status);
}

#endif
