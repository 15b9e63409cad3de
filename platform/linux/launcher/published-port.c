/* Ports outside that lead to ports of the job's: they are taken before there is a job, so that none starts without. */
#include "../shared/append.h"
#include "descriptors.h"

#include <linux/fcntl.h>

enum { connections_waiting_max = 256, option_reuse_address = 2 /* SO_REUSEADDR */ };

static struct inet_address address_of(const struct published *published)
{
    struct inet_address address = inet_loopback(published->is_ipv6, published->port);
    if (published->is_ipv6)
        memcpy(address.v6.address, published->address, sizeof address.v6.address);
    else
        memcpy(address.v4.address, published->address, sizeof address.v4.address);
    return address;
}

static long bind_and_listen(int descriptor, const struct inet_address *address)
{
    /* Connections of an earlier run that linger keep nobody from the port; another that listens does. */
    const int is_on = 1;
    kernel_call(__NR_setsockopt, descriptor, level_socket, option_reuse_address, &is_on, sizeof is_on);
    /* `[::]` stated means IPv6: for the other there is `0.0.0.0`. */
    if (address->family == address_inet6)
        kernel_call(__NR_setsockopt, descriptor, level_ipv6, ipv6_only, &is_on, sizeof is_on);
    const long result = kernel_call(__NR_bind, descriptor, address, inet_length(address));
    return result < 0 ? result : kernel_call(__NR_listen, descriptor, connections_waiting_max);
}

/* A socket that listens there, or a negative errno; `port` is the one that it came to. */
static long listen_outside(const struct published *published, uint16_t *port)
{
    struct inet_address address = address_of(published);
    uint32_t length = sizeof address;
    const long descriptor = kernel_call(__NR_socket, address.family, socket_stream | O_CLOEXEC | O_NONBLOCK, 0);
    if (descriptor < 0)
        return descriptor;
    long result = bind_and_listen((int)descriptor, &address);
    if (result >= 0)
        result = kernel_call(__NR_getsockname, descriptor, &address, &length);
    if (result < 0) {
        close_descriptor((int)descriptor);
        return result;
    }
    *port = (uint16_t)(address.port[0] << 8 | address.port[1]);
    return descriptor;
}

/* All of them; where one cannot be had its negative errno, and in `subject` which one it is. */
long take_ports(const struct launch *launch, char *subject)
{
    const struct instruction *instruction = launch->instruction;
    struct courier *courier = launch->courier;
    for (size_t index = 0; index < instruction->published_count; index++) {
        const long descriptor = listen_outside(&instruction->published[index], &courier->ports[index]);
        append_number(subject, index, 10);
        if (descriptor < 0)
            return descriptor;
        courier->outside[index] = (int)descriptor;
    }
    return 0;
}

/* Once the job has started: one that does not is reached by nobody. */
void tell_published(const struct channel *channel, const struct courier *courier, size_t count)
{
    for (size_t index = 0; index < count; index++)
        tell_numbers(channel, "published", "index", (long long)index, "port", courier->ports[index]);
}
