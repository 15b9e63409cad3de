/*
 * The courier: what cupel needs done to trees that a job made, and that TypeScript has no system call for.
 *
 *   courier marks DIRECTORY < PATHS
 *
 * reads paths of directories below DIRECTORY, each ended by a NUL, and writes a character for each: `o` where the
 * overlay that DIRECTORY was the upper layer of showed nothing of what lies below it there (overlayfs, "Whiteouts and
 * opaque directories"), `m` where it showed both. The tree is a job's: no path is followed out of it, and no symlink in
 * it. Exit status 0 says that all were answered.
 */
#include "../shared/kernel.h"

#include <linux/fcntl.h>
#include <linux/openat2.h>

enum { path_bytes = 4096, input_bytes = 1 << 16, usage_error = 64, failure = 1 };

static unsigned char input[input_bytes];
static char answers[input_bytes];

static long open_below(long root, const char *path)
{
    struct open_how how = {
        .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
    };
    return kernel_call(__NR_openat2, root, path, &how, sizeof how);
}

/* `y` is opaque; Linux 6.8 writes `x` for a directory that has whiteouts of another kind in it, which is merged. */
static bool has_mark(long directory, const char *name)
{
    char value[2];
    return kernel_call(__NR_fgetxattr, directory, name, value, sizeof value) == 1 && value[0] == 'y';
}

/*
 * The kernel marks with the one name as root, and with the other in a user namespace. Where the one is the kernel's,
 * the other is the job's to set, and says nothing.
 */
static const char *mark_name(void)
{
    return kernel_call(__NR_geteuid) == 0 ? "trusted.overlay.opaque" : "user.overlay.opaque";
}

static long answer(long root, const char *path)
{
    const long directory = open_below(root, path);
    if (directory < 0)
        return directory;
    const bool is_opaque = has_mark(directory, mark_name());
    kernel_call(__NR_close, directory);
    return is_opaque ? 'o' : 'm';
}

static bool write_all(const char *from, size_t length)
{
    while (length > 0) {
        const long count = kernel_call(__NR_write, 1, from, length);
        if (count == -EINTR)
            continue;
        if (count <= 0)
            return false;
        from += count;
        length -= (size_t)count;
    }
    return true;
}

struct reader {
    long root;
    char path[path_bytes];
    size_t length;
};

/* What was read of the input: whole paths are answered, the rest is kept. */
static bool answer_input(struct reader *reader, const unsigned char *bytes, size_t count)
{
    size_t answered = 0;
    for (size_t index = 0; index < count; index++) {
        if (reader->length == path_bytes)
            return false;
        reader->path[reader->length++] = (char)bytes[index];
        if (bytes[index] != '\0')
            continue;
        const long result = answer(reader->root, reader->path);
        if (result < 0)
            return false;
        answers[answered++] = (char)result;
        reader->length = 0;
    }
    return write_all(answers, answered);
}

static int tell_marks(const char *directory)
{
    static struct reader reader;
    reader.root = kernel_call(__NR_openat, AT_FDCWD, directory, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    if (reader.root < 0)
        return failure;
    for (;;) {
        const long count = kernel_call(__NR_read, 0, input, sizeof input);
        if (count == -EINTR)
            continue;
        if (count <= 0)
            return count == 0 && reader.length == 0 ? 0 : failure;
        if (!answer_input(&reader, input, (size_t)count))
            return failure;
    }
}

int program(int argument_count, char **arguments, char **environment)
{
    (void)environment;
    if (argument_count != 3 || strcmp(arguments[1], "marks") != 0)
        return usage_error;
    return tell_marks(arguments[2]);
}
