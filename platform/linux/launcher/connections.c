/*
 * Connections between the job and what is outside. Those that the job makes go to the proxy, and the first byte that it
 * reads is the courier's own: the index of the socket that the job connected to, or of the first of those that take
 * what was meant for other addresses, with the address behind it. Those to published ports come from outside.
 */
#include "../shared/append.h"
#include "courier.h"
#include "descriptors.h"

#include <linux/fcntl.h>
#include <linux/poll.h>
#include <linux/time_types.h>

enum { connections_max = 256, doors_max = listeners_max + published_max };
enum { level_tcp = 6, tcp_no_delay = 1 };

static struct connection connections[connections_max];
/* How many of these places may be used, and behind which none is. */
static size_t places, used;
/* `life`, what takes queries for names, the doors, and the connections. */
enum { watched_life, watched_names, watched_doors };
static struct pollfd watched[watched_doors + doors_max + 2 * connections_max];

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
static void count_places(size_t doors)
{
    uint64_t limit[2] = {0, 0};
    places = connections_max;
    if (kernel_call(__NR_prlimit64, 0, limit_open_files, NULL, limit) < 0)
        return;
    limit[0] = limit[1];
    kernel_call(__NR_prlimit64, 0, limit_open_files, limit, NULL);
    const uint64_t held = left_open + doors;
    const uint64_t room = limit[1] > held + 2 ? (limit[1] - held) / 2 : 1;
    if (room < places)
        places = (size_t)room;
}

static struct connection *find_place(void)
{
    for (size_t index = 0; index < places; index++) {
        if (index == used)
            connections[used++].job = -1;
        if (connections[index].job < 0)
            return &connections[index];
    }
    return NULL;
}

static void forget_free_places(void)
{
    while (used > 0 && connections[used - 1].job < 0)
        used--;
}

/* Negative where there is none, or the machine has no descriptor or no memory left: it may have, soon. */
static long accept_one(int listener)
{
    const long accepted = kernel_call(__NR_accept4, listener, NULL, NULL, O_CLOEXEC | O_NONBLOCK);
    const struct __kernel_timespec nap = {.tv_nsec = 10000000};
    if (accepted < 0 && accepted != -EAGAIN && accepted != -EINTR && accepted != -ECONNABORTED)
        kernel_call(__NR_nanosleep, &nap, NULL);
    return accepted;
}

/* cupel has ended, or takes no more: a connection that is closed at once says so. */
static void lead_to_proxy(struct connection *place, int proxy)
{
    place->is_connecting = false;
    place->outside = (int)connect_to(proxy);
    if (place->outside < 0)
        end_connection(place);
}

/* What the proxy is told of a connection before anything that the job says; its length. */
static uint32_t introduce(const struct service *service, size_t index, long job, unsigned char *words)
{
    if (index < service->direct_from) {
        words[0] = (unsigned char)index;
        return 1;
    }
    struct inet_address meant = {0};
    uint32_t length = sizeof meant;
    kernel_call(__NR_getsockname, job, &meant, &length);
    words[0] = (unsigned char)service->direct_from;
    write_address(&meant, words + 1);
    return 1 + written_address_bytes;
}

/* False where there is none to accept, or no place for one: it then waits in the kernel. */
static bool accept_of_job(const struct service *service, size_t index)
{
    struct connection *place = find_place();
    if (place == NULL)
        return false;
    const long job = accept_one(service->listeners[index]);
    if (job < 0)
        return job == -EINTR || job == -ECONNABORTED;
    /* What comes from the proxy is passed on at once: it waits there for more already, where it has to. */
    const int at_once = 1;
    kernel_call(__NR_setsockopt, job, level_tcp, tcp_no_delay, &at_once, sizeof at_once);
    unsigned char words[1 + written_address_bytes];
    begin_connection(place, words, introduce(service, index, job, words));
    place->job = (int)job;
    lead_to_proxy(place, service->proxy);
    return true;
}

static void accept_query(const struct service *service)
{
    struct connection *place = find_place();
    if (place != NULL && take_query(place, service->names, service->direct_from))
        lead_to_proxy(place, service->proxy);
}

static void accept_published(const struct service *service, size_t index)
{
    struct connection *place = find_place();
    if (place == NULL)
        return;
    const long outside = accept_one(service->outside + (int)index);
    if (outside >= 0)
        begin_published(place, service->channel, (int)outside, service->published[index].job_port);
}

/*
 * Nobody is left to read what comes in. Connections that the job made are accepted: what was sent over them counts.
 * What comes to a published port from now on is refused.
 */
static void leave_off(const struct service *service)
{
    for (size_t index = 0; index < service->published_count; index++)
        close_descriptor(service->outside + (int)index);
    for (size_t index = 0; index < service->listener_count; index++)
        while (accept_of_job(service, index))
            continue;
    for (size_t index = 0; index < used; index++) {
        struct connection *connection = &connections[index];
        connection->in.start = connection->in.end = 0;
        connection->in.is_read = connection->in.is_done = true;
        if (connection->is_connecting)
            lose_connection(connection);
        else if (connection->out.is_done)
            end_connection(connection);
    }
}

static short events_for(const struct flow *from_it, const struct flow *to_it)
{
    const int events = (is_wanted(from_it) ? POLLIN : 0) | (to_it->start < to_it->end ? POLLOUT : 0);
    return (short)events;
}

/* A side that nothing is asked of is not watched: that it hung up would be said again and again. */
static struct pollfd watch(int descriptor, short events)
{
    return (struct pollfd){.fd = events == 0 ? -1 : descriptor, .events = events};
}

static void watch_connection(const struct connection *connection, struct pollfd *each)
{
    const bool is_open = connection->job >= 0 && !connection->is_connecting;
    each[0] = watch(connection->job, is_open ? events_for(&connection->out, &connection->in) : POLLOUT);
    each[1] = watch(connection->outside, is_open ? events_for(&connection->in, &connection->out) : 0);
}

static void serve_connection(struct connection *connection, const struct pollfd *each, int channel)
{
    if (connection->job < 0 || (each[0].revents == 0 && each[1].revents == 0))
        return;
    if (connection->is_connecting)
        go_on_connecting(connection, channel);
    else if (connection->is_query)
        carry_query(connection);
    else
        carry(connection);
}

/* Which descriptor lets connections in. */
static int door(const struct service *service, size_t index)
{
    return index < service->listener_count ? service->listeners[index]
                                           : service->outside + (int)(index - service->listener_count);
}

static void open_door(const struct service *service, size_t index)
{
    if (index < service->listener_count)
        accept_of_job(service, index);
    else
        accept_published(service, index - service->listener_count);
}

/* How many descriptors are watched. */
static size_t watch_all(const struct service *service, size_t doors, bool is_over)
{
    const bool has_place = !is_over && find_place() != NULL;
    forget_free_places();
    watched[watched_life] = watch(service->life, is_over ? 0 : POLLIN);
    watched[watched_names] = watch(service->names, has_place && service->names >= 0 ? POLLIN : 0);
    for (size_t index = 0; index < doors; index++)
        watched[watched_doors + index] = watch(door(service, index), has_place ? POLLIN : 0);
    for (size_t index = 0; index < used; index++)
        watch_connection(&connections[index], &watched[watched_doors + doors + 2 * index]);
    return watched_doors + doors + 2 * used;
}

void carry_connections(const struct service *service)
{
    const size_t doors = service->listener_count + service->published_count;
    bool is_over = false;
    count_places(doors);
    for (;;) {
        const size_t count = watch_all(service, doors, is_over);
        if (used == 0 && is_over)
            return;
        const size_t served = used;
        if (kernel_call(__NR_ppoll, watched, count, NULL, NULL, 0) <= 0)
            continue;
        for (size_t index = 0; index < served; index++)
            serve_connection(&connections[index], &watched[watched_doors + doors + 2 * index], service->channel);
        for (size_t index = 0; index < doors; index++)
            if (watched[watched_doors + index].revents != 0)
                open_door(service, index);
        if (watched[watched_names].revents != 0)
            accept_query(service);
        if (watched[watched_life].revents != 0) {
            is_over = true;
            leave_off(service);
        }
    }
}
