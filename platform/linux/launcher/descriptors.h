/* Descriptors in a message (unix(7), cmsg(3)); the kernel's own headers have these shapes for itself alone. */
#ifndef CUPEL_DESCRIPTORS_H
#define CUPEL_DESCRIPTORS_H

#include "launcher.h"

enum { address_unix = 1 /* AF_UNIX */, socket_stream = 1, socket_sequence = 5 /* SOCK_SEQPACKET */ };
enum { level_socket = 1 /* SOL_SOCKET */, rights = 1 /* SCM_RIGHTS */, level_ipv6 = 41 /* IPPROTO_IPV6 */ };
enum { ipv6_only = 26 /* IPV6_V6ONLY */ };

/* sendmsg(2) */
struct vector {
    void *base;
    size_t length;
};

struct message {
    void *name;
    uint32_t name_length;
    struct vector *vectors;
    size_t vector_count;
    void *control;
    size_t control_length;
    int flags;
};

/* What listens, and what takes queries for names. */
enum { descriptors_sent_max = listeners_max + 1 };

/* Its length says how many. */
struct descriptor_message {
    size_t length;
    int level, type;
    int descriptors[descriptors_sent_max];
};

#define DESCRIPTOR_HEADER_BYTES offsetof(struct descriptor_message, descriptors)

/* struct sockaddr_un (unix(7)) */
struct unix_address {
    uint16_t family;
    char path[108];
};

/* struct sockaddr_in (ip(7)), struct sockaddr_in6 (ipv6(7)); the kernel tells them apart by the family. */
struct inet_address {
    uint16_t family;
    uint8_t port[2];
    union {
        struct {
            uint8_t address[4];
            uint8_t rest[8];
        } v4;
        struct {
            uint8_t flow[4];
            uint8_t address[16];
            uint8_t scope[4];
        } v6;
    };
};

enum { address_inet = 2 /* AF_INET */, address_inet6 = 10 /* AF_INET6 */ };
enum { inet_address_bytes = 16, inet6_address_bytes = 28 };
/* An IPv6 address, and a port. */
enum { written_address_bytes = 18 };

/* descriptors.c */
long send_descriptors(int channel, const int *descriptors, size_t count);
size_t receive_descriptors(int channel, int *descriptors, size_t capacity);
struct inet_address inet_loopback(bool is_ipv6, uint16_t port);
uint32_t inet_length(const struct inet_address *address);
void write_address(const struct inet_address *address, unsigned char *bytes);

#endif
