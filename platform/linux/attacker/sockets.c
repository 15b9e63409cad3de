/* Addresses, and talks that do not last. */
#include "attacker.h"

#include <asm/poll.h>
#include <linux/fcntl.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/time_types.h>
#include <linux/un.h>

enum { talk_ms = 300, nonblocking = O_NONBLOCK | O_CLOEXEC };

struct address inet_address(unsigned address, long port)
{
    const struct sockaddr_in target = {.sin_family = family_inet,
                                       .sin_port = __builtin_bswap16((unsigned short)port),
                                       .sin_addr = {__builtin_bswap32(address)}};
    struct address made = {.length = sizeof target, .bytes = {0}};
    memcpy(made.bytes, &target, sizeof target);
    return made;
}

struct address inet6_address(unsigned mapped, long port)
{
    struct sockaddr_in6 target = {.sin6_family = family_inet6, .sin6_port = __builtin_bswap16((unsigned short)port)};
    struct address made = {.length = sizeof target, .bytes = {0}};
    unsigned char *bytes = target.sin6_addr.s6_addr;
    bytes[15] = 1;
    if (mapped != 0) {
        const unsigned swapped = __builtin_bswap32(mapped);
        bytes[10] = bytes[11] = 0xff;
        memcpy(bytes + 12, &swapped, sizeof swapped);
    }
    memcpy(made.bytes, &target, sizeof target);
    return made;
}

struct address unix_address(const char *name)
{
    struct sockaddr_un target = {.sun_family = family_unix, .sun_path = {0}};
    struct address made = {.length = 0, .bytes = {0}};
    join(target.sun_path, sizeof target.sun_path, name, "", "");
    const size_t length = strlen(target.sun_path);
    if (name[0] == '@')
        target.sun_path[0] = '\0';
    made.length = (unsigned)(offsetof(struct sockaddr_un, sun_path) + length + (name[0] == '@' ? 0 : 1));
    memcpy(made.bytes, &target, sizeof target);
    return made;
}

bool parse_inet(const char *text, unsigned *address)
{
    *address = 0;
    for (int part = 0; part < 4; part++) {
        const long number = parse_decimal(&text);
        if (number < 0 || number > 255 || *text != (part < 3 ? '.' : '\0'))
            return false;
        *address = *address << 8 | (unsigned)number;
        text++;
    }
    return true;
}

static bool is_ready(long socket, short events, long milliseconds)
{
    struct pollfd wanted = {(int)socket, events, 0};
    const struct __kernel_timespec time = {milliseconds / 1000, (milliseconds % 1000) * 1000000};
    return kernel_call(__NR_ppoll, &wanted, 1, &time, 0, 0) > 0;
}

long connect_within(long socket, const struct address *address, long milliseconds)
{
    enum { socket_level = 1, error_option = 4 };
    const long started = kernel_call(__NR_connect, socket, address->bytes, address->length);
    if (started != -EINPROGRESS)
        return started;
    int error = ETIMEDOUT;
    unsigned length = sizeof error;
    if (is_ready(socket, POLLOUT, milliseconds))
        kernel_call(__NR_getsockopt, socket, socket_level, error_option, &error, &length);
    return -error;
}

long receive_within(long socket, char *buffer, size_t capacity, long milliseconds)
{
    if (!is_ready(socket, POLLIN, milliseconds))
        return -EAGAIN;
    return kernel_call(__NR_recvfrom, socket, buffer, capacity, 0, 0, 0);
}

void talk(const char *step, int family, int kind, int protocol, const struct address *address)
{
    char bytes[saw_bytes_max];
    enum { no_signal = 0x4000 };
    const long socket = kernel_call(__NR_socket, family, kind | nonblocking, protocol);
    did("socket", socket);
    if (socket < 0)
        return;
    const long connected = connect_within(socket, address, talk_ms);
    did(step, connected);
    if (connected == 0) {
        kernel_call(__NR_sendto, socket, mark(), strlen(mark()), no_signal, 0, 0);
        const long length = receive_within(socket, bytes, sizeof bytes, talk_ms);
        if (length > 0)
            saw(step, bytes, (size_t)length);
    }
    close_file(socket);
}
