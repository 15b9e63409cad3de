/* Netlink, as netlink(7) has it. */
#include "netlink.h"

#include <linux/fcntl.h>

enum { family_netlink = 16, raw = 3 };

long open_netlink(int protocol)
{
    return kernel_call(__NR_socket, family_netlink, raw | O_CLOEXEC, protocol);
}

/* Every header and value begins at a multiple of four bytes. */
static void put_bytes(struct request *request, const void *bytes, size_t length)
{
    const size_t padded = NLMSG_ALIGN(length);
    if (request->length + padded > sizeof request->bytes)
        return;
    memset(request->bytes + request->length, 0, padded);
    memcpy(request->bytes + request->length, bytes, length);
    request->length += padded;
}

static void set_message_length(struct request *request)
{
    const uint32_t length = (uint32_t)(request->length - request->message);
    memcpy(request->bytes + request->message, &length, sizeof length);
}

void begin_message(struct request *request, int type, int flags, const void *header, size_t length)
{
    const struct nlmsghdr start = {
        .nlmsg_len = 0,
        .nlmsg_type = (uint16_t)type,
        .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
        .nlmsg_seq = 1,
        .nlmsg_pid = 0,
    };
    if ((flags & NLM_F_ACK) != 0)
        request->answers++;
    request->message = request->length;
    put_bytes(request, &start, sizeof start);
    put_bytes(request, header, length);
    set_message_length(request);
}

void put_attribute(struct request *request, int type, const void *value, size_t length)
{
    const struct nlattr attribute = {.nla_len = (uint16_t)(sizeof(struct nlattr) + length), .nla_type = (uint16_t)type};
    put_bytes(request, &attribute, sizeof attribute);
    put_bytes(request, value, length);
    set_message_length(request);
}

void put_text_attribute(struct request *request, int type, const char *text)
{
    put_attribute(request, type, text, strlen(text) + 1);
}

void put_number_attribute(struct request *request, int type, uint32_t number)
{
    const uint32_t value = __builtin_bswap32(number);
    put_attribute(request, type, &value, sizeof value);
}

size_t begin_nested(struct request *request, int type)
{
    const size_t start = request->length;
    put_attribute(request, type | NLA_F_NESTED, "", 0);
    return start;
}

void end_nested(struct request *request, size_t start)
{
    const uint16_t length = (uint16_t)(request->length - start);
    memcpy(request->bytes + start, &length, sizeof length);
}

/* The error of one datagram of answers; *ANSWERS counts those that it holds. */
static long read_answers(const unsigned char *bytes, long length, int *answers)
{
    long first = 0;
    for (long at = 0; at + (long)sizeof(struct nlmsghdr) <= length;) {
        struct nlmsghdr header;
        memcpy(&header, bytes + at, sizeof header);
        if (header.nlmsg_len < sizeof header || at + (long)header.nlmsg_len > length)
            return -EBADMSG;
        if (header.nlmsg_type == NLMSG_ERROR) {
            int error;
            memcpy(&error, bytes + at + sizeof header, sizeof error);
            if (first == 0)
                first = error;
            ++*answers;
        }
        at += (long)NLMSG_ALIGN(header.nlmsg_len);
    }
    return first;
}

long send_request(long socket, const struct request *request)
{
    static _Alignas(4) unsigned char answer[8192];
    const struct sockaddr_netlink {
        uint16_t family;
        uint16_t padding;
        uint32_t port;
        uint32_t groups;
    } kernel = {family_netlink, 0, 0, 0};
    const long sent = kernel_call(__NR_sendto, socket, request->bytes, request->length, 0, &kernel, sizeof kernel);
    if (sent < 0)
        return sent;
    for (int answers = 0; answers < request->answers;) {
        const long length = kernel_call(__NR_recvfrom, socket, answer, sizeof answer, 0, 0, 0);
        if (length <= 0)
            return length;
        const long error = read_answers(answer, length, &answers);
        if (error != 0)
            return error;
    }
    return 0;
}
