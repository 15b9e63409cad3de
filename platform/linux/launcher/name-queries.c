/*
 * Queries for names that come as datagrams (RFC 1035, section 4.2.1): each goes to the proxy over a connection of its
 * own, as one that came over TCP would, and what is answered there goes back as a datagram.
 */
#include "courier.h"
#include "descriptors.h"

#include <linux/fcntl.h>

enum { query_bytes_max = 1024, length_bytes = 2, name_port = 53 };

/* Whichever server it was sent to: there is one. */
static uint32_t introduce_query(unsigned char *words, size_t direct_from)
{
    words[0] = (unsigned char)direct_from;
    memset(words + 1, 0, written_address_bytes);
    words[written_address_bytes] = name_port;
    return 1 + written_address_bytes;
}

/* False where there is none. What is longer than any query is cut off. */
bool take_query(struct connection *place, int names, size_t direct_from)
{
    static unsigned char words[1 + written_address_bytes + length_bytes + query_bytes_max];
    const uint32_t introduced = introduce_query(words, direct_from);
    struct inet_address asker = {0};
    uint32_t asker_length = sizeof asker;
    const long count =
        kernel_call(__NR_recvfrom, names, words + introduced + length_bytes, query_bytes_max, 0, &asker, &asker_length);
    if (count <= 0)
        return false;
    words[introduced] = (unsigned char)(count >> 8);
    words[introduced + 1] = (unsigned char)count;
    begin_connection(place, words, introduced + length_bytes + (uint32_t)count);
    place->is_query = true;
    place->asker = asker;
    /* It has said all. */
    place->out.is_read = true;
    place->job = (int)kernel_call(__NR_fcntl, names, F_DUPFD_CLOEXEC, 0);
    return place->job >= 0;
}

/* Once, and whole: an answer for a name is far shorter than what is read at once. */
static void answer_query(struct connection *connection)
{
    const struct flow *in = &connection->in;
    const uint32_t length = in->end < length_bytes ? 0 : (uint32_t)(in->bytes[0] << 8 | in->bytes[1]);
    if (length > 0 && in->end == length_bytes + length)
        kernel_call(__NR_sendto, connection->job, in->bytes + length_bytes, length, 0, &connection->asker,
                    inet_length(&connection->asker));
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
