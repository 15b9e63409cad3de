/* The entry point, linked into every helper: from the kernel's stack to program(), without a C library in between. */
#include "kernel.h"

#ifdef HOSTED

int main(int argument_count, char **arguments, char **environment)
{
    return program(argument_count, arguments, environment);
}

#else

__attribute__((noreturn)) void cupel_start(long *stack);

#if defined(__x86_64__)

/* At entry the stack holds argc, argv, NULL, envp, NULL (System V ABI, "Process Initialization"). */
__asm__(".section .text\n"
        ".globl _start\n"
        "_start:\n"
        "    xor %ebp, %ebp\n"
        "    mov %rsp, %rdi\n"
        "    and $-16, %rsp\n"
        "    call cupel_start\n"
        "    hlt\n");

#elif defined(__aarch64__)

__asm__(".section .text\n"
        ".globl _start\n"
        "_start:\n"
        "    mov x29, #0\n"
        "    mov x30, #0\n"
        "    mov x0, sp\n"
        "    and sp, x0, #-16\n"
        "    bl cupel_start\n"
        "    brk #0\n");

#endif

/* The compiler may call these four for plain assignments and comparisons, whatever the flags. */
__attribute__((used)) void *memcpy(void *restrict to, const void *restrict from, size_t length)
{
    unsigned char *target = to;
    const unsigned char *source = from;
    for (size_t index = 0; index < length; index++)
        target[index] = source[index];
    return to;
}

__attribute__((used)) void *memmove(void *to, const void *from, size_t length)
{
    unsigned char *target = to;
    const unsigned char *source = from;
    if (target < source)
        return memcpy(to, from, length);
    while (length-- > 0)
        target[length] = source[length];
    return to;
}

__attribute__((used)) void *memset(void *at, int value, size_t length)
{
    unsigned char *target = at;
    for (size_t index = 0; index < length; index++)
        target[index] = (unsigned char)value;
    return at;
}

__attribute__((used)) int memcmp(const void *left, const void *right, size_t length)
{
    const unsigned char *first = left;
    const unsigned char *second = right;
    for (size_t index = 0; index < length; index++)
        if (first[index] != second[index])
            return first[index] < second[index] ? -1 : 1;
    return 0;
}

__attribute__((used, noreturn)) void cupel_start(long *stack)
{
    const int argument_count = (int)stack[0];
    char **arguments = (char **)(stack + 1);
    const int status = program(argument_count, arguments, arguments + argument_count + 1);
    for (;;)
        kernel_call6(__NR_exit_group, status, 0, 0, 0, 0, 0);
}

#endif
