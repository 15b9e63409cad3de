/* What carries connections between the job's loopback and what is outside: courier.c holds it, connections.c does it.
 */
#ifndef CUPEL_COURIER_H
#define CUPEL_COURIER_H

#include "descriptors.h"

enum { flow_bytes = 32768 };

/* One direction. */
struct flow {
    uint32_t start, end;
    /* Nothing more will be read; and that was passed on. */
    bool is_read, is_done;
    unsigned char bytes[flow_bytes];
};

/* `job` is -1 where the place is free. */
struct connection {
    /* The job's side, and the proxy's, or of whoever connected to a published port. */
    int job, outside;
    /* To the job's port, which may be published, by one address of its loopback; the other is tried then. */
    bool is_connecting, is_ipv6;
    uint16_t job_port;
    /* For a name, by a datagram; who is to be answered, and by which address, in a kernel with IPv6. */
    bool is_query, has_server;
    struct inet_address asker;
    unsigned char server[16];
    struct flow out, in;
};

/* flows.c: `begin` with bytes that go out first, if any. */
void begin_connection(struct connection *connection, const unsigned char *first, uint32_t length);
void end_connection(struct connection *connection);
void lose_connection(struct connection *connection);
void carry(struct connection *connection);
bool is_wanted(const struct flow *flow);
bool read_some(struct flow *flow, int from);
bool write_some(struct flow *flow, int to);

/* published-connection.c: to the job's port. */
void begin_published(struct connection *connection, int channel, int outside, uint16_t job_port);
void go_on_connecting(struct connection *connection, int channel);

/* name-queries.c */
bool take_query(struct connection *place, int names, size_t direct_from);
void carry_query(struct connection *connection);

/* What there is to carry, and by which descriptors. */
struct service {
    /* On the job's loopback; what connects there goes to the proxy. */
    const int *listeners;
    size_t listener_count;
    /* From this index on, they take what was meant for other addresses, and the proxy is told which. */
    size_t direct_from;
    /* What takes queries for names, or -1. */
    int names;
    /* What listens for each of these outside has a descriptor from `outside` on. */
    const struct published *published;
    size_t published_count;
    int outside;
    int life, proxy;
    /* To the first process, which makes sockets of the job's network. */
    int channel;
};

/* Until `life` says something; then what is on its way out of the job, and no more. */
void carry_connections(const struct service *service);

#endif
