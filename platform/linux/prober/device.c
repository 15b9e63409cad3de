/* Devices, opened and asked for what only the real one knows. */
#include "../shared/virtual-socket.h"
#include "prober.h"

#include <linux/fcntl.h>
#include <linux/if_tun.h>
#include <linux/stat.h>
#include <linux/vhost.h>

enum { stream = 1, get_terminal = 0x5441 /* TIOCGPTPEER */, act_deadline = 1000 };
/* inode(7); linux/stat.h keeps these to itself beside a C library. */
enum { file_type = 0170000, character_device = 0020000 };

/* vsock(7), include/uapi/linux/vm_sockets.h */
enum { get_local_id = 0x7b9 /* IOCTL_VM_SOCKETS_GET_LOCAL_CID */, local_id = 1 /* VMADDR_CID_LOCAL */ };

struct device {
    const char *path;
    /* 0: opening it is all. */
    void (*ask)(long descriptor);
    int flags;
};

static void ask_tunnel(long descriptor)
{
    struct {
        char name[16];
        short flags;
        char rest[22];
    } request = {.name = "", .flags = IFF_TUN | IFF_NO_PI, .rest = {0}};
    const long made = kernel_call(__NR_ioctl, descriptor, TUNSETIFF, &request);
    request.name[sizeof request.name - 1] = '\0';
    report_text("ask", made, made < 0 ? 0 : request.name);
}

static void ask_vhost(long descriptor)
{
    report("ask", kernel_call(__NR_ioctl, descriptor, VHOST_SET_OWNER, 0));
}

/* vsock(7): the id by which this machine's hypervisor knows it; -1 on a machine that is no guest. */
static void ask_vsock(long descriptor)
{
    uint32_t id = 0;
    const long asked = kernel_call(__NR_ioctl, descriptor, get_local_id, &id);
    report("ask", asked < 0 ? asked : (long long)id);
}

/* include/uapi/drm/drm.h: DRM_IOCTL_VERSION, struct drm_version. */
static void ask_render_node(long descriptor)
{
    enum { get_version = (int)0xc0406400 };
    char name[64] = "";
    struct {
        int major, minor, patch;
        size_t name_length;
        char *name;
        size_t date_length;
        char *date;
        size_t description_length;
        char *description;
    } version = {.name_length = sizeof name - 1, .name = name};
    const long asked = kernel_call(__NR_ioctl, descriptor, (uint32_t)get_version, &version);
    report_text("ask", asked < 0 ? asked : version.major, asked < 0 ? 0 : name);
}

/* include/uapi/linux/kfd_ioctl.h: AMDKFD_IOC_GET_VERSION. */
static void ask_compute(long descriptor)
{
    enum { get_version = (int)0x80084b01 };
    struct {
        uint32_t major, minor;
    } version = {0, 0};
    const long asked = kernel_call(__NR_ioctl, descriptor, (uint32_t)get_version, &version);
    report_both("ask", asked < 0 ? -asked : 0, (long long)version.major << 16 | version.minor, 0);
}

/*
 * NV_ESC_CHECK_VERSION_STR with NV_RM_API_VERSION_CMD_QUERY (nv-ioctl.h, nv-ioctl-numbers.h of NVIDIA's open kernel
 * modules): the driver writes its version, whatever the caller's.
 */
static void ask_nvidia(long descriptor)
{
    enum { check_version = (int)0xc04846d2, query = '2' };
    struct {
        uint32_t command, reply;
        char version[64];
    } request = {.command = query, .reply = 0, .version = ""};
    const long asked = kernel_call(__NR_ioctl, descriptor, (uint32_t)check_version, &request);
    request.version[sizeof request.version - 1] = '\0';
    report_text("ask", asked, asked < 0 ? 0 : request.version);
}

static void ask_terminal(long descriptor)
{
    enum { set_lock = 0x40045431 /* TIOCSPTLCK */ };
    const int unlocked = 0;
    char line[8] = "";
    const long opened = kernel_call(__NR_ioctl, descriptor, set_lock, &unlocked);
    report("unlock", opened);
    const long terminal = kernel_call(__NR_ioctl, descriptor, get_terminal, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0) {
        report("ask", terminal);
        return;
    }
    const long written = kernel_call(__NR_write, descriptor, "cupel\n", 6);
    const long length = written < 0 ? written : kernel_call(__NR_read, terminal, line, sizeof line - 1);
    report("ask", length < 0 ? length : length == 6 && starts_with(line, "cupel") ? 0 : -EPROTO);
}

static const struct {
    const char *name;
    struct device device;
} devices[] = {
    {"open", {0, 0, O_RDWR | O_NONBLOCK}},
    {"tunnel", {"/dev/net/tun", ask_tunnel, O_RDWR}},
    {"vhost", {0, ask_vhost, O_RDWR}},
    {"vsock", {"/dev/vsock", ask_vsock, O_RDONLY}},
    {"render-node", {0, ask_render_node, O_RDWR}},
    {"compute", {"/dev/kfd", ask_compute, O_RDWR}},
    {"nvidia", {"/dev/nvidiactl", ask_nvidia, O_RDWR}},
    {"terminal", {"/dev/ptmx", ask_terminal, O_RDWR}},
};

static int open_and_ask(void *argument)
{
    const struct device *device = argument;
    /* A tunnel is made where its device was opened (drivers/net/tun.c, tun_chr_open): not on the host. */
    const bool is_networked = device->ask == ask_tunnel;
    const long entered = is_networked ? enter_network_namespace() : 0;
    if (is_networked)
        report("namespaces", entered);
    const long descriptor = open_path(device->path, device->flags);
    report("open", descriptor < 0 ? descriptor : 0);
    if (descriptor >= 0 && device->ask != 0 && entered >= 0)
        device->ask(descriptor);
    return 0;
}

/* Character devices that every program takes for granted, with their numbers (Documentation/admin-guide/devices.txt).
 */
static void report_number(const char *step, const char *path)
{
    struct statx status;
    const long result = kernel_call(__NR_statx, AT_FDCWD, path, 0, STATX_TYPE, &status);
    const bool is_device = result == 0 && (status.stx_mode & file_type) == character_device;
    report(step, result < 0 ? result
                            : (is_device ? (long long)status.stx_rdev_major << 20 | status.stx_rdev_minor : -ENOTTY));
}

static long read_some(const char *path, void *buffer, size_t length)
{
    const long descriptor = open_path(path, O_RDONLY);
    if (descriptor < 0)
        return descriptor;
    const long count = kernel_call(__NR_read, descriptor, buffer, length);
    kernel_call(__NR_close, descriptor);
    return count;
}

static long write_some(const char *path)
{
    const long descriptor = open_path(path, O_WRONLY);
    if (descriptor < 0)
        return descriptor;
    const long count = kernel_call(__NR_write, descriptor, "cupel", 5);
    kernel_call(__NR_close, descriptor);
    return count;
}

static int look_at_basics(void *argument)
{
    (void)argument;
    static const unsigned char zeros[32];
    unsigned char first[32], second[32];
    report_number("null-number", "/dev/null");
    report_number("zero-number", "/dev/zero");
    report_number("full-number", "/dev/full");
    report_number("random-number", "/dev/random");
    report_number("urandom-number", "/dev/urandom");
    report("null-write", write_some("/dev/null"));
    report("null-read", read_some("/dev/null", first, sizeof first));
    memset(first, 1, sizeof first);
    const long zeroed = read_some("/dev/zero", first, sizeof first);
    report("zero-read", zeroed < 0 ? zeroed : memcmp(first, zeros, sizeof first) == 0 ? 0 : -EPROTO);
    report("full-write", write_some("/dev/full"));
    memset(first, 0, sizeof first);
    memset(second, 0, sizeof second);
    long drawn = read_some("/dev/urandom", first, sizeof first);
    if (drawn >= 0)
        drawn = read_some("/dev/urandom", second, sizeof second);
    const bool differs = memcmp(first, second, sizeof first) != 0 && memcmp(first, zeros, sizeof first) != 0;
    report("urandom-read", drawn < 0 ? drawn : differs ? 0 : -EPROTO);
    return 0;
}

/* A word through the loopback of virtual sockets (VMADDR_CID_LOCAL, Linux 5.6). */
static long loop_back(void)
{
    struct virtual_address address = {.family = family_vsock, .port = ANY_VIRTUAL, .id = local_id};
    unsigned int length = sizeof address;
    const long listener = kernel_call(__NR_socket, family_vsock, stream | O_CLOEXEC, 0);
    if (listener < 0)
        return listener;
    long result = kernel_call(__NR_bind, listener, &address, sizeof address);
    if (result == 0)
        result = kernel_call(__NR_listen, listener, 1);
    if (result == 0)
        result = kernel_call(__NR_getsockname, listener, &address, &length);
    if (result < 0)
        return result;
    const long caller = kernel_call(__NR_socket, family_vsock, stream | O_CLOEXEC, 0);
    return caller < 0 ? caller : kernel_call(__NR_connect, caller, &address, sizeof address);
}

static int look_at_sockets(void *argument)
{
    const long socket = kernel_call(__NR_socket, family_vsock, stream | O_CLOEXEC, 0);
    report("socket", socket < 0 ? socket : 0);
    if (socket >= 0 && argument != 0)
        report("loopback", loop_back());
    return 0;
}

/* KIND [PATH]: a device; `basics`; `vsock-socket [loopback]`: virtual sockets, and their loopback if that is there. */
void probe_device(int count, char **arguments)
{
    const char *kind = count > 0 ? arguments[0] : "";
    if (strcmp(kind, "basics") == 0) {
        report_child("basics", look_at_basics, 0, act_deadline);
        return;
    }
    if (strcmp(kind, "vsock-socket") == 0) {
        report_child("sockets", look_at_sockets, count > 1 ? arguments[1] : 0, act_deadline);
        return;
    }
    for (size_t index = 0; index < sizeof devices / sizeof *devices; index++) {
        if (strcmp(devices[index].name, kind) != 0)
            continue;
        struct device device = devices[index].device;
        if (device.path == 0)
            device.path = count > 1 ? arguments[1] : "";
        report_child("device", open_and_ask, &device, act_deadline);
        return;
    }
    report("arguments", -EINVAL);
}
