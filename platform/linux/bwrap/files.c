/* Descriptors: read to their end, closed, and opened below the host's /proc. */
#include "bwrap.h"

#include <linux/fcntl.h>

void close_descriptor(int descriptor)
{
    if (descriptor >= 0)
        kernel_call(__NR_close, descriptor);
}

enum { first_bytes = 1 << 16 };

/* All that it gives, with a NUL behind; closes it. */
char *read_whole(int descriptor, size_t *length, const char *subject)
{
    size_t room = first_bytes, taken = 0;
    char *bytes = allocate(room + 1);
    for (;;) {
        const long count = kernel_call(__NR_read, descriptor, bytes + taken, room - taken);
        if (count == -EINTR)
            continue;
        if (count < 0)
            die_of(count, "Can't read ", subject, NULL);
        if (count == 0)
            break;
        taken += (size_t)count;
        if (taken < room)
            continue;
        room *= 2;
        char *const more = allocate(room + 1);
        memcpy(more, bytes, taken);
        bytes = more;
    }
    bytes[taken] = '\0';
    *length = taken;
    close_descriptor(descriptor);
    return bytes;
}

static void write_all(int to, const char *bytes, size_t length, const char *subject)
{
    while (length > 0) {
        const long count = kernel_call(__NR_write, to, bytes, length);
        if (count == -EINTR)
            continue;
        if (count <= 0)
            die_of(count, "Can't write data to file ", subject, NULL);
        bytes += count;
        length -= (size_t)count;
    }
}

/* Up to its end. */
void copy_all(int from, int to, const char *subject)
{
    static char bytes[first_bytes];
    for (;;) {
        const long count = kernel_call(__NR_read, from, bytes, sizeof bytes);
        if (count == 0)
            return;
        if (count < 0 && count != -EINTR)
            die_of(count, "Can't copy data to file ", subject, NULL);
        if (count > 0)
            write_all(to, bytes, (size_t)count, subject);
    }
}

static bool is_among(int descriptor, const int *kept, size_t count)
{
    for (size_t index = 0; index < count; index++)
        if (kept[index] == descriptor)
            return true;
    return false;
}

/* `kept` and the standard streams stay. Linux before 5.9 has no close_range(2): there, by number, as far as one is
   likely to be. */
void close_all_but(const int *kept, size_t count)
{
    int from = 3;
    for (;;) {
        int next = -1;
        for (size_t index = 0; index < count; index++)
            if (kept[index] >= from && (next < 0 || kept[index] < next))
                next = kept[index];
        const unsigned last = next < 0 ? ~0u : (unsigned)next - 1;
        if (next != from && kernel_call(__NR_close_range, from, last, 0) == -ENOSYS)
            break;
        if (next < 0)
            return;
        from = next + 1;
    }
    enum { numbers = 1 << 16 };
    for (int descriptor = from; descriptor < numbers; descriptor++)
        if (!is_among(descriptor, kept, count))
            close_descriptor(descriptor);
}

long open_process_file(const struct sandbox *sandbox, const char *name, int flags)
{
    return kernel_call(__NR_openat, sandbox->processes, name, flags | O_CLOEXEC, 0);
}
