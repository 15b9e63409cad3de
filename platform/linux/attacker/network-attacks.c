/* Group E: whatever leads to somebody else. */
#include "../shared/virtual-socket.h"
#include "attacker.h"

#include <linux/fcntl.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

enum { loopback = 0x7f000001, metadata = 0xa9fea9fe, port_max = 65535, near_ms = 300, no_signal = 0x4000, icmp6 = 58 };

static long port(const char *name)
{
    return key_number(name, 0, port_max);
}

/* Each further address of the host's with one of its ports. */
static void talk_to_each(const char *step, const char *list, int kind, long number)
{
    char text[64];
    unsigned address;
    const char *rest = key(list);
    while (next_item(&rest, text, sizeof text)) {
        if (!parse_inet(text, &address))
            continue;
        const struct address target = inet_address(address, number);
        talk(step, family_inet, kind, 0, &target);
    }
}

static void talk_inet(const char *step, int kind, unsigned address, long number)
{
    const struct address target = inet_address(address, number);
    talk(step, family_inet, kind, 0, &target);
}

static void talk_inet6(const char *step, int kind, unsigned mapped, long number)
{
    const struct address target = inet6_address(mapped, number);
    talk(step, family_inet6, kind, 0, &target);
}

static enum ending connect_tcp(void)
{
    enum { multipath = 262 };
    const long number = port("tcp4-port");
    talk_inet("loopback", stream, loopback, number);
    talk_inet("any", stream, 0, number);
    talk_inet("other-loopback", stream, loopback + 1, number);
    talk_inet6("mapped", stream, loopback, number);
    const struct address target = inet_address(loopback, number);
    talk("multipath", family_inet, stream, multipath, &target);
    if (key("tcp6-port") != 0)
        talk_inet6("loopback6", stream, 0, port("tcp6-port"));
    talk_to_each("address", "addresses", stream, number);
    ask_for_listed();
    return attempted;
}

static void send_unconnected(long number)
{
    char bytes[saw_bytes_max];
    const struct address target = inet_address(loopback, number);
    const long socket = kernel_call(__NR_socket, family_inet, datagram | O_CLOEXEC, 0);
    const long sent = kernel_call(__NR_sendto, socket, mark(), strlen(mark()), no_signal, target.bytes, target.length);
    did("unconnected", sent);
    const long length = sent < 0 ? sent : receive_within(socket, bytes, sizeof bytes, near_ms);
    if (length > 0)
        saw("unconnected", bytes, (size_t)length);
    close_file(socket);
}

static enum ending send_datagrams(void)
{
    const long number = port("udp4-port");
    talk_inet("connected", datagram, loopback, number);
    send_unconnected(number);
    if (key("udp6-port") != 0)
        talk_inet6("connected6", datagram, 0, port("udp6-port"));
    talk_to_each("address", "addresses", datagram, number);
    return attempted;
}

static void open_kind(const char *step, const char *what, int family, int kind, int protocol)
{
    const long socket = kernel_call(__NR_socket, family, kind | O_CLOEXEC, protocol);
    did(step, socket);
    if (socket >= 0 && what != 0)
        gained("a socket:", what);
    close_file(socket);
}

/* An echo of its own that comes back: for root and, where net.ipv4.ping_group_range says so, for others. */
static void ping(void)
{
    char packet[64] = {8}, answer[64];
    const struct address target = inet_address(loopback, 0);
    const long socket = kernel_call(__NR_socket, family_inet, datagram | O_CLOEXEC, IPPROTO_ICMP);
    did("ping", socket);
    if (socket < 0)
        return;
    did("echo", kernel_call(__NR_sendto, socket, packet, sizeof packet, no_signal, target.bytes, target.length));
    fact("echoed-bytes", receive_within(socket, answer, sizeof answer, near_ms));
    close_file(socket);
}

static enum ending open_raw(void)
{
    ping();
    open_kind("raw", "raw", family_inet, raw, IPPROTO_ICMP);
    open_kind("raw6", "raw", family_inet6, raw, icmp6);
    open_kind("packet", "packet", family_packet, raw, __builtin_bswap16(ETH_P_ALL));
    open_kind("packet-datagram", "packet", family_packet, datagram, __builtin_bswap16(ETH_P_ALL));
    return attempted;
}

/* One question for the name MARK, type TXT. */
static size_t make_query(char *query)
{
    static const unsigned char header[] = {0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
    static const unsigned char end[] = {0, 0, 16, 0, 1};
    const size_t length = strlen(mark()) < 63 ? strlen(mark()) : 63;
    memcpy(query, header, sizeof header);
    query[sizeof header] = (char)length;
    memcpy(query + sizeof header + 1, mark(), length);
    memcpy(query + sizeof header + 1 + length, end, sizeof end);
    return sizeof header + 1 + length + sizeof end;
}

static void ask(const char *step, int kind, const char *query, size_t length)
{
    char bytes[saw_bytes_max];
    const struct address target = inet_address(loopback, port("dns-port"));
    const long socket = kernel_call(__NR_socket, family_inet, kind | O_CLOEXEC | O_NONBLOCK, 0);
    const long connected = socket < 0 ? socket : connect_within(socket, &target, near_ms);
    did(step, connected);
    if (connected == 0) {
        kernel_call(__NR_sendto, socket, query, length, no_signal, 0, 0);
        const long count = receive_within(socket, bytes, sizeof bytes, near_ms);
        if (count > 0)
            saw(step, bytes, (size_t)count);
    }
    close_file(socket);
}

static enum ending ask_names(void)
{
    char query[128];
    const size_t length = make_query(query + 2);
    /* RFC 1035, 4.2.2: by TCP the length comes first. */
    query[0] = '\0';
    query[1] = (char)length;
    ask("by-udp", datagram, query + 2, length);
    ask("by-tcp", stream, query, length + 2);
    return attempted;
}

static void reach(const char *what, int family, const struct address *target)
{
    char bytes[saw_bytes_max];
    const long socket = kernel_call(__NR_socket, family, stream | O_CLOEXEC | O_NONBLOCK, 0);
    const long connected = socket < 0 ? socket : connect_within(socket, target, near_ms);
    did("reach", connected);
    if (connected == 0) {
        gained("connected:", what);
        const long length = receive_within(socket, bytes, sizeof bytes, near_ms);
        if (length > 0)
            saw("near", bytes, (size_t)length);
    }
    close_file(socket);
}

static enum ending reach_near(void)
{
    enum { http = 80 };
    const long number = key_number("metadata-port", http, port_max);
    char text[64];
    unsigned address;
    const char *rest = key("near-addresses");
    struct address target = inet_address(metadata, number);
    reach("169.254.169.254", family_inet, &target);
    target = inet6_address(0, number);
    /* fd00:ec2::254 */
    static const unsigned char metadata6[] = {0xfd, 0, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x54};
    memcpy(target.bytes + 8, metadata6, sizeof metadata6);
    reach("fd00:ec2::254", family_inet6, &target);
    while (next_item(&rest, text, sizeof text)) {
        if (!parse_inet(text, &address))
            continue;
        target = inet_address(address, number);
        reach(text, family_inet, &target);
    }
    return attempted;
}

static enum ending connect_abstract(void)
{
    char name[128];
    const struct address target = unix_address(join(name, sizeof name, "@", key("abstract-name"), ""));
    talk("abstract", family_unix, stream, 0, &target);
    return attempted;
}

static enum ending connect_paths(void)
{
    static const char *const paths[] = {
        "/run/docker.sock",
        "/var/run/docker.sock",
        "/run/podman/podman.sock",
        "/run/containerd/containerd.sock",
        "/run/dbus/system_bus_socket",
        "/run/snapd.socket",
        "/run/systemd/private",
        "/run/systemd/journal/stdout",
        "/run/nscd/socket",
        "/var/run/nscd/socket",
        "/tmp/.X11-unix/X0",
        "/run/udev/control",
        "/run/WSL/1_interop",
    };
    const struct address canary = unix_address(key("unix-path"));
    talk("canary", family_unix, stream, 0, &canary);
    for (size_t index = 0; index < sizeof paths / sizeof *paths; index++) {
        const struct address target = unix_address(paths[index]);
        const long socket = kernel_call(__NR_socket, family_unix, stream | O_CLOEXEC | O_NONBLOCK, 0);
        const long connected = socket < 0 ? socket : connect_within(socket, &target, near_ms);
        did("known", connected);
        if (connected == 0)
            gained("connected:", paths[index]);
        close_file(socket);
    }
    return attempted;
}

static enum ending connect_vsock(void)
{
    /* vsock(7): the host, the own loopback, and whatever runs this machine. */
    static const unsigned contexts[] = {2, 1, 0};
    for (size_t index = 0; index < sizeof contexts / sizeof *contexts; index++) {
        const struct virtual_address socket = {
            .family = family_vsock, .port = (unsigned)key_number("vsock-port", 0, __INT_MAX__), .id = contexts[index]};
        struct address target = {.length = sizeof socket, .bytes = {0}};
        memcpy(target.bytes, &socket, sizeof socket);
        talk("vsock", family_vsock, stream, 0, &target);
    }
    return attempted;
}

static void tell_interface(const struct nlmsghdr *message)
{
    const char *at = (const char *)message + NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct ifinfomsg));
    const char *const end = (const char *)message + message->nlmsg_len;
    while (at + sizeof(struct rtattr) <= end) {
        const struct rtattr *attribute = (const void *)at;
        if (attribute->rta_len < sizeof *attribute || attribute->rta_len > end - at)
            return;
        /* IFLA_IFNAME */
        if (attribute->rta_type == 3)
            fact_text("interface", at + sizeof *attribute);
        at += RTA_ALIGN(attribute->rta_len);
    }
}

static void list_interfaces(void)
{
    static char answer[32768] __attribute__((aligned(8)));
    struct {
        struct nlmsghdr header;
        struct ifinfomsg interface;
    } request;
    memset(&request, 0, sizeof request);
    request.header.nlmsg_len = sizeof request;
    request.header.nlmsg_type = RTM_GETLINK;
    request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    const long socket = kernel_call(__NR_socket, family_netlink, raw | O_CLOEXEC, NETLINK_ROUTE);
    did("route", socket);
    if (socket < 0)
        return;
    did("ask", kernel_call(__NR_sendto, socket, &request, sizeof request, 0, 0, 0));
    const long length = receive_within(socket, answer, sizeof answer, near_ms);
    for (long at = 0; at + NLMSG_HDRLEN <= length;) {
        const struct nlmsghdr *message = (const void *)(answer + at);
        if (message->nlmsg_len < NLMSG_HDRLEN || message->nlmsg_len > length - at)
            break;
        if (message->nlmsg_type == RTM_NEWLINK)
            tell_interface(message);
        at += NLMSG_ALIGN(message->nlmsg_len);
    }
    close_file(socket);
}

static enum ending talk_to_kernel(void)
{
    enum { events_group = 1 };
    list_interfaces();
    const struct sockaddr_nl events = {.nl_family = family_netlink, .nl_pid = 0, .nl_groups = events_group};
    const long socket = kernel_call(__NR_socket, family_netlink, raw | O_CLOEXEC, NETLINK_KOBJECT_UEVENT);
    const long bound = socket < 0 ? socket : kernel_call(__NR_bind, socket, &events, sizeof events);
    did("events", bound);
    fact("device-events", bound == 0 ? 1 : 0);
    close_file(socket);
    open_kind("audit", 0, family_netlink, raw, NETLINK_AUDIT);
    if (!key_is("inside", "yes"))
        return attempted;
    open_kind("netfilter", "netfilter", family_netlink, raw, NETLINK_NETFILTER);
    open_kind("transforms", "transforms", family_netlink, raw, NETLINK_XFRM);
    open_kind("crypto", "crypto", family_netlink, raw, NETLINK_CRYPTO);
    return attempted;
}

/* A kernel loads a module for a family that it does not know: asked for inside, where that should not be possible. */
static enum ending open_rare(void)
{
    static const int rare[] = {38, 15, 30, 21, 29, 31, 44, 43, 9,  3,  4,  5, 6,
                               11, 20, 23, 24, 26, 28, 33, 35, 36, 37, 39, 42};
    char text[16];
    const char *rest = key("families");
    while (next_item(&rest, text, sizeof text)) {
        const char *at = text;
        const long family = parse_decimal(&at);
        open_kind("family", text, (int)family, datagram, 0);
        open_kind("family-stream", text, (int)family, stream, 0);
        open_kind("family-packets", text, (int)family, 5 /* SOCK_SEQPACKET */, 0);
    }
    for (size_t index = 0; key_is("inside", "yes") && index < sizeof rare / sizeof *rare; index++) {
        open_kind("family", decimal(rare[index]), rare[index], datagram, 0);
        open_kind("family-stream", decimal(rare[index]), rare[index], stream, 0);
        open_kind("family-raw", decimal(rare[index]), rare[index], raw, 0);
        open_kind("family-packets", decimal(rare[index]), rare[index], 5, 0);
    }
    return attempted;
}

static enum ending use_inherited(void)
{
    enum { socket_level = 1, type_option = 3, domain_option = 39, descriptors_max = 1024, no_wait = 0x40 };
    char words[96], bytes[saw_bytes_max];
    for (long socket = 0; socket < descriptors_max; socket++) {
        int type = 0, domain = 0;
        unsigned length = sizeof type;
        if (kernel_call(__NR_getsockopt, socket, socket_level, type_option, &type, &length) < 0)
            continue;
        kernel_call(__NR_getsockopt, socket, socket_level, domain_option, &domain, &length);
        join(words, sizeof words, decimal(socket), ":", decimal(domain));
        fact_text("socket", join(words, sizeof words, words, ":", decimal(type)));
        const long count = socket <= 2 ? 0 : kernel_call(__NR_recvfrom, socket, bytes, sizeof bytes, no_wait, 0, 0);
        if (count > 0)
            saw("inherited", bytes, (size_t)count);
    }
    return attempted;
}

/* Whoever connects is sent the mark. */
static void serve(const char *step, unsigned address, long number, long milliseconds)
{
    enum { socket_level = 1, reuse_option = 2 };
    const int yes = 1;
    const struct address own = inet_address(address, number);
    const long socket = kernel_call(__NR_socket, family_inet, stream | O_CLOEXEC | O_NONBLOCK, 0);
    did("socket", socket);
    kernel_call(__NR_setsockopt, socket, socket_level, reuse_option, &yes, sizeof yes);
    const long bound = kernel_call(__NR_bind, socket, own.bytes, own.length);
    did(step, bound);
    did("listen", kernel_call(__NR_listen, socket, 8));
    const long long deadline = now_milliseconds() + milliseconds;
    while (bound == 0 && now_milliseconds() < deadline) {
        const long client = kernel_call(__NR_accept4, socket, 0, 0, O_CLOEXEC);
        if (client < 0)
            sleep_milliseconds(10);
        else
            kernel_call(__NR_sendto, client, mark(), strlen(mark()), no_signal, 0, 0);
        close_file(client);
    }
    close_file(socket);
}

static enum ending offer_port(void)
{
    enum { offer_ms = 1500 };
    serve("bind", 0, port("listen-port"), offer_ms);
    return attempted;
}

static enum ending connect_directly(void)
{
    unsigned address;
    if (parse_inet(key("egress-address"), &address))
        talk_inet("direct", stream, address, port("egress-port"));
    return attempted;
}

static enum ending meet_on_loopback(void)
{
    enum { meeting_ms = 3000 };
    if (key_is("loopback-role", "listen"))
        serve("bind", loopback, port("loopback-port"), meeting_ms);
    else
        talk_inet("loopback", stream, loopback, port("loopback-port"));
    return attempted;
}

const struct attack network_attacks[] = {
    {"E01", "tcp4-port,tcp6-port?,addresses?,listed-request?", "connect by TCP", connect_tcp},
    {"E02", "udp4-port,mark,udp6-port?,addresses?", "send datagrams", send_datagrams},
    {"E03", "-", "open raw, ping and packet sockets", open_raw},
    {"E04", "dns-port,mark", "ask name servers", ask_names},
    {"E05", "near-addresses?,metadata-port?", "reach metadata services and near hosts", reach_near},
    {"E06", "abstract-name", "connect to an abstract Unix socket", connect_abstract},
    {"E07", "unix-path", "connect to Unix sockets by path", connect_paths},
    {"E08", "mark,unix-path?,abstract-name?", "pass a descriptor out", attack_descriptors_out},
    {"E09", "vsock-port", "connect by vsock", connect_vsock},
    {"E10", "inside?", "talk to the kernel by netlink", talk_to_kernel},
    {"E11", "families?,inside?", "open sockets of rare families", open_rare},
    {"E12", "home-file,tcp4-port?", "open and connect by io_uring", attack_rings},
    {"E13", "-", "use inherited sockets", use_inherited},
    {"E14", "listen-port,mark", "offer ports to the host", offer_port},
    {"E15", "proxy-port,socks-port,spelling-requests,listed-request?,token-prefix", "have a proxy misread an address",
     attack_proxy_names},
    {"E16", "proxy-port,socks-port,leading-requests,listed-request?,token-prefix", "be led inside by a listed name",
     attack_proxy_addresses},
    {"E17", "proxy-port,socks-port,twofold-requests,listed-request?,token-prefix", "name two hosts in one request",
     attack_proxy_requests},
    {"E18", "egress-address,egress-port", "connect without the proxy", connect_directly},
    {"E20", "loopback-role,loopback-port,mark", "meet another job on the loopback", meet_on_loopback},
    {0, 0, 0, 0},
};
