/* Short texts, where there is no printf. */
#include "../shared/append.h"
#include "attacker.h"

char *join(char *to, size_t room, const char *first, const char *second, const char *third)
{
    const char *parts[] = {first, second, third};
    size_t length = 0;
    for (size_t part = 0; part < sizeof parts / sizeof *parts; part++)
        for (const char *from = parts[part]; *from != '\0' && length + 1 < room; from++)
            to[length++] = *from;
    to[length] = '\0';
    return to;
}

const char *decimal(long long number)
{
    static char buffers[4][number_room];
    static unsigned next;
    char *text = buffers[next++ % 4], *at = text;
    if (number < 0)
        *at++ = '-';
    append_number(at, number < 0 ? 0ULL - (unsigned long long)number : (unsigned long long)number, 10);
    return text;
}

bool starts_with(const char *text, const char *start)
{
    while (*start != '\0')
        if (*text++ != *start++)
            return false;
    return true;
}

const char *last_part(const char *path)
{
    const char *part = path;
    for (; *path != '\0'; path++)
        if (*path == '/' && path[1] != '\0')
            part = path + 1;
    return part;
}

char *parent_of(char *to, size_t room, const char *path)
{
    join(to, room, path, "", "");
    size_t length = (size_t)(last_part(path) - path);
    while (length > 1 && to[length - 1] == '/')
        length--;
    to[length < room ? length : room - 1] = '\0';
    return to[0] == '\0' ? join(to, room, path[0] == '/' ? "/" : ".", "", "") : to;
}

const char *find_text(const char *bytes, size_t length, const char *needle)
{
    const size_t wanted = strlen(needle);
    for (size_t at = 0; wanted > 0 && at + wanted <= length; at++)
        if (memcmp(bytes + at, needle, wanted) == 0)
            return bytes + at;
    return 0;
}
