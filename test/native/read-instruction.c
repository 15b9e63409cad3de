/*
 * Reads instructions as the launcher does, one after another, and says of each what came of it. Each comes on standard
 * input as a length and that many bytes, and goes through a pipe or a file of its own. A second reading is done with
 * the memory behind the instruction forbidden, so that AddressSanitizer sees a reader that goes a byte too far.
 */
#include "instruction-reader.h"
#include "walk-instruction.h"

#include <sanitizer/asan_interface.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { guarded_bytes = 65536, stale_pointers = 4096 };

static volatile size_t sink;
static unsigned char given[INSTRUCTION_BYTES_MAX + 65536];

static void fail(const char *problem)
{
    fprintf(stderr, "read-instruction: %s\n", problem);
    exit(2);
}

static void forget(struct instruction *instruction)
{
    memset(instruction, 0, sizeof *instruction);
    /* Of an earlier instruction: the next must end its own lists. */
    for (size_t index = 0; index < stale_pointers; index++)
        argument_pointers[index] = environment_pointers[index] = (char *)1;
}

static long read_from_file(const unsigned char *bytes, size_t length, struct instruction *instruction)
{
    const int file = memfd_create("instruction", 0);
    if (file < 0 || write(file, bytes, length) != (ssize_t)length || lseek(file, 0, SEEK_SET) != 0)
        fail("no memory for a file");
    forget(instruction);
    const long result = read_instruction(file, instruction);
    close(file);
    return result;
}

/* The same bytes again, with nothing behind them. */
static long parse_guarded(size_t length, struct instruction *instruction)
{
    const size_t guarded = sizeof buffer - length < guarded_bytes ? sizeof buffer - length : guarded_bytes;
    forget(instruction);
    ASAN_POISON_MEMORY_REGION(buffer + length, guarded);
    const long result = parse_instruction(buffer, length, instruction);
    if (result == 0)
        sink = walk_instruction(instruction);
    ASAN_UNPOISON_MEMORY_REGION(buffer + length, guarded);
    return result;
}

static long judge(const unsigned char *bytes, uint32_t length)
{
    static struct instruction instruction;
    const long result = read_from_file(bytes, length, &instruction);
    uint32_t said = 0;
    if (length >= instruction_header_bytes)
        memcpy(&said, bytes + 8, sizeof said);
    const bool is_whole = said >= instruction_header_bytes && said <= length && said <= INSTRUCTION_BYTES_MAX;
    if (is_whole && (result == 0 || result == -EBADMSG)) {
        memcpy(buffer, bytes, said);
        const long again = parse_guarded(said, &instruction);
        if (result == 0 && again != 0)
            fail("a second reading gave something else");
    }
    return result;
}

int program(int argument_count, char **arguments, char **environment)
{
    (void)argument_count;
    (void)arguments;
    (void)environment;
    uint32_t length;
    while (fread(&length, sizeof length, 1, stdin) == 1) {
        if (length > sizeof given || fread(given, 1, length, stdin) != length)
            fail("an instruction is cut short on its way");
        printf("%ld\n", judge(given, length));
    }
    return 0;
}

int main(int argument_count, char **arguments, char **environment)
{
    return program(argument_count, arguments, environment);
}
