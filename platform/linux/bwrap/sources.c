/* What lies on the host, by a path without links: once the root is another, a link would lead elsewhere. */
#include "bwrap.h"

#include <linux/fcntl.h>

/* Of what is open here, as the kernel knows it. */
const char *path_of(const struct sandbox *sandbox, int descriptor)
{
    enum { path_bytes = 4096 };
    char *const path = allocate(path_bytes);
    const char *const link = join("self/fd/", number_text((uint64_t)descriptor), NULL);
    const long length = kernel_call(__NR_readlinkat, sandbox->processes, link, path, path_bytes - 1);
    if (length < 0)
        die_of(length, "Can't read /proc/", link, NULL);
    path[length] = '\0';
    return path;
}

/* NULL where it is not there, and may be so. */
static const char *resolve(const struct sandbox *sandbox, const char *path, bool is_optional)
{
    const long found = kernel_call(__NR_openat, AT_FDCWD, path, O_PATH | O_CLOEXEC, 0);
    if (found == -ENOENT && is_optional)
        return NULL;
    if (found < 0)
        die_of(found, "Can't find source path ", path, NULL);
    const char *const real = path_of(sandbox, (int)found);
    close_descriptor((int)found);
    return real;
}

static void resolve_operation(const struct sandbox *sandbox, struct operation *operation)
{
    if (operation->kind == operation_bind && operation->descriptor != none) {
        operation->source = path_of(sandbox, operation->descriptor);
    } else if (operation->kind == operation_bind) {
        operation->source = resolve(sandbox, operation->source, operation->is_optional);
    } else if (operation->kind == operation_overlay) {
        for (struct item *item = operation->overlay_sources.first; item != NULL; item = item->next) {
            struct overlay_source *const source = (struct overlay_source *)item;
            source->path = resolve(sandbox, source->path, false);
        }
        if (operation->overlay == overlay_written) {
            operation->source = resolve(sandbox, operation->source, false);
            operation->work = resolve(sandbox, operation->work, false);
        }
    }
}

void resolve_sources(const struct sandbox *sandbox)
{
    for (struct item *item = sandbox->options.operations.first; item != NULL; item = item->next)
        resolve_operation(sandbox, (struct operation *)item);
}
