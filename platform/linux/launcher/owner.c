/*
 * Called by root, the job has ids outside that own nothing. For it to read what only the owner may read, and to write
 * as the owner, a bind can be an idmapped mount (Linux 5.12): the source's owner appears as the job's user. The mapping
 * is that of a user namespace, which must exist before the sandbox does: it takes the host's /proc to fill it.
 */
#include "../shared/append.h"
#include "launcher.h"
#include "mount-calls.h"

#include <asm/stat.h>
#include <linux/prctl.h>
#include <linux/sched.h>

enum { signal_kill = 9 };

struct owner {
    uint32_t uid, gid;
    int namespace;
};

static struct owner owners[owners_max];
static size_t owner_count;

static long write_map(long pid, const char *name, uint32_t inside, uint32_t outside)
{
    char path[64];
    append_text(append_number(append_text(path, "/proc/"), (uint64_t)pid, 10), name);
    char text[64];
    char *end = append_text(append_number(text, inside, 10), " ");
    end = append_text(append_number(end, outside, 10), " 1\n");
    const long descriptor = kernel_call(__NR_openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
    if (descriptor < 0)
        return descriptor;
    const long result = kernel_call(__NR_write, descriptor, text, end - text);
    kernel_call(__NR_close, descriptor);
    return result < 0 ? result : 0;
}

static long open_user_namespace(long pid)
{
    char path[64];
    append_text(append_number(append_text(path, "/proc/"), (uint64_t)pid, 10), "/ns/user");
    return kernel_call(__NR_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
}

/*
 * In a PID namespace without a /proc of its own a number there is another process's: its maps are not ours to write,
 * nor is its namespace the one that we made.
 */
static bool is_own_proc(void)
{
    char seen[24], own[24];
    const long length = kernel_call(__NR_readlinkat, AT_FDCWD, "/proc/self", seen, sizeof seen);
    const char *end = append_number(own, (uint64_t)kernel_call(__NR_getpid), 10);
    return length == end - own && memcmp(seen, own, (size_t)length) == 0;
}

/* A child that does nothing in a user namespace of its own lasts until the namespace has been opened. */
static long make_namespace(const struct owner *owner, uint32_t job_uid, uint32_t job_gid)
{
    if (!is_own_proc())
        return -ESRCH;
    const long pid = kernel_call(__NR_clone, CLONE_NEWUSER | 17 /* SIGCHLD */, 0, 0, 0, 0);
    if (pid < 0)
        return pid;
    if (pid == 0) {
        kernel_call(__NR_prctl, PR_SET_PDEATHSIG, signal_kill, 0, 0, 0);
        for (;;)
            kernel_call(__NR_rt_sigsuspend, &(uint64_t){0}, sizeof(uint64_t));
    }
    long result = write_map(pid, "/uid_map", owner->uid, job_uid);
    if (result >= 0)
        result = write_map(pid, "/gid_map", owner->gid, job_gid);
    if (result >= 0)
        result = open_user_namespace(pid);
    kernel_call(__NR_kill, pid, signal_kill);
    kernel_call(__NR_wait4, pid, NULL, 0, NULL);
    return result;
}

static long namespace_for(const struct instruction *instruction, uint32_t uid, uint32_t gid)
{
    for (size_t index = 0; index < owner_count; index++)
        if (owners[index].uid == uid && owners[index].gid == gid)
            return owners[index].namespace;
    if (owner_count == owners_max)
        return -E2BIG;
    struct owner *owner = &owners[owner_count];
    owner->uid = uid;
    owner->gid = gid;
    const long descriptor = make_namespace(owner, instruction->outside_uid, instruction->outside_gid);
    if (descriptor < 0)
        return descriptor;
    owner->namespace = (int)descriptor;
    owner_count++;
    return descriptor;
}

static long prepare_owner_namespace(const struct instruction *instruction, struct root_step *step)
{
    const long root = kernel_call(__NR_openat, AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    const long source = root < 0 ? root : open_path_in((int)root, step->source);
    close_descriptor((int)root);
    if (source < 0)
        return 0; /* The step itself will say what is wrong with its source. */
    struct stat status;
    long result = kernel_call(__NR_fstat, source, &status);
    if (result >= 0)
        result = namespace_for(instruction, status.st_uid, status.st_gid);
    close_descriptor((int)source);
    if (result >= 0)
        step->owner_namespace = (int)result;
    /* Without the mapping the job sees the files as another's, which is less, not more. */
    return result < 0 && (step->bits & step_bit_map_owner) != 0 ? result : 0;
}

/* Fills in `owner_namespace` for every bind that asks for it; only root can, and only root asks. */
long prepare_owner_namespaces(struct instruction *instruction)
{
    for (size_t index = 0; index < instruction->root_count; index++) {
        struct root_step *step = &instruction->root[index];
        const bool is_shown = step->kind == record_bind || step->kind == record_overlay;
        if (!is_shown || (step->bits & (step_bit_map_owner | step_bit_map_owner_if_possible)) == 0)
            continue;
        const long result = prepare_owner_namespace(instruction, step);
        if (result < 0)
            return result;
    }
    return 0;
}
