/*
 * A loopback that every address leads to, for a job whose programs need to know of no proxy: the kernel takes each
 * destination for one of its own (a local route of the whole address space, "AnyIP"), and what listens at every
 * address of it has the connection. Nothing leaves the network namespace by that: there is nowhere that it could go.
 */
#include "descriptors.h"

#include <linux/fcntl.h>
#include <linux/rtnetlink.h>

enum { family_netlink = 16 /* AF_NETLINK */, socket_datagram = 2, socket_raw = 3 };
enum { ipv6_receive_destination = 49 /* IPV6_RECVPKTINFO */ };
enum { ipv6_free_bind = 78 /* IPV6_FREEBIND */ };
enum { connections_waiting_max = 256, name_port = 53 };

/* `lo` is the first interface of every network namespace (net/core/dev.c, Linux 3.7). */
enum { loopback_index = 1 };

struct route_request {
    struct nlmsghdr header;
    struct rtmsg route;
    struct rtattr kind;
    int32_t interface;
};

bool is_direct(const struct instruction *instruction)
{
    return instruction->listener_count > instruction->direct_from;
}

/* What the kernel answers (netlink(7), NLMSG_ERROR). */
static long read_answer(int netlink)
{
    struct {
        struct nlmsghdr header;
        struct nlmsgerr error;
        unsigned char rest[256];
    } answer = {0};
    const long count = kernel_call(__NR_recvfrom, netlink, &answer, sizeof answer, 0, NULL, NULL);
    if (count < 0)
        return count;
    const bool is_answer =
        (size_t)count >= sizeof answer.header + sizeof(int) && answer.header.nlmsg_type == NLMSG_ERROR;
    return is_answer ? answer.error.error : -EBADMSG;
}

/* `ip route add local default dev lo` (rtnetlink(7)) */
static long add_local_route(int netlink, int family)
{
    const struct route_request request = {
        .header = {.nlmsg_len = sizeof request,
                   .nlmsg_type = RTM_NEWROUTE,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
                   .nlmsg_seq = 1},
        .route = {.rtm_family = (unsigned char)family,
                  .rtm_table = RT_TABLE_LOCAL,
                  .rtm_protocol = RTPROT_STATIC,
                  .rtm_scope = RT_SCOPE_HOST,
                  .rtm_type = RTN_LOCAL},
        .kind = {.rta_len = sizeof request.kind + sizeof request.interface, .rta_type = RTA_OIF},
        .interface = loopback_index,
    };
    const long sent = kernel_call(__NR_sendto, netlink, &request, sizeof request, 0, NULL, 0);
    return sent < 0 ? sent : read_answer(netlink);
}

/*
 * With the privileges over the namespace's network that it was made with. A kernel without IPv6 has none of its
 * addresses, and a job that names one is told so by it: that reaches less, not more.
 */
long lead_every_address_here(void)
{
    const long netlink = kernel_call(__NR_socket, family_netlink, socket_raw | O_CLOEXEC, NETLINK_ROUTE);
    if (netlink < 0)
        return netlink;
    const long result = add_local_route((int)netlink, address_inet);
    if (result >= 0)
        add_local_route((int)netlink, address_inet6);
    close_descriptor((int)netlink);
    return result;
}

/* One socket for both kinds of addresses (ipv6(7)), or for the one that the kernel has. */
static long bind_to_every_address(int type, uint16_t port)
{
    const uint8_t bytes[2] = {(uint8_t)(port >> 8), (uint8_t)port};
    struct inet_address address = {.family = address_inet6, .port = {bytes[0], bytes[1]}};
    long descriptor = kernel_call(__NR_socket, address_inet6, type | O_CLOEXEC | O_NONBLOCK, 0);
    if (descriptor == -EAFNOSUPPORT) {
        address.family = address_inet;
        descriptor = kernel_call(__NR_socket, address_inet, type | O_CLOEXEC | O_NONBLOCK, 0);
    }
    if (descriptor < 0)
        return descriptor;
    const int no = 0;
    long result = 0;
    if (address.family == address_inet6)
        result = kernel_call(__NR_setsockopt, descriptor, level_ipv6, ipv6_only, &no, sizeof no);
    if (result >= 0)
        result = kernel_call(__NR_bind, descriptor, &address, inet_length(&address));
    if (result >= 0)
        return descriptor;
    close_descriptor((int)descriptor);
    return result;
}

long listen_at_every_address(uint16_t port)
{
    const long descriptor = bind_to_every_address(socket_stream, port);
    if (descriptor < 0)
        return descriptor;
    const long result = kernel_call(__NR_listen, descriptor, connections_waiting_max);
    if (result >= 0)
        return descriptor;
    close_descriptor((int)descriptor);
    return result;
}

/*
 * With what each was sent to, which is what the answer has to come from (ipv6(7), IPV6_PKTINFO): an address that is no
 * interface's, which takes IPV6_FREEBIND. Without IPv6 the kernel chooses it: the asker's own, which is the one that
 * was asked unless the asker chose another.
 */
long take_name_queries(void)
{
    const int yes = 1;
    const long descriptor = bind_to_every_address(socket_datagram, name_port);
    if (descriptor < 0)
        return descriptor;
    kernel_call(__NR_setsockopt, descriptor, level_ipv6, ipv6_receive_destination, &yes, sizeof yes);
    kernel_call(__NR_setsockopt, descriptor, level_ipv6, ipv6_free_bind, &yes, sizeof yes);
    return descriptor;
}
