/* Sockets to reach and to fail to reach. */
#include "prober.h"

#include <linux/fcntl.h>
#include <linux/in.h>
#include <linux/un.h>

/* include/linux/socket.h */
enum { family_unix = 1, family_inet = 2, stream = 1, datagram = 2 };

long listen_on_loopback(struct sockaddr_in *address)
{
    unsigned int length = sizeof *address;
    *address = (struct sockaddr_in){.sin_family = family_inet, .sin_addr = {__builtin_bswap32(INADDR_LOOPBACK)}};
    const long socket = kernel_call(__NR_socket, family_inet, stream | O_CLOEXEC, 0);
    if (socket < 0)
        return socket;
    long result = kernel_call(__NR_bind, socket, address, sizeof *address);
    if (result == 0)
        result = kernel_call(__NR_listen, socket, 4);
    if (result == 0)
        result = kernel_call(__NR_getsockname, socket, address, &length);
    return result;
}

long listen_on_abstract(struct sockaddr_un *address, unsigned int *length)
{
    *address = (struct sockaddr_un){.sun_family = family_unix};
    *length = sizeof *address;
    const long socket = kernel_call(__NR_socket, family_unix, stream | O_CLOEXEC, 0);
    if (socket < 0)
        return socket;
    long result = kernel_call(__NR_bind, socket, address, sizeof address->sun_family);
    if (result == 0)
        result = kernel_call(__NR_listen, socket, 4);
    if (result == 0)
        result = kernel_call(__NR_getsockname, socket, address, length);
    return result;
}

static long connect_and_close(int family, int kind, const void *address, size_t length)
{
    const long socket = kernel_call(__NR_socket, family, kind | O_CLOEXEC, 0);
    if (socket < 0)
        return socket;
    const long result = kernel_call(__NR_connect, socket, address, length);
    kernel_call(__NR_close, socket);
    return result;
}

long connect_to(int family, const void *address, size_t length)
{
    return connect_and_close(family, stream, address, length);
}

long find_route(unsigned int address)
{
    const struct sockaddr_in target = {
        .sin_family = family_inet, .sin_port = 9, .sin_addr = {__builtin_bswap32(address)}};
    return connect_and_close(family_inet, datagram, &target, sizeof target);
}

long bring_loopback_up(void)
{
    /* struct ifreq without a C library: a name of 16 bytes, then a union of 24 that begins with the flags. */
    struct {
        char name[16];
        short flags;
        char rest[22];
    } request = {.name = "lo", .flags = 1 /* IFF_UP */, .rest = {0}};
    enum { set_flags = 0x8914 /* SIOCSIFFLAGS */ };
    const long socket = kernel_call(__NR_socket, family_inet, datagram | O_CLOEXEC, 0);
    if (socket < 0)
        return socket;
    const long result = kernel_call(__NR_ioctl, socket, set_flags, &request);
    kernel_call(__NR_close, socket);
    return result;
}
