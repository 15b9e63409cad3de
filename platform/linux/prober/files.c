/* Small files whole, and the little text that goes with them. */
#include "prober.h"

#include <linux/fcntl.h>

long open_path(const char *path, int flags)
{
    /* O_NOCTTY: a probe never takes a terminal. */
    return kernel_call(__NR_openat, AT_FDCWD, path, flags | O_CLOEXEC | O_NOCTTY, 0600);
}

long read_file(const char *path, char *buffer, size_t capacity)
{
    buffer[0] = '\0';
    const long descriptor = open_path(path, O_RDONLY);
    if (descriptor < 0)
        return descriptor;
    size_t length = 0;
    long count = 0;
    while (length < capacity - 1) {
        count = kernel_call(__NR_read, descriptor, buffer + length, capacity - 1 - length);
        if (count <= 0)
            break;
        length += (size_t)count;
    }
    kernel_call(__NR_close, descriptor);
    buffer[length] = '\0';
    return count < 0 ? count : (long)length;
}

static long reopen(long descriptor)
{
    char path[64];
    format_number(path + copy_text(path, sizeof path, "/proc/self/fd/"), descriptor);
    return open_path(path, O_RDONLY);
}

/* Made, opened again and unlinked with nothing in between: no shorter way leaves a file without a name. */
static struct nameless make_and_unlink(const char *directory, int mode)
{
    char path[1024], name[64] = "cupel-probe-";
    format_number(name + strlen(name), kernel_call(__NR_getpid) * 1000000 + now_microseconds() % 1000000);
    struct nameless file = {.writer = -ENAMETOOLONG, .reader = -ENAMETOOLONG, .had_name = true};
    if (!join_path(path, sizeof path, directory, name))
        return file;
    const int flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    file.writer = kernel_call(__NR_openat, AT_FDCWD, path, flags, mode);
    if (file.writer < 0)
        return file;
    file.reader = open_path(path, O_RDONLY | O_NOFOLLOW);
    kernel_call(__NR_unlinkat, AT_FDCWD, path, 0);
    return file;
}

struct nameless make_nameless(const char *directory, int mode)
{
    struct nameless file = {.writer = -EINVAL, .reader = -EBADF, .had_name = false};
    file.writer = kernel_call(__NR_openat, AT_FDCWD, directory, O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
    /* open(2): EOPNOTSUPP from the file system, EISDIR from a kernel that takes the flag for O_DIRECTORY. */
    if (file.writer == -EOPNOTSUPP || file.writer == -EISDIR)
        return make_and_unlink(directory, mode);
    if (file.writer >= 0)
        file.reader = reopen(file.writer);
    return file;
}

long write_file(const char *path, const char *text)
{
    const long descriptor = open_path(path, O_WRONLY);
    if (descriptor < 0)
        return descriptor;
    /* One write: uid_map and its like take the whole content at once and say there whether they accept it. */
    const long count = kernel_call(__NR_write, descriptor, text, strlen(text));
    kernel_call(__NR_close, descriptor);
    return count < 0 ? count : 0;
}

size_t copy_text(char *to, size_t capacity, const char *text)
{
    size_t length = 0;
    while (length + 1 < capacity && text[length] != '\0') {
        to[length] = text[length];
        length++;
    }
    to[length] = '\0';
    return length;
}

bool join_path(char *path, size_t capacity, const char *directory, const char *name)
{
    const size_t left = strlen(directory);
    const size_t right = strlen(name);
    if (left + 1 + right + 1 > capacity)
        return false;
    memcpy(path, directory, left);
    path[left] = '/';
    memcpy(path + left + 1, name, right + 1);
    return true;
}

bool starts_with(const char *text, const char *start)
{
    while (*start != '\0')
        if (*text++ != *start++)
            return false;
    return true;
}

long long parse_number(const char *text)
{
    long long number = 0;
    /* Twelve digits are more than any number that a probe reads or is given. */
    for (int digits = 0; digits < 12 && *text >= '0' && *text <= '9'; digits++)
        number = number * 10 + (*text++ - '0');
    return number;
}

long long number_after(const char *text, const char *key)
{
    const size_t length = strlen(key);
    while (*text != '\0') {
        if (starts_with(text, key) && (text[length] == ' ' || text[length] == '\t')) {
            text += length;
            while (*text == ' ' || *text == '\t')
                text++;
            return parse_number(text);
        }
        while (*text != '\0' && *text++ != '\n')
            ;
    }
    return -1;
}

void format_number(char *buffer, long long number)
{
    char digits[24];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (count > 0)
        *buffer++ = digits[--count];
    *buffer = '\0';
}
