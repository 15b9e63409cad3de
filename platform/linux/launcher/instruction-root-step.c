/* Reads the records that are steps of building a root, each for what root-steps.c does with it. */
#include "instruction-cursor.h"

void parse_root_step(struct cursor *cursor, struct instruction *into, uint16_t kind)
{
    if (into->root_count == root_steps_max) {
        cursor->broken = true;
        return;
    }
    struct root_step *step = &into->root[into->root_count++];
    step->kind = kind;
    step->owner_namespace = -1;
    switch (kind) {
    case record_bind:
        step->bits = take_bits(cursor, step_bit_all);
        step->source = take_absolute_path(cursor);
        step->destination = take_absolute_path(cursor);
        return;
    case record_overlay:
        step->bits = take_bits(cursor, step_bit_all);
        step->source = take_absolute_path(cursor);
        step->destination = take_absolute_path(cursor);
        step->layer = take_absolute_path(cursor);
        step->size = take_u64(cursor);
        step->files = take_u64(cursor);
        step->program = take_text(cursor);
        if (step->program[0] == '\0')
            step->program = NULL;
        else if (step->program[0] != '/' || step->size > 0)
            cursor->broken = true;
        return;
    case record_tmpfs:
        step->bits = take_bits(cursor, step_bit_all);
        step->mode = take_bits(cursor, mode_bits);
        step->size = take_u64(cursor);
        step->files = take_u64(cursor);
        break;
    case record_make_directory:
        step->mode = take_bits(cursor, mode_bits);
        break;
    case record_file:
        step->bits = take_bits(cursor, step_bit_owned);
        step->mode = take_bits(cursor, permissions);
        step->destination = take_absolute_path(cursor);
        step->content_length = take_u32(cursor);
        step->content = take_bytes(cursor, step->content_length);
        return;
    case record_symlink:
        step->destination = take_absolute_path(cursor);
        step->source = take_text(cursor);
        return;
    case record_devices:
        step->size = take_u64(cursor);
        step->files = take_u64(cursor);
        break;
    case record_mirror:
    case record_proc:
    case record_read_only:
    case record_mask:
        break;
    default:
        cursor->broken = true;
        return;
    }
    step->destination = take_absolute_path(cursor);
    step->source = step->destination;
}
