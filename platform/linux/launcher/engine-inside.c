/*
 * In a container: what an engine cannot be told, or what it was told by a path that may lead elsewhere by now. All of
 * it before anything is started, as the job's user, without a privilege.
 */
#include "maker.h"
#include "descriptors.h"

#include <asm/stat.h>
#include <linux/fcntl.h>

enum { parent_mode = 0700, path_bytes_max = 4096 };

static void must(const struct launch *launch, long result, int step, const char *subject)
{
    if (result < 0)
        fail_launch(launch, step, result, subject);
}

/* See engine.c: outside, the keeper puts this process into the job's control groups, and answers with what is to be
 * done. -1 where nobody does. */
int receive_instruction(void)
{
    char byte = 0;
    int instruction = -1;
    if (kernel_call(__NR_write, maker_joining, &byte, 1) == 1)
        receive_descriptors(maker_joining, &instruction, 1);
    return instruction;
}

/* What the launcher saw at this path; NULL where it opened none. */
const struct identity *find_seen(const struct instruction *instruction, const struct knowledge *knowledge,
                                 const char *path)
{
    for (size_t index = 0; index < instruction->maker_input_count; index++)
        if (instruction->maker_inputs[index].path != NULL && strcmp(instruction->maker_inputs[index].path, path) == 0)
            return &knowledge->inputs[index];
    return NULL;
}

/* What is mounted over it by a later step is what is there. */
bool is_last_at(const struct instruction *instruction, size_t at)
{
    for (size_t index = at + 1; index < instruction->root_count; index++)
        if (instruction->root[index].destination != NULL &&
            strcmp(instruction->root[index].destination, instruction->root[at].destination) == 0)
            return false;
    return true;
}

/*
 * An engine looks paths up itself, through links, and later than the launcher did: what it has found is what was
 * granted, or no job is started. A bind has the numbers of its source. What this process may not reach, no job of its
 * ids can.
 */
static void check_shown(const struct launch *launch, const struct root_step *step, const struct identity *seen)
{
    struct stat status;
    const long shown = kernel_call(__NR_openat, AT_FDCWD, step->destination, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
    if (shown == -EACCES)
        return;
    must(launch, shown, step_bind_source, step->destination);
    must(launch, kernel_call(__NR_fstat, shown, &status), step_bind_source, step->destination);
    close_descriptor((int)shown);
    if (status.st_dev != seen->device || status.st_ino != seen->inode)
        fail_launch(launch, step_bind_source, -ESTALE, step->source);
}

/* A file's directory, in memory and the job's own, has just the mode that it is to have. */
static long directory_of(const char *path, char parent[path_bytes_max], struct stat *status)
{
    size_t length = strlen(path);
    if (length >= path_bytes_max)
        return -ENAMETOOLONG;
    while (length > 1 && path[length - 1] != '/')
        length--;
    memcpy(parent, path, length);
    parent[length > 1 ? length - 1 : length] = '\0';
    return kernel_call(__NR_newfstatat, AT_FDCWD, parent, status, 0);
}

/*
 * Files of the job's user alone, which an engine would have to be given on a disk. Their directory has no right for its
 * owner to write, which this process is: it is given for the moment.
 */
static void write_given(const struct launch *launch, const struct root_step *step)
{
    char parent[path_bytes_max];
    struct stat status;
    must(launch, directory_of(step->destination, parent, &status), step_write_file, step->destination);
    must(launch, kernel_call(__NR_fchmodat, AT_FDCWD, parent, parent_mode), step_write_file, parent);
    const long file = kernel_call(__NR_openat, AT_FDCWD, step->destination,
                                  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, step->mode);
    must(launch, file, step_write_file, step->destination);
    must(launch, write_to_reader((int)file, (const unsigned char *)step->content, step->content_length),
         step_write_file, step->destination);
    close_descriptor((int)file);
    must(launch, kernel_call(__NR_fchmodat, AT_FDCWD, parent, status.st_mode & 07777), step_write_file, parent);
}

void enter_container(const struct launch *launch, const struct knowledge *knowledge)
{
    const struct instruction *instruction = launch->instruction;
    for (size_t index = 0; index < instruction->root_count; index++) {
        const struct root_step *step = &instruction->root[index];
        const struct identity *seen =
            step->kind == record_bind ? find_seen(instruction, knowledge, step->source) : NULL;
        if (seen != NULL && is_last_at(instruction, index))
            check_shown(launch, step, seen);
        if (step->kind == record_file && (step->bits & step_bit_owned) != 0)
            write_given(launch, step);
    }
}
