/* What processes share without a file between them; what a job leaves for the next; descriptors passed out. */
#include "attacker.h"

#include <linux/fcntl.h>
#include <linux/ipc.h>

enum { user_keyring = -4, keyctl_unlink = 9, keyctl_search = 10, keyctl_read = 11, page = 4096 };

static void meet_in_memory(long number)
{
    const long segment = kernel_call(__NR_shmget, number, 0, 0);
    did("segment", segment);
    const long memory = segment < 0 ? segment : kernel_call(__NR_shmat, segment, 0, 0);
    did("attach", memory);
    if (!is_mapped(memory) || segment < 0)
        return;
    saw("segment", (const void *)memory, victim_room / 2);
    memcpy((char *)memory + victim_room / 2, mark(), strlen(mark()));
    kernel_call(__NR_shmdt, memory);
}

static void meet_in_queue(long number)
{
    struct {
        long type;
        char text[saw_bytes_max];
    } message;
    enum { no_wait = 04000, cut = 010000 };
    const long queue = kernel_call(__NR_msgget, number, 0);
    did("queue", queue);
    const long length =
        queue < 0 ? queue : kernel_call(__NR_msgrcv, queue, &message, sizeof message.text, 0, no_wait | cut);
    did("receive", length);
    if (length > 0)
        saw("queue", message.text, (size_t)length);
}

/* mq_open(3): the system call takes the name without its slash, and a buffer as large as any message. */
static void meet_in_named_queue(const char *name)
{
    static char message[65536];
    const long queue =
        kernel_call(__NR_mq_open, name[0] == '/' ? name + 1 : name, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0, 0);
    did("named-queue", queue);
    const long length = kernel_call(__NR_mq_timedreceive, queue, message, sizeof message, 0, 0);
    did("take", length);
    if (length > 0)
        saw("named-queue", message, (size_t)length);
    close_file(queue);
}

static void meet_in_keyring(const char *description)
{
    char bytes[saw_bytes_max];
    const long found = kernel_call(__NR_keyctl, keyctl_search, user_keyring, "user", description, 0);
    did("key", found);
    const long length = found < 0 ? found : kernel_call(__NR_keyctl, keyctl_read, found, bytes, sizeof bytes);
    did("read-key", length);
    if (length > 0)
        saw("key", bytes, (size_t)length < sizeof bytes ? (size_t)length : sizeof bytes);
    const long requested = kernel_call(__NR_request_key, "user", description, 0, 0);
    did("request-key", requested);
    const long again =
        requested < 0 ? requested : kernel_call(__NR_keyctl, keyctl_read, requested, bytes, sizeof bytes);
    if (again > 0)
        saw("key", bytes, (size_t)again < sizeof bytes ? (size_t)again : sizeof bytes);
}

enum ending attack_shared_objects(void)
{
    if (key("shm-key") != 0)
        meet_in_memory(key_number("shm-key", 0, __INT_MAX__));
    if (key("msg-key") != 0)
        meet_in_queue(key_number("msg-key", 0, __INT_MAX__));
    if (key("mq-name") != 0)
        meet_in_named_queue(key("mq-name"));
    if (key("keyring-description") != 0)
        meet_in_keyring(key("keyring-description"));
    return attempted;
}

static const char *const residue_places[] = {"/tmp", "/var/tmp", "/dev/shm"};

static const char *residue_path(size_t place)
{
    static char path[128];
    join(path, sizeof path, residue_places[place], "/cupel-residue-", mark());
    return path;
}

/* A number that the mark gives: whoever knows the one knows the other. */
static long residue_number(void)
{
    unsigned number = 0;
    for (const char *at = mark(); *at != '\0'; at++)
        number = number * 31 + (unsigned char)*at;
    return (long)(number & 0x7fffffff) | 1;
}

static void leave_residue(void)
{
    for (size_t place = 0; place < sizeof residue_places / sizeof *residue_places; place++)
        did("file", write_path(residue_path(place), O_WRONLY | O_CREAT, mark()));
    did("segment", kernel_call(__NR_shmget, residue_number(), page, IPC_CREAT | 0600));
    did("queue", kernel_call(__NR_msgget, residue_number(), IPC_CREAT | 0600));
    const long named = kernel_call(__NR_mq_open, mark(), O_RDONLY | O_CREAT | O_CLOEXEC, 0600, 0);
    did("named-queue", named);
    close_file(named);
    did("key", kernel_call(__NR_add_key, "user", mark(), mark(), strlen(mark()), user_keyring));
}

static void find_residue(void)
{
    for (size_t place = 0; place < sizeof residue_places / sizeof *residue_places; place++)
        if (file_mode(residue_path(place)) >= 0)
            gained("what was left in", residue_places[place]);
    if (kernel_call(__NR_shmget, residue_number(), 0, 0) >= 0)
        gained("what was left in", "shared memory");
    if (kernel_call(__NR_msgget, residue_number(), 0) >= 0)
        gained("what was left in", "a message queue");
    const long named = kernel_call(__NR_mq_open, mark(), O_RDONLY | O_CLOEXEC, 0, 0);
    if (named >= 0)
        gained("what was left in", "a named queue");
    close_file(named);
    if (kernel_call(__NR_keyctl, keyctl_search, user_keyring, "user", mark(), 0) >= 0)
        gained("what was left in", "the keyring");
}

static void clean_residue(void)
{
    for (size_t place = 0; place < sizeof residue_places / sizeof *residue_places; place++)
        kernel_call(__NR_unlinkat, AT_FDCWD, residue_path(place), 0);
    kernel_call(__NR_shmctl, kernel_call(__NR_shmget, residue_number(), 0, 0), IPC_RMID, 0);
    kernel_call(__NR_msgctl, kernel_call(__NR_msgget, residue_number(), 0), IPC_RMID, 0);
    kernel_call(__NR_mq_unlink, mark());
    const long found = kernel_call(__NR_keyctl, keyctl_search, user_keyring, "user", mark(), 0);
    if (found >= 0)
        kernel_call(__NR_keyctl, keyctl_unlink, found, user_keyring);
}

enum ending attack_residue(void)
{
    if (key_is("residue", "leave"))
        leave_residue();
    else if (key_is("residue", "clean"))
        clean_residue();
    else
        find_residue();
    return attempted;
}

struct slice {
    void *base;
    size_t length;
};

struct message {
    void *name;
    int name_length;
    struct slice *slices;
    size_t slice_count;
    void *control;
    size_t control_length;
    unsigned flags;
};

static void pass_out(const char *step, const struct address *target)
{
    enum { socket_level = 1, rights = 1, no_signal = 0x4000, talk_ms = 300 };
    char text[64];
    struct {
        size_t length;
        int level;
        int type;
        int descriptor;
        int padding;
    } control = {sizeof(size_t) + 3 * sizeof(int), socket_level, rights, 0, 0};
    struct slice slice = {join(text, sizeof text, mark(), "", ""), strlen(mark())};
    const struct message message = {0, 0, &slice, 1, &control, sizeof control, 0};
    const long socket = kernel_call(__NR_socket, family_unix, stream | O_CLOEXEC | O_NONBLOCK, 0);
    const long connected = socket < 0 ? socket : connect_within(socket, target, talk_ms);
    did(step, connected);
    if (connected == 0) {
        did("send", kernel_call(__NR_sendmsg, socket, &message, no_signal));
        /* A connection that is closed with something unread in it takes what was sent with it. */
        receive_within(socket, text, sizeof text, talk_ms);
    }
    close_file(socket);
}

enum ending attack_descriptors_out(void)
{
    char name[128];
    if (key("unix-path") != 0) {
        const struct address target = unix_address(key("unix-path"));
        pass_out("by-path", &target);
    }
    if (key("abstract-name") != 0) {
        const struct address target = unix_address(join(name, sizeof name, "@", key("abstract-name"), ""));
        pass_out("abstract", &target);
    }
    return attempted;
}
