/* signal-first owner|parent SIGNAL: has the kernel send it to process 1, and says what comes of the attempt. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* At input on a descriptor that it owns (fcntl(2)). */
static int by_owner(int number)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0 || fcntl(ends[0], F_SETOWN, 1) < 0)
        return errno;
    if (fcntl(ends[0], F_SETSIG, number) < 0)
        return errno;
    fcntl(ends[0], F_SETFL, O_ASYNC);
    return write(ends[1], "", 1) < 0 ? errno : 0;
}

/* At the end of a child of its own (clone(2)). */
static int by_parent(int number)
{
    const long pid = syscall(SYS_clone, CLONE_PARENT | number, 0, 0, 0, 0);
    if (pid == 0)
        _exit(0);
    return pid < 0 ? errno : 0;
}

int main(int count, char **arguments)
{
    if (count != 3)
        return 64;
    const int number = atoi(arguments[2]);
    const int error = strcmp(arguments[1], "owner") == 0 ? by_owner(number) : by_parent(number);
    usleep(200000);
    puts(error == 0 ? "sent" : error == EPERM ? "EPERM" : strerror(error));
    return 0;
}
