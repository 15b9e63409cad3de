/* What the monitor tells of a sandbox, on descriptors that it was given for that (bwrap(1), --info-fd). */
#include "bwrap.h"

#include <asm/stat.h>
#include <linux/sched.h>

static const struct {
    const char *name;
    unsigned long flag;
} namespaces[] = {
    {"cgroup", CLONE_NEWCGROUP}, {"ipc", CLONE_NEWIPC}, {"mnt", CLONE_NEWNS},
    {"net", CLONE_NEWNET},       {"pid", CLONE_NEWPID}, {"uts", CLONE_NEWUTS},
};

/* In JSON, with `before` each member. */
static const char *list_namespaces(const struct sandbox *sandbox, const char *child, const char *before)
{
    const char *text = "";
    for (size_t index = 0; index < sizeof namespaces / sizeof namespaces[0]; index++) {
        if (((sandbox->options.namespaces | CLONE_NEWNS) & namespaces[index].flag) == 0)
            continue;
        const char *const path = join(child, "/ns/", namespaces[index].name, NULL);
        struct stat status;
        const long result = kernel_call(__NR_newfstatat, sandbox->processes, path, &status, 0);
        if (result < 0)
            continue;
        text =
            join(text, ",", before, "\"", namespaces[index].name, "-namespace\": ", number_text(status.st_ino), NULL);
    }
    return text;
}

static void write_to(const char *name, int descriptor, const char *text)
{
    const long result = write_text(descriptor, text);
    if (result < 0)
        die_of(result, "Write to ", name, NULL);
}

/* The first descriptor is closed then: whoever reads it waits for its end. */
void tell_of(const struct sandbox *sandbox, long child)
{
    const struct options *const options = &sandbox->options;
    const char *const number = number_text((uint64_t)child);
    if (options->information != none) {
        const char *const rest = list_namespaces(sandbox, number, "\n    ");
        write_to("info_fd", options->information, join("{\n    \"child-pid\": ", number, rest, "\n}\n", NULL));
        close_descriptor(options->information);
    }
    if (options->status != none)
        write_to("json_status_fd", options->status,
                 join("{ \"child-pid\": ", number, list_namespaces(sandbox, number, " "), " }\n", NULL));
}
