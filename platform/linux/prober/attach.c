/*
 * Programs that work on another process's namespaces, each on a throw-away child: newuidmap and newgidmap, which give a
 * user namespace a range of ids, and pasta and slirp4netns, which give a network namespace an interface.
 */
#include "prober.h"

#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/sched.h>
#include <linux/wait.h>

enum { most_words = 24, poll_milliseconds = 5, standard_output = 1, standard_error = 2 };

/* A child that holds namespaces of its own until it is told to go on. */
struct holder {
    long process;
    /* Our end of the pipe that it waits on. */
    int go;
};

static bool make_pipe(int ends[2])
{
    return kernel_call(__NR_pipe2, ends, O_CLOEXEC) == 0;
}

/*
 * Starts a holder that unshares FLAGS (with its own ids mapped where MAPS), says so under the step `namespaces`, waits
 * to be told, and then does ACTION.
 */
static bool start_holder(struct holder *holder, unsigned long flags, bool maps, act *action, void *argument)
{
    int ready[2], go[2];
    if (!make_pipe(ready) || !make_pipe(go))
        return false;
    holder->process = fork_child();
    if (holder->process == 0) {
        char byte = 0;
        kernel_call(__NR_close, go[1]);
        const long entered = maps ? enter_namespaces(flags) : kernel_call(__NR_unshare, flags);
        report("namespaces", entered);
        if (entered < 0)
            leave(0);
        kernel_call(__NR_write, ready[1], &byte, 1);
        if (kernel_call(__NR_read, go[0], &byte, 1) == 1)
            action(argument);
        leave(0);
    }
    kernel_call(__NR_close, ready[1]);
    kernel_call(__NR_close, go[0]);
    holder->go = go[1];
    char byte = 0;
    return holder->process > 0 && kernel_call(__NR_read, ready[0], &byte, 1) == 1;
}

static void let_go(const struct holder *holder)
{
    kernel_call(__NR_write, holder->go, "", 1);
    wait_for(holder->process);
}

/* The words, with each PID replaced by the holder's. */
static void fill_words(char **words, char **arguments, int count, char *process)
{
    int index = 0;
    for (; index < count && index < most_words - 1; index++)
        words[index] = strcmp(arguments[index], "PID") == 0 ? process : arguments[index];
    words[index] = 0;
}

/* Starts a program with both outputs on a pipe; its end is for reading, and does not block. */
static long start_program(char **words, int *output)
{
    int ends[2];
    if (!make_pipe(ends))
        return -EMFILE;
    const long process = fork_child();
    if (process == 0) {
        kernel_call(__NR_dup3, ends[1], standard_output, 0);
        kernel_call(__NR_dup3, ends[1], standard_error, 0);
        kernel_call(__NR_execve, words[0], words, own_environment);
        leave(child_vanished);
    }
    kernel_call(__NR_close, ends[1]);
    kernel_call(__NR_fcntl, ends[0], F_SETFL, O_NONBLOCK);
    *output = ends[0];
    return process;
}

/* Reports how a program ended, with the last of what it wrote. */
static void report_end(const char *step, int status, int output)
{
    static char text[2048];
    const long length = kernel_call(__NR_read, output, text, sizeof text - 1);
    text[length > 0 ? length : 0] = '\0';
    const int signal = status & 0x7f;
    report_both(step, signal == 0 ? 0 : EINTR, signal == 0 ? status >> 8 & 0xff : signal, text);
}

static int use_range(void *argument)
{
    const long *ids = argument;
    static char map[256];
    const long read = read_file("/proc/self/uid_map", map, sizeof map);
    report_text("uid-map", read < 0 ? read : 0, map);
    report("set-group", kernel_call(__NR_setresgid, ids[1], ids[1], ids[1]));
    report("set-user", kernel_call(__NR_setresuid, ids[0], ids[0], ids[0]));
    report("user-now", kernel_call(__NR_getuid));
    return 0;
}

static bool map_range(const char *step, char **words)
{
    int output = -1;
    const long process = start_program(words, &output);
    if (process < 0) {
        report(step, process);
        return false;
    }
    int status = 0;
    kernel_call(__NR_wait4, process, &status, 0, 0);
    report_end(step, status, output);
    return status == 0;
}

/* Root maps ranges without a program: the map written straight to the holder's /proc file. */
static bool write_range(const char *step, const char *process, const char *file, char **numbers)
{
    char path[64] = "/proc/";
    char map[128] = "0 ";
    copy_text(path + strlen(path), 24, process);
    copy_text(path + strlen(path), 16, file);
    const char *const words[] = {numbers[0], " 1\n1 ", numbers[1], " ", numbers[2], "\n"};
    for (size_t index = 0; index < sizeof words / sizeof *words; index++)
        copy_text(map + strlen(map), sizeof map - strlen(map), words[index]);
    const long written = write_file(path, map);
    report(step, written);
    return written >= 0;
}

static bool map_by_programs(char **arguments, char *process)
{
    char *users[] = {arguments[0], process, "0", arguments[2], "1", "1", arguments[3], arguments[4], 0};
    char *groups[] = {arguments[1], process, "0", arguments[5], "1", "1", arguments[6], arguments[7], 0};
    return map_range("newuidmap", users) && map_range("newgidmap", groups);
}

/*
 * Arguments: newuidmap and newgidmap, or `-` for both where this is root; own uid, first and number of sub-ids; the
 * same for groups. 0 inside is the caller, 1 and on is the range: what engines without root do.
 */
void probe_id_range(int count, char **arguments)
{
    if (count < 8)
        return;
    struct holder holder;
    long last[2] = {(long)parse_number(arguments[4]), (long)parse_number(arguments[7])};
    if (!start_holder(&holder, CLONE_NEWUSER, false, use_range, last))
        return;
    char process[24];
    format_number(process, holder.process);
    const bool mapped = strcmp(arguments[0], "-") == 0
                            ? write_range("write-uid-map", process, "/uid_map", arguments + 2) &&
                                  write_range("write-gid-map", process, "/gid_map", arguments + 5)
                            : map_by_programs(arguments, process);
    if (mapped)
        let_go(&holder);
    else
        kernel_call(__NR_kill, holder.process, SIGKILL);
}

/* The first interface of the network namespace besides lo, from /proc/PID/net/dev; false where there is none. */
static bool find_interface(const char *process, char *name, size_t capacity)
{
    static char table[8192];
    char path[64] = "/proc/";
    copy_text(path + strlen(path), 24, process);
    copy_text(path + strlen(path), sizeof "/net/dev", "/net/dev");
    if (read_file(path, table, sizeof table) < 0)
        return false;
    const char *text = table;
    for (int line = 0; *text != '\0'; line++) {
        while (*text == ' ')
            text++;
        size_t length = 0;
        while (text[length] != '\0' && text[length] != ':' && text[length] != '\n')
            length++;
        const bool is_loopback = length == 2 && starts_with(text, "lo");
        if (line >= 2 && length > 0 && length < capacity && text[length] == ':' && !is_loopback) {
            memcpy(name, text, length);
            name[length] = '\0';
            return true;
        }
        while (*text != '\0' && *text++ != '\n')
            ;
    }
    return false;
}

static int do_nothing(void *argument)
{
    (void)argument;
    return 0;
}

/*
 * Arguments: a deadline in milliseconds, then a program with its arguments, of which PID stands for a process with a
 * network namespace of its own. Reports the interface that appears there, or how the program ended without one.
 */
void probe_attach_network(int count, char **arguments)
{
    struct holder holder;
    if (count < 2 || !start_holder(&holder, CLONE_NEWUSER | CLONE_NEWNET, true, do_nothing, 0))
        return;
    char process[24];
    format_number(process, holder.process);
    char name[64];
    report("interface-before", find_interface(process, name, sizeof name));
    char *words[most_words];
    fill_words(words, arguments + 1, count - 1, process);
    int output = -1;
    const long program = start_program(words, &output);
    if (program < 0) {
        report("start", program);
        return;
    }
    const long long until = now_microseconds() + parse_number(arguments[0]) * 1000;
    int status = 0;
    bool found = false;
    bool ended = false;
    while (!found && !ended && now_microseconds() < until) {
        sleep_milliseconds(poll_milliseconds);
        found = find_interface(process, name, sizeof name);
        ended = kernel_call(__NR_wait4, program, &status, WNOHANG, 0) == program;
    }
    if (found)
        report_text("interface", 0, name);
    if (ended)
        report_end("ended", status, output);
    if (!found && !ended)
        report("no-interface", -ETIME);
    kernel_call(__NR_kill, program, SIGKILL);
    let_go(&holder);
}
