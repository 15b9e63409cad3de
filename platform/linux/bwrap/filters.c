/* Filters of system calls, as seccomp_export_bpf(3) writes them. */
#include "bwrap.h"

#include <linux/prctl.h>
#include <linux/seccomp.h>

enum { instructions_max = 65535 };

static void read_filter(struct filter *filter)
{
    size_t length;
    char *const bytes = read_whole(filter->descriptor, &length, "seccomp data");
    if (length % sizeof(struct sock_filter) != 0)
        die("Invalid seccomp data, must be multiple of 8", NULL);
    if (length / sizeof(struct sock_filter) > instructions_max)
        die("Invalid seccomp data, it has too many instructions", NULL);
    filter->program.len = (unsigned short)(length / sizeof(struct sock_filter));
    filter->program.filter = (struct sock_filter *)(void *)bytes;
}

/* As late as it can be: whoever writes it may first have to hear of the sandbox. */
void read_last_filter(struct options *options)
{
    if (options->only_filter == NULL)
        return;
    read_filter(options->only_filter);
    append_item(&options->filters, &options->only_filter->item);
}

void read_filters(struct options *options)
{
    for (struct item *item = options->filters.first; item != NULL; item = item->next)
        read_filter((struct filter *)item);
}

void load_filters(const struct options *options)
{
    for (const struct item *item = options->filters.first; item != NULL; item = item->next) {
        const struct filter *const filter = (const struct filter *)item;
        const long result = kernel_call(__NR_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter->program, 0, 0);
        if (result == -EINVAL)
            die("Unable to set up system call filtering as requested: prctl(PR_SET_SECCOMP) reported EINVAL. (Hint: "
                "this requires a kernel configured with CONFIG_SECCOMP and CONFIG_SECCOMP_FILTER.)",
                NULL);
        if (result < 0)
            die_of(result, "prctl(PR_SET_SECCOMP)", NULL);
    }
}
