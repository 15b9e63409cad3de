/* Texts, the memory they lie in, and last words. */
#include "../shared/append.h"
#include "bwrap.h"

#include <linux/mman.h>
#include <stdarg.h>

static bool is_prefixed;

void prefix_level(void)
{
    is_prefixed = true;
}

enum { chunk_bytes = 1 << 18 };

/* Nothing is given back: a run reads its command line once. */
void *allocate(size_t bytes)
{
    static char *at, *end;
    const size_t wanted = (bytes + 15) & ~(size_t)15;
    if (at == NULL || (size_t)(end - at) < wanted) {
        const size_t size = wanted > chunk_bytes ? wanted : chunk_bytes;
        const long made =
            kernel_call(__NR_mmap, NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (made < 0 && made > -4096)
            die("Out of memory", NULL);
        at = (char *)made; // NOLINT(performance-no-int-to-ptr)
        end = at + size;
    }
    void *const taken = at;
    at += wanted;
    return taken;
}

/* Until it is asked for again. */
void *take_scratch(size_t bytes)
{
    static void *scratch;
    static size_t size;
    if (size < bytes) {
        size = 2 * bytes;
        scratch = allocate(size);
    }
    return scratch;
}

static const char *join_all(const char *first, va_list rest)
{
    va_list again;
    va_copy(again, rest);
    size_t length = 1;
    for (const char *part = first; part != NULL; part = va_arg(again, const char *))
        length += strlen(part);
    va_end(again);
    char *const text = allocate(length);
    char *end = text;
    for (const char *part = first; part != NULL; part = va_arg(rest, const char *))
        end = append_text(end, part);
    return text;
}

const char *join(const char *first, ...)
{
    va_list rest;
    va_start(rest, first);
    const char *const text = join_all(first, rest);
    va_end(rest);
    return text;
}

const char *number_text(uint64_t number)
{
    char *const text = allocate(number_capacity);
    append_number(text, number, 10);
    return text;
}

const char *octal_text(uint64_t number)
{
    char *const text = allocate(number_capacity);
    append_number(text, number, 8);
    return text;
}

/* 0, or why it is not all written. */
long write_text(int descriptor, const char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        const long count = kernel_call(__NR_write, descriptor, text, left);
        if (count == -EINTR)
            continue;
        if (count <= 0)
            return count;
        text += count;
        left -= (size_t)count;
    }
    return 0;
}

/* syslog(3): LOG_WARNING is 4. */
void warn_of_last(const char *option)
{
    write_text(2, join(is_prefixed ? "<4>" : "", "bwrap: Only the last ", option, " option will take effect\n", NULL));
}

/* syslog(3): LOG_ERR is 3. */
__attribute__((noreturn)) static void leave_with(const char *words)
{
    write_text(2, join(is_prefixed ? "<3>" : "", "bwrap: ", words, "\n", NULL));
    leave(1);
}

void die(const char *first, ...)
{
    va_list rest;
    va_start(rest, first);
    leave_with(join_all(first, rest));
}

void die_of(long result, const char *first, ...)
{
    va_list rest;
    va_start(rest, first);
    leave_with(join(join_all(first, rest), ": ", error_text(result), NULL));
}

bool starts_with(const char *text, const char *beginning)
{
    while (*beginning != '\0')
        if (*text++ != *beginning++)
            return false;
    return true;
}

void append_item(struct list *list, struct item *item)
{
    item->next = NULL;
    if (list->end == NULL)
        list->end = &list->first;
    *list->end = item;
    list->end = &item->next;
}
