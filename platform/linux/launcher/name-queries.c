/*
 * Queries for names that come as datagrams (RFC 1035, section 4.2.1): each goes to the proxy over a connection of its
 * own, as one that came over TCP would, and what is answered there goes back as a datagram.
 */
#include "courier.h"
#include "descriptors.h"

#include <linux/fcntl.h>

enum { query_bytes_max = 1024, length_bytes = 2, destination_kind = 50 /* IPV6_PKTINFO */ };

/* struct in6_pktinfo (ipv6(7)) in a message of its own. */
struct destination_message {
    size_t length;
    int level, type;
    unsigned char address[16];
    uint32_t interface;
};

enum { destination_bytes = offsetof(struct destination_message, interface) + sizeof(uint32_t) };

/* No connection has this port: whichever server the query was sent to, and whatever is listed, here is who answers. */
static uint32_t introduce_query(unsigned char *words, size_t direct_from)
{
    words[0] = (unsigned char)direct_from;
    memset(words + 1, 0, written_address_bytes);
    return 1 + written_address_bytes;
}

/* Its length, or what recvmsg(2) gives; who asked, and which address was asked. */
static long receive_query(int names, unsigned char *query, struct connection *place)
{
    struct inet_address asker = {0};
    struct destination_message control = {0};
    struct vector vector = {.base = query, .length = query_bytes_max};
    struct message message = {.name = &asker,
                              .name_length = sizeof asker,
                              .vectors = &vector,
                              .vector_count = 1,
                              .control = &control,
                              .control_length = sizeof control};
    const long count = kernel_call(__NR_recvmsg, names, &message, 0);
    place->asker = asker;
    place->has_server = control.level == level_ipv6 && control.type == destination_kind;
    memcpy(place->server, control.address, sizeof place->server);
    return count;
}

/* False where there is none. What is longer than any query is cut off. */
bool take_query(struct connection *place, int names, size_t direct_from)
{
    static unsigned char words[1 + written_address_bytes + length_bytes + query_bytes_max];
    const uint32_t introduced = introduce_query(words, direct_from);
    const long count = receive_query(names, words + introduced + length_bytes, place);
    if (count <= 0)
        return false;
    words[introduced] = (unsigned char)(count >> 8);
    words[introduced + 1] = (unsigned char)count;
    begin_connection(place, words, introduced + length_bytes + (uint32_t)count);
    place->is_query = true;
    /* It has said all. */
    place->out.is_read = true;
    place->job = (int)kernel_call(__NR_fcntl, names, F_DUPFD_CLOEXEC, 0);
    return place->job >= 0;
}

/* Resolvers drop an answer that comes from another address than they asked. */
static void send_answer(struct connection *connection, unsigned char *answer, size_t length)
{
    struct destination_message control = {
        .length = destination_bytes, .level = level_ipv6, .type = destination_kind, .interface = 0};
    memcpy(control.address, connection->server, sizeof control.address);
    struct vector vector = {.base = answer, .length = length};
    const struct message message = {.name = &connection->asker,
                                    .name_length = inet_length(&connection->asker),
                                    .vectors = &vector,
                                    .vector_count = 1,
                                    .control = connection->has_server ? &control : NULL,
                                    .control_length = connection->has_server ? sizeof control : 0};
    kernel_call(__NR_sendmsg, connection->job, &message, 0);
}

/* Once, and whole: an answer for a name is far shorter than what is read at once. */
static void answer_query(struct connection *connection)
{
    struct flow *const in = &connection->in;
    const uint32_t length = in->end < length_bytes ? 0 : (uint32_t)(in->bytes[0] << 8 | in->bytes[1]);
    if (length > 0 && in->end == length_bytes + length)
        send_answer(connection, in->bytes + length_bytes, length);
}

/* Without an answer it is asked again by whoever wants one. */
void carry_query(struct connection *connection)
{
    if (!write_some(&connection->out, connection->outside)) {
        end_connection(connection);
        return;
    }
    if (!read_some(&connection->in, connection->outside) || connection->in.is_read) {
        end_connection(connection);
        return;
    }
    if (connection->in.end == 0)
        return;
    answer_query(connection);
    end_connection(connection);
}
