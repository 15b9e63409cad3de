/*
 * seccomp-verdicts FILTER CALLS: asks the kernel for a filter's verdict on calls without carrying any of them out.
 *
 * FILTER holds struct sock_filter, CALLS eight u64 for each call: a door (0: syscall, 1: int 0x80), the number, six
 * arguments. Below the filter lies another one that hands every call to a supervisor: the kernel takes the stricter
 * answer of the two, an errno goes before a supervisor (seccomp(2)), so a call that reaches the supervisor is one that
 * the filter allows. Standard output gets an int32 for each: 4000 for allowed, the errno, or -signal for killed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { allowed = 4000, words_of_call = 8 };

/* Shared by both: the child can tell nothing by calls. */
struct progress {
    volatile int listener;
    volatile int loaded;
    volatile long current;
    volatile int done;
};

static long call_64(const uint64_t *call)
{
    long result = (long)call[1];
#ifdef __x86_64__
    register uint64_t r10 __asm__("r10") = call[5];
    register uint64_t r8 __asm__("r8") = call[6];
    register uint64_t r9 __asm__("r9") = call[7];
    __asm__ volatile("syscall"
                     : "+a"(result)
                     : "D"(call[2]), "S"(call[3]), "d"(call[4]), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
#else
    result = syscall((long)call[1], call[2], call[3], call[4], call[5], call[6], call[7]);
    result = result < 0 ? -errno : result;
#endif
    return result;
}

static long call_32(const uint64_t *call)
{
    long result = -ENOSYS;
#ifdef __x86_64__
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(call[1]), "b"(call[2]) : "memory", "r8", "r9", "r10", "r11");
#else
    (void)call;
#endif
    return (int)result;
}

static void *map_file(const char *path, size_t *size)
{
    struct stat status;
    const int file = open(path, O_RDONLY);
    if (file < 0 || fstat(file, &status) < 0)
        exit(64);
    *size = (size_t)status.st_size;
    void *bytes = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, file, 0);
    if (bytes == MAP_FAILED)
        exit(64);
    return bytes;
}

static void *map_shared(size_t size)
{
    void *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (bytes == MAP_FAILED)
        exit(70);
    return bytes;
}

static void make_calls(struct progress *progress, struct sock_fprog *filter, const uint64_t *calls, long count,
                       int32_t *results)
{
    struct sock_filter hand_over = {.code = BPF_RET | BPF_K, .k = SECCOMP_RET_USER_NOTIF};
    struct sock_fprog all = {.len = 1, .filter = &hand_over};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    progress->listener =
        (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &all);
    progress->loaded = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, filter) == 0 ? 1 : -1;
    for (; progress->current < count; progress->current++) {
        const uint64_t *call = calls + progress->current * words_of_call;
        results[progress->current] = (int32_t)-(call[0] == 1 ? call_32(call) : call_64(call));
    }
    progress->done = 1;
    for (;;) {
    }
}

/* The load of the filter itself is let through; nothing else is. */
static void answer(struct progress *progress)
{
    struct seccomp_notif request = {0};
    if (ioctl(progress->listener, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0)
        return;
    struct seccomp_notif_resp response = {.id = request.id, .error = -allowed};
    if (progress->loaded == 0)
        response = (struct seccomp_notif_resp){.id = request.id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
    ioctl(progress->listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

/* Gives how the child ended. */
static int supervise(struct progress *progress, pid_t child)
{
    int status = 0;
    while (progress->done == 0 && progress->loaded >= 0 && waitpid(child, &status, WNOHANG) == 0) {
        struct pollfd watched = {.fd = progress->listener, .events = POLLIN};
        if (progress->listener > 0 && poll(&watched, 1, 1) == 1 && (watched.revents & POLLIN) != 0)
            answer(progress);
    }
    if (progress->loaded < 0 || progress->listener < 0)
        exit(70);
    if (progress->done == 1) {
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
    }
    close(progress->listener);
    return status;
}

int main(int count, char **arguments)
{
    if (count != 3)
        return 64;
    size_t filter_size, calls_size;
    struct sock_filter *instructions = map_file(arguments[1], &filter_size);
    const uint64_t *calls = map_file(arguments[2], &calls_size);
    struct sock_fprog filter = {.len = (unsigned short)(filter_size / sizeof *instructions), .filter = instructions};
    const long total = (long)(calls_size / sizeof *calls / words_of_call);
    int32_t *results = map_shared((size_t)total * sizeof *results + 1);
    struct progress *progress = map_shared(sizeof *progress);
    while (progress->done == 0) {
        progress->listener = 0;
        progress->loaded = 0;
        /* Descriptors are shared, so that the supervisor has the listener that the child makes. */
        const pid_t child = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
        if (child == 0)
            make_calls(progress, &filter, calls, total, results);
        const int status = supervise(progress, child);
        if (progress->done == 0)
            results[progress->current++] = -WTERMSIG(status);
    }
    return fwrite(results, sizeof *results, (size_t)total, stdout) == (size_t)total ? 0 : 70;
}
