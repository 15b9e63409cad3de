/* Putting short texts together where there is no printf. The caller sees to the room. */
#ifndef CUPEL_APPEND_H
#define CUPEL_APPEND_H

#include "kernel.h"

enum { number_capacity = 24 };

/* Digits of `number` in `base` (at most 10) and a NUL; returns where the NUL is. */
static inline char *append_number(char *at, uint64_t number, unsigned base)
{
    char digits[number_capacity];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + number % base);
        number /= base;
    } while (number > 0);
    while (count > 0)
        *at++ = digits[--count];
    *at = '\0';
    return at;
}

static inline char *append_text(char *at, const char *text)
{
    while (*text != '\0')
        *at++ = *text++;
    *at = '\0';
    return at;
}

#endif
