/* Landlock: its ABI, and for each family of rights one denied act beside one that still works. */
#include "prober.h"

#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/in.h>
#include <linux/landlock.h>
#include <linux/prctl.h>
#include <linux/un.h>

/* The ruleset of ABI 6 (Linux 6.12, include/uapi/linux/landlock.h); an older kernel takes it while the rest is 0. */
struct ruleset {
    uint64_t handled_file_system;
    uint64_t handled_network;
    uint64_t scoped;
};
/* ABI 4 (Linux 6.7): struct landlock_net_port_attr and its rights. */
struct port_rule {
    uint64_t allowed;
    uint64_t port;
};
enum { rule_path = 1, rule_port = 2, bind_tcp = 1, connect_tcp = 2 };
/* ABI 6 (Linux 6.12): LANDLOCK_SCOPE_*. Errata: LANDLOCK_CREATE_RULESET_ERRATA, Linux 6.15. */
enum { scope_abstract_socket = 1, scope_signal = 2, flag_version = 1, flag_errata = 2 };
enum { first_abi_with_network = 4, first_abi_with_scopes = 6 };
/* include/linux/socket.h */
enum { family_unix = 1, family_inet = 2 };

static long create_ruleset(struct ruleset rules)
{
    return kernel_call(__NR_landlock_create_ruleset, &rules, sizeof rules, 0);
}

static long restrict_self(long ruleset)
{
    if (ruleset < 0)
        return ruleset;
    kernel_call(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return kernel_call(__NR_landlock_restrict_self, ruleset, 0);
}

static long try_open(const char *path, int flags)
{
    const long descriptor = open_path(path, flags);
    if (descriptor >= 0)
        kernel_call(__NR_close, descriptor);
    return descriptor < 0 ? descriptor : 0;
}

static int without_renouncing(void *argument)
{
    const long ruleset = create_ruleset((struct ruleset){LANDLOCK_ACCESS_FS_WRITE_FILE, 0, 0});
    report(argument, ruleset < 0 ? ruleset : kernel_call(__NR_landlock_restrict_self, ruleset, 0));
    return 0;
}

/* One that everyone may list, unless Landlock denies it: in another domain, which has no rights to /, programs can. */
static const char *listed_directory(void)
{
    static const char *const candidates[] = {"/", "/usr", "/proc"};
    for (size_t index = 0; index < sizeof candidates / sizeof *candidates; index++)
        if (try_open(candidates[index], O_RDONLY | O_DIRECTORY) >= 0)
            return candidates[index];
    return candidates[0];
}

/* /dev/null and /dev/zero take writes from everyone: what denies them afterwards is Landlock. */
static int restrict_files(void *argument)
{
    (void)argument;
    report("file-control", try_open("/dev/zero", O_WRONLY));
    const char *const directory = listed_directory();
    report("directory-control", try_open(directory, O_RDONLY | O_DIRECTORY));
    const long ruleset =
        create_ruleset((struct ruleset){LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_DIR, 0, 0});
    const struct landlock_path_beneath_attr rule = {
        .allowed_access = LANDLOCK_ACCESS_FS_WRITE_FILE,
        .parent_fd = (int)open_path("/dev/null", O_PATH),
    };
    if (ruleset >= 0)
        report("file-rule", kernel_call(__NR_landlock_add_rule, ruleset, rule_path, &rule, 0));
    const long restricted = restrict_self(ruleset);
    report("file-restrict", restricted);
    if (restricted < 0)
        return 0;
    report("file-denied", try_open("/dev/zero", O_WRONLY));
    report("file-allowed", try_open("/dev/null", O_WRONLY));
    report("directory-denied", try_open(directory, O_RDONLY | O_DIRECTORY));
    return 0;
}

static int restrict_network(void *argument)
{
    (void)argument;
    struct sockaddr_in open, shut, fresh;
    report("listen", listen_on_loopback(&open));
    report("bind-control", listen_on_loopback(&shut));
    report("connect-control", connect_to(family_inet, &shut, sizeof shut));
    const long ruleset = create_ruleset((struct ruleset){0, bind_tcp | connect_tcp, 0});
    const struct port_rule rule = {.allowed = connect_tcp, .port = __builtin_bswap16(open.sin_port)};
    if (ruleset >= 0)
        report("port-rule", kernel_call(__NR_landlock_add_rule, ruleset, rule_port, &rule, 0));
    const long restricted = restrict_self(ruleset);
    report("network-restrict", restricted);
    if (restricted < 0)
        return 0;
    report("connect-denied", connect_to(family_inet, &shut, sizeof shut));
    report("connect-allowed", connect_to(family_inet, &open, sizeof open));
    report("bind-denied", listen_on_loopback(&fresh));
    return 0;
}

struct outside {
    struct sockaddr_un address;
    unsigned int length;
    long process;
};

static int restrict_scopes(void *argument)
{
    const struct outside *outside = argument;
    report("abstract-control", connect_to(family_unix, &outside->address, outside->length));
    /* Signal 0 asks for permission only (kill(2)). */
    report("signal-control", kernel_call(__NR_kill, outside->process, 0));
    const long restricted = restrict_self(create_ruleset((struct ruleset){0, 0, scope_abstract_socket | scope_signal}));
    report("scope-restrict", restricted);
    if (restricted < 0)
        return 0;
    struct outside inside;
    report("abstract-denied", connect_to(family_unix, &outside->address, outside->length));
    report("signal-denied", kernel_call(__NR_kill, outside->process, 0));
    report("abstract-listen", listen_on_abstract(&inside.address, &inside.length));
    report("abstract-allowed", connect_to(family_unix, &inside.address, inside.length));
    const long child = fork_child();
    if (child == 0) {
        sleep_milliseconds(1000);
        leave(0);
    }
    report("signal-allowed", kernel_call(__NR_kill, child, SIGKILL));
    wait_for(child);
    return 0;
}

void probe_landlock(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    const long abi = kernel_call(__NR_landlock_create_ruleset, 0, 0, flag_version);
    report("abi", abi);
    report("errata", kernel_call(__NR_landlock_create_ruleset, 0, 0, flag_errata));
    if (abi < 1)
        return;
    report_child("restrict-without-nnp", without_renouncing, "restrict-without-nnp", 1000);
    report_child("files", restrict_files, 0, 1000);
    report_landlock_rights(abi);
    if (abi >= first_abi_with_network)
        report_child("network", restrict_network, 0, 1000);
    if (abi >= first_abi_with_scopes) {
        struct outside outside = {.process = kernel_call(__NR_getpid)};
        report("abstract-outside", listen_on_abstract(&outside.address, &outside.length));
        report_child("scopes", restrict_scopes, &outside, 2000);
    }
}
