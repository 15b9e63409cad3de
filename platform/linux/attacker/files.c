/* Reading, and telling what was read. */
#include "attacker.h"

#include <linux/fcntl.h>
#include <linux/stat.h>

long open_at(long directory, const char *path, int flags)
{
    /* O_NONBLOCK: a named pipe must not hold an attack up. O_NOCTTY: no terminal is taken by the way. */
    return kernel_call(__NR_openat, directory, path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
}

long open_file(const char *path, int flags)
{
    return open_at(AT_FDCWD, path, flags);
}

void close_file(long descriptor)
{
    if (descriptor >= 0)
        kernel_call(__NR_close, descriptor);
}

long read_open(long descriptor, char *buffer, size_t capacity)
{
    size_t length = 0;
    long count = 0;
    while (length + 1 < capacity) {
        count = kernel_call(__NR_read, descriptor, buffer + length, capacity - 1 - length);
        if (count <= 0)
            break;
        length += (size_t)count;
    }
    buffer[length] = '\0';
    return length > 0 ? (long)length : count;
}

long read_path(const char *path, char *buffer, size_t capacity)
{
    buffer[0] = '\0';
    const long descriptor = open_file(path, O_RDONLY);
    if (descriptor < 0)
        return descriptor;
    const long length = read_open(descriptor, buffer, capacity);
    close_file(descriptor);
    return length;
}

long write_path(const char *path, int flags, const char *text)
{
    const long descriptor = open_file(path, flags);
    if (descriptor < 0)
        return descriptor;
    const long count = kernel_call(__NR_write, descriptor, text, strlen(text));
    close_file(descriptor);
    return count;
}

void tell_open(const char *step, long descriptor)
{
    char bytes[saw_bytes_max + 1];
    did(step, descriptor);
    if (descriptor < 0)
        return;
    const long length = read_open(descriptor, bytes, sizeof bytes);
    if (length > 0)
        saw(step, bytes, (size_t)length);
    close_file(descriptor);
}

void tell_path(const char *step, const char *path)
{
    tell_open(step, open_file(path, O_RDONLY));
}

static bool is_token_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           byte == '-' || byte == '_';
}

size_t search_bytes(const char *channel, const char *bytes, size_t length)
{
    const char *prefix = key("token-prefix"), *const end = bytes + length;
    size_t count = 0;
    if (prefix == 0)
        return 0;
    while (count < 8) {
        const char *found = find_text(bytes, (size_t)(end - bytes), prefix);
        if (found == 0)
            break;
        for (bytes = found; bytes < end && is_token_byte(*bytes);)
            bytes++;
        if (bytes == found)
            bytes++;
        saw(channel, found, (size_t)(bytes - found));
        count++;
    }
    return count;
}

void search_path(const char *step, const char *path)
{
    static char bytes[65536];
    const long length = read_path(path, bytes, sizeof bytes);
    did(step, length);
    if (length > 0)
        search_bytes(step, bytes, (size_t)length);
}

long file_mode(const char *path)
{
    struct statx status;
    const long result = kernel_call(__NR_statx, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_TYPE | STATX_MODE, &status);
    return result < 0 ? result : status.stx_mode;
}

struct entry {
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

long each_name(const char *directory, bool (*visit)(const char *name, void *context), void *context)
{
    char bytes[2048] __attribute__((aligned(8)));
    const long descriptor = open_file(directory, O_RDONLY | O_DIRECTORY);
    if (descriptor < 0)
        return descriptor;
    long length;
    bool goes_on = true;
    while (goes_on && (length = kernel_call(__NR_getdents64, descriptor, bytes, sizeof bytes)) > 0)
        for (long at = 0; goes_on && at < length; at += ((struct entry *)(void *)(bytes + at))->length) {
            const char *name = ((struct entry *)(void *)(bytes + at))->name;
            if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
                goes_on = visit(name, context);
        }
    close_file(descriptor);
    return 0;
}
