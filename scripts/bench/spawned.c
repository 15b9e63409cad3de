/* Programs started as any caller starts them: posix_spawn, and for cupel's launcher the channel that cupel gives it. */
#define _GNU_SOURCE
#include "driver.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { words_max = 512, channel = 3 };

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

static pid_t spawn(char *const *command, const posix_spawn_file_actions_t *actions)
{
    char rooms[4][256];
    char *words[words_max + 1];
    unsigned filled = 0;
    size_t count = 0;
    for (; command[count] != NULL && count < words_max; count++) {
        words[count] = (char *)fill_in(command[count], rooms[filled % 4]);
        filled += words[count] == rooms[filled % 4];
    }
    words[count] = NULL;
    pid_t child = -1;
    const int error = posix_spawn(&child, words[0], actions, NULL, words, environ);
    if (error == 0)
        return child;
    fprintf(stderr, "%s: %s\n", words[0], strerror(error));
    return -1;
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
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    for (size_t index = 0; index < order->open_count; index++)
        posix_spawn_file_actions_addopen(&actions, order->opens[index].number, order->opens[index].path, O_RDONLY, 0);
    const bool good = end_well(spawn(order->command, &actions));
    posix_spawn_file_actions_destroy(&actions);
    return good;
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
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], channel);
    char *const command[] = {order->command[0], "3", "3", "0", "1", "2", NULL};
    const pid_t child = spawn(command, &actions);
    posix_spawn_file_actions_destroy(&actions);
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
