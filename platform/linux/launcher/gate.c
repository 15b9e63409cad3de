/*
 * Where a daemon makes the container, nothing is inherited from whoever asked for it. Its first process comes to a
 * socket in a directory that it is shown, and is given there what others inherit:
 *
 *   launcher ──▶ keeper ──▶ client ──▶ daemon ──▶ … ──▶ first process in the container
 *                  ▲                                        │
 *                  └────────────── gate ◀───────────────────┘
 */
#include "../shared/append.h"
#include "descriptors.h"
#include "maker.h"

#include <asm/stat.h>
#include <linux/fcntl.h>

enum { peer_credentials = 17 /* SO_PEERCRED */, waiting_max = 4 };

/* Above all numbers that a first process has from then on. */
enum { out_of_the_way = 64 };

/* struct ucred (unix(7)) */
struct peer {
    int32_t pid;
    uint32_t uid, gid;
};

static int must(const struct launch *launch, long result, const char *subject)
{
    if (result < 0)
        fail_launch(launch, step_maker, result, subject);
    return (int)result;
}

static int open_directory(const struct launch *launch)
{
    const char *path = launch->instruction->gate;
    const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    return must(launch, kernel_call(__NR_openat, AT_FDCWD, path, flags, 0), path);
}

/* By the directory's descriptor: the path to it may be longer than an address (108 bytes). */
int open_gate(const struct launch *launch)
{
    const int directory = open_directory(launch);
    struct unix_address address = {.family = address_unix};
    char *end = append_number(append_text(address.path, "/proc/self/fd/"), (uint64_t)directory, 10);
    append_text(end, "/" GATE_SOCKET);
    const int gate =
        must(launch, kernel_call(__NR_socket, address_unix, socket_sequence | O_CLOEXEC | O_NONBLOCK, 0), "socket");
    must(launch, kernel_call(__NR_bind, gate, &address, sizeof address), launch->instruction->gate);
    must(launch, kernel_call(__NR_listen, gate, waiting_max), launch->instruction->gate);
    close_descriptor(directory);
    return gate;
}

/* The job finds an empty directory. */
void close_gate(const struct launch *launch, int gate)
{
    const long directory =
        kernel_call(__NR_openat, AT_FDCWD, launch->instruction->gate, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
    kernel_call(__NR_unlinkat, directory, GATE_SOCKET, 0);
    close_descriptor((int)directory);
    close_descriptor(gate);
}

/* Whether a process is the first one of a PID namespace below this one: its last number is 1 (proc_pid_status(5),
 * NSpid, Linux 4.1). */
bool is_first_below(long pid)
{
    static const char field[] = "\nNSpid:";
    char path[64] = "/proc/", text[4096];
    append_text(append_number(path + strlen(path), (uint64_t)pid, 10), "/status");
    const long file = kernel_call(__NR_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    const long length = file < 0 ? file : kernel_call(__NR_read, file, text, sizeof text - 1);
    close_descriptor((int)file);
    text[length > 0 ? length : 0] = '\0';
    for (const char *at = text; *at != '\0'; at++) {
        if (strlen(at) < sizeof field || memcmp(at, field, sizeof field - 1) != 0)
            continue;
        const char *end = at + 1;
        while (*end != '\n' && *end != '\0')
            end++;
        return end - at > 2 && memcmp(end - 2, "\t1", 2) == 0;
    }
    return false;
}

/* The number of whoever listens at this path, as this PID namespace has it; 0 where nobody does, or without a number.
 */
static long number_of_listener(const char *path)
{
    struct unix_address address = {.family = address_unix};
    struct peer peer = {0};
    uint32_t length = sizeof peer;
    if (strlen(path) >= sizeof address.path)
        return 0;
    append_text(address.path, path);
    /* One that hangs holds nobody up. */
    const long asking = kernel_call(__NR_socket, address_unix, socket_stream | O_CLOEXEC | O_NONBLOCK, 0);
    const bool is_told = asking >= 0 && kernel_call(__NR_connect, asking, &address, sizeof address) == 0 &&
                         kernel_call(__NR_getsockopt, asking, level_socket, peer_credentials, &peer, &length) == 0;
    close_descriptor((int)asking);
    return is_told ? peer.pid : 0;
}

static bool find_user_namespace(long pid, struct stat *found)
{
    char path[64] = "/proc/";
    append_text(append_number(path + strlen(path), (uint64_t)pid, 10), "/ns/user");
    return pid > 0 && kernel_call(__NR_newfstatat, AT_FDCWD, path, found, 0) == 0;
}

/*
 * A daemon makes none for a container: root's has none either, and another one is in one of its own. Anybody can be the
 * first process of a PID namespace, but only in a user namespace of his own (pid_namespaces(7)), and with the same ids
 * there.
 */
static bool is_in_daemons_user_namespace(const struct instruction *instruction, long pid)
{
    const long daemon =
        instruction->daemon != NULL ? number_of_listener(instruction->daemon) : kernel_call(__NR_getpid);
    struct stat daemons, others;
    return find_user_namespace(daemon, &daemons) && find_user_namespace(pid, &others) &&
           daemons.st_dev == others.st_dev && daemons.st_ino == others.st_ino;
}

/* -EPERM for a container whose ids are others than those that the daemon was told of. */
static long judge_peer(const struct launch *launch, const struct peer *peer)
{
    if (peer->pid <= 0 || !is_first_below(peer->pid))
        return -EAGAIN;
    if (peer->uid != launch->instruction->outside_uid)
        return -EPERM;
    return is_in_daemons_user_namespace(launch->instruction, peer->pid) ? 0 : -EAGAIN;
}

/*
 * Who has come, and is the one that is waited for; -EAGAIN where it is somebody else, who is sent away, and -EPERM
 * where a container has come with other ids.
 */
long admit_at_gate(const struct launch *launch, int gate, long *pid)
{
    struct peer peer = {0};
    uint32_t length = sizeof peer;
    const long joining = kernel_call(__NR_accept4, gate, NULL, NULL, O_CLOEXEC);
    if (joining < 0)
        return -EAGAIN;
    long judged = kernel_call(__NR_getsockopt, joining, level_socket, peer_credentials, &peer, &length);
    if (judged >= 0)
        judged = judge_peer(launch, &peer);
    *pid = peer.pid;
    if (judged == 0)
        return joining;
    close_descriptor((int)joining);
    return judged;
}

/* In the container: everything at the numbers by which it is known; false where nobody gives anything. */
static bool take_given(int joining)
{
    int list[given_count];
    if (receive_descriptors(joining, list, given_count) != given_count)
        return false;
    long moved[given_count + 1];
    for (int index = 0; index <= given_count; index++) {
        const int from = index < given_count ? list[index] : joining;
        moved[index] = kernel_call(__NR_fcntl, from, F_DUPFD_CLOEXEC, out_of_the_way);
        close_descriptor(from);
    }
    for (int index = 0; index <= given_count; index++) {
        if (moved[index] < 0 || kernel_call(__NR_dup3, moved[index], maker_report + index, O_CLOEXEC) < 0)
            return false;
        close_descriptor((int)moved[index]);
    }
    return true;
}

bool come_through_gate(void)
{
    static const struct unix_address address = {.family = address_unix, .path = GATE_SOCKET_INSIDE};
    const long joining = kernel_call(__NR_socket, address_unix, socket_sequence | O_CLOEXEC, 0);
    return joining >= 0 && kernel_call(__NR_connect, joining, &address, sizeof address) >= 0 &&
           take_given((int)joining);
}

/* The same, by the socket that the daemon was given for it as this process's standard input. */
bool come_by_input(void)
{
    const char byte = 0;
    const long joining = kernel_call(__NR_fcntl, 0, F_DUPFD_CLOEXEC, out_of_the_way);
    return joining >= 0 && kernel_call(__NR_write, joining, &byte, 1) == 1 && take_given((int)joining);
}
