/* Group D: as much of each resource as the host said, and no more; what was used is told, and given back. */
#include "attacker.h"

#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/resource.h>
#include <linux/sched.h>

enum {
    default_count = 300,
    most_processes = 5000,
    default_memory = 256 << 20,
    most_memory = 1 << 30,
    piece = 1 << 20,
    page = 4096,
    long_ms = 60000
};

static long process_count(void)
{
    return key_number("process-count", default_count, most_processes);
}

static long memory_bytes(void)
{
    return key_number("memory-bytes", default_memory, most_memory);
}

static enum ending start_processes(void)
{
    long alive = 0, result = 0;
    for (; alive < process_count(); alive++) {
        result = fork_child(long_ms);
        if (result == 0) {
            sleep_milliseconds(long_ms);
            leave(0);
        }
        if (result < 0)
            break;
    }
    did("fork", result);
    fact("processes", alive);
    /* They are in this process's group, and die with their parent. */
    return attempted;
}

static enum ending start_threads(void)
{
    long alive = 0, result = 0;
    for (; alive < process_count(); alive++) {
        result = start_idle_thread();
        if (result < 0)
            break;
    }
    did("thread", result);
    fact("threads", alive);
    return attempted;
}

struct use {
    volatile long *touched;
    volatile long *own;
    long bytes;
};

/* A byte of each page; how far it came is told by whoever outlives it. */
static int touch_memory(void *argument)
{
    const struct use *use = argument;
    while (*use->touched < use->bytes) {
        volatile char *memory = map_memory(piece, MAP_PRIVATE);
        if (memory == 0)
            return 1;
        for (long at = 0; at < piece; at += page)
            memory[at] = 1;
        __atomic_fetch_add(use->touched, (long)piece, __ATOMIC_SEQ_CST);
        *use->own += piece;
    }
    return 0;
}

static enum ending use_memory(void)
{
    volatile long *touched = shared_memory(page);
    if (touched == 0)
        return attempted;
    struct use use = {touched, touched + 1, memory_bytes()};
    const long status = run_child(touch_memory, &use, long_ms);
    did("touch", status < 0 ? status : status == 0 ? 0 : -ENOMEM);
    fact("touched-bytes", *touched);
    fact("killed-by", status > 0 ? status & 0x7f : 0);
    return attempted;
}

static bool is_running(long process)
{
    enum { no_hang = 1 /* WNOHANG */ };
    return kernel_call(__NR_wait4, process, 0, no_hang, 0) == 0;
}

/* What a child had that was ended is nobody's any more, and another one may have had it since. */
static long held_by(const long *processes, long count, const volatile long *owns)
{
    long held = 0;
    for (long index = 0; index < count; index++)
        if (is_running(processes[index]))
            held += owns[index];
    return held;
}

/* One that is being ended has given its memory back, and can be waited for a moment later: what is held stays held. */
static long least_held_by(const long *processes, long count, const volatile long *owns)
{
    enum { looks = 5, pause_ms = 50 };
    long least = held_by(processes, count, owns);
    for (int look = 1; look < looks; look++) {
        sleep_milliseconds(pause_ms);
        const long held = held_by(processes, count, owns);
        least = held < least ? held : least;
    }
    return least;
}

static enum ending use_memory_by_many(void)
{
    enum { children = 50 };
    long processes[children];
    volatile long *touched = shared_memory(page);
    if (touched == 0)
        return attempted;
    struct use use = {touched, touched, memory_bytes()};
    long made = 0, result = 0;
    for (; made < children; made++) {
        use.own = touched + 1 + made;
        result = fork_child(long_ms);
        if (result == 0) {
            touch_memory(&use);
            sleep_milliseconds(long_ms);
            leave(0);
        }
        if (result < 0)
            break;
        processes[made] = result;
    }
    did("fork", result);
    for (int look = 0; look < 100 && *touched < use.bytes; look++)
        sleep_milliseconds(20);
    fact("children", made);
    fact("touched-bytes", *touched);
    fact("held-bytes", least_held_by(processes, made, touched + 1));
    return attempted;
}

static long fill(long descriptor, long bytes)
{
    static char zeros[65536];
    long done = 0, count = 0;
    while (done < bytes && (count = kernel_call(__NR_write, descriptor, zeros, sizeof zeros)) > 0)
        done += count;
    did("fill", count);
    return done;
}

static long fill_pipes(long bytes)
{
    enum { set_size = 1031 /* F_SETPIPE_SZ */, pipes_max = 64 };
    long done = 0;
    for (int count = 0; count < pipes_max && done < bytes; count++) {
        int pipe[2];
        if (kernel_call(__NR_pipe2, pipe, O_NONBLOCK | O_CLOEXEC) < 0)
            break;
        kernel_call(__NR_fcntl, pipe[1], set_size, piece);
        done += fill(pipe[1], piece);
    }
    return done;
}

static long fill_sockets(long bytes)
{
    enum { socket_level = 1, send_buffer = 7, sockets_max = 64 };
    long done = 0;
    for (int count = 0; count < sockets_max && done < bytes; count++) {
        int pair[2];
        const int size = piece;
        if (kernel_call(__NR_socketpair, family_unix, stream | O_NONBLOCK | O_CLOEXEC, 0, pair) < 0)
            break;
        kernel_call(__NR_setsockopt, pair[0], socket_level, send_buffer, &size, sizeof size);
        done += fill(pair[0], piece);
    }
    return done;
}

static enum ending use_memory_by_files(void)
{
    static const char path[] = "/dev/shm/cupel-attack-memory";
    const long bytes = memory_bytes(), half = bytes / 2;
    const long file = kernel_call(__NR_memfd_create, "attack", 1 /* MFD_CLOEXEC */);
    did("memfd", file);
    fact("memfd-bytes", fill(file, half));
    close_file(file);
    const long shared = open_file(path, O_WRONLY | O_CREAT | O_EXCL);
    did("shm", shared);
    kernel_call(__NR_unlinkat, AT_FDCWD, path, 0);
    fact("shm-bytes", shared < 0 ? 0 : fill(shared, half));
    close_file(shared);
    fact("pipe-bytes", fill_pipes(half));
    fact("socket-bytes", fill_sockets(half));
    return attempted;
}

static enum ending page_out(void)
{
    enum { pageout = 21 /* MADV_PAGEOUT */, present_pages = 65536 };
    static unsigned char present[present_pages];
    const long bytes = memory_bytes() < (long)present_pages * page ? memory_bytes() : (long)present_pages * page;
    char *memory = map_memory((size_t)bytes, MAP_PRIVATE);
    if (memory == 0)
        return attempted;
    for (long at = 0; at < bytes; at += page)
        ((volatile char *)memory)[at] = 1;
    did("page-out", kernel_call(__NR_madvise, memory, bytes, pageout));
    did("look", kernel_call(__NR_mincore, memory, bytes, present));
    long swapped = 0;
    for (long at = 0; at < bytes / page; at++)
        swapped += (present[at] & 1) == 0 ? page : 0;
    fact("swapped-bytes", swapped);
    return attempted;
}

static long open_until(long (*open)(void), long most)
{
    long count = 0, result = 0;
    while (count < most && (result = open()) >= 0)
        count++;
    did("open", result < 0 ? result : 0);
    return count;
}

static long open_event(void)
{
    return kernel_call(__NR_eventfd2, 0, O_CLOEXEC);
}

static long open_inotify(void)
{
    return kernel_call(__NR_inotify_init1, O_CLOEXEC);
}

static long open_epoll(void)
{
    return kernel_call(__NR_epoll_create1, O_CLOEXEC);
}

static long open_sockets(void)
{
    int ends[2];
    return kernel_call(__NR_socketpair, family_unix, stream | O_CLOEXEC, 0, ends);
}

static long make_timer(void)
{
    int timer = 0;
    enum { monotonic = 1 };
    return kernel_call(__NR_timer_create, monotonic, 0, &timer);
}

/* One process may have so many descriptors, and several may have more. */
static long hold_sockets(long count)
{
    enum { holders_max = 16, pause_ms = 5 };
    volatile long *held = shared_memory(page);
    long processes[holders_max];
    long made = 0, opened = 0;
    for (; held != 0 && made < holders_max && opened < count; made++) {
        volatile long *own = held + 2 * made;
        processes[made] = fork_child(long_ms);
        if (processes[made] == 0) {
            own[0] = 2 * open_until(open_sockets, (count - opened) / 2);
            own[1] = 1;
            sleep_milliseconds(long_ms);
            leave(0);
        }
        if (processes[made] < 0)
            break;
        while (own[1] == 0 && is_running(processes[made]))
            sleep_milliseconds(pause_ms);
        if (own[0] == 0)
            break;
        opened += own[0];
    }
    long all = 0;
    for (long index = 0; index < made; index++)
        all += is_running(processes[index]) ? held[2 * index] : 0;
    return all;
}

/* Instances of inotify are counted for each user, and the user's other programs need some. */
static enum ending open_objects(void)
{
    enum { otherwise = 2048, most = 65536, few = 16, some = 256 };
    const long count = key_number("descriptor-count", otherwise, most);
    struct rlimit64 limit = {0, 0};
    kernel_call(__NR_prlimit64, 0, RLIMIT_NOFILE, 0, &limit);
    limit.rlim_cur = limit.rlim_max;
    did("raise-limit", kernel_call(__NR_prlimit64, 0, RLIMIT_NOFILE, &limit, 0));
    fact("inotify", open_until(open_inotify, few));
    fact("epoll", open_until(open_epoll, some));
    fact("timers", open_until(make_timer, some));
    fact("descriptors", open_until(open_event, count < some ? count : some));
    fact("sockets", hold_sockets(count));
    return attempted;
}

static void raise_priorities(void)
{
    enum { fifo = 1, of_process = 0, io_of_process = 1, io_realtime = 1 << 13 };
    const int priority = 1;
    did("scheduler", kernel_call(__NR_sched_setscheduler, 0, fifo, &priority));
    if (kernel_call(__NR_sched_getscheduler, 0) == fifo)
        gained("real-time scheduling", "");
    const int ordinary = 0;
    kernel_call(__NR_sched_setscheduler, 0, 0, &ordinary);
    did("nice", kernel_call(__NR_setpriority, of_process, 0, -20L));
    /* getpriority(2): the system call gives 20 - nice. */
    if (kernel_call(__NR_getpriority, of_process, 0) > 20)
        gained("a priority above others", "");
    did("io", kernel_call(__NR_ioprio_set, io_of_process, 0, io_realtime));
    if ((kernel_call(__NR_ioprio_get, io_of_process, 0) & ~8191L) == io_realtime)
        gained("real-time input and output", "");
}

static enum ending raise_limits(void)
{
    enum { locked = 16 << 20 };
    char adjusted[16];
    char *memory = map_memory(locked, MAP_PRIVATE);
    const long result = memory == 0 ? -ENOMEM : kernel_call(__NR_mlock, memory, locked);
    did("lock", result);
    fact("locked-bytes", result == 0 ? locked : 0);
    raise_priorities();
    did("oom", write_path("/proc/self/oom_score_adj", O_WRONLY, "-1000"));
    if (read_path("/proc/self/oom_score_adj", adjusted, sizeof adjusted) > 0 && starts_with(adjusted, "-1000"))
        gained("exemption from the out-of-memory killer", "");
    return attempted;
}

const struct attack resource_attacks[] = {
    {"D01", "process-count?", "start many processes", start_processes},
    {"D02", "process-count?", "start many threads", start_threads},
    {"D03", "memory-bytes?", "use much memory in one process", use_memory},
    {"D04", "memory-bytes?", "use much memory in many processes", use_memory_by_many},
    {"D05", "memory-bytes?", "use memory by files, pipes and sockets", use_memory_by_files},
    {"D06", "memory-bytes?", "have memory paged out", page_out},
    {"D07", "spin-ms?,cpu-count?", "keep processors busy", attack_processors},
    {"D09", "descriptor-count?", "open many kernel objects", open_objects},
    {"D11", "scratch?,workspace?,disk-bytes?", "make large files and core dumps", attack_large_files},
    {"D12", "-", "lock memory and raise priorities", raise_limits},
    {"D13", "scratch?,workspace?,file-count?,level-count?,leave-tree?", "make a deep tree of many files",
     attack_deep_tree},
    {0, 0, 0, 0},
};
