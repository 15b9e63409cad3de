/*
 * One connection: byte by byte as it comes, each way by itself. Whoever is slow is waited for: what was read and not
 * yet written fills one small buffer, and then nothing more is read.
 */
#include "courier.h"
#include "descriptors.h"

enum { no_signal = 0x4000 /* MSG_NOSIGNAL */, option_linger = 13 /* SO_LINGER */ };

void begin_connection(struct connection *connection, const unsigned char *first, uint32_t length)
{
    struct flow *const out = &connection->out, *const in = &connection->in;
    out->start = out->end = in->start = in->end = 0;
    out->is_read = out->is_done = in->is_read = in->is_done = false;
    connection->is_query = false;
    if (length > 0)
        memcpy(out->bytes, first, length);
    out->end = length;
}

void end_connection(struct connection *connection)
{
    close_descriptor(connection->job);
    close_descriptor(connection->outside);
    connection->job = connection->outside = -1;
}

/* To neither side may it look like an end in order: TCP says that by a reset. */
void lose_connection(struct connection *connection)
{
    const int at_once[2] = {1, 0};
    kernel_call(__NR_setsockopt, connection->job, level_socket, option_linger, at_once, sizeof at_once);
    kernel_call(__NR_setsockopt, connection->outside, level_socket, option_linger, at_once, sizeof at_once);
    end_connection(connection);
}

bool is_wanted(const struct flow *flow)
{
    return !flow->is_read && flow->start == flow->end;
}

/* False where the connection is lost. */
bool read_some(struct flow *flow, int from)
{
    if (!is_wanted(flow))
        return true;
    const long count = kernel_call(__NR_read, from, flow->bytes, flow_bytes);
    if (count == -EAGAIN || count == -EINTR)
        return true;
    flow->start = 0;
    flow->end = count > 0 ? (uint32_t)count : 0;
    flow->is_read = count <= 0;
    return count >= 0;
}

/* False where the connection is lost. */
bool write_some(struct flow *flow, int to)
{
    while (flow->start < flow->end) {
        const long count =
            kernel_call(__NR_sendto, to, flow->bytes + flow->start, flow->end - flow->start, no_signal, NULL, 0);
        if (count == -EINTR)
            continue;
        if (count == -EAGAIN)
            return true;
        if (count < 0)
            return false;
        flow->start += (uint32_t)count;
    }
    if (flow->is_read && !flow->is_done) {
        flow->is_done = true;
        kernel_call(__NR_shutdown, to, 1 /* SHUT_WR */);
    }
    return true;
}

void carry(struct connection *connection)
{
    struct flow *const out = &connection->out, *const in = &connection->in;
    const int job = connection->job, outside = connection->outside;
    if (!read_some(out, job) || !write_some(out, outside) || !read_some(in, outside) || !write_some(in, job))
        lose_connection(connection);
    else if (out->is_done && in->is_done)
        end_connection(connection);
}
