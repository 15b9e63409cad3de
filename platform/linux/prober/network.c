/*
 * The network: what of the host cannot be reached from a namespace of one's own, beside the same acts outside of it,
 * and what a process without privileges may do on the host's. Everything stays on loopback; listeners live for one run.
 */
#include "network.h"

#include <linux/fcntl.h>
#include <linux/icmp.h>
#include <linux/un.h>

enum { answer_milliseconds = 300 };

/* Doors of the host that a job shall not reach. */
struct canaries {
    long tcp;
    long udp;
    struct sockaddr_in tcp_address;
    struct sockaddr_in udp_address;
    struct sockaddr_un abstract_address;
    unsigned int abstract_length;
    bool with_ipv6;
    bool with_filter;
};

struct sockaddr_in loopback_address(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = family_inet, .sin_port = port, .sin_addr = {__builtin_bswap32(INADDR_LOOPBACK)}};
}

static long close_after(long socket, long result)
{
    kernel_call(__NR_close, socket);
    return result;
}

long bind_socket(int family, int type, void *address, unsigned int length)
{
    const long socket = kernel_call(__NR_socket, family, type | O_CLOEXEC, 0);
    if (socket < 0)
        return socket;
    long result = kernel_call(__NR_bind, socket, address, length);
    if (result == 0)
        result = kernel_call(__NR_getsockname, socket, address, &length);
    return result < 0 ? close_after(socket, result) : socket;
}

static long listen_on(int family, void *address, unsigned int length)
{
    const long socket = bind_socket(family, stream, address, length);
    if (socket < 0)
        return socket;
    const long result = kernel_call(__NR_listen, socket, 4);
    return result < 0 ? close_after(socket, result) : socket;
}

long send_datagram(const struct sockaddr_in *address)
{
    const long socket = kernel_call(__NR_socket, family_inet, datagram | O_CLOEXEC, 0);
    if (socket < 0)
        return socket;
    const long sent = kernel_call(__NR_sendto, socket, "c", 1, 0, address, sizeof *address);
    return close_after(socket, sent < 0 ? sent : 0);
}

/* 0 where a byte that was sent came to RECEIVER; loopback delivers before sendto(2) returns. */
static long deliver(long receiver, const struct sockaddr_in *address)
{
    char byte;
    const long sent = send_datagram(address);
    if (sent < 0)
        return sent;
    const long received = kernel_call(__NR_recvfrom, receiver, &byte, 1, dont_wait, 0, 0);
    return received < 0 ? received : 0;
}

/* A word there and back through a listener of one's own. */
static long echo(int family, void *address, unsigned int length)
{
    static const char word[] = "cupel";
    char heard[sizeof word] = "";
    const long listener = listen_on(family, address, length);
    if (listener < 0)
        return listener;
    const long caller = kernel_call(__NR_socket, family, stream | O_CLOEXEC, 0);
    long result = kernel_call(__NR_connect, caller, address, length);
    const long answerer = result < 0 ? result : kernel_call(__NR_accept4, listener, 0, 0, O_CLOEXEC);
    if (result == 0)
        result = answerer < 0 ? answerer : kernel_call(__NR_sendto, caller, word, sizeof word, 0, 0, 0);
    if (result > 0)
        result = kernel_call(__NR_recvfrom, answerer, heard, sizeof heard, 0, 0, 0);
    if (result > 0)
        result = kernel_call(__NR_sendto, answerer, heard, sizeof heard, 0, 0, 0);
    memset(heard, 0, sizeof heard);
    if (result > 0)
        result = kernel_call(__NR_recvfrom, caller, heard, sizeof heard, 0, 0, 0);
    kernel_call(__NR_close, caller);
    if (answerer >= 0)
        kernel_call(__NR_close, answerer);
    kernel_call(__NR_close, listener);
    if (result < 0)
        return result;
    return memcmp(heard, word, sizeof word) == 0 ? 0 : -EPROTO;
}

static void open_canaries(struct canaries *canaries)
{
    canaries->tcp_address = loopback_address(0);
    canaries->tcp = listen_on(family_inet, &canaries->tcp_address, sizeof canaries->tcp_address);
    report("tcp-listen", canaries->tcp < 0 ? canaries->tcp : 0);
    canaries->udp_address = loopback_address(0);
    canaries->udp = bind_socket(family_inet, datagram, &canaries->udp_address, sizeof canaries->udp_address);
    report("udp-bind", canaries->udp < 0 ? canaries->udp : 0);
    report("abstract-listen", listen_on_abstract(&canaries->abstract_address, &canaries->abstract_length));
}

static void knock(const struct canaries *canaries, const char *const steps[3])
{
    report(steps[0], connect_to(family_inet, &canaries->tcp_address, sizeof canaries->tcp_address));
    report(steps[1], deliver(canaries->udp, &canaries->udp_address));
    report(steps[2], connect_to(family_unix, &canaries->abstract_address, canaries->abstract_length));
}

static int look_from_inside(void *argument)
{
    static const char *const denied[] = {"tcp-denied", "udp-denied", "abstract-denied"};
    const struct canaries *canaries = argument;
    const long entered = enter_network_namespace();
    report("namespaces", entered);
    if (entered < 0)
        return 0;
    report("tcp-before-up", connect_to(family_inet, &canaries->tcp_address, sizeof canaries->tcp_address));
    report("loopback-up", bring_loopback_up());
    /* Before a listener of our own could get the same port. */
    knock(canaries, denied);
    struct sockaddr_in own = loopback_address(0);
    report("echo", echo(family_inet, &own, sizeof own));
    if (canaries->with_ipv6) {
        struct sockaddr_in6 six = {.sin6_family = family_inet6, .sin6_addr = {{{[15] = 1}}}};
        report("ipv6-echo", echo(family_inet6, &six, sizeof six));
    }
    report_links();
    if (canaries->with_filter)
        report_packet_filter();
    return 0;
}

static int look_from_outside(void *argument)
{
    static const char *const controls[] = {"tcp-control", "udp-control", "abstract-control"};
    knock(argument, controls);
    return 0;
}

/* An echo request to this machine's own loopback, through a socket that needs no privilege (icmp(7), Linux 3.0). */
static int ping(void *argument)
{
    (void)argument;
    struct icmphdr packet = {.type = ICMP_ECHO, .code = 0, .checksum = 0};
    const struct sockaddr_in address = loopback_address(0);
    const long socket = kernel_call(__NR_socket, family_inet, datagram | O_CLOEXEC, IPPROTO_ICMP);
    report("ping-socket", socket < 0 ? socket : 0);
    if (socket < 0)
        return 0;
    const long sent = kernel_call(__NR_sendto, socket, &packet, sizeof packet, 0, &address, sizeof address);
    report("ping-sent", sent < 0 ? sent : 0);
    const long received = sent < 0 ? sent : kernel_call(__NR_recvfrom, socket, &packet, sizeof packet, 0, 0, 0);
    if (sent >= 0)
        report("ping-answer", received < 0 ? received : packet.type == ICMP_ECHOREPLY ? 0 : -EPROTO);
    return 0;
}

/* bind(2) alone, on loopback, and closed at once: nothing is ever heard on the port. */
static void report_low_port(void)
{
    static const uint16_t ports[] = {80, 81, 79, 1};
    long result = -EADDRINUSE;
    uint16_t port = 0;
    for (size_t index = 0; index < sizeof ports / sizeof *ports && result == -EADDRINUSE; index++) {
        port = ports[index];
        struct sockaddr_in address = loopback_address(__builtin_bswap16(port));
        result = bind_socket(family_inet, stream, &address, sizeof address);
        if (result >= 0)
            kernel_call(__NR_close, result);
    }
    report_both("low-port", result < 0 ? -result : 0, port, 0);
}

/* Arguments name what may be tried besides: ipv6, and filter for nf_tables; without their modules both would load some.
 */
void probe_network(int count, char **arguments)
{
    struct canaries canaries = {.with_ipv6 = false, .with_filter = false};
    for (int index = 0; index < count; index++) {
        canaries.with_ipv6 = canaries.with_ipv6 || strcmp(arguments[index], "ipv6") == 0;
        canaries.with_filter = canaries.with_filter || strcmp(arguments[index], "filter") == 0;
    }
    open_canaries(&canaries);
    report_child("outside", look_from_outside, &canaries, 1000);
    report_child("inside", look_from_inside, &canaries, 2000);
    report_low_port();
    report("network-capabilities", capability_set(0));
    report_child("ping", ping, 0, answer_milliseconds);
}
