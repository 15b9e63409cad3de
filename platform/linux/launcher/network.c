/* A network namespace's own loopback, and what listens on it for a proxy that is outside. */
#include "descriptors.h"

#include <linux/fcntl.h>

enum { socket_datagram = 2 };

/* struct ifreq (netdevice(7)) as far as it is used here; linux/if.h drags a C library in. */
struct interface_request {
    char name[16];
    short flags;
    char rest[22];
};

enum { interface_up = 1 /* IFF_UP */ };

enum { get_interface_flags = 0x8913 /* SIOCGIFFLAGS */, set_interface_flags = 0x8914 /* SIOCSIFFLAGS */ };

/* `lo` is down in a new network namespace; once up, the kernel gives it 127.0.0.1 and ::1 by itself. */
long bring_loopback_up(void)
{
    const long descriptor = kernel_call(__NR_socket, address_inet, socket_datagram | O_CLOEXEC, 0);
    if (descriptor < 0)
        return descriptor;
    struct interface_request request = {.name = "lo"};
    long result = kernel_call(__NR_ioctl, descriptor, get_interface_flags, &request);
    request.flags = (short)(request.flags | interface_up);
    if (result >= 0)
        result = kernel_call(__NR_ioctl, descriptor, set_interface_flags, &request);
    close_descriptor((int)descriptor);
    return result;
}

enum { connections_waiting_max = 256 };

/* A socket belongs to the network namespace that it is made in, whoever holds it later. */
static long listen_on_loopback(uint16_t port)
{
    const long descriptor = kernel_call(__NR_socket, address_inet, socket_stream | O_CLOEXEC | O_NONBLOCK, 0);
    if (descriptor < 0)
        return descriptor;
    const struct inet_address address = inet_loopback(false, port);
    long result = kernel_call(__NR_bind, descriptor, &address, inet_length(&address));
    if (result >= 0)
        result = kernel_call(__NR_listen, descriptor, connections_waiting_max);
    if (result >= 0)
        return descriptor;
    close_descriptor((int)descriptor);
    return result;
}

/* The proxy's own ports first, and then, where every address leads here, those that are listened on at each. */
static long listen_on(const struct instruction *instruction, size_t index)
{
    const uint16_t port = instruction->listener_ports[index];
    return index < instruction->direct_from ? listen_on_loopback(port) : listen_at_every_address(port);
}

/*
 * In the first process, once the loopback is up: what listens there goes out to the courier, and nothing inside keeps
 * it. Behind them, where every address leads here, goes what takes queries for names.
 */
long offer_listeners(const struct launch *launch)
{
    const struct instruction *instruction = launch->instruction;
    int sockets[descriptors_sent_max];
    size_t count = 0;
    long result = 0;
    while (count < instruction->listener_count && result >= 0) {
        result = listen_on(instruction, count);
        if (result >= 0)
            sockets[count++] = (int)result;
    }
    if (result >= 0 && is_direct(instruction)) {
        result = take_name_queries();
        if (result >= 0)
            sockets[count++] = (int)result;
    }
    if (result >= 0)
        result = send_descriptors(launch->courier->channel[1], sockets, count);
    for (size_t index = 0; index < count; index++)
        close_descriptor(sockets[index]);
    return result;
}

/*
 * In the first process, while the job runs: the courier asks for a socket of the job's network, one byte that is not 0
 * for IPv6, and connects it itself. False where it asks no more. What cannot be made is answered without one.
 */
bool offer_socket(int channel)
{
    char is_ipv6;
    const long count = kernel_call(__NR_read, channel, &is_ipv6, 1);
    if (count == -EINTR || count == -EAGAIN)
        return true;
    if (count != 1)
        return false;
    const long made = kernel_call(__NR_socket, is_ipv6 != 0 ? address_inet6 : address_inet,
                                  socket_stream | O_CLOEXEC | O_NONBLOCK, 0);
    const int socket = (int)made;
    send_descriptors(channel, &socket, made < 0 ? 0 : 1);
    close_descriptor(socket);
    return true;
}
