/*
 * The kernel's own limit: a job in namespaces of its own by the fewest system calls that there are, without a root,
 * filters or a supervisor. What a launcher takes beyond this is the launcher's.
 */
#define _GNU_SOURCE
#include "driver.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { id_inside = 1000, exit_set_up = 125 };

extern char **environ;

static void must(bool holds, const char *what)
{
    if (holds)
        return;
    perror(what);
    _exit(exit_set_up);
}

static void write_text(const char *path, const char *text)
{
    const int file = open(path, O_WRONLY | O_CLOEXEC);
    must(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text), path);
    close(file);
}

/* One's own ids, by oneself: no parent has to be waited for (user_namespaces(7)). */
static void map_ids(unsigned uid, unsigned gid)
{
    char line[64];
    write_text("/proc/self/setgroups", "deny");
    snprintf(line, sizeof line, "%d %u 1", id_inside, uid);
    write_text("/proc/self/uid_map", line);
    snprintf(line, sizeof line, "%d %u 1", id_inside, gid);
    write_text("/proc/self/gid_map", line);
}

static void bring_loopback_up(void)
{
    const int inet = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    must(inet >= 0, "socket");
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    must(ioctl(inet, SIOCSIFFLAGS, &request) == 0, "lo");
    close(inet);
}

/* The two file systems that no job can do without. */
static void mount_own(void)
{
    must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "private mounts");
    must(mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, NULL) == 0, "/tmp");
    must(mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0, "/proc");
}

static void become_job(const struct order *order, unsigned uid, unsigned gid)
{
    if ((order->namespaces & CLONE_NEWUSER) != 0)
        map_ids(uid, gid);
    if (order->has_mounts)
        mount_own();
    if ((order->namespaces & CLONE_NEWNET) != 0)
        bring_loopback_up();
    execve(order->command[0], order->command, environ);
    must(false, order->command[0]);
}

bool run_bare(const struct order *order)
{
    const unsigned uid = getuid();
    const unsigned gid = getgid();
    const struct clone_args arguments = {.flags = order->namespaces, .exit_signal = SIGCHLD};
    const long child = syscall(SYS_clone3, &arguments, sizeof arguments);
    if (child == 0)
        become_job(order, uid, gid);
    int status = 0;
    if (child < 0 || wait4((pid_t)child, &status, 0, NULL) < 0) {
        perror("clone3");
        return false;
    }
    if (status != 0)
        fprintf(stderr, "the job ended with wait status %d\n", status);
    return status == 0;
}
