/*
 * Group E, by way of a proxy. What is asked of one is the host's to think out: requests come as they are to be sent,
 * and here is only who sends them and looks for tokens in what comes back.
 */
#include "attacker.h"

#include <linux/fcntl.h>

enum { request_room = 1024, answer_room = 4096, loopback = 0x7f000001, ask_ms = 400, no_signal = 0x4000 };

/* %XX of an item of a list, whose lines cannot be in it as they are; it may hold a NUL. The length. */
static size_t decode(char *bytes, const char *text)
{
    size_t length = 0;
    for (const char *at = text; *at != '\0' && length < request_room; at++) {
        const int high = *at == '%' ? digit_value(at[1]) : -1, low = high < 0 ? -1 : digit_value(at[2]);
        bytes[length++] = low < 0 ? *at : (char)(high * 16 + low);
        at += low < 0 ? 0 : 2;
    }
    return length;
}

/* All that comes until the other side ends, or says nothing for a while. */
static size_t receive_all(long socket, char *bytes, size_t room)
{
    size_t length = 0;
    long count = 1;
    while (length < room && count > 0) {
        count = receive_within(socket, bytes + length, room - length, ask_ms);
        length += count > 0 ? (size_t)count : 0;
    }
    return length;
}

/* `http BYTES` or `socks BYTES`: to the one port or to the other. */
static void ask(const char *channel, const char *request)
{
    static char bytes[request_room], answer[answer_room];
    enum { port_max = 65535 };
    const bool is_http = starts_with(request, "http ");
    const struct address proxy = inet_address(loopback, key_number(is_http ? "proxy-port" : "socks-port", 0, port_max));
    const long socket = kernel_call(__NR_socket, family_inet, stream | O_CLOEXEC | O_NONBLOCK, 0);
    const long connected = socket < 0 ? socket : connect_within(socket, &proxy, ask_ms);
    did(channel, connected);
    if (connected == 0) {
        const size_t length = decode(bytes, request + (is_http ? 5 : 6));
        kernel_call(__NR_sendto, socket, bytes, length, no_signal, 0, 0);
        search_bytes(channel, answer, receive_all(socket, answer, sizeof answer));
    }
    close_file(socket);
}

void ask_for_listed(void)
{
    if (key("listed-request") != 0)
        ask("listed", key("listed-request"));
}

static enum ending ask_each(const char *list)
{
    static char request[request_room];
    const char *rest = key(list);
    ask_for_listed();
    while (next_item(&rest, request, sizeof request))
        ask("asked", request);
    return attempted;
}

enum ending attack_proxy_names(void)
{
    return ask_each("spelling-requests");
}

enum ending attack_proxy_addresses(void)
{
    return ask_each("leading-requests");
}

enum ending attack_proxy_requests(void)
{
    return ask_each("twofold-requests");
}
