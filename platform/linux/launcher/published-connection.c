/*
 * A connection to a published port, on its way to the job's: to 127.0.0.1 or, where nothing listens there, to ::1. The
 * socket is made by the first process, which lives in the job's network, and connected here. A job that does not accept
 * keeps nobody else waiting.
 */
#include "courier.h"
#include "descriptors.h"

#include <linux/fcntl.h>

enum { option_error = 4 /* SO_ERROR */, level_tcp = 6, tcp_no_delay = 1 };

/* -1 where the job has ended, or may make no more. */
static int ask_for_socket(int channel, bool is_ipv6)
{
    const char byte = is_ipv6;
    int socket;
    if (kernel_call(__NR_sendto, channel, &byte, 1, 0x4000 /* MSG_NOSIGNAL */, NULL, 0) != 1)
        return -1;
    return receive_descriptors(channel, &socket, 1) == 1 ? socket : -1;
}

static long start_connecting(struct connection *connection, int channel)
{
    const int socket = ask_for_socket(channel, connection->is_ipv6);
    if (socket < 0)
        return -ECONNREFUSED;
    const int at_once = 1;
    kernel_call(__NR_setsockopt, socket, level_tcp, tcp_no_delay, &at_once, sizeof at_once);
    close_descriptor(connection->job);
    connection->job = socket;
    connection->is_connecting = true;
    const struct inet_address address = inet_loopback(connection->is_ipv6, connection->job_port);
    const long result = kernel_call(__NR_connect, socket, &address, inet_length(&address));
    return result == -EINPROGRESS ? 0 : result;
}

static void connect_or_lose(struct connection *connection, int channel)
{
    long result = start_connecting(connection, channel);
    if (result < 0 && !connection->is_ipv6) {
        connection->is_ipv6 = true;
        result = start_connecting(connection, channel);
    }
    if (result < 0)
        lose_connection(connection);
}

void begin_published(struct connection *connection, int channel, int outside, uint16_t job_port)
{
    const int at_once = 1;
    kernel_call(__NR_setsockopt, outside, level_tcp, tcp_no_delay, &at_once, sizeof at_once);
    begin_connection(connection, NULL, 0);
    connection->outside = outside;
    connection->job_port = job_port;
    connection->is_ipv6 = false;
    connect_or_lose(connection, channel);
}

/* It is connected, or could not be. */
void go_on_connecting(struct connection *connection, int channel)
{
    int error = 0;
    uint32_t length = sizeof error;
    kernel_call(__NR_getsockopt, connection->job, level_socket, option_error, &error, &length);
    if (error == 0) {
        connection->is_connecting = false;
    } else if (connection->is_ipv6) {
        lose_connection(connection);
    } else {
        connection->is_ipv6 = true;
        connect_or_lose(connection, channel);
    }
}
