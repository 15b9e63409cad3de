/* io_uring: system calls that no filter of system calls sees. */
#include "attacker.h"

#include <linux/fcntl.h>
#include <linux/io_uring.h>
#include <linux/mman.h>
#include <linux/time_types.h>

enum { entries = 8, wait_ms = 500 };

struct ring {
    long descriptor;
    char *submissions;
    char *completions;
    struct io_uring_sqe *queue;
    struct io_uring_params parameters;
};

static char *map_ring(long descriptor, size_t length, long offset)
{
    const long result =
        kernel_call(__NR_mmap, 0, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, descriptor, offset);
    return is_mapped(result) ? (char *)result : 0;
}

static bool set_up(struct ring *ring)
{
    memset(&ring->parameters, 0, sizeof ring->parameters);
    ring->descriptor = kernel_call(__NR_io_uring_setup, entries, &ring->parameters);
    did("set-up", ring->descriptor);
    if (ring->descriptor < 0)
        return false;
    const struct io_uring_params *given = &ring->parameters;
    ring->submissions = map_ring(ring->descriptor, given->sq_off.array + given->sq_entries * sizeof(unsigned),
                                 (long)IORING_OFF_SQ_RING);
    ring->completions = map_ring(ring->descriptor, given->cq_off.cqes + given->cq_entries * sizeof(struct io_uring_cqe),
                                 (long)IORING_OFF_CQ_RING);
    ring->queue =
        (void *)map_ring(ring->descriptor, given->sq_entries * sizeof(struct io_uring_sqe), (long)IORING_OFF_SQES);
    return ring->submissions != 0 && ring->completions != 0 && ring->queue != 0;
}

static unsigned *word_at(char *base, unsigned offset)
{
    return (unsigned *)(void *)(base + offset);
}

/* One call, carried out by the kernel; -ETIME where it does not end. */
static long carry_out(struct ring *ring, const struct io_uring_sqe *call)
{
    const struct io_sqring_offsets *submission = &ring->parameters.sq_off;
    const struct io_cqring_offsets *completion = &ring->parameters.cq_off;
    unsigned *tail = word_at(ring->submissions, submission->tail);
    const unsigned index = *tail & *word_at(ring->submissions, submission->ring_mask);
    ring->queue[index] = *call;
    word_at(ring->submissions, submission->array)[index] = index;
    __atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
    const long entered = kernel_call(__NR_io_uring_enter, ring->descriptor, 1, 0, 0, 0, 0);
    if (entered < 0)
        return entered;
    unsigned *head = word_at(ring->completions, completion->head);
    const long long deadline = now_milliseconds() + wait_ms;
    while (__atomic_load_n(word_at(ring->completions, completion->tail), __ATOMIC_ACQUIRE) == *head) {
        if (now_milliseconds() > deadline)
            return -ETIME;
        sleep_milliseconds(1);
        kernel_call(__NR_io_uring_enter, ring->descriptor, 0, 0, IORING_ENTER_GETEVENTS, 0, 0);
    }
    const unsigned mask = *word_at(ring->completions, completion->ring_mask);
    const struct io_uring_cqe *done = (const void *)(ring->completions + completion->cqes);
    const long result = done[*head & mask].res;
    __atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
    return result;
}

static void read_by_ring(struct ring *ring, const char *step, long descriptor)
{
    static char bytes[saw_bytes_max];
    const struct io_uring_sqe call = {
        .opcode = IORING_OP_READ, .fd = (int)descriptor, .addr = (uintptr_t)bytes, .len = sizeof bytes};
    const long length = carry_out(ring, &call);
    did("read", length);
    if (length > 0)
        saw(step, bytes, (size_t)length);
}

static void open_by_ring(struct ring *ring)
{
    const struct io_uring_sqe call = {.opcode = IORING_OP_OPENAT,
                                      .fd = AT_FDCWD,
                                      .addr = (uintptr_t)key("home-file"),
                                      .open_flags = O_RDONLY | O_CLOEXEC};
    const long file = carry_out(ring, &call);
    did("open", file);
    if (file >= 0)
        read_by_ring(ring, "file", file);
}

static void connect_by_ring(struct ring *ring)
{
    enum { loopback = 0x7f000001, port_max = 65535 };
    const struct address target = inet_address(loopback, key_number("tcp4-port", 0, port_max));
    const struct io_uring_sqe make = {.opcode = IORING_OP_SOCKET, .fd = family_inet, .off = stream, .len = 0};
    const long socket = carry_out(ring, &make);
    did("socket", socket);
    if (socket < 0)
        return;
    const struct io_uring_sqe reach = {
        .opcode = IORING_OP_CONNECT, .fd = (int)socket, .addr = (uintptr_t)target.bytes, .off = target.length};
    const long connected = carry_out(ring, &reach);
    did("connect", connected);
    if (connected == 0)
        read_by_ring(ring, "connection", socket);
}

enum ending attack_rings(void)
{
    static struct ring ring;
    if (!set_up(&ring))
        return attempted;
    open_by_ring(&ring);
    if (key("tcp4-port") != 0)
        connect_by_ring(&ring);
    return attempted;
}
