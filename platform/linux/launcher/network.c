/* A network namespace's own loopback, and what listens on it for a proxy that is outside. */
#include "descriptors.h"

#include <linux/fcntl.h>

enum { address_inet = 2, socket_datagram = 2 };

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

/* struct sockaddr_in (ip(7)) */
struct inet_address {
    uint16_t family;
    uint8_t port[2];
    uint8_t address[4];
    uint8_t rest[8];
};

enum { connections_waiting_max = 256 };

/* A socket belongs to the network namespace that it is made in, whoever holds it later. */
static long listen_on_loopback(uint16_t port)
{
    const long descriptor = kernel_call(__NR_socket, address_inet, socket_stream | O_CLOEXEC | O_NONBLOCK, 0);
    if (descriptor < 0)
        return descriptor;
    const struct inet_address address = {
        .family = address_inet, .port = {(uint8_t)(port >> 8), (uint8_t)port}, .address = {127, 0, 0, 1}};
    long result = kernel_call(__NR_bind, descriptor, &address, sizeof address);
    if (result >= 0)
        result = kernel_call(__NR_listen, descriptor, connections_waiting_max);
    if (result >= 0)
        return descriptor;
    close_descriptor((int)descriptor);
    return result;
}

/*
 * In the first process, once the loopback is up: what listens there goes out to the courier, and nothing inside keeps
 * an end of it.
 */
long offer_listeners(const struct launch *launch)
{
    const struct instruction *instruction = launch->instruction;
    int listeners[listeners_max];
    size_t count = 0;
    long result = 0;
    while (count < instruction->listener_count && result >= 0) {
        result = listen_on_loopback(instruction->listener_ports[count]);
        if (result >= 0)
            listeners[count++] = (int)result;
    }
    if (result >= 0)
        result = send_descriptors(launch->courier->channel[1], listeners, count);
    for (size_t index = 0; index < count; index++)
        close_descriptor(listeners[index]);
    close_descriptor(launch->courier->channel[1]);
    return result;
}
