/* Addresses of virtual sockets (vsock(7), Linux 3.9): linux/vm_sockets.h does not compile by itself everywhere. */
#ifndef CUPEL_VIRTUAL_SOCKET_H
#define CUPEL_VIRTUAL_SOCKET_H

#include "kernel.h"

enum { family_vsock = 40 /* AF_VSOCK */ };

struct virtual_address {
    uint16_t family, reserved;
    uint32_t port, id;
    uint8_t flags, zero[3];
};

/* VMADDR_PORT_ANY, and VMADDR_CID_ANY. */
#define ANY_VIRTUAL 0xffffffffu

#endif
