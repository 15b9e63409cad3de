/* What every step of building a root asks of a result or a handle: it is as it must be, or the launch ends here. */
#include "builder.h"

#include <asm/stat.h>

void fail_build(const struct builder *builder, int step, long error, const char *subject)
{
    fail_launch(builder->launch, step, error, subject);
}

int must_build(const struct builder *builder, long result, int step, const char *subject)
{
    if (result < 0)
        fail_build(builder, step, result, subject);
    return (int)result;
}

struct stat status_of(const struct builder *builder, int descriptor, const char *subject)
{
    struct stat status;
    must_build(builder, kernel_call(__NR_fstat, descriptor, &status), step_mount_point, subject);
    return status;
}

/* A handle may stand for a symlink itself. What is done to the link is not done to what it leads to, now or later. */
void refuse_symlink(const struct builder *builder, int descriptor, int step, const char *subject)
{
    if (is_type(status_of(builder, descriptor, subject).st_mode, type_symlink))
        fail_build(builder, step, -ELOOP, subject);
}

/*
 * The caller stands in a directory, and the job is to be shown that one. Whoever may rename in its parent can exchange
 * it for another at any moment, also for a real one, which no refusal of symlinks would notice. So the handle itself is
 * asked, once it is open: what it stands for is what is mounted, whatever becomes of the path.
 */
long check_pinned(const struct instruction *instruction, int descriptor, const char *path)
{
    for (size_t index = 0; index < instruction->pinned_count; index++) {
        const struct pinned *pinned = &instruction->pinned[index];
        if (strcmp(pinned->path, path) != 0)
            continue;
        struct stat status;
        const long result = kernel_call(__NR_fstat, descriptor, &status);
        if (result < 0)
            return result;
        if (status.st_dev != pinned->device || status.st_ino != pinned->inode)
            return -ESTALE;
    }
    return 0;
}
