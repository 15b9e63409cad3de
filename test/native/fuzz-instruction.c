/*
 * A target for libFuzzer: one instruction from memory, and everything that it points at. Each input lies in a piece of
 * memory that is just as long, so that AddressSanitizer sees a byte too many. fuzz-mutator.h knows what a record is.
 */
#include "fuzz-mutator.h"
#include "instruction-reader.h"
#include "walk-instruction.h"

#include <stdlib.h>

enum { stale_pointers = 4096 };

static struct instruction instruction, next;

static void demand(bool holds)
{
    if (!holds)
        abort();
}

/* What an earlier instruction left in the reader's own memory must not be taken for a part of this one. */
static void leave_stale_pointers(void)
{
    for (size_t index = 0; index < stale_pointers; index++)
        argument_pointers[index] = environment_pointers[index] = (char *)1;
}

static void check_bounds(void)
{
    demand(instruction.arguments[0] != NULL && instruction.directory[0] == '/');
    demand(instruction.root_count <= root_steps_max && instruction.control_group_count <= control_groups_max);
    demand(instruction.resource_limit_count <= resource_limits_max && instruction.seccomp.len <= 4096);
    for (size_t index = 0; index < instruction.root_count; index++)
        demand(instruction.root[index].destination[0] == '/' && instruction.root[index].owner_namespace == -1);
}

/* In a piece of memory of its own that is just as long; freed by the caller. */
static unsigned char *copy_of(const uint8_t *data, size_t size)
{
    unsigned char *bytes = malloc(size == 0 ? 1 : size);
    demand(bytes != NULL);
    memcpy(bytes, data, size);
    return bytes;
}

static void start_anew(void)
{
    kept_bytes = kept_arguments = kept_variables = 0;
    memset(&instruction, 0, sizeof instruction);
    memset(&next, 0, sizeof next);
    leave_stale_pointers();
}

/* As a resident launcher does it: one instruction stays, and another is read that must not change it. */
static void read_another(const uint8_t *data, size_t size)
{
    unsigned char *bytes = copy_of(data, size);
    const size_t sum = walk_instruction(&instruction);
    keep_instruction();
    demand(parse_instruction(bytes, size, &next) == 0);
    demand(walk_instruction(&next) == sum && walk_instruction(&instruction) == sum);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char *bytes = copy_of(data, size);
    start_anew();
    const long result = parse_instruction(bytes, size, &instruction);
    demand(result == 0 || result == -EBADMSG || result == -EPROTO || result == -ENODATA);
    if (result == 0) {
        check_bounds();
        read_another(data, size);
    }
    /* It is read where it lies, and by more than one reader. */
    demand(memcmp(bytes, data, size) == 0);
    free(bytes);
    return 0;
}
