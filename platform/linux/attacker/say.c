/* The lines that are told, each by one write(2). */
#include "../shared/append.h"
#include "attacker.h"

#include <linux/fcntl.h>

enum { standard_output = 1 };

struct output {
    size_t length;
    char text[line_bytes_max];
};

static const char *subject = "";

void set_subject(const char *id)
{
    subject = id;
}

void write_all(int descriptor, const char *text, size_t length)
{
    while (length > 0) {
        const long count = kernel_call(__NR_write, descriptor, text, length);
        if (count == -EINTR)
            continue;
        if (count <= 0)
            return;
        text += count;
        length -= (size_t)count;
    }
}

static void put(struct output *line, const char *text)
{
    while (*text != '\0' && line->length < line_bytes_max - 1)
        line->text[line->length++] = *text++;
}

static void put_escaped(struct output *line, const void *bytes, size_t length)
{
    static const char digits[] = "0123456789ABCDEF";
    const unsigned char *from = bytes;
    for (size_t at = 0; at < length; at++) {
        if (from[at] > ' ' && from[at] < 0x7f && from[at] != '%') {
            put(line, (const char[]){(char)from[at], '\0'});
            continue;
        }
        put(line, (const char[]){'%', digits[from[at] >> 4], digits[from[at] & 15], '\0'});
    }
}

static void end_line(struct output *line)
{
    line->text[line->length++] = '\n';
    write_all(standard_output, line->text, line->length);
}

static struct output begin_line(const char *kind)
{
    struct output line;
    line.length = 0;
    put(&line, kind);
    put(&line, " ");
    put(&line, subject);
    return line;
}

void say_start(void)
{
    struct output line = begin_line("start");
    end_line(&line);
}

void say_end(const char *ending, const char *words, long number)
{
    struct output line = begin_line("end");
    put(&line, " ");
    put(&line, ending);
    if (words[0] != '\0')
        put(&line, " ");
    put(&line, words);
    if (number >= 0) {
        put(&line, " ");
        put(&line, decimal(number));
    }
    end_line(&line);
}

void did(const char *step, long result)
{
    struct output line = begin_line("did");
    put(&line, " ");
    put(&line, step);
    put(&line, " ");
    /* Errnos end at 4095: a mapped address may be negative, too (mmap(2), and the kernel's IS_ERR_VALUE). */
    put(&line, result < 0 && result >= -4095 ? decimal(-result) : "ok");
    end_line(&line);
}

void saw(const char *channel, const void *bytes, size_t length)
{
    struct output line = begin_line("saw");
    put(&line, " ");
    put(&line, channel);
    put(&line, " ");
    put_escaped(&line, bytes, length < saw_bytes_max ? length : saw_bytes_max);
    end_line(&line);
}

void saw_text(const char *channel, const char *text)
{
    saw(channel, text, strlen(text));
}

void gained(const char *what, const char *which)
{
    char words[saw_bytes_max];
    saw_text("gained", join(words, sizeof words, what, which[0] == '\0' ? "" : " ", which));
}

void left(const char *what)
{
    saw_text("left", what);
}

void fact_text(const char *name, const char *value)
{
    char words[saw_bytes_max];
    saw_text("fact", join(words, sizeof words, name, "=", value));
}

void fact(const char *name, long long number)
{
    fact_text(name, decimal(number));
}

/* Where a link of /proc leads. */
void tell_link(const char *name, const char *path)
{
    char target[saw_bytes_max];
    const long length = kernel_call(__NR_readlinkat, AT_FDCWD, path, target, sizeof target - 1);
    did(name, length);
    if (length < 0)
        return;
    target[length] = '\0';
    fact_text(name, target);
}
