/* Descriptors in a message (unix(7), cmsg(3)); the kernel's own headers have these shapes for itself alone. */
#ifndef CUPEL_DESCRIPTORS_H
#define CUPEL_DESCRIPTORS_H

#include "launcher.h"

enum { address_unix = 1 /* AF_UNIX */, socket_stream = 1, socket_sequence = 5 /* SOCK_SEQPACKET */ };
enum { level_socket = 1 /* SOL_SOCKET */, rights = 1 /* SCM_RIGHTS */ };

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

/* Its length says how many. */
struct descriptor_message {
    size_t length;
    int level, type;
    int descriptors[listeners_max];
};

#define DESCRIPTOR_HEADER_BYTES offsetof(struct descriptor_message, descriptors)

long send_descriptors(int channel, const int *descriptors, size_t count);
size_t receive_descriptors(int channel, int *descriptors, size_t capacity);

#endif
