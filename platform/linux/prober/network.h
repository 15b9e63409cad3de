/* What the network probe's files share. */
#ifndef CUPEL_PROBER_NETWORK_H
#define CUPEL_PROBER_NETWORK_H

#include "prober.h"

#include <linux/in.h>
#include <linux/in6.h>

/* include/linux/socket.h and asm/socket.h */
enum { family_unix = 1, family_inet = 2, family_inet6 = 10, stream = 1, datagram = 2, dont_wait = 0x40 };

/* 127.0.0.1 and a port in network order. */
struct sockaddr_in loopback_address(uint16_t port);
/* A socket bound to ADDRESS, which becomes the name that it got; -errno. */
long bind_socket(int family, int type, void *address, unsigned int length);
/* Sends a byte from a fresh datagram socket; 0 or -errno. */
long send_datagram(const struct sockaddr_in *address);

/* network-links.c: steps link-KIND-known and link-KIND, for links made in this network namespace. */
void report_links(void);
/* network-filter.c: steps filter-control, filter-rules and filter-denied. */
void report_packet_filter(void);

#endif
