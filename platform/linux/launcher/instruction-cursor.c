/*
 * Takes the parts of an instruction one after another, none beyond the end. A cursor that has met anything odd stays
 * broken, and gives nothing but zeros and empty texts from there on: whoever takes several parts asks once, at the end.
 */
#include "instruction-cursor.h"

void take(struct cursor *cursor, void *to, size_t length)
{
    if (cursor->broken || (size_t)(cursor->end - cursor->at) < length) {
        cursor->broken = true;
        memset(to, 0, length);
        return;
    }
    memcpy(to, cursor->at, length);
    cursor->at += length;
}

uint16_t take_u16(struct cursor *cursor)
{
    uint16_t value;
    take(cursor, &value, sizeof value);
    return value;
}

uint32_t take_u32(struct cursor *cursor)
{
    uint32_t value;
    take(cursor, &value, sizeof value);
    return value;
}

uint64_t take_u64(struct cursor *cursor)
{
    uint64_t value;
    take(cursor, &value, sizeof value);
    return value;
}

/* A bit that means nothing here was meant by a launcher that is not this one. */
uint32_t take_bits(struct cursor *cursor, uint32_t known)
{
    const uint32_t bits = take_u32(cursor);
    if ((bits & ~known) != 0)
        cursor->broken = true;
    return bits;
}

const char *take_bytes(struct cursor *cursor, uint32_t length)
{
    if (cursor->broken || (size_t)(cursor->end - cursor->at) < length) {
        cursor->broken = true;
        return "";
    }
    const char *bytes = (const char *)cursor->at;
    cursor->at += length;
    return bytes;
}

/* A length, that many bytes without NUL, and a NUL: what follows can use it as a C string where it lies. */
char *take_text(struct cursor *cursor)
{
    const uint32_t length = take_u32(cursor);
    char *text = (char *)cursor->at;
    if (cursor->broken || (size_t)(cursor->end - cursor->at) <= length || text[length] != '\0' ||
        strlen(text) != length) {
        cursor->broken = true;
        return (char *)"";
    }
    cursor->at += length + 1;
    return text;
}

const char *take_absolute_path(struct cursor *cursor)
{
    const char *path = take_text(cursor);
    if (path[0] != '/')
        cursor->broken = true;
    return path;
}
