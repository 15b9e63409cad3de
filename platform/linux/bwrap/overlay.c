/* Directories of the host's, one above another (overlayfs). */
#include "bwrap.h"

#include <linux/fcntl.h>
#include <linux/mount.h>

/* Between directories there is a colon, and between options a comma. */
static const char *escaped(const char *path)
{
    char *const text = allocate(2 * strlen(path) + 1);
    char *end = text;
    for (; *path != '\0'; path++) {
        if (*path == '\\' || *path == ',' || *path == ':')
            *end++ = '\\';
        *end++ = *path;
    }
    *end = '\0';
    return text;
}

/* The kernel has the uppermost first. */
static const char *lower_directories(const struct list *sources)
{
    const char *text = "";
    for (const struct item *item = sources->first; item != NULL; item = item->next) {
        const char *const path = escaped(join(old_root, ((const struct overlay_source *)item)->path, NULL));
        text = join(path, *text == '\0' ? "" : ":", text, NULL);
    }
    return text;
}

/* Beside the new root, where nobody can go once that is the root. */
static const char *make_own(const char *name, unsigned number)
{
    const char *const path = join("/", name, number_text(number), NULL);
    const long result = kernel_call(__NR_mkdirat, AT_FDCWD, path, usual_mode);
    if (result < 0)
        die_of(result, "Can't mkdir ", path, NULL);
    return path;
}

static const char *written_directories(const struct operation *operation)
{
    static unsigned number;
    if (operation->overlay == overlay_read_only)
        return "";
    if (operation->overlay == overlay_written)
        return join(",upperdir=", escaped(join(old_root, operation->source, NULL)),
                    ",workdir=", escaped(join(old_root, operation->work, NULL)), NULL);
    number++;
    return join(",upperdir=", make_own("tmp-overlay-upper-", number),
                ",workdir=", make_own("tmp-overlay-work-", number), NULL);
}

void lay_overlay(const struct operation *operation, const char *destination)
{
    make_directory(destination, usual_mode);
    const char *const data =
        join("lowerdir=", lower_directories(&operation->overlay_sources), written_directories(operation),
             /* As bubblewrap does it, called by root, too: what was kept is read alike by both (Linux 5.11). */
             ",userxattr", NULL);
    const unsigned long flags = operation->overlay == overlay_read_only ? MS_RDONLY : 0;
    mount_new("overlay", destination, flags, data);
}
