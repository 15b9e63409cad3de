/*
 * attempt WORD ARGUMENT… [-- WORD ARGUMENT…]…: tries things that a sandbox should deny, and says for each on a line of
 * its own `ok` or the name of its errno. Nothing is changed but by the words that say so: files are opened and not
 * written, processes get signal 0. The same program outside the sandbox is the control.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

static void say(long result)
{
    const char *name = result < 0 ? strerrorname_np(errno) : "ok";
    printf("%s\n", name == NULL ? "unnamed errno" : name);
}

static void attempt_open(const char *path, int flags)
{
    const int file = open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644);
    say(file);
    if (file >= 0)
        close(file);
}

static void attempt_tcp(const char *address, const char *port)
{
    struct sockaddr_in target = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port))};
    const int own = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    inet_pton(AF_INET, address, &target.sin_addr);
    say(own < 0 ? own : connect(own, (struct sockaddr *)&target, sizeof target));
    close(own);
}

/* A name that starts with @ is abstract (unix(7)). */
static void attempt_unix(const char *name)
{
    struct sockaddr_un target = {.sun_family = AF_UNIX};
    const int own = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const size_t length = strlen(name);
    if (length >= sizeof target.sun_path)
        exit(64);
    memcpy(target.sun_path, name, length);
    if (name[0] == '@')
        target.sun_path[0] = '\0';
    say(own < 0 ? own : connect(own, (struct sockaddr *)&target, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)));
    close(own);
}

static void attempt_trace(pid_t target)
{
    const long result = ptrace(PTRACE_SEIZE, target, 0, 0);
    say(result);
}

/* At an address where nothing is: EFAULT says that the other's memory was in reach. */
static void attempt_memory(pid_t target, bool is_write)
{
    char bytes[8] = "";
    const struct iovec near = {.iov_base = bytes, .iov_len = sizeof bytes};
    const struct iovec far = {.iov_base = (void *)8, .iov_len = sizeof bytes};
    say(is_write ? process_vm_writev(target, &near, 1, &far, 1, 0) : process_vm_readv(target, &near, 1, &far, 1, 0));
}

static void attempt_descriptor(pid_t target)
{
    const long process = syscall(SYS_pidfd_open, target, 0);
    say(process < 0 ? process : syscall(SYS_pidfd_getfd, process, 0, 0));
}

/* A segment by its number, as `ipcmk -M` prints it. */
static void attempt_shared_memory(int segment)
{
    say(shmat(segment, NULL, SHM_RDONLY) == (void *)-1 ? -1 : 0);
}

static void attempt_queue(const char *name, int flags)
{
    say(mq_open(name, O_RDONLY | O_NONBLOCK | flags, 0600, NULL));
}

enum { user_keyring = -4, keyring_search = 10, keyring_unlink = 9 };

static long find_key(const char *description)
{
    return syscall(SYS_keyctl, keyring_search, user_keyring, "user", description, 0);
}

static void attempt_terminal_input(const char *path)
{
    const int terminal = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    say(terminal < 0 ? terminal : ioctl(terminal, TIOCSTI, ""));
}

static long opened, refused;
static char first_opened[4096];

static int open_for_writing(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status, (void)walk;
    if (kind != FTW_F)
        return 0;
    const int file = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file < 0) {
        refused++;
        return 0;
    }
    close(file);
    if (opened++ == 0)
        snprintf(first_opened, sizeof first_opened, "%s", path);
    return 0;
}

static void attempt_tree(const char *root)
{
    opened = refused = 0;
    first_opened[0] = '\0';
    nftw(root, open_for_writing, 32, FTW_PHYS);
    printf("opened %ld refused %ld %s\n", opened, refused, first_opened);
}

static void attempt_call(char **numbers, int count)
{
    long values[7] = {0};
    for (int index = 0; index < count && index < 7; index++)
        values[index] = strtol(numbers[index], NULL, 0);
    say(syscall(values[0], values[1], values[2], values[3], values[4], values[5], values[6]));
}

static void attempt(const char *word, char **arguments, int count)
{
    const char *first = count > 0 ? arguments[0] : "";
    struct stat status;
    if (strcmp(word, "read") == 0)
        attempt_open(first, O_RDONLY);
    else if (strcmp(word, "write") == 0)
        attempt_open(first, O_WRONLY);
    else if (strcmp(word, "create") == 0)
        attempt_open(first, O_WRONLY | O_CREAT);
    else if (strcmp(word, "truncate") == 0)
        attempt_open(first, O_WRONLY | O_TRUNC);
    else if (strcmp(word, "see") == 0)
        say(lstat(first, &status));
    else if (strcmp(word, "tcp") == 0)
        attempt_tcp(first, count > 1 ? arguments[1] : "0");
    else if (strcmp(word, "unix") == 0)
        attempt_unix(first);
    else if (strcmp(word, "signal") == 0)
        say(kill((pid_t)atoi(first), 0));
    else if (strcmp(word, "trace") == 0)
        attempt_trace((pid_t)atoi(first));
    else if (strcmp(word, "read-memory") == 0 || strcmp(word, "write-memory") == 0)
        attempt_memory((pid_t)atoi(first), word[0] == 'w');
    else if (strcmp(word, "take-descriptor") == 0)
        attempt_descriptor((pid_t)atoi(first));
    else if (strcmp(word, "shared-memory") == 0)
        attempt_shared_memory(atoi(first));
    else if (strcmp(word, "queue") == 0)
        attempt_queue(first, 0);
    else if (strcmp(word, "make-queue") == 0)
        attempt_queue(first, O_CREAT);
    else if (strcmp(word, "remove-queue") == 0)
        say(mq_unlink(first));
    else if (strcmp(word, "key") == 0)
        say(find_key(first));
    else if (strcmp(word, "make-key") == 0)
        say(syscall(SYS_add_key, "user", first, "canary", 6, user_keyring));
    else if (strcmp(word, "remove-key") == 0)
        say(syscall(SYS_keyctl, keyring_unlink, find_key(first), user_keyring));
    else if (strcmp(word, "terminal-input") == 0)
        attempt_terminal_input(first);
    else if (strcmp(word, "tree") == 0)
        attempt_tree(first);
    else if (strcmp(word, "call") == 0)
        attempt_call(arguments, count);
    else
        exit(64);
}

int main(int count, char **arguments)
{
    int at = 1;
    setvbuf(stdout, NULL, _IOLBF, 0);
    while (at < count) {
        int end = at + 1;
        while (end < count && strcmp(arguments[end], "--") != 0)
            end++;
        attempt(arguments[at], arguments + at + 1, end - at - 1);
        at = end + 1;
    }
    return 0;
}
