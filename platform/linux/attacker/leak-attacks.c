/* Group B: what can be known of the host, of other processes and of earlier jobs. */
#include "attacker.h"

#include <linux/fcntl.h>
#include <linux/stat.h>
#include <linux/timex.h>

enum { text_room = 65536, processes_max = 8192 };

static bool is_number(const char *name)
{
    const char *at = name;
    return parse_decimal(&at) > 0 && *at == '\0';
}

struct process_file {
    const char *step;
    const char *name;
    long count;
};

static bool search_process(const char *name, void *context)
{
    static char bytes[text_room];
    struct process_file *wanted = context;
    char path[128];
    if (!is_number(name))
        return true;
    const long length = read_path(join(path, sizeof path, "/proc/", name, wanted->name), bytes, sizeof bytes);
    if (length > 0)
        search_bytes(wanted->step, bytes, (size_t)length);
    return wanted->count++ < processes_max;
}

static enum ending list_processes(void)
{
    struct process_file names = {"name", "/comm", 0};
    char path[64];
    did("list", each_name("/proc", search_process, &names));
    fact("processes", names.count);
    join(path, sizeof path, "/proc/", key("victim-pid"), "/stat");
    search_path("victim", path);
    return attempted;
}

static const char *victim_path(const char *name)
{
    static char path[128];
    return join(path, sizeof path, "/proc/", key("victim-pid"), name);
}

static void tell_victim_link(const char *step, const char *name)
{
    char target[saw_bytes_max];
    const long length = kernel_call(__NR_readlinkat, AT_FDCWD, victim_path(name), target, sizeof target);
    did(step, length);
    if (length > 0)
        search_bytes(step, target, (size_t)length);
}

static void read_victim_memory(void)
{
    char bytes[saw_bytes_max];
    const long address = key_number("victim-address", 0, __LONG_MAX__);
    const long memory = open_file(victim_path("/mem"), O_RDONLY);
    did("memory", memory);
    if (memory < 0 || address == 0)
        return;
    const long length = kernel_call(__NR_pread64, memory, bytes, sizeof bytes, address);
    did("read-memory", length);
    if (length > 0)
        saw("memory", bytes, (size_t)length);
    close_file(memory);
}

static enum ending read_process(void)
{
    char name[64], text[64];
    search_path("environment", victim_path("/environ"));
    search_path("arguments", victim_path("/cmdline"));
    search_path("name", victim_path("/comm"));
    if (read_path(victim_path("/maps"), text, sizeof text) > 0)
        gained("another process's map of its memory", "");
    read_victim_memory();
    if (key("victim-descriptor") != 0)
        tell_path("descriptor", victim_path(join(name, sizeof name, "/fd/", key("victim-descriptor"), "")));
    tell_victim_link("directory", "/cwd");
    tell_victim_link("program", "/exe");
    return attempted;
}

/* Addresses are zero to those who may not know them. */
static bool has_address(const char *text)
{
    for (; *text != '\0' && *text != ' '; text++)
        if (*text != '0')
            return true;
    return false;
}

static enum ending read_kernel(void)
{
    static const char *const files[] = {"/proc/kcore",
                                        "/proc/vmcore",
                                        "/proc/timer_list",
                                        "/proc/slabinfo",
                                        "/proc/vmallocinfo",
                                        "/proc/pagetypeinfo",
                                        "/sys/kernel/debug/sched/debug"};
    char text[256];
    for (size_t index = 0; index < sizeof files / sizeof *files; index++) {
        const long length = read_path(files[index], text, 5);
        did("read", length);
        if (length > 0)
            gained("read:", files[index]);
    }
    did("kallsyms", read_path("/proc/kallsyms", text, sizeof text));
    if (has_address(text))
        gained("addresses of the kernel", "");
    search_path("keys", "/proc/keys");
    return attempted;
}

static enum ending read_log(void)
{
    enum { read_all = 3, buffer_size = 10 };
    static char log[text_room];
    const long length = kernel_call(__NR_syslog, read_all, log, sizeof log);
    did("syslog", length);
    did("size", kernel_call(__NR_syslog, buffer_size, 0, 0));
    if (length > 0) {
        gained("the kernel's log by syslog(2)", "");
        search_bytes("log", log, (size_t)length);
    }
    const long device = open_file("/dev/kmsg", O_RDONLY);
    did("kmsg", device);
    /* A record for each read(2). */
    if (device >= 0 && kernel_call(__NR_read, device, log, sizeof log) > 0)
        gained("the kernel's log by /dev/kmsg", "");
    close_file(device);
    return attempted;
}

static enum ending read_environment(void)
{
    enum { variables_max = 256 };
    long count = 0;
    for (; own_environment[count] != 0; count++) {
        char name[256];
        size_t length = 0;
        if (count >= variables_max)
            continue;
        saw_text("variable", own_environment[count]);
        while (length + 1 < sizeof name && own_environment[count][length] != '\0' &&
               own_environment[count][length] != '=')
            length++;
        memcpy(name, own_environment[count], length);
        name[length] = '\0';
        fact_text("variable", name);
    }
    fact("variables", count);
    return attempted;
}

static enum ending find_secrets(void)
{
    struct process_file arguments = {"arguments", "/cmdline", 0}, environments = {"environment", "/environ", 0};
    did("list", each_name("/proc", search_process, &arguments));
    each_name("/proc", search_process, &environments);
    fact("processes", arguments.count);
    return attempted;
}

static const char *kind_of(unsigned mode)
{
    switch (mode & mode_type) {
    case mode_directory:
        return "directory";
    case mode_character:
        return "character-device";
    case mode_block:
        return "block-device";
    case mode_pipe:
        return "pipe";
    case mode_socket:
        return "socket";
    case mode_file:
        return "file";
    default:
        return "other";
    }
}

static enum ending list_descriptors(void)
{
    enum { descriptors_max = 1024 };
    struct statx status;
    char words[64];
    for (long descriptor = 0; descriptor < descriptors_max; descriptor++) {
        if (kernel_call(__NR_statx, descriptor, "", AT_EMPTY_PATH, STATX_TYPE, &status) < 0)
            continue;
        join(words, sizeof words, decimal(descriptor), ":", kind_of(status.stx_mode));
        fact_text("descriptor",
                  join(words, sizeof words, words, ":", decimal(kernel_call(__NR_fcntl, descriptor, F_GETFL, 0))));
    }
    return attempted;
}

static enum ending tell_place(void)
{
    char path[path_room];
    const long length = kernel_call(__NR_getcwd, path, sizeof path);
    did("directory", length);
    if (length > 0)
        fact_text("directory", path);
    tell_link("self-cwd", "/proc/self/cwd");
    tell_link("self-root", "/proc/self/root");
    tell_link("self-exe", "/proc/self/exe");
    return attempted;
}

static enum ending search_mounts(void)
{
    search_path("mountinfo", "/proc/self/mountinfo");
    search_path("mounts", "/proc/mounts");
    search_path("first-mounts", "/proc/1/mountinfo");
    return attempted;
}

static void tell_line(const char *name, const char *path)
{
    char line[256];
    const long length = read_path(path, line, sizeof line);
    if (length <= 0)
        return;
    for (char *at = line; *at != '\0'; at++)
        if (*at == '\n')
            *at = '\0';
    fact_text(name, line);
}

static bool tell_interface(const char *name, void *context)
{
    char path[128];
    (void)context;
    tell_line("hardware-address", join(path, sizeof path, "/sys/class/net/", name, "/address"));
    return true;
}

static enum ending tell_machine(void)
{
    /* struct new_utsname: six texts of 65 bytes. */
    char names[6][65] = {{0}};
    did("uname", kernel_call(__NR_uname, names));
    fact_text("host-name", names[1]);
    fact_text("release", names[2]);
    fact_text("domain-name", names[5]);
    tell_line("machine-id", "/etc/machine-id");
    tell_line("machine-id", "/var/lib/dbus/machine-id");
    tell_line("boot-id", "/proc/sys/kernel/random/boot_id");
    tell_line("product-serial", "/sys/class/dmi/id/product_serial");
    tell_line("product-uuid", "/sys/class/dmi/id/product_uuid");
    tell_line("product-name", "/sys/class/dmi/id/product_name");
    each_name("/sys/class/net", tell_interface, 0);
    return attempted;
}

static bool count_name(const char *name, void *context)
{
    (void)name;
    ++*(long *)context;
    return true;
}

static void make_group(const char *parent)
{
    char path[path_room];
    join(path, sizeof path, parent, "/cupel-attack-", mark());
    const long made = kernel_call(__NR_mkdirat, AT_FDCWD, path, 0700);
    did("make-group", made);
    if (made < 0)
        return;
    gained("a control group made in", parent);
    kernel_call(__NR_unlinkat, AT_FDCWD, path, AT_REMOVEDIR);
}

static bool make_group_in(const char *name, void *context)
{
    char path[path_room];
    (void)context;
    join(path, sizeof path, "/sys/fs/cgroup/", name, "");
    if ((file_mode(path) & mode_type) == mode_directory)
        make_group(path);
    return true;
}

static enum ending look_into_sys(void)
{
    static const char *const directories[] = {"/sys/class", "/sys/firmware", "/sys/kernel/security", "/sys/block",
                                              "/sys/kernel/debug"};
    char words[64];
    for (size_t index = 0; index < sizeof directories / sizeof *directories; index++) {
        long count = 0;
        did("list", each_name(directories[index], count_name, &count));
        fact_text("names", join(words, sizeof words, directories[index], ":", decimal(count)));
    }
    make_group("/sys/fs/cgroup");
    each_name("/sys/fs/cgroup", make_group_in, 0);
    return attempted;
}

/* Values that are there already: whoever may set them could have set others. */
static enum ending set_clocks(void)
{
    struct __kernel_timex clock;
    char names[6][65] = {{0}};
    memset(&clock, 0, sizeof clock);
    did("read-clock", kernel_call(__NR_adjtimex, &clock));
    clock.modes = ADJ_TICK;
    const long adjusted = kernel_call(__NR_adjtimex, &clock);
    did("adjust-clock", adjusted);
    if (adjusted >= 0)
        gained("the clock adjusted", "");
    kernel_call(__NR_uname, names);
    const long named = kernel_call(__NR_sethostname, names[1], strlen(names[1]));
    did("name-host", named);
    if (named >= 0)
        tell_link("settable-name", "/proc/self/ns/uts");
    return attempted;
}

const struct attack leak_attacks[] = {
    {"B01", "victim-pid,token-prefix", "list processes", list_processes},
    {"B02", "victim-pid,token-prefix,victim-address?,victim-descriptor?", "read a process by way of /proc",
     read_process},
    {"B03", "token-prefix", "read what the kernel tells about itself", read_kernel},
    {"B04", "token-prefix", "read the kernel's log", read_log},
    {"B05", "-", "read its own environment", read_environment},
    {"B06", "token-prefix", "find secrets in arguments and environments", find_secrets},
    {"B07", "-", "look for inherited descriptors", list_descriptors},
    {"B08", "-", "tell where it is", tell_place},
    {"B09", "token-prefix", "find the host's paths in its mounts", search_mounts},
    {"B10", "-", "tell which machine this is", tell_machine},
    {"B11", "mark", "look about in /sys and write to control groups", look_into_sys},
    {"B12", "-", "set clocks and the host's name", set_clocks},
    {"B13", "mark,residue", "find what an earlier job left", attack_residue},
    {0, 0, 0, 0},
};
