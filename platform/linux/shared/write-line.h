/* Lines of JSON, put together in a buffer and written by one write(2) each, so that a reader never sees half a line. */
#ifndef CUPEL_WRITE_LINE_H
#define CUPEL_WRITE_LINE_H

#include "kernel.h"

enum { line_capacity = 8192 };

struct line {
    size_t length;
    char text[line_capacity];
};

static inline void put_byte(struct line *line, char byte)
{
    /* The last byte is kept for the newline: a line that is too long is cut, never overrun. */
    if (line->length < line_capacity - 1)
        line->text[line->length++] = byte;
}

static inline void put_raw(struct line *line, const char *text)
{
    while (*text != '\0')
        put_byte(line, *text++);
}

static inline void put_number(struct line *line, long long number)
{
    char digits[24];
    size_t count = 0;
    unsigned long long rest = number < 0 ? 0ULL - (unsigned long long)number : (unsigned long long)number;
    do {
        digits[count++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        put_byte(line, '-');
    while (count > 0)
        put_byte(line, digits[--count]);
}

/* A JSON string. Bytes that JSON or a terminal would read as more than text become '?'. */
static inline void put_string(struct line *line, const char *text)
{
    put_byte(line, '"');
    for (; *text != '\0'; text++) {
        const unsigned char byte = (unsigned char)*text;
        if (byte == '"' || byte == '\\')
            put_byte(line, '\\');
        put_byte(line, byte < 0x20 || byte >= 0x7f ? '?' : *text);
    }
    put_byte(line, '"');
}

/* ,"name":number (no comma after the opening brace) */
static inline void put_number_field(struct line *line, const char *name, long long number)
{
    if (line->length > 0 && line->text[line->length - 1] != '{')
        put_byte(line, ',');
    put_string(line, name);
    put_byte(line, ':');
    put_number(line, number);
}

static inline void put_string_field(struct line *line, const char *name, const char *text)
{
    if (line->length > 0 && line->text[line->length - 1] != '{')
        put_byte(line, ',');
    put_string(line, name);
    put_byte(line, ':');
    put_string(line, text);
}

/* Writes the line whole. A reader that is gone is not an error of the writer: it will learn of it by its own means. */
static inline void write_line(int descriptor, struct line *line)
{
    line->text[line->length++] = '\n';
    size_t done = 0;
    while (done < line->length) {
        const long count = kernel_call(__NR_write, descriptor, line->text + done, line->length - done);
        if (count == -EINTR)
            continue;
        if (count <= 0)
            break;
        done += (size_t)count;
    }
    line->length = 0;
}

#endif
