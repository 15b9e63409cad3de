/* What reading an instruction consists of: instruction.c reads the whole, instruction-records.c each record. */
#ifndef CUPEL_INSTRUCTION_CURSOR_H
#define CUPEL_INSTRUCTION_CURSOR_H

#include "instruction.h"

/* What a mode may hold: of a file, and of a directory. */
enum { permissions = 0777, mode_bits = 07777 };

struct cursor {
    unsigned char *at;
    unsigned char *end;
    bool broken;
};

/* instruction-cursor.c */
void take(struct cursor *cursor, void *to, size_t length);
uint16_t take_u16(struct cursor *cursor);
uint32_t take_u32(struct cursor *cursor);
uint64_t take_u64(struct cursor *cursor);
uint32_t take_bits(struct cursor *cursor, uint32_t known);
const char *take_bytes(struct cursor *cursor, uint32_t length);
char *take_text(struct cursor *cursor);
const char *take_absolute_path(struct cursor *cursor);

/* With room for arguments_max words, the end of the list included. */
enum { arguments_max = 1 << 19 };
struct word_list {
    char **words;
    size_t count;
};

/* Lists that grow record by record, too long to lie in an instruction. */
struct word_lists {
    struct word_list arguments, variables, setup;
};

/* instruction-records.c: leaves the cursor broken where the record is not one of its kind. */
void parse_record(struct cursor *cursor, struct instruction *into, struct word_lists *lists, uint16_t kind);

/* instruction-root-step.c: the same, for every kind that is nothing else. */
void parse_root_step(struct cursor *cursor, struct instruction *into, uint16_t kind);

#endif
