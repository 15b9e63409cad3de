/* Descriptors in a message (unix(7), cmsg(3)), and the addresses that sockets are given. */
#include "descriptors.h"

#include <linux/fcntl.h>

/* One byte, and the descriptors with it, if any. */
long send_descriptors(int channel, const int *descriptors, size_t count)
{
    char byte = 0;
    struct vector vector = {.base = &byte, .length = 1};
    struct descriptor_message control = {
        .length = DESCRIPTOR_HEADER_BYTES + count * sizeof(int), .level = level_socket, .type = rights};
    memcpy(control.descriptors, descriptors, count * sizeof(int));
    const struct message message = {.vectors = &vector,
                                    .vector_count = 1,
                                    .control = count > 0 ? &control : NULL,
                                    /* Whole words: CMSG_SPACE of cmsg(3). */
                                    .control_length = count > 0 ? (control.length + 7) & ~(size_t)7 : 0};
    return kernel_call(__NR_sendmsg, channel, &message, 0x4000 /* MSG_NOSIGNAL */);
}

/* How many came, of a message that has no more than `capacity`; 0 where it has none, or the other end was
 * closed. */
size_t receive_descriptors(int channel, int *descriptors, size_t capacity)
{
    char byte;
    struct vector vector = {.base = &byte, .length = 1};
    struct descriptor_message control = {0};
    struct message message = {.vectors = &vector,
                              .vector_count = 1,
                              .control = &control,
                              .control_length = DESCRIPTOR_HEADER_BYTES + capacity * sizeof(int)};
    long count;
    do
        count = kernel_call(__NR_recvmsg, channel, &message, 0x40000000 /* MSG_CMSG_CLOEXEC */);
    while (count == -EINTR);
    if (count != 1 || control.level != level_socket || control.type != rights ||
        control.length < DESCRIPTOR_HEADER_BYTES || control.length > sizeof control)
        return 0;
    const size_t received = (control.length - DESCRIPTOR_HEADER_BYTES) / sizeof(int);
    memcpy(descriptors, control.descriptors, received * sizeof(int));
    return received;
}

struct inet_address inet_loopback(bool is_ipv6, uint16_t port)
{
    const uint8_t bytes[2] = {(uint8_t)(port >> 8), (uint8_t)port};
    if (is_ipv6)
        return (struct inet_address){
            .family = address_inet6, .port = {bytes[0], bytes[1]}, .v6 = {.address = {[15] = 1}}};
    return (struct inet_address){
        .family = address_inet, .port = {bytes[0], bytes[1]}, .v4 = {.address = {127, 0, 0, 1}}};
}

uint32_t inet_length(const struct inet_address *address)
{
    return address->family == address_inet6 ? inet6_address_bytes : inet_address_bytes;
}

/* In the order of the network; an IPv4 address as the IPv6 one that stands for it (RFC 4291, section 2.5.5.2). */
void write_address(const struct inet_address *address, unsigned char *bytes)
{
    if (address->family == address_inet6) {
        memcpy(bytes, address->v6.address, 16);
    } else {
        memset(bytes, 0, 10);
        memset(bytes + 10, 0xff, 2);
        memcpy(bytes + 12, address->v4.address, 4);
    }
    memcpy(bytes + 16, address->port, 2);
}
