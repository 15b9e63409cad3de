/*
 * Programs started with as few system calls as can be: vfork and execve, nothing that a C library does on the way. For
 * cupel's launcher with the channel that cupel gives it.
 */
#define _GNU_SOURCE
#include "driver.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { words_max = 512, marks_max = 4, channel = 3, exit_set_up = 125 };

extern char **environ;

/* "{}" becomes a name that no other job has: containers are told apart by names. */
static const char *fill_in(const char *word, char room[256])
{
    static unsigned number;
    const char *mark = strstr(word, "{}");
    if (mark == NULL)
        return word;
    snprintf(room, 256, "%.*s%d-%u%s", (int)(mark - word), word, (int)getpid(), number++, mark + 2);
    return room;
}

/* What a child finds on its descriptors besides the null device on 0 and 1; a source of -1 is opened from `path`. */
struct descriptor {
    int number;
    int source;
    const char *path;
};

static void place_descriptor(const struct descriptor *descriptor)
{
    const int source = descriptor->source >= 0 ? descriptor->source : open(descriptor->path, O_RDONLY);
    if (source < 0)
        _exit(exit_set_up);
    /* On its own number already it only has to survive the exec. */
    if (source == descriptor->number)
        fcntl(source, F_SETFD, 0);
    else if (dup2(source, descriptor->number) < 0)
        _exit(exit_set_up);
}

/* vfork: the child runs in this memory until it executes, and leaves the errno behind. */
static pid_t start(char *const *words, const struct descriptor *descriptors, size_t count)
{
    volatile int error = 0;
    const pid_t child = vfork();
    if (child == 0) {
        for (size_t index = 0; index < count; index++)
            place_descriptor(&descriptors[index]);
        execve(words[0], words, environ);
        error = errno;
        _exit(exit_set_up);
    }
    if (error != 0)
        fprintf(stderr, "%s: %s\n", words[0], strerror(error));
    return child;
}

static pid_t spawn(char *const *command, const struct descriptor *descriptors, size_t descriptor_count)
{
    char rooms[marks_max][256];
    char *words[words_max + 1];
    unsigned filled = 0;
    size_t count = 0;
    for (; command[count] != NULL && count < words_max; count++) {
        words[count] = (char *)fill_in(command[count], rooms[filled % marks_max]);
        filled += words[count] == rooms[filled % marks_max];
    }
    words[count] = NULL;
    return start(words, descriptors, descriptor_count);
}

static bool end_well(pid_t child)
{
    int status = 0;
    if (child < 0 || wait4(child, &status, 0, NULL) != child)
        return false;
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        fprintf(stderr, "exit code %d\n", WEXITSTATUS(status));
    if (WIFSIGNALED(status))
        fprintf(stderr, "ended by signal %d\n", WTERMSIG(status));
    return status == 0;
}

bool run_spawned(const struct order *order)
{
    struct descriptor descriptors[opens_max];
    for (size_t index = 0; index < order->open_count; index++)
        descriptors[index] =
            (struct descriptor){.number = order->opens[index].number, .source = -1, .path = order->opens[index].path};
    return end_well(spawn(order->command, descriptors, order->open_count));
}

static bool write_whole(int to, const unsigned char *bytes, size_t count)
{
    while (count > 0) {
        const ssize_t written = send(to, bytes, count, MSG_NOSIGNAL);
        if (written < 0 && errno != EINTR)
            return false;
        if (written < 0)
            continue;
        bytes += written;
        count -= (size_t)written;
    }
    return true;
}

static void read_events(int from, char *text, size_t room)
{
    size_t length = 0;
    for (;;) {
        const ssize_t count = read(from, text + length, room - 1 - length);
        if (count <= 0)
            break;
        length += (size_t)count;
    }
    text[length] = '\0';
}

/* As src/host/spawn-child.ts does it: control and events on 3. */
bool run_launcher(const struct order *order)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return false;
    const struct descriptor descriptor = {.number = channel, .source = ends[1]};
    char *const command[] = {order->command[0], "3", "3", "0", "1", "2", NULL};
    const pid_t child = spawn(command, &descriptor, 1);
    close(ends[1]);
    char events[4096];
    const bool sent = child > 0 && write_whole(ends[0], order->instruction, order->instruction_bytes);
    read_events(ends[0], events, sizeof events);
    close(ends[0]);
    if (!end_well(child))
        return false;
    if (sent && strstr(events, "\"event\":\"ended\",\"status\":0,") != NULL)
        return true;
    fprintf(stderr, "the launcher said: %s\n", events);
    return false;
}
