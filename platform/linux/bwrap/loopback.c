/* The one interface that a new network namespace has. */
#include "bwrap.h"

#include <linux/fcntl.h>

enum { address_inet = 2, socket_datagram = 2, interface_up = 1 /* IFF_UP */ };

enum { get_flags = 0x8913 /* SIOCGIFFLAGS */, set_flags = 0x8914 /* SIOCSIFFLAGS */ };

/* struct ifreq (netdevice(7)) as far as it is used here; linux/if.h drags a C library in. */
struct interface_request {
    char name[16];
    short flags;
    char rest[22];
};

/* Once it is up, the kernel gives it 127.0.0.1 and ::1 by itself. */
void bring_loopback_up(void)
{
    struct interface_request request = {.name = "lo"};
    const long socket = kernel_call(__NR_socket, address_inet, socket_datagram | O_CLOEXEC, 0);
    long result = socket < 0 ? socket : kernel_call(__NR_ioctl, socket, get_flags, &request);
    request.flags = (short)(request.flags | interface_up);
    if (result >= 0)
        result = kernel_call(__NR_ioctl, socket, set_flags, &request);
    if (result < 0)
        die_of(result, "loopback: can't bring lo up", NULL);
    close_descriptor((int)socket);
}
