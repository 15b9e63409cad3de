/*
 * What lies mounted below a path, for kernels without mount_setattr: read from mountinfo (proc_pid_mountinfo(5)), since
 * each mount has to be looked up and changed by itself.
 */
#include "builder.h"
#include "mount-calls.h"

#include <linux/fcntl.h>

enum { table_bytes = 1 << 20, field_of_path = 4 };

static char table[table_bytes];

static long read_table(const struct builder *builder)
{
    const long file =
        kernel_call(__NR_openat, builder->launch->own_process_descriptor, "mountinfo", O_RDONLY | O_CLOEXEC, 0);
    if (file < 0)
        return file;
    long length = 0;
    for (;;) {
        const long count = kernel_call(__NR_read, file, table + length, (size_t)(table_bytes - 1 - length));
        if (count == -EINTR)
            continue;
        if (count <= 0) {
            close_descriptor((int)file);
            table[length] = '\0';
            return count < 0 ? count : length;
        }
        length += count;
        if (length == table_bytes - 1) {
            /* A table that was not read whole would leave mounts as they are. */
            close_descriptor((int)file);
            return -E2BIG;
        }
    }
}

/* Undoes the table's \040 and its like, in place; gives the character behind the field. */
static char *take_field(char *at, char **field)
{
    *field = at;
    char *to = at;
    while (*at != ' ' && *at != '\n' && *at != '\0') {
        if (at[0] == '\\' && at[1] >= '0' && at[1] <= '3') {
            *to++ = (char)((at[1] - '0') * 64 + (at[2] - '0') * 8 + (at[3] - '0'));
            at += 4;
        } else {
            *to++ = *at++;
        }
    }
    char *end = *at == ' ' ? at + 1 : at;
    if (to < end)
        *to = '\0';
    return end;
}

static const char *rest_below(const char *path, const char *prefix)
{
    while (*prefix != '\0')
        if (*path++ != *prefix++)
            return NULL;
    return path;
}

static const char *path_in_new_root(const struct builder *builder, const char *path)
{
    return builder->is_entered ? path : rest_below(path, builder->place);
}

static long restrict_one(struct builder *builder, const char *inside, uint64_t attributes)
{
    const long mount = open_path_in(builder->new_root, inside);
    if (mount < 0)
        return mount;
    const long result = restrict_mount(builder, (int)mount, inside, attributes, false);
    close_descriptor((int)mount);
    return result;
}

/* Changes every mount below `path` of the new root. */
long restrict_below(struct builder *builder, const char *path, uint64_t attributes)
{
    long result = read_table(builder);
    char *at = table;
    while (result >= 0 && *at != '\0') {
        char *field = at;
        const bool has_next_line = *at != '\0';
        for (int index = 0; index <= field_of_path && has_next_line; index++)
            at = take_field(at, &field);
        const char *inside = path_in_new_root(builder, field);
        const char *rest = inside == NULL ? NULL : rest_below(inside, path);
        char *line = at;
        while (*line != '\n' && *line != '\0')
            line++;
        if (rest != NULL && *rest == '/')
            result = restrict_one(builder, inside, attributes);
        at = *line == '\n' ? line + 1 : line;
    }
    return result < 0 ? result : 0;
}
