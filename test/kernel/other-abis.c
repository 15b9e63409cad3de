/* Makes system calls by other doors than the usual one: `int 0x80` (the 32-bit table) and x32. Each gives a line. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { x32_bit = 0x40000000 };

static long call_32(long number, long first)
{
    long result = -ENOSYS;
#ifdef __x86_64__
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(first) : "memory", "r8", "r9", "r10", "r11");
#else
    (void)number, (void)first;
#endif
    return (int)result;
}

int main(int count, char **arguments)
{
    for (int at = 1; at + 2 < count; at += 3) {
        const long number = strtol(arguments[at + 1], NULL, 0);
        const long first = strtol(arguments[at + 2], NULL, 0);
        long result;
        if (strcmp(arguments[at], "32") == 0) {
            result = call_32(number, first);
        } else {
            result = syscall(number | x32_bit, first, 0, 0, 0, 0);
            result = result < 0 ? -errno : result;
        }
        printf("%s\n", result < 0 ? strerrorname_np((int)-result) : "ok");
        fflush(stdout);
    }
    return 0;
}
