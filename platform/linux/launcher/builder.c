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
