/* What is mounted, and how, as the kernel lists it (proc_pid_mountinfo(5)). */
#include "bwrap.h"

#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/mount.h>

enum { first_bytes = 1 << 16, fields_before_path = 4, mount_nosymfollow = 0x100 /* MS_NOSYMFOLLOW (mount(2)) */ };

static char *table;
static size_t room;

static void make_room(size_t wanted)
{
    if (wanted <= room)
        return;
    const long made = kernel_call(__NR_mmap, NULL, wanted, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (made < 0 && made > -4096)
        die("Out of memory", NULL);
    char *const more = (char *)made; // NOLINT(performance-no-int-to-ptr)
    if (room > 0) {
        memcpy(more, table, room);
        kernel_call(__NR_munmap, table, room);
    }
    table = more;
    room = wanted;
}

/* It is read anew each time, into the same memory. */
char *read_mount_table(const struct sandbox *sandbox)
{
    const long file = open_process_file(sandbox, "self/mountinfo", O_RDONLY);
    if (file < 0)
        die_of(file, "Can't open /proc/self/mountinfo", NULL);
    size_t length = 0;
    make_room(first_bytes);
    for (;;) {
        const long count = kernel_call(__NR_read, file, table + length, room - 1 - length);
        if (count == -EINTR)
            continue;
        if (count < 0)
            die_of(count, "Can't read /proc/self/mountinfo", NULL);
        if (count == 0)
            break;
        length += (size_t)count;
        if (length == room - 1)
            make_room(2 * room);
    }
    table[length] = '\0';
    close_descriptor((int)file);
    return table;
}

static char *skip_field(char *at)
{
    while (*at != ' ' && *at != '\n' && *at != '\0')
        at++;
    return *at == ' ' ? at + 1 : at;
}

/* Undoes the table's \\040 and its like, in place; gives what is behind the field. */
static char *take_path(char *at, const char **path)
{
    char *to = at;
    *path = at;
    while (*at != ' ' && *at != '\n' && *at != '\0') {
        if (at[0] == '\\' && at[1] >= '0' && at[1] <= '3') {
            *to++ = (char)((at[1] - '0') * 64 + (at[2] - '0') * 8 + (at[3] - '0'));
            at += 4;
        } else {
            *to++ = *at++;
        }
    }
    char *const end = *at == ' ' ? at + 1 : at;
    if (to < end)
        *to = '\0';
    return end;
}

static const struct {
    const char *name;
    unsigned long flag;
} options[] = {
    {"ro", MS_RDONLY},         {"nosuid", MS_NOSUID},
    {"nodev", MS_NODEV},       {"noexec", MS_NOEXEC},
    {"noatime", MS_NOATIME},   {"nodiratime", MS_NODIRATIME},
    {"relatime", MS_RELATIME}, {"nosymfollow", mount_nosymfollow},
};

/* The mount's own, and not those of its file system, which follow at the line's end. */
static char *take_flags(char *at, unsigned long *flags)
{
    *flags = 0;
    while (*at != ' ' && *at != '\n' && *at != '\0') {
        for (size_t index = 0; index < sizeof options / sizeof options[0]; index++) {
            const size_t length = strlen(options[index].name);
            if (starts_with(at, options[index].name) && (at[length] == ',' || at[length] == ' '))
                *flags |= options[index].flag;
        }
        while (*at != ',' && *at != ' ' && *at != '\n' && *at != '\0')
            at++;
        at += *at == ',' ? 1 : 0;
    }
    return at;
}

/* Moves on; false at the table's end. The path is overwritten in it. */
bool next_mount(char **at, struct mount *mount)
{
    char *line = *at;
    if (*line == '\0')
        return false;
    for (int field = 0; field < fields_before_path; field++)
        line = skip_field(line);
    line = take_flags(take_path(line, &mount->path), &mount->flags);
    while (*line != '\n' && *line != '\0')
        line++;
    *at = *line == '\n' ? line + 1 : line;
    return true;
}
