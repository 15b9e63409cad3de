/*
 * hold-shared NUMBER NAME TOKEN: holds the token in a System V segment and a message queue with this number, in a POSIX
 * queue and in a key of the user keyring with this name. Says `ready`; at the end of its input it says what the segment
 * holds behind the token, from byte 256 on, and takes all of them away.
 */
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { user_keyring = -4, keyctl_unlink = 9, room = 512, half = 256 };

struct message {
    long type;
    char text[half];
};

int main(int count, char **words)
{
    if (count != 4)
        return 64;
    const key_t number = atoi(words[1]);
    const char *name = words[2], *token = words[3];
    struct message message = {.type = 1};
    char byte;
    const int segment = shmget(number, room, IPC_CREAT | IPC_EXCL | 0600), queue = msgget(number, IPC_CREAT | 0600);
    char *memory = shmat(segment, NULL, 0);
    const mqd_t named = mq_open(name, O_CREAT | O_RDWR, 0600, NULL);
    const long key = syscall(SYS_add_key, "user", name, token, strlen(token), user_keyring);
    if (segment < 0 || queue < 0 || memory == (void *)-1 || named < 0 || key < 0)
        return 1;
    strncpy(memory, token, half - 1);
    strncpy(message.text, token, half - 1);
    if (msgsnd(queue, &message, strlen(token), 0) < 0 || mq_send(named, token, strlen(token), 0) < 0)
        return 1;
    puts("ready");
    fflush(stdout);
    while (read(0, &byte, 1) > 0)
        ;
    printf("%.*s\n", half, memory + half);
    shmctl(segment, IPC_RMID, NULL);
    msgctl(queue, IPC_RMID, NULL);
    mq_unlink(name);
    syscall(SYS_keyctl, keyctl_unlink, key, user_keyring);
    return 0;
}
