/* Numbers of a command line. */
#include "bwrap.h"

static unsigned digit_of(char letter)
{
    if (letter >= '0' && letter <= '9')
        return (unsigned)(letter - '0');
    const char lower = (char)(letter >= 'A' && letter <= 'Z' ? letter + ('a' - 'A') : letter);
    return lower >= 'a' && lower <= 'z' ? (unsigned)(lower - 'a') + 10 : ~0u;
}

/* Digits of `base` alone, up to `maximum`. */
bool parse_number(const char *text, unsigned base, uint64_t maximum, uint64_t *number)
{
    uint64_t value = 0;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        const unsigned digit = digit_of(*text);
        if (digit >= base || value > (maximum - digit) / base)
            return false;
        value = value * base + digit;
    }
    *number = value;
    return true;
}

/* As strtoull(3) reads it of any base: 0x… and 0… are of others than ten. */
bool parse_size(const char *text, uint64_t *size)
{
    const uint64_t maximum = ~(uint64_t)0 >> 1;
    if (text[0] != '0' || text[1] == '\0')
        return parse_number(text, 10, maximum, size);
    const bool is_hexadecimal = text[1] == 'x' || text[1] == 'X';
    return is_hexadecimal ? parse_number(text + 2, 16, maximum, size) : parse_number(text + 1, 8, maximum, size);
}

int parse_descriptor(const char *text)
{
    uint64_t number;
    if (!parse_number(text, 10, 0x7fffffff, &number))
        die("Invalid fd: ", text, NULL);
    return (int)number;
}
