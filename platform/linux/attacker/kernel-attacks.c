/* Group F: system calls that a filter should know, and privileges that nobody should have. */
#include "attacker.h"

#include <asm/signal.h>
#include <linux/bpf.h>
#include <linux/fcntl.h>
#include <linux/perf_event.h>
#include <linux/prctl.h>

enum { session_keyring = -3, keyctl_join = 1, keyctl_unlink = 9, keyctl_read = 11 };

static void open_and_gain(const char *step, long descriptor)
{
    did(step, descriptor);
    if (descriptor >= 0)
        gained("used:", step);
    close_file(descriptor);
}

static void use_keys(void)
{
    char bytes[64];
    did("join-session", kernel_call(__NR_keyctl, keyctl_join, 0));
    const long added = kernel_call(__NR_add_key, "user", mark(), mark(), strlen(mark()), session_keyring);
    did("add-key", added);
    if (added < 0)
        return;
    if (kernel_call(__NR_keyctl, keyctl_read, added, bytes, sizeof bytes) == (long)strlen(mark()))
        gained("used:", "add-key");
    kernel_call(__NR_keyctl, keyctl_unlink, added, session_keyring);
}

/* With arguments that no kernel takes: nothing is loaded or removed, whoever calls. */
static void ask_for_modules(void)
{
    enum { too_many_segments = 1000 };
    did("kexec", kernel_call(__NR_kexec_load, 0, too_many_segments, 0, 0));
    did("load-module", kernel_call(__NR_finit_module, -1, "", 0));
    did("init-module", kernel_call(__NR_init_module, 0, 0, ""));
    did("remove-module", kernel_call(__NR_delete_module, "cupel-attack-no-such-module", O_NONBLOCK));
}

enum ending attack_kernel_features(void)
{
    enum { user_mode_only = 1, fanotify_notify = 0 };
    union bpf_attr map;
    struct perf_event_attr event;
    memset(&map, 0, sizeof map);
    map.map_type = BPF_MAP_TYPE_ARRAY;
    map.key_size = 4;
    map.value_size = 8;
    map.max_entries = 1;
    open_and_gain("bpf", kernel_call(__NR_bpf, BPF_MAP_CREATE, &map, sizeof map));
    memset(&event, 0, sizeof event);
    event.type = PERF_TYPE_SOFTWARE;
    event.size = sizeof event;
    event.config = PERF_COUNT_SW_TASK_CLOCK;
    open_and_gain("perf-event", kernel_call(__NR_perf_event_open, &event, 0, -1, -1, 0));
    event.exclude_kernel = 1;
    open_and_gain("perf-event-user", kernel_call(__NR_perf_event_open, &event, 0, -1, -1, 0));
    open_and_gain("userfaultfd", kernel_call(__NR_userfaultfd, O_CLOEXEC));
    open_and_gain("userfaultfd-user", kernel_call(__NR_userfaultfd, O_CLOEXEC | user_mode_only));
    open_and_gain("fanotify", kernel_call(__NR_fanotify_init, fanotify_notify, O_RDONLY));
    use_keys();
    ask_for_modules();
    return attempted;
}

#if defined(__x86_64__)
static void change_descriptors(void)
{
    /* struct user_desc: entry number, base, limit, and bits for a 32-bit data segment that is present. */
    unsigned entry[4] = {0, 0, 0xfffff, 0x51}, table[4] = {0};
    did("write-table", kernel_call(__NR_modify_ldt, 1, entry, sizeof entry));
    if (kernel_call(__NR_modify_ldt, 0, table, sizeof table) > 0)
        gained("a descriptor table of its own", "");
}
#else
static void change_descriptors(void)
{
}
#endif

static enum ending make_executable(void)
{
    enum { read_implies_execute = 0x0400000, query = -1 };
    did("personality", kernel_call(__NR_personality, read_implies_execute));
    const long now = kernel_call(__NR_personality, 0xffffffffL);
    if (now >= 0 && (now & read_implies_execute) != 0)
        gained("memory that is executable where it is readable", "");
    change_descriptors();
    return attempted;
}

static void tell_mask(const char *name, unsigned long long mask)
{
    char text[17];
    for (size_t at = 0; at < 16; at++)
        text[at] = "0123456789abcdef"[(mask >> (60 - 4 * at)) & 15];
    text[16] = '\0';
    fact_text(name, text);
}

static unsigned long long each_capability(int option, long operation)
{
    enum { capabilities = 64 };
    unsigned long long mask = 0;
    for (long capability = 0; capability < capabilities; capability++) {
        const bool reads_bounding = option == PR_CAPBSET_READ;
        const long result = reads_bounding ? kernel_call(__NR_prctl, option, capability, 0, 0, 0)
                                           : kernel_call(__NR_prctl, option, operation, capability, 0, 0);
        if (result > 0)
            mask |= 1ULL << capability;
    }
    return mask;
}

static enum ending tell_privileges(void)
{
    struct identity own;
    int groups[256];
    read_identity(&own);
    fact("uid", own.uid);
    fact("euid", own.effective_uid);
    fact("gid", kernel_call(__NR_getgid));
    fact("egid", kernel_call(__NR_getegid));
    const long count = kernel_call(__NR_getgroups, sizeof groups / sizeof *groups, groups);
    for (long group = 0; group < count; group++)
        fact("group", groups[group]);
    fact("no-new-privs", own.no_new_privileges);
    fact("seccomp", kernel_call(__NR_prctl, PR_GET_SECCOMP, 0, 0, 0, 0));
    tell_mask("effective", own.effective);
    tell_mask("permitted", own.permitted);
    tell_mask("inheritable", own.inheritable);
    tell_mask("bounding", each_capability(PR_CAPBSET_READ, 0));
    tell_mask("ambient", each_capability(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET));
    tell_link("user-namespace", "/proc/self/ns/user");
    fact("secure-bits", kernel_call(__NR_prctl, PR_GET_SECUREBITS, 0, 0, 0, 0));
    fact("dumpable", kernel_call(__NR_prctl, PR_GET_DUMPABLE, 0, 0, 0, 0));
    return attempted;
}

static bool is_readable(const char *path)
{
    char byte[2];
    return read_path(path, byte, sizeof byte) > 0;
}

/* It can change itself alone; whether the first process is thereby any more in reach is what is looked at. */
static enum ending tamper_with_first(void)
{
    static const char *const files[] = {"/proc/1/environ", "/proc/1/maps", "/proc/1/auxv", "/proc/1/io"};
    did("dumpable", kernel_call(__NR_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0));
    did("tracer", kernel_call(__NR_prctl, PR_SET_PTRACER, -1L, 0, 0, 0));
    did("death-signal", kernel_call(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0));
    for (size_t index = 0; started_by != 0 && index < sizeof files / sizeof *files; index++)
        if (is_readable(files[index]))
            gained("read:", files[index]);
    search_path("environment", "/proc/1/environ");
    const long memory = open_file("/proc/1/mem", O_RDONLY);
    did("memory", memory);
    if (memory >= 0 && started_by != 0)
        gained("open:", "/proc/1/mem");
    close_file(memory);
    return attempted;
}

/* A device that every caller has. What is at its path in a sandbox may be another one: whose it is is seen outside. */
static void write_terminal(void)
{
    const long terminal = key("tty") == 0 ? -ENOENT : open_file(key("tty"), O_RDWR);
    did("terminal", terminal);
    if (terminal >= 0)
        did("write", kernel_call(__NR_write, terminal, mark(), strlen(mark())));
    close_file(terminal);
}

static enum ending open_granted_devices(void)
{
    static const char *const paths[] = {
        "/dev/kvm",          "/dev/vhost-vsock",    "/dev/vhost-net", "/dev/net/tun",   "/dev/fuse",
        "/dev/dri/card0",    "/dev/dri/renderD128", "/dev/nvidia0",   "/dev/nvidiactl", "/dev/dxg",
        "/dev/uinput",       "/dev/input/event0",   "/dev/snd/seq",   "/dev/ppp",       "/dev/rtc0",
        "/dev/loop-control", "/dev/vfio/vfio",      "/dev/hwrng",
    };
    for (size_t index = 0; index < sizeof paths / sizeof *paths; index++) {
        const long device = open_file(paths[index], O_RDWR);
        if (device == -ENOENT)
            continue;
        did("open", device);
        if (device >= 0)
            gained("open:", paths[index]);
        close_file(device);
    }
    write_terminal();
    return attempted;
}

const struct attack kernel_attacks[] = {
    {"F01", "home-file", "make system calls by other doors", attack_other_calls},
    {"F02", "tcp4-port?", "make system calls with high bits set", attack_high_bits},
    {"F03", "mark", "use bpf, perf events, userfaultfd, keys, modules", attack_kernel_features},
    {"F04", "tty,mark", "push input into the terminal", attack_terminal},
    {"F05", "-", "make all memory executable and change descriptor tables", make_executable},
    {"F06", "-", "tell which privileges it has", tell_privileges},
    {"F07", "capability-file?", "regain capabilities", attack_capabilities},
    {"F08", "-", "sandbox itself further", attack_more_sandboxes},
    {"F09", "token-prefix", "tamper with the first process", tamper_with_first},
    {"F10", "shm-key?,msg-key?,mq-name?,keyring-description?", "meet others in shared memory, queues and keyrings",
     attack_shared_objects},
    {"F11", "tty?,mark", "open devices that were not granted", open_granted_devices},
    {0, 0, 0, 0},
};
