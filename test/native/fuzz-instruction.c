/*
 * A target for libFuzzer: one instruction from memory, and everything that it points at. Each input lies in a piece of
 * memory that is just as long, so that AddressSanitizer sees a byte too many. fuzz-mutator.h knows what a record is.
 */
#include "../../platform/linux/launcher/instruction.c"
#include "fuzz-mutator.h"
#include "walk-instruction.h"

#include <stdlib.h>

enum { stale_pointers = 4096 };

static struct instruction instruction;
static volatile size_t sink;

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char *bytes = malloc(size == 0 ? 1 : size);
    demand(bytes != NULL);
    memcpy(bytes, data, size);
    memset(&instruction, 0, sizeof instruction);
    leave_stale_pointers();
    const long result = parse_instruction(bytes, size, &instruction);
    demand(result == 0 || result == -EBADMSG || result == -EPROTO);
    if (result == 0) {
        check_bounds();
        sink = walk_instruction(&instruction);
    }
    /* It is read where it lies, and by more than one reader. */
    demand(memcmp(bytes, data, size) == 0);
    free(bytes);
    return 0;
}
