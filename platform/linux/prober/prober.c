/* The table of probes, and the entry point. */
#include "prober.h"
#include "../shared/child.h"

#include <asm/signal.h>

/* EX_USAGE of sysexits.h. */
enum { usage_error = 64 };

char **own_environment;

static const struct {
    const char *name;
    void (*run)(int count, char **arguments);
} probes[] = {
    {"attribution", probe_attribution},
    {"mounts", probe_mounts},
    {"seccomp", probe_seccomp},
    {"landlock", probe_landlock},
    {"kvm", probe_kvm},
    {"cgroup", probe_control_group},
    {"capabilities", probe_capabilities},
    {"no-new-privs", probe_no_new_privileges},
    {"process-limit", probe_process_limit},
    {"fork-limit", probe_fork_limit},
    {"inside", probe_inside},
    {"network", probe_network},
    {"device", probe_device},
    {"boot", probe_boot},
    {"init", probe_init},
    {"system-calls", probe_system_calls},
    {"interfaces", probe_interfaces},
    {"tracing", probe_tracing},
    {"places", probe_places},
    {"shared-memory", probe_shared_memory},
    {"resources", probe_resources},
    {"kernel-facts", probe_kernel_facts},
    {"file-calls", probe_file_calls},
    {"effects", probe_effects},
    {"nesting", probe_nesting},
    {"filesystems", probe_file_systems},
    {"overlay", probe_overlay},
    {"fuse", probe_fuse},
    {"outside", probe_outside},
    {"keep", probe_keep},
    {"id-range", probe_id_range},
    {"attach-network", probe_attach_network},
};

int program(int argument_count, char **arguments, char **environment)
{
    static const int signals[] = {SIGALRM, SIGCHLD, SIGSYS, SIGPIPE};
    own_environment = environment;
    if (argument_count < 2)
        return usage_error;
    for (size_t index = 0; index < sizeof probes / sizeof *probes; index++) {
        if (strcmp(probes[index].name, arguments[1]) != 0)
            continue;
        restore_signals(signals, sizeof signals / sizeof *signals);
        probes[index].run(argument_count - 2, arguments + 2);
        report("end", 0);
        return 0;
    }
    return usage_error;
}
