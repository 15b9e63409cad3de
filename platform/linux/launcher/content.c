/*
 * Descriptors with a content of their own: sealed memory that nothing but what is given it can read, and nobody can
 * change. It never has a name, and what it takes counts as the job's memory.
 */
#include "launcher.h"

#include <linux/fcntl.h>
#include <linux/memfd.h>

/* MFD_NOEXEC_SEAL (linux/memfd.h, Linux 6.3): some hosts let nobody make memory that could be executed. */
enum { never_executable = 8 };

/* Above every number that the job is to find one at lies the memory, wherever there is room. */
enum { first_own_number = descriptor_number_max + 1 };
static int memories[descriptors_max];

static long make_memory(void)
{
    const long memory = kernel_call(__NR_memfd_create, "cupel", MFD_CLOEXEC | MFD_ALLOW_SEALING | never_executable);
    return memory == -EINVAL ? kernel_call(__NR_memfd_create, "cupel", MFD_CLOEXEC | MFD_ALLOW_SEALING) : memory;
}

static long fill(int memory, const struct content_descriptor *descriptor)
{
    for (uint32_t done = 0; done < descriptor->length;) {
        const long count = kernel_call(__NR_write, memory, descriptor->content + done, descriptor->length - done);
        if (count < 0)
            return count;
        done += (uint32_t)count;
    }
    return kernel_call(__NR_fcntl, memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
}

/* A descriptor of each content, out of the way of every number that the job is to find one at. */
long make_contents(const struct instruction *instruction)
{
    for (size_t index = 0; index < instruction->descriptor_count; index++) {
        const long made = make_memory();
        if (made < 0)
            return made;
        /* Never a number that something else has: a stream of the job's may lie up there. */
        long result = kernel_call(__NR_fcntl, made, F_DUPFD_CLOEXEC, first_own_number);
        close_descriptor((int)made);
        if (result < 0)
            return result;
        memories[index] = (int)result;
        result = fill(memories[index], &instruction->descriptors[index]);
        if (result < 0)
            return result;
    }
    return 0;
}

/* The same descriptor, moved where it lies on no number of theirs. */
int leave_numbers_to_contents(const struct instruction *instruction, int descriptor)
{
    const size_t count = instruction->descriptor_count;
    if (count == 0)
        return descriptor;
    return (int)kernel_call(__NR_fcntl, descriptor, F_DUPFD_CLOEXEC, instruction->descriptors[count - 1].number + 1);
}

/*
 * Each to its number, where it stays open when the job is executed. What a set-up command has read of it is there for
 * the job, too: both share the place to read from.
 */
long place_contents(const struct instruction *instruction)
{
    for (size_t index = 0; index < instruction->descriptor_count; index++) {
        const int memory = memories[index];
        long result = kernel_call(__NR_lseek, memory, 0, 0 /* SEEK_SET */);
        if (result >= 0)
            result = kernel_call(__NR_dup3, memory, instruction->descriptors[index].number, 0);
        if (result < 0)
            return result;
    }
    return 0;
}

static long close_between(int first, int last)
{
    return first > last ? 0 : kernel_call(__NR_close_range, first, last, 0);
}

/* Everything above the standard streams, step by step: CLOSE_RANGE_CLOEXEC is of Linux 5.11. */
long close_all_but(const struct instruction *instruction, int other)
{
    int next = 3;
    for (size_t index = 0; index < instruction->descriptor_count; index++) {
        const int number = instruction->descriptors[index].number;
        const long result = close_between(next, number - 1);
        if (result < 0)
            return result;
        next = number + 1;
    }
    const long result = close_between(next, other - 1);
    return result < 0 ? result : kernel_call(__NR_close_range, other + 1, descriptors_end, 0);
}
