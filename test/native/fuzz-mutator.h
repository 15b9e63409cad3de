/*
 * Mutations that know what a record is: most random bytes end at the first length that is not right. RECORD_FORMATS is
 * a list of {kind, format} made from the protocol's table; a format has one letter for each field of the record:
 * 4 and 8 are numbers of that many bytes, t a text, s bytes with a length before them, r bytes to the record's end.
 */
#ifndef CUPEL_FUZZ_MUTATOR_H
#define CUPEL_FUZZ_MUTATOR_H

#include "../../platform/linux/launcher/launcher.h"

/* What counts as new is what the reader does with an input, not how the input was made. */
#pragma clang attribute push(__attribute__((no_sanitize("coverage"))), apply_to = function)

enum { fuzz_header = 12, fuzz_record_header = 8, fuzz_bytes_max = 1 << 17, fuzz_records_max = 2048 };

static const struct {
    uint16_t kind;
    const char *format;
} record_formats[] = {RECORD_FORMATS};

enum { record_format_count = sizeof record_formats / sizeof record_formats[0] };

static const char *const fuzz_texts[] = {"",    "/",   "a",         "/a/b",  "..",
                                         "/..", "A=1", "PATH=/bin", "/\xff", "/aaaaaaaaaaaaaaaaaaaaaaaa"};

static const uint32_t fuzz_numbers[] = {0, 1, 2, 8, 16, 0xff, 0x1ff, 0xffff, 1u << 20, 0x7e020080, 1u << 31, ~0u};

/* Of libFuzzer. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *other, size_t other_size,
                                 uint8_t *out, size_t max_out, unsigned seed);

static uint32_t fuzz_state;

static uint32_t fuzz_random(uint32_t below)
{
    fuzz_state ^= fuzz_state << 13;
    fuzz_state ^= fuzz_state >> 17;
    fuzz_state ^= fuzz_state << 5;
    return fuzz_state % below;
}

struct draft {
    size_t size;
    uint8_t bytes[fuzz_bytes_max];
};

static void put(struct draft *draft, const void *bytes, size_t count)
{
    if (draft->size + count > fuzz_bytes_max)
        return;
    memcpy(draft->bytes + draft->size, bytes, count);
    draft->size += count;
}

static void put_word(struct draft *draft, uint32_t word)
{
    put(draft, &word, sizeof word);
}

static void put_any_number(struct draft *draft)
{
    const uint32_t known = fuzz_numbers[fuzz_random(sizeof fuzz_numbers / sizeof fuzz_numbers[0])];
    put_word(draft, fuzz_random(4) == 0 ? 1u << fuzz_random(32) : known);
}

static void put_any_text(struct draft *draft)
{
    const char *text = fuzz_texts[fuzz_random(sizeof fuzz_texts / sizeof fuzz_texts[0])];
    put_word(draft, (uint32_t)strlen(text));
    put(draft, text, strlen(text) + 1);
}

static void put_any_bytes(struct draft *draft, uint32_t count)
{
    for (; count > 0; count--)
        put(draft, &(uint8_t){(uint8_t)fuzz_random(256)}, 1);
}

static void put_field(struct draft *draft, char format)
{
    const uint32_t count = fuzz_random(5) * 8;
    switch (format) {
    case '8':
        put_any_number(draft);
        put_any_number(draft);
        return;
    case 't':
        put_any_text(draft);
        return;
    case 's':
        put_word(draft, count);
        put_any_bytes(draft, count);
        return;
    case 'r':
        put_any_bytes(draft, count);
        return;
    default:
        put_any_number(draft);
    }
}

/* A record as the protocol wants it, of any kind, with any content. */
static void put_any_record(struct draft *draft)
{
    const size_t start = draft->size;
    const uint32_t chosen = fuzz_random(record_format_count);
    put_word(draft, record_formats[chosen].kind);
    put_word(draft, 0);
    for (const char *format = record_formats[chosen].format; *format != '\0'; format++)
        put_field(draft, *format);
    const uint32_t length = (uint32_t)(draft->size - start - fuzz_record_header);
    if (draft->size >= start + fuzz_record_header)
        memcpy(draft->bytes + start + 4, &length, sizeof length);
}

/* Where records begin, and where the last one ends; a record that is cut short is the last. */
static size_t find_records(const uint8_t *data, size_t size, size_t starts[fuzz_records_max + 1])
{
    size_t count = 0;
    size_t at = fuzz_header;
    while (at + fuzz_record_header <= size && count < fuzz_records_max) {
        uint32_t length;
        memcpy(&length, data + at + 4, sizeof length);
        starts[count++] = at;
        if (length > size - at - fuzz_record_header)
            break;
        at += fuzz_record_header + length;
    }
    starts[count] = count > 0 && at <= size && at > starts[count - 1] ? at : size;
    return count;
}

static void fix_header(uint8_t *data, size_t size)
{
    const uint32_t header[] = {PROTOCOL_MAGIC, PROTOCOL_VERSION, (uint32_t)size};
    memcpy(data, header, sizeof header);
}

static void put_changed_payload(struct draft *draft, const uint8_t *record, size_t size)
{
    static uint8_t payload[fuzz_bytes_max];
    size_t length = size > fuzz_record_header ? size - fuzz_record_header : 0;
    memcpy(payload, record + fuzz_record_header, length);
    length = LLVMFuzzerMutate(payload, length, length + 64);
    put(draft, record, 4);
    put_word(draft, (uint32_t)length);
    put(draft, payload, length);
}

static void put_with_other_number(struct draft *draft, const uint8_t *record, size_t size)
{
    const size_t start = draft->size;
    put(draft, record, size);
    const uint32_t number = fuzz_random(2) == 0 ? (uint32_t)size - fuzz_random(16) : 1u << fuzz_random(32);
    if (size >= 4 && draft->size == start + size)
        memcpy(draft->bytes + start + fuzz_random((uint32_t)size - 3), &number, sizeof number);
}

enum change { change_insert, change_remove, change_repeat, change_payload, change_number, change_kind, changes };

static void put_changed(struct draft *draft, const uint8_t *record, size_t size, enum change change)
{
    switch (change) {
    case change_insert:
        put_any_record(draft);
        put(draft, record, size);
        return;
    case change_remove:
        return;
    case change_repeat:
        /* Often enough that a list overflows. */
        for (uint32_t count = 2u << fuzz_random(11); count > 0; count--)
            put(draft, record, size);
        return;
    case change_payload:
        put_changed_payload(draft, record, size);
        return;
    case change_number:
        put_with_other_number(draft, record, size);
        return;
    default:
        put_word(draft, record_formats[fuzz_random(record_format_count)].kind);
        put(draft, record + 4, size - 4);
    }
}

static size_t change_record(uint8_t *data, size_t size, size_t max_size)
{
    static struct draft draft;
    static size_t starts[fuzz_records_max + 1];
    const size_t count = find_records(data, size, starts);
    draft.size = 0;
    put(&draft, data, fuzz_header);
    if (count == 0) {
        put_any_record(&draft);
    } else {
        const size_t chosen = fuzz_random((uint32_t)count);
        put(&draft, data + fuzz_header, starts[chosen] - fuzz_header);
        put_changed(&draft, data + starts[chosen], starts[chosen + 1] - starts[chosen],
                    (enum change)fuzz_random(changes));
        put(&draft, data + starts[chosen + 1], size - starts[chosen + 1]);
    }
    const size_t made = draft.size < max_size ? draft.size : max_size;
    memcpy(data, draft.bytes, made);
    return made;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    fuzz_state = seed | 1;
    if (max_size < fuzz_header || size > fuzz_bytes_max || fuzz_random(16) == 0)
        return LLVMFuzzerMutate(data, size, max_size);
    if (size < fuzz_header) {
        memset(data, 0, fuzz_header);
        size = fuzz_header;
    }
    for (uint32_t times = 1 + fuzz_random(3); times > 0; times--)
        size = fuzz_random(4) == 0 ? LLVMFuzzerMutate(data, size, max_size) : change_record(data, size, max_size);
    if (size >= fuzz_header)
        fix_header(data, size);
    return size;
}

/* The first records of one, and the last of the other. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *other, size_t other_size,
                                 uint8_t *out, size_t max_out, unsigned seed)
{
    static struct draft draft;
    static size_t starts[fuzz_records_max + 1];
    fuzz_state = seed | 1;
    draft.size = 0;
    put(&draft, (const uint8_t[fuzz_header]){0}, fuzz_header);
    const size_t heads = one_size < fuzz_header ? 0 : find_records(one, one_size, starts);
    if (heads > 0)
        put(&draft, one + fuzz_header, starts[fuzz_random((uint32_t)heads + 1)] - fuzz_header);
    const size_t tails = other_size < fuzz_header ? 0 : find_records(other, other_size, starts);
    if (tails > 0) {
        const size_t from = starts[fuzz_random((uint32_t)tails)];
        put(&draft, other + from, other_size - from);
    }
    const size_t made = draft.size < max_out ? draft.size : max_out;
    memcpy(out, draft.bytes, made);
    if (made >= fuzz_header)
        fix_header(out, made);
    return made;
}

#pragma clang attribute pop

#endif
