/* Descriptors in a message (unix(7), cmsg(3)). */
#include "descriptors.h"

#include <linux/fcntl.h>

long send_descriptors(int channel, const int *descriptors, size_t count)
{
    char byte = 0;
    struct vector vector = {.base = &byte, .length = 1};
    struct descriptor_message control = {
        .length = DESCRIPTOR_HEADER_BYTES + count * sizeof(int), .level = level_socket, .type = rights};
    memcpy(control.descriptors, descriptors, count * sizeof(int));
    const struct message message = {.vectors = &vector,
                                    .vector_count = 1,
                                    .control = &control,
                                    /* Whole words: CMSG_SPACE of cmsg(3). */
                                    .control_length = (control.length + 7) & ~(size_t)7};
    return kernel_call(__NR_sendmsg, channel, &message, 0);
}

/* How many came, of a message that has no more than `capacity`; 0 where the other end was closed without sending any.
 */
size_t receive_descriptors(int channel, int *descriptors, size_t capacity)
{
    char byte;
    struct vector vector = {.base = &byte, .length = 1};
    struct descriptor_message control = {0};
    struct message message = {.vectors = &vector,
                              .vector_count = 1,
                              .control = &control,
                              .control_length = DESCRIPTOR_HEADER_BYTES + capacity * sizeof(int)};
    long count;
    do
        count = kernel_call(__NR_recvmsg, channel, &message, 0x40000000 /* MSG_CMSG_CLOEXEC */);
    while (count == -EINTR);
    if (count != 1 || control.level != level_socket || control.type != rights ||
        control.length < DESCRIPTOR_HEADER_BYTES || control.length > sizeof control)
        return 0;
    const size_t received = (control.length - DESCRIPTOR_HEADER_BYTES) / sizeof(int);
    memcpy(descriptors, control.descriptors, received * sizeof(int));
    return received;
}
