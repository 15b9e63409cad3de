/* Numbers of a command line. */
#include "bwrap.h"

/* Digits of `base` alone, up to `maximum`. */
bool parse_number(const char *text, unsigned base, uint64_t maximum, uint64_t *number)
{
    uint64_t value = 0;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        const unsigned digit = (unsigned)(unsigned char)*text - '0';
        if (digit >= base || value > (maximum - digit) / base)
            return false;
        value = value * base + digit;
    }
    *number = value;
    return true;
}

int parse_descriptor(const char *text)
{
    uint64_t number;
    if (!parse_number(text, 10, 0x7fffffff, &number))
        die("Invalid fd: ", text, NULL);
    return (int)number;
}
