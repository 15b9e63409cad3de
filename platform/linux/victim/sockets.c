/* Listeners: whoever connects is sent the token, and what it sends is said. */
#include "../shared/virtual-socket.h"
#include "victim.h"

#include <linux/fcntl.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/un.h>

/* include/linux/socket.h, include/linux/net.h */
enum {
    family_unix = 1,
    family_inet = 2,
    family_inet6 = 10,
    stream = 1,
    datagram = 2,
    socket_level = 1,
    receive_timeout = 20,
    message_nosignal = 0x4000,
    flags = O_CLOEXEC | O_NONBLOCK,
};

static long bind_socket(struct canary *canary, int family, int kind, const void *address, size_t length)
{
    const long socket = kernel_call(__NR_socket, family, kind | flags, 0);
    if (socket < 0)
        return socket;
    long result = kernel_call(__NR_bind, socket, address, length);
    if (result == 0 && kind == stream)
        result = kernel_call(__NR_listen, socket, 16);
    if (result < 0)
        kernel_call(__NR_close, socket);
    else
        canary->handle = socket;
    return result;
}

/* The port that the kernel picked: at the same place in both families' addresses. */
static void put_port(const struct canary *canary, char *value)
{
    struct sockaddr_in6 address;
    unsigned int length = sizeof address;
    kernel_call(__NR_getsockname, canary->handle, &address, &length);
    put_decimal(value, __builtin_bswap16(address.sin6_port));
}

static long hold_inet(struct canary *canary, char *value, int kind)
{
    const struct sockaddr_in any = {.sin_family = family_inet};
    const long result = bind_socket(canary, family_inet, kind, &any, sizeof any);
    if (result == 0)
        put_port(canary, value);
    return result;
}

static long hold_inet6(struct canary *canary, char *value, int kind)
{
    const struct sockaddr_in6 any = {.sin6_family = family_inet6};
    const long result = bind_socket(canary, family_inet6, kind, &any, sizeof any);
    if (result == 0)
        put_port(canary, value);
    return result;
}

/* Name servers answer both ways on one port: this is the second of the two, on the first one's. */
static long hold_tcp4_at(struct canary *canary, char *value)
{
    const struct sockaddr_in place = {.sin_family = family_inet,
                                      .sin_port = __builtin_bswap16((unsigned short)parse_decimal(canary->place))};
    copy_word(value, value_capacity, canary->place);
    return bind_socket(canary, family_inet, stream, &place, sizeof place);
}

static long hold_tcp4(struct canary *canary, char *value)
{
    return hold_inet(canary, value, stream);
}

static long hold_udp4(struct canary *canary, char *value)
{
    return hold_inet(canary, value, datagram);
}

static long hold_tcp6(struct canary *canary, char *value)
{
    return hold_inet6(canary, value, stream);
}

static long hold_udp6(struct canary *canary, char *value)
{
    return hold_inet6(canary, value, datagram);
}

static long hold_unix(struct canary *canary, char *value, int kind, bool is_abstract)
{
    struct sockaddr_un address = {.sun_family = family_unix};
    const size_t length = strlen(canary->place);
    if (length == 0 || length + 1 >= sizeof address.sun_path)
        return -EINVAL;
    memcpy(address.sun_path + (is_abstract ? 1 : 0), canary->place, length);
    const size_t whole = offsetof(struct sockaddr_un, sun_path) + length + 1;
    copy_word(value, value_capacity, canary->place);
    const long result = bind_socket(canary, family_unix, kind, &address, whole);
    /* Whatever the umask: it is the sandbox that is to keep an attacker out. */
    if (result == 0 && !is_abstract)
        kernel_call(__NR_fchmodat, AT_FDCWD, canary->place, 0666);
    return result;
}

static long hold_path(struct canary *canary, char *value)
{
    return hold_unix(canary, value, stream, false);
}

static long hold_abstract(struct canary *canary, char *value)
{
    return hold_unix(canary, value, stream, true);
}

static long hold_abstract_datagram(struct canary *canary, char *value)
{
    return hold_unix(canary, value, datagram, true);
}

static long hold_vsock(struct canary *canary, char *value)
{
    struct virtual_address address = {.family = family_vsock, .port = ANY_VIRTUAL, .id = ANY_VIRTUAL};
    unsigned int length = sizeof address;
    const long result = bind_socket(canary, family_vsock, stream, &address, sizeof address);
    if (result < 0)
        return result;
    kernel_call(__NR_getsockname, canary->handle, &address, &length);
    put_decimal(value, (long)address.port);
    return 0;
}

/* The connection is a hit by itself; what is sent says which attack made it. */
static void answer_stream(struct canary *canary)
{
    char text[value_capacity];
    const struct {
        long seconds, microseconds;
    } patience = {0, 200000};
    const long connection = kernel_call(__NR_accept4, canary->handle, 0, 0, O_CLOEXEC);
    if (connection < 0)
        return;
    kernel_call(__NR_setsockopt, connection, socket_level, receive_timeout, &patience, sizeof patience);
    kernel_call(__NR_sendto, connection, canary->token, strlen(canary->token), message_nosignal, 0, 0);
    const long length = kernel_call(__NR_read, connection, text, sizeof text);
    say_hit(canary, text, length < 0 ? 0 : (size_t)length);
    kernel_call(__NR_close, connection);
}

/* Whoever sends is answered, where it can be: an abstract datagram may come from nowhere. */
static void answer_datagram(struct canary *canary)
{
    char text[value_capacity];
    struct sockaddr_un from;
    unsigned int size = sizeof from;
    const long length = kernel_call(__NR_recvfrom, canary->handle, text, sizeof text, 0, &from, &size);
    if (length < 0)
        return;
    if (size > sizeof from.sun_family)
        kernel_call(__NR_sendto, canary->handle, canary->token, strlen(canary->token), message_nosignal, &from, size);
    say_hit(canary, text, (size_t)length);
}

static void remove_path(struct canary *canary)
{
    kernel_call(__NR_unlinkat, AT_FDCWD, canary->place, 0);
}

const struct kind socket_kinds[] = {
    {"tcp4", hold_tcp4, answer_stream, 0, 0},
    {"tcp6", hold_tcp6, answer_stream, 0, 0},
    {"tcp4-at", hold_tcp4_at, answer_stream, 0, 0},
    {"udp4", hold_udp4, answer_datagram, 0, 0},
    {"dns", hold_udp4, answer_datagram, 0, 0},
    {"udp6", hold_udp6, answer_datagram, 0, 0},
    {"unix", hold_path, answer_stream, 0, remove_path},
    {"abstract", hold_abstract, answer_stream, 0, 0},
    {"abstract-datagram", hold_abstract_datagram, answer_datagram, 0, 0},
    {"vsock", hold_vsock, answer_stream, 0, 0},
    {0, 0, 0, 0, 0},
};
