/* Netlink requests: attributes put one after the other, sent, and the kernel's answer to each. */
#ifndef CUPEL_PROBER_NETLINK_H
#define CUPEL_PROBER_NETLINK_H

#include "prober.h"

#include <linux/netlink.h>

/* Messages of one send, the last still open for attributes; what does not fit is dropped, and the kernel refuses it. */
struct request {
    _Alignas(4) unsigned char bytes[1024];
    size_t length;
    size_t message;
    /* Messages that ask for an answer. */
    int answers;
};

/* A netlink socket of this protocol, or -errno. */
long open_netlink(int protocol);
/* Starts a message of this type with its fixed header. */
void begin_message(struct request *request, int type, int flags, const void *header, size_t length);
void put_attribute(struct request *request, int type, const void *value, size_t length);
void put_text_attribute(struct request *request, int type, const char *text);
/* A number in network order. */
void put_number_attribute(struct request *request, int type, uint32_t number);
/* Attributes put between these two are inside one of this type. */
size_t begin_nested(struct request *request, int type);
void end_nested(struct request *request, size_t start);
/* Sends all; the first error that the kernel answers with, 0 where there is none. */
long send_request(long socket, const struct request *request);

#endif
