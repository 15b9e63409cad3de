/* Which step of a root does what; and /proc, the one that is no more than a mount. */
#include "builder.h"
#include "mount-calls.h"

/* Without hidepid: every process that this /proc can show is the job's own, and has the job's one id. */
static void do_proc(struct builder *builder, const struct root_step *step)
{
    const int at = place_for(builder, step->destination, type_directory);
    const struct new_file_system made = {.type = "proc",
                                         .attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC};
    close_descriptor(
        must_build(builder, mount_new(builder, &made, at, step->destination), step_mount_proc, step->destination));
    close_descriptor(at);
}

void do_step(struct builder *builder, const struct root_step *step)
{
    switch (step->kind) {
    case record_mirror:
        return do_mirror(builder, step);
    case record_bind:
        return do_bind(builder, step);
    case record_overlay:
        return do_overlay(builder, step);
    case record_tmpfs:
        return do_tmpfs(builder, step);
    case record_make_directory:
        close_descriptor(place(builder, step->destination, type_directory, step->mode));
        return;
    case record_file:
        return do_file(builder, step);
    case record_symlink:
        return make_link(builder, step->source, step->destination);
    case record_proc:
        return do_proc(builder, step);
    case record_read_only:
        return do_read_only(builder, step);
    case record_mask:
        return do_mask(builder, step);
    case record_devices:
        do_shared_devices(builder, step);
        return do_own_devices(builder, step);
    default:
        fail_build(builder, step_instruction, -EBADMSG, step->destination);
    }
}
