/* Group C: signals, tracing, memory and descriptors of other processes. */
#include "attacker.h"

#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/ptrace.h>

struct piece {
    const void *base;
    size_t length;
};

static long victim(void)
{
    return key_number("victim-pid", 0, __INT_MAX__);
}

/*
 * The broadcast is one that nobody notices: SIGURG is ignored unless somebody waits for it, and who does has to stand
 * one too many. It goes to everyone whom this caller may signal.
 */
static enum ending signal_processes(void)
{
    /* kill(2): 0 and 1 would be this group and everybody. */
    if (victim() <= 1)
        return no_process;
    did("exists", kernel_call(__NR_kill, victim(), 0));
    did("broadcast", kernel_call(__NR_kill, -1L, SIGURG));
    did("group", kernel_call(__NR_kill, -victim(), SIGWINCH));
    did("thread", kernel_call(__NR_tgkill, victim(), victim(), SIGUSR1));
    const long process = kernel_call(__NR_pidfd_open, victim(), 0);
    did("pidfd", process);
    did("by-pidfd", kernel_call(__NR_pidfd_send_signal, process, SIGUSR2, 0, 0));
    close_file(process);
    did("terminate", kernel_call(__NR_kill, victim(), SIGTERM));
    return attempted;
}

/* 0 where that is the attacker itself, as in a container without an init: who traces it gains nothing of anybody's. */
static long first_process(void)
{
    return own_pid == 1 ? 0 : 1;
}

/* A tracer that ends lets go of whom it traced. */
static void trace_one(const char *step, long process)
{
    if (process <= 0 || process == kernel_call(__NR_getpid))
        return;
    const long seized = kernel_call(__NR_ptrace, PTRACE_SEIZE, process, 0, 0);
    did(step, seized);
    if (seized == 0)
        gained("traced:", step);
}

static void peek_victim(void)
{
    enum { wait_untraced = 2, child_of_any_kind = 0x40000000, words = 8 };
    long word[words] = {0};
    const long address = key_number("victim-address", 0, __LONG_MAX__);
    if (kernel_call(__NR_ptrace, PTRACE_INTERRUPT, victim(), 0, 0) < 0)
        return;
    kernel_call(__NR_wait4, victim(), 0, wait_untraced | child_of_any_kind, 0);
    for (long at = 0; at < words; at++)
        did("peek", kernel_call(__NR_ptrace, PTRACE_PEEKDATA, victim(), address + at * (long)sizeof *word, word + at));
    saw("peeked", word, sizeof word);
    kernel_call(__NR_ptrace, PTRACE_DETACH, victim(), 0, 0);
}

static enum ending trace_processes(void)
{
    trace_one("victim", victim());
    peek_victim();
    trace_one("first-process", first_process());
    trace_one("parent", started_by);
    return attempted;
}

static void copy_memory(void)
{
    char bytes[saw_bytes_max];
    const long address = key_number("victim-address", 0, __LONG_MAX__);
    const struct piece here = {bytes, sizeof bytes}, there = {(const void *)address, sizeof bytes};
    const long length = kernel_call(__NR_process_vm_readv, victim(), &here, 1, &there, 1, 0);
    did("read", length);
    if (length > 0)
        saw("memory", bytes, (size_t)length);
    const struct piece own = {mark(), strlen(mark())};
    const struct piece other = {(const void *)(address + victim_room), strlen(mark())};
    did("write", kernel_call(__NR_process_vm_writev, victim(), &own, 1, &other, 1, 0));
}

static enum ending read_and_write_memory(void)
{
    char path[64];
    copy_memory();
    const long memory = open_file(join(path, sizeof path, "/proc/", decimal(victim()), "/mem"), O_RDWR);
    did("open", memory);
    const long address = key_number("victim-address", 0, __LONG_MAX__) + victim_room;
    did("write-file", kernel_call(__NR_pwrite64, memory, mark(), strlen(mark()), address));
    close_file(memory);
    return attempted;
}

static void take_descriptors(const char *step, long process, long first, long last)
{
    if (process <= 0)
        return;
    const long handle = kernel_call(__NR_pidfd_open, process, 0);
    did("pidfd", handle);
    for (long descriptor = first; handle >= 0 && descriptor <= last; descriptor++) {
        const long taken = kernel_call(__NR_pidfd_getfd, handle, descriptor, 0);
        did(step, taken);
        if (taken >= 0)
            gained("a descriptor taken from", step);
        close_file(taken);
    }
    close_file(handle);
}

static enum ending take_every_descriptor(void)
{
    char bytes[saw_bytes_max];
    enum { most = 65536, some = 8 };
    const long descriptor = key_number("victim-descriptor", 0, most);
    const long handle = kernel_call(__NR_pidfd_open, victim(), 0);
    const long taken = kernel_call(__NR_pidfd_getfd, handle, descriptor, 0);
    did("victim", taken);
    const long length = kernel_call(__NR_pread64, taken, bytes, sizeof bytes, 0);
    if (length > 0)
        saw("descriptor", bytes, (size_t)length);
    take_descriptors("first-process", first_process(), 0, some);
    take_descriptors("parent", started_by, 0, some);
    return attempted;
}

static long namespace_number(const char *name, char *link, size_t room)
{
    char path[64];
    const long length =
        kernel_call(__NR_readlinkat, AT_FDCWD, join(path, sizeof path, "/proc/self/ns/", name, ""), link, room - 1);
    link[length > 0 ? length : 0] = '\0';
    return length;
}

static void enter_of(const char *process, const char *name)
{
    char path[128], before[64], after[64];
    join(path, sizeof path, "/proc/", process, "/ns/");
    join(path, sizeof path, path, name, "");
    const long handle = open_file(path, O_RDONLY);
    did("open", handle);
    if (handle < 0)
        return;
    namespace_number(name, before, sizeof before);
    did("enter", kernel_call(__NR_setns, handle, 0));
    close_file(handle);
    namespace_number(name, after, sizeof after);
    if (strcmp(before, after) != 0)
        gained("another process's namespace:", name);
}

static enum ending enter_namespaces_of_others(void)
{
    static const char *const names[] = {"user", "mnt", "pid", "net", "ipc", "uts", "cgroup", "time"};
    const char *processes[] = {key("apart-pid"), key("victim-pid"), "1", decimal(started_by)};
    for (size_t process = 0; process < sizeof processes / sizeof *processes; process++) {
        for (size_t name = 0; processes[process] != 0 && name < sizeof names / sizeof *names; name++)
            enter_of(processes[process], names[name]);
        tell_path("home-file", key("home-file"));
    }
    return attempted;
}

/* The first process of a namespace cannot be killed from inside; outside, the kernel protects it the same. */
static enum ending stop_supervisor(void)
{
    enum { pause_ms = 400, moment_ms = 50 };
    const long supervisor = key_number("supervisor-pid", 0, __INT_MAX__);
    did("stop-first", kernel_call(__NR_kill, 1, SIGSTOP));
    did("kill-first", kernel_call(__NR_kill, 1, SIGKILL));
    if (supervisor <= 1)
        return attempted;
    did("stop", kernel_call(__NR_kill, supervisor, SIGSTOP));
    sleep_milliseconds(pause_ms);
    did("continue", kernel_call(__NR_kill, supervisor, SIGCONT));
    sleep_milliseconds(moment_ms);
    did("kill", kernel_call(__NR_kill, supervisor, SIGKILL));
    return attempted;
}

static void open_program_of(const char *process)
{
    char path[64];
    const long file = open_file(join(path, sizeof path, "/proc/", process, "/exe"), O_WRONLY);
    did("open", file);
    if (file >= 0)
        gained("a running program open for writing:", path);
    close_file(file);
}

/* A handle that was taken while it ran is used when it does not run any more; only on the canary is anything written.
 */
static void write_program(long process)
{
    enum { tries = 50, pause_ms = 10 };
    char path[64], target[path_room];
    join(path, sizeof path, "/proc/", decimal(process), "/exe");
    const long length = kernel_call(__NR_readlinkat, AT_FDCWD, path, target, sizeof target - 1);
    const long handle = open_file(path, O_PATH);
    did("handle", handle);
    target[length > 0 ? length : 0] = '\0';
    if (handle < 0 || strcmp(target, key("exe-file")) != 0)
        return;
    did("kill", kernel_call(__NR_kill, process, SIGKILL));
    join(path, sizeof path, "/proc/self/fd/", decimal(handle), "");
    long written = -EAGAIN;
    for (int try = 0; try < tries && written < 0; try++) {
        written = write_path(path, O_WRONLY | O_APPEND, mark());
        sleep_milliseconds(pause_ms);
    }
    did("write", written);
}

static enum ending write_programs(void)
{
    const long process = key_number("exe-pid", 0, __INT_MAX__);
    open_program_of(decimal(process));
    open_program_of("1");
    open_program_of(decimal(started_by));
    write_program(process);
    return attempted;
}

const struct attack process_attacks[] = {
    {"C01", "victim-pid", "signal processes", signal_processes},
    {"C02", "victim-pid,victim-address", "trace processes", trace_processes},
    {"C03", "victim-pid,victim-address,mark", "read and write the memory of processes", read_and_write_memory},
    {"C04", "victim-pid,victim-descriptor", "take descriptors of processes", take_every_descriptor},
    {"C05", "home-file,victim-pid?,apart-pid?", "enter the namespaces of processes", enter_namespaces_of_others},
    {"C06", "-", "make namespaces", attack_namespaces},
    {"C07", "mark,daemon-seconds?,spared-pid?", "outlive the job", attack_daemon},
    {"C08", "supervisor-pid", "stop and kill whoever looks after it", stop_supervisor},
    {"C12", "process-count?", "leave orphans that nobody waits for", attack_orphans},
    {"C14", "exe-pid,exe-file,mark", "write to a program that runs", write_programs},
    {0, 0, 0, 0},
};
