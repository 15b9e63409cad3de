/* What is neither file nor socket: memory, a descriptor, System V and POSIX objects, a key, a terminal. */
#include "victim.h"

#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <linux/fcntl.h>
#include <linux/ipc.h>
#include <linux/keyctl.h>
#include <linux/mqueue.h>
#include <linux/msg.h>
#include <linux/prctl.h>

enum {
    known_descriptor = 9,
    /* What attacker/protocol.h says of the two. */
    memory_room = 512,
    everyone = 0666,
    create_exclusively = O_CREAT | O_EXCL | O_RDWR | O_NONBLOCK | O_CLOEXEC,
};

struct message {
    long type;
    char text[token_capacity];
};

/* A token to be read, and room behind it that only an attacker writes into. */
static char in_memory[2 * memory_room];

static long hold_memory(struct canary *canary, char *value)
{
    copy_word(in_memory, memory_room, canary->token);
    put_decimal(value, (long)(uintptr_t)in_memory);
    /* Also its name: what /proc shows of every process to everyone. */
    kernel_call(__NR_prctl, PR_SET_NAME, canary->token, 0, 0, 0);
    return 0;
}

static void look_memory(struct canary *canary)
{
    in_memory[sizeof in_memory - 1] = '\0';
    if (in_memory[memory_room] != '\0')
        say_hit(canary, in_memory + memory_room, strlen(in_memory + memory_room));
    else if (strcmp(in_memory, canary->token) != 0)
        say_hit(canary, in_memory, strlen(in_memory));
    memset(in_memory + memory_room, 0, memory_room);
}

/* An open file: whoever takes the descriptor over reads the token. */
static long hold_descriptor(struct canary *canary, char *value)
{
    const long file = kernel_call(__NR_openat, AT_FDCWD, canary->place, O_RDONLY | O_CLOEXEC, 0);
    if (file < 0)
        return file;
    put_decimal(value, known_descriptor);
    const long moved = kernel_call(__NR_dup3, file, known_descriptor, O_CLOEXEC);
    if (file != known_descriptor)
        kernel_call(__NR_close, file);
    return moved;
}

static char *attach(long segment)
{
    const long address = kernel_call(__NR_shmat, segment, 0, 0);
    return address < 0 && address > -4096 ? 0 : (char *)address;
}

static long hold_shared_memory(struct canary *canary, char *value)
{
    const long key = parse_decimal(canary->place);
    const long segment = kernel_call(__NR_shmget, key, memory_room, IPC_CREAT | IPC_EXCL | everyone);
    if (segment < 0)
        return segment;
    canary->handle = segment;
    char *memory = attach(segment);
    if (memory != 0) {
        copy_word(memory, token_capacity, canary->token);
        kernel_call(__NR_shmdt, memory);
    }
    put_decimal(value, key);
    return 0;
}

static void look_shared_memory(struct canary *canary)
{
    char *memory = attach(canary->handle);
    if (memory == 0) {
        say_hit(canary, "removed", strlen("removed"));
        return;
    }
    if (strcmp(memory, canary->token) != 0)
        say_hit(canary, memory, strlen(canary->token));
    kernel_call(__NR_shmdt, memory);
}

static void release_shared_memory(struct canary *canary)
{
    kernel_call(__NR_shmctl, canary->handle, IPC_RMID, 0);
}

static long hold_messages(struct canary *canary, char *value)
{
    const long key = parse_decimal(canary->place);
    const long queue = kernel_call(__NR_msgget, key, IPC_CREAT | IPC_EXCL | everyone);
    if (queue < 0)
        return queue;
    canary->handle = queue;
    struct message message = {.type = 1};
    copy_word(message.text, sizeof message.text, canary->token);
    put_decimal(value, key);
    return kernel_call(__NR_msgsnd, queue, &message, strlen(message.text), IPC_NOWAIT);
}

static void look_messages(struct canary *canary)
{
    /* Ours has to come back first, and no other behind it. */
    struct message message = {.type = 0};
    long length = kernel_call(__NR_msgrcv, canary->handle, &message, sizeof message.text, 0, IPC_NOWAIT);
    if (length < 0)
        say_hit(canary, "taken", strlen("taken"));
    while (length >= 0) {
        if (length != (long)strlen(canary->token) || memcmp(message.text, canary->token, (size_t)length) != 0)
            say_hit(canary, message.text, (size_t)length);
        length = kernel_call(__NR_msgrcv, canary->handle, &message, sizeof message.text, 0, IPC_NOWAIT);
    }
    message.type = 1;
    copy_word(message.text, sizeof message.text, canary->token);
    kernel_call(__NR_msgsnd, canary->handle, &message, strlen(message.text), IPC_NOWAIT);
}

static void release_messages(struct canary *canary)
{
    kernel_call(__NR_msgctl, canary->handle, IPC_RMID, 0);
}

static long send_token(const struct canary *canary)
{
    return kernel_call(__NR_mq_timedsend, canary->handle, canary->token, strlen(canary->token), 0, 0);
}

/* The kernel's name has no slash (mq_overview(7)). */
static long hold_queue(struct canary *canary, char *value)
{
    const struct mq_attr attributes = {.mq_maxmsg = 4, .mq_msgsize = token_capacity};
    const long queue = kernel_call(__NR_mq_open, canary->place, create_exclusively, everyone, &attributes);
    if (queue < 0)
        return queue;
    canary->handle = queue;
    append_text(append_text(value, "/"), canary->place);
    kernel_call(__NR_fchmod, queue, everyone);
    return send_token(canary);
}

static void look_queue(struct canary *canary)
{
    struct mq_attr attributes;
    const long result = kernel_call(__NR_mq_getsetattr, canary->handle, 0, &attributes);
    if (result != 0 || attributes.mq_curmsgs == 1)
        return;
    say_hit(canary, "changed", strlen("changed"));
    char text[token_capacity];
    while (kernel_call(__NR_mq_timedreceive, canary->handle, text, sizeof text, 0, 0) >= 0)
        ;
    send_token(canary);
}

static void release_queue(struct canary *canary)
{
    kernel_call(__NR_mq_unlink, canary->place);
}

static void release_key(struct canary *canary)
{
    kernel_call(__NR_keyctl, KEYCTL_UNLINK, canary->handle, KEY_SPEC_USER_KEYRING);
}

/* In the keyring of the user, which every process of that user shares. */
static long hold_key(struct canary *canary, char *value)
{
    /* Only who possesses a key may set its permissions, and a service's session keyring may be without the user's. */
    kernel_call(__NR_keyctl, KEYCTL_LINK, KEY_SPEC_USER_KEYRING, KEY_SPEC_PROCESS_KEYRING);
    const long key =
        kernel_call(__NR_add_key, "user", canary->place, canary->token, strlen(canary->token), KEY_SPEC_USER_KEYRING);
    if (key < 0)
        return key;
    canary->handle = key;
    /* For everyone who finds it: see, read, write, search. */
    const long allowed = kernel_call(__NR_keyctl, KEYCTL_SETPERM, key, 0x3f0f0f0f);
    if (allowed < 0) {
        release_key(canary);
        return allowed;
    }
    copy_word(value, value_capacity, canary->place);
    return 0;
}

static void look_key(struct canary *canary)
{
    char text[token_capacity];
    const long length = kernel_call(__NR_keyctl, KEYCTL_READ, canary->handle, text, sizeof text);
    if (length != (long)strlen(canary->token) || memcmp(text, canary->token, (size_t)length) != 0)
        say_hit(canary, "changed", strlen("changed"));
}

long make_raw(long terminal)
{
    struct termios settings;
    const long result = kernel_call(__NR_ioctl, terminal, TCGETS, &settings);
    settings.c_lflag &= (tcflag_t) ~(ICANON | ECHO | ISIG);
    return result < 0 ? result : kernel_call(__NR_ioctl, terminal, TCSETS, &settings);
}

/* What a program writes to the terminal, its user sees here. */
static long terminal_master = -1;

/* Nobody's controlling terminal: the slave is what a caller's shell would read from. */
static long hold_terminal(struct canary *canary, char *value)
{
    enum { flags = O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC };
    int unlocked = 0;
    unsigned int number = 0;
    const long master = kernel_call(__NR_openat, AT_FDCWD, "/dev/ptmx", flags, 0);
    if (master < 0)
        return master;
    kernel_call(__NR_ioctl, master, TIOCSPTLCK, &unlocked);
    kernel_call(__NR_ioctl, master, TIOCGPTN, &number);
    append_number(append_text(value, "/dev/pts/"), number, 10);
    canary->handle = kernel_call(__NR_openat, AT_FDCWD, value, flags, 0);
    terminal_master = master;
    return canary->handle < 0 ? canary->handle : make_raw(canary->handle);
}

static void say_what_came(const struct canary *canary, long descriptor)
{
    char text[value_capacity];
    const long length = kernel_call(__NR_read, descriptor, text, sizeof text);
    if (length > 0)
        say_hit(canary, text, (size_t)length);
}

/* Nobody types at the master, and nobody else writes: whoever has pushed input in, or written, held the terminal. */
static void look_terminal(struct canary *canary)
{
    say_what_came(canary, canary->handle);
    say_what_came(canary, terminal_master);
}

const struct kind object_kinds[] = {
    {"memory", hold_memory, 0, look_memory, 0},
    {"descriptor", hold_descriptor, 0, 0, 0},
    {"sysv-shm", hold_shared_memory, 0, look_shared_memory, release_shared_memory},
    {"sysv-msg", hold_messages, 0, look_messages, release_messages},
    {"mq", hold_queue, 0, look_queue, release_queue},
    {"key", hold_key, 0, look_key, release_key},
    {"terminal", hold_terminal, 0, look_terminal, 0},
    {0, 0, 0, 0, 0},
};
