/*
 * Connections of the job's, each passed on to the proxy and back, byte by byte as it comes. The first byte that the
 * proxy reads is the courier's own: the index of the socket that the job connected to. Whoever is slow is waited for:
 * what was read and not yet written fills one small buffer, and then nothing more is read.
 */
#include "../shared/append.h"
#include "courier.h"
#include "descriptors.h"

#include <linux/fcntl.h>
#include <linux/poll.h>
#include <linux/time_types.h>

enum { connections_max = 256, flow_bytes = 32768, no_signal = 0x4000 /* MSG_NOSIGNAL */ };
enum { level_tcp = 6, tcp_no_delay = 1 };

/* One direction. */
struct flow {
    uint32_t start, end;
    /* Nothing more will be read; and that was passed on. */
    bool is_read, is_done;
    unsigned char bytes[flow_bytes];
};

/* `job` is -1 where the place is free. */
struct connection {
    int job, proxy;
    struct flow out, in;
};

/* struct sockaddr_un (unix(7)) */
struct unix_address {
    uint16_t family;
    char path[108];
};

static struct connection connections[connections_max];
/* How many of these places are used. */
static size_t places;
static struct pollfd watched[1 + listeners_max + 2 * connections_max];

static void end_connection(struct connection *connection)
{
    close_descriptor(connection->job);
    close_descriptor(connection->proxy);
    connection->job = connection->proxy = -1;
}

/* Through the descriptor of its socket, which has no name any more (proc_pid_fd(5)). */
static long connect_to(int proxy)
{
    struct unix_address address = {.family = address_unix};
    append_number(append_text(address.path, "/proc/self/fd/"), (uint64_t)proxy, 10);
    const long descriptor = kernel_call(__NR_socket, address_unix, socket_stream | O_CLOEXEC, 0);
    if (descriptor < 0)
        return descriptor;
    const long result = kernel_call(__NR_connect, descriptor, &address, sizeof address);
    if (result < 0) {
        close_descriptor((int)descriptor);
        return result;
    }
    kernel_call(__NR_fcntl, descriptor, F_SETFL, O_RDWR | O_NONBLOCK);
    return descriptor;
}

enum { limit_open_files = 7 /* RLIMIT_NOFILE */, left_open = 64 };

/*
 * Each connection takes two descriptors here and two of cupel's, which has the same limit: what does not fit into that
 * waits in the kernel. Neither could do anything for a connection with no descriptor left, and no more than the limit
 * can be watched at once (poll(2)).
 */
static void count_places(void)
{
    uint64_t limit[2] = {0, 0};
    places = connections_max;
    if (kernel_call(__NR_prlimit64, 0, limit_open_files, NULL, limit) < 0)
        return;
    limit[0] = limit[1];
    kernel_call(__NR_prlimit64, 0, limit_open_files, limit, NULL);
    const uint64_t room = limit[1] > left_open + 2 ? (limit[1] - left_open) / 2 : 1;
    if (room < places)
        places = (size_t)room;
}

static struct connection *find_place(void)
{
    for (size_t index = 0; index < places; index++)
        if (connections[index].job < 0)
            return &connections[index];
    return NULL;
}

/* False where there is none to accept, or no place for one: it then waits in the kernel. */
static bool accept_connection(int listener, unsigned char index, int proxy)
{
    struct connection *place = find_place();
    if (place == NULL)
        return false;
    const long job = kernel_call(__NR_accept4, listener, NULL, NULL, O_CLOEXEC | O_NONBLOCK);
    if (job < 0) {
        const struct __kernel_timespec nap = {.tv_nsec = 10000000};
        /* The machine has no descriptor or no memory left: it may have, soon. */
        if (job != -EAGAIN && job != -EINTR && job != -ECONNABORTED)
            kernel_call(__NR_nanosleep, &nap, NULL);
        return job == -EINTR || job == -ECONNABORTED;
    }
    /* What comes from the proxy is passed on at once: it waits there for more already, where it has to. */
    const int at_once = 1;
    kernel_call(__NR_setsockopt, job, level_tcp, tcp_no_delay, &at_once, sizeof at_once);
    place->job = (int)job;
    place->proxy = (int)connect_to(proxy);
    place->out.start = place->in.start = place->in.end = 0;
    place->out.end = 1;
    place->out.bytes[0] = index;
    place->out.is_read = place->out.is_done = place->in.is_read = place->in.is_done = false;
    /* cupel has ended, or takes no more: a connection that is closed at once says so. */
    if (place->proxy < 0)
        end_connection(place);
    return true;
}

static bool may_read(const struct flow *flow)
{
    return !flow->is_read && flow->start == flow->end;
}

/* False where the connection is lost. */
static bool read_some(struct flow *flow, int from)
{
    if (!may_read(flow))
        return true;
    const long count = kernel_call(__NR_read, from, flow->bytes, flow_bytes);
    if (count == -EAGAIN || count == -EINTR)
        return true;
    flow->start = 0;
    flow->end = count > 0 ? (uint32_t)count : 0;
    flow->is_read = count <= 0;
    return count >= 0;
}

/* False where the connection is lost. */
static bool write_some(struct flow *flow, int to)
{
    while (flow->start < flow->end) {
        const long count =
            kernel_call(__NR_sendto, to, flow->bytes + flow->start, flow->end - flow->start, no_signal, NULL, 0);
        if (count == -EINTR)
            continue;
        if (count == -EAGAIN)
            return true;
        if (count < 0)
            return false;
        flow->start += (uint32_t)count;
    }
    if (flow->is_read && !flow->is_done) {
        flow->is_done = true;
        kernel_call(__NR_shutdown, to, 1 /* SHUT_WR */);
    }
    return true;
}

static void carry(struct connection *connection)
{
    struct flow *const out = &connection->out, *const in = &connection->in;
    const bool is_whole = read_some(out, connection->job) && write_some(out, connection->proxy) &&
                          read_some(in, connection->proxy) && write_some(in, connection->job);
    if (!is_whole || (out->is_done && in->is_done))
        end_connection(connection);
}

/* Nobody is left to read what comes back. Connections that were made are accepted: what was sent over them counts. */
static void leave_off(const int *listeners, size_t count, int proxy)
{
    for (size_t index = 0; index < count; index++)
        while (accept_connection(listeners[index], (unsigned char)index, proxy))
            continue;
    for (size_t index = 0; index < places; index++) {
        struct flow *in = &connections[index].in;
        in->start = in->end = 0;
        in->is_read = in->is_done = true;
        if (connections[index].out.is_done)
            end_connection(&connections[index]);
    }
}

static short events_for(const struct flow *from_it, const struct flow *to_it)
{
    const int events = (may_read(from_it) ? POLLIN : 0) | (to_it->start < to_it->end ? POLLOUT : 0);
    return (short)events;
}

/* A side that nothing is asked of is not watched: that it hung up would be said again and again. */
static struct pollfd watch(int descriptor, short events)
{
    return (struct pollfd){.fd = events == 0 ? -1 : descriptor, .events = events};
}

static bool watch_connections(struct pollfd *each)
{
    bool is_any = false;
    for (size_t index = 0; index < places; index++) {
        const struct connection *connection = &connections[index];
        const bool is_used = connection->job >= 0;
        is_any = is_any || is_used;
        each[2 * index] = watch(connection->job, is_used ? events_for(&connection->out, &connection->in) : 0);
        each[2 * index + 1] = watch(connection->proxy, is_used ? events_for(&connection->in, &connection->out) : 0);
    }
    return is_any;
}

static void carry_all(const struct pollfd *each)
{
    for (size_t index = 0; index < places; index++)
        if (connections[index].job >= 0 && (each[2 * index].revents != 0 || each[2 * index + 1].revents != 0))
            carry(&connections[index]);
}

void carry_connections(const int *listeners, size_t count, int life, int proxy)
{
    bool is_over = false;
    struct pollfd *const each = watched + 1 + count;
    count_places();
    for (size_t index = 0; index < places; index++)
        connections[index].job = connections[index].proxy = -1;
    for (;;) {
        const bool has_place = !is_over && find_place() != NULL;
        watched[0] = watch(life, is_over ? 0 : POLLIN);
        for (size_t index = 0; index < count; index++)
            watched[1 + index] = watch(listeners[index], has_place ? POLLIN : 0);
        if (!watch_connections(each) && is_over)
            return;
        if (kernel_call(__NR_ppoll, watched, 1 + count + 2 * places, NULL, NULL, 0) <= 0)
            continue;
        carry_all(each);
        for (size_t index = 0; index < count; index++)
            if (watched[1 + index].revents != 0)
                accept_connection(listeners[index], (unsigned char)index, proxy);
        if (watched[0].revents != 0) {
            is_over = true;
            leave_off(listeners, count, proxy);
        }
    }
}
