/* Reads every byte of an instruction that the launcher would read, so that a sanitizer sees each pointer that is wrong.
 */
#ifndef CUPEL_WALK_INSTRUCTION_H
#define CUPEL_WALK_INSTRUCTION_H

#include "../../platform/linux/launcher/launcher.h"

static size_t walk_text(const char *text)
{
    return text == NULL ? 0 : strlen(text);
}

static size_t walk_texts(char *const *texts)
{
    size_t sum = 0;
    for (; *texts != NULL; texts++)
        sum += strlen(*texts);
    return sum;
}

static size_t walk_root_step(const struct root_step *step)
{
    size_t sum = walk_text(step->source) + strlen(step->destination);
    for (uint32_t at = 0; at < step->content_length; at++)
        sum += (unsigned char)step->content[at];
    return sum;
}

static size_t walk_filter(const struct sock_fprog *program)
{
    size_t sum = 0;
    struct sock_filter filter;
    for (size_t index = 0; index < program->len; index++) {
        /* It may lie at any address: the kernel copies it. */
        memcpy(&filter, (const unsigned char *)program->filter + index * sizeof filter, sizeof filter);
        sum += filter.code + filter.k;
    }
    return sum;
}

/* A number that hangs on every byte, so that no reading can be left out. */
static size_t walk_instruction(const struct instruction *instruction)
{
    size_t sum = walk_text(instruction->hostname) + strlen(instruction->directory);
    if (instruction->setup != NULL)
        sum += walk_texts(instruction->setup);
    sum += walk_texts(instruction->arguments) + walk_texts(instruction->environment);
    for (size_t index = 0; index < instruction->control_group_count; index++)
        sum += strlen(instruction->control_groups[index]);
    for (size_t index = 0; index < instruction->root_count; index++)
        sum += walk_root_step(&instruction->root[index]);
    for (size_t index = 0; index < instruction->descriptor_count; index++)
        for (uint32_t at = 0; at < instruction->descriptors[index].length; at++)
            sum += (unsigned char)instruction->descriptors[index].content[at];
    for (size_t index = 0; index < instruction->resource_limit_count; index++)
        sum += instruction->resource_limits[index].resource;
    for (size_t index = 0; index < instruction->listener_count; index++)
        sum += instruction->listener_ports[index];
    for (size_t index = 0; index < instruction->published_count; index++)
        for (size_t at = 0; at < sizeof instruction->published[index].address; at++)
            sum += instruction->published[index].address[at] + instruction->published[index].job_port;
    for (size_t index = 0; index < instruction->pinned_count; index++)
        sum += strlen(instruction->pinned[index].path) + instruction->pinned[index].inode;
    return sum + walk_text(instruction->proxy) + walk_filter(&instruction->seccomp);
}

#endif
