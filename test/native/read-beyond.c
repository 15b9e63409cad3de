/* Reads one byte that it forbade itself: what AddressSanitizer has to see in read-instruction.c as well. */
#include <sanitizer/asan_interface.h>

static unsigned char buffer[4096];

int main(int argument_count, char **arguments)
{
    (void)arguments;
    ASAN_POISON_MEMORY_REGION(buffer + 101, 64);
    return buffer[100 + argument_count];
}
