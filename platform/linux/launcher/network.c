/* A network namespace's own loopback. */
#include "launcher.h"

#include <linux/fcntl.h>

enum { address_inet = 2, socket_datagram = 2 };

/* struct ifreq (netdevice(7)) as far as it is used here; linux/if.h drags a C library in. */
struct interface_request {
    char name[16];
    short flags;
    char rest[22];
};

enum { interface_up = 1 /* IFF_UP */ };

enum { get_interface_flags = 0x8913 /* SIOCGIFFLAGS */, set_interface_flags = 0x8914 /* SIOCSIFFLAGS */ };

/* `lo` is down in a new network namespace; once up, the kernel gives it 127.0.0.1 and ::1 by itself. */
long bring_loopback_up(void)
{
    const long descriptor = kernel_call(__NR_socket, address_inet, socket_datagram | O_CLOEXEC, 0);
    if (descriptor < 0)
        return descriptor;
    struct interface_request request = {.name = "lo"};
    long result = kernel_call(__NR_ioctl, descriptor, get_interface_flags, &request);
    request.flags = (short)(request.flags | interface_up);
    if (result >= 0)
        result = kernel_call(__NR_ioctl, descriptor, set_interface_flags, &request);
    close_descriptor((int)descriptor);
    return result;
}
