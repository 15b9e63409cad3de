/* Children: how they are waited for, and what became of them. */
#include "bwrap.h"

int exit_code(int status)
{
    const int signal = status & 0x7f;
    return signal != 0 ? 128 + signal : (status >> 8) & 0xff;
}

/* The wait status of this child (wait4(2)). */
int wait_for(long child)
{
    for (;;) {
        int status = 0;
        const long result = kernel_call(__NR_wait4, child, &status, 0, NULL);
        if (result == child)
            return status;
        if (result != -EINTR)
            die_of(result, "wait4() failed", NULL);
    }
}

/* One byte, or the end: whatever comes first. Closes it; false where it was the end. */
bool wait_at(int descriptor)
{
    char byte;
    long count;
    if (descriptor == none)
        return false;
    do
        count = kernel_call(__NR_read, descriptor, &byte, 1);
    while (count == -EINTR);
    close_descriptor(descriptor);
    return count == 1;
}
