/* A file system in user space: its device opened, it mounted, and one question answered by us. */
#include "prober.h"

#include <asm/poll.h>
#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/fuse.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <linux/stat.h>
#include <linux/time_types.h>
#include <linux/wait.h>

/* No directory has this size by chance. */
enum { size_marker = 424242, answer_milliseconds = 1000, write_bytes = 4096, request_capacity = 16384 };

struct reply {
    struct fuse_out_header header;
    union {
        struct fuse_init_out initial;
        struct fuse_attr_out attributes;
    } body;
};

/* The length of the body for a request, or -errno. */
static long fill_body(struct reply *reply, const struct fuse_in_header *request, unsigned minor)
{
    if (request->opcode == FUSE_INIT) {
        reply->body.initial = (struct fuse_init_out){
            .major = FUSE_KERNEL_VERSION,
            .minor = minor,
            .max_readahead = write_bytes,
            .max_background = 1,
            .congestion_threshold = 1,
            .max_write = write_bytes,
            .time_gran = 1,
        };
        return sizeof reply->body.initial;
    }
    if (request->opcode != FUSE_GETATTR)
        return -ENOSYS;
    reply->body.attributes = (struct fuse_attr_out){
        .attr_valid = 1,
        .attr = {.ino = FUSE_ROOT_ID, .size = size_marker, .mode = 040755, .nlink = 2, .blksize = write_bytes},
    };
    return sizeof reply->body.attributes;
}

/* Answers one request; those that expect no answer get none. */
static long answer(long device)
{
    static _Alignas(8) char request[request_capacity];
    struct reply reply;
    memset(&reply, 0, sizeof reply);
    const long length = kernel_call(__NR_read, device, request, sizeof request);
    if (length < (long)sizeof(struct fuse_in_header))
        return length < 0 ? length : -EIO;
    const struct fuse_in_header *header = (const void *)request;
    if (header->opcode == FUSE_FORGET || header->opcode == FUSE_BATCH_FORGET || header->opcode == FUSE_INTERRUPT)
        return 0;
    const struct fuse_init_in *initial = (const void *)(header + 1);
    const unsigned minor = header->opcode == FUSE_INIT && initial->minor < FUSE_KERNEL_MINOR_VERSION
                               ? initial->minor
                               : FUSE_KERNEL_MINOR_VERSION;
    const long body = fill_body(&reply, header, minor);
    reply.header.unique = header->unique;
    reply.header.error = body < 0 ? (int)body : 0;
    reply.header.len = (unsigned)(sizeof reply.header + (body < 0 ? 0 : (size_t)body));
    return kernel_call(__NR_write, device, &reply, reply.header.len);
}

static int ask(void)
{
    struct statx status;
    const long result = kernel_call(__NR_statx, AT_FDCWD, "at", 0, STATX_SIZE, &status);
    report("answer", result < 0 ? result : status.stx_size == size_marker ? 0 : -EIO);
    return 0;
}

static void serve(long device)
{
    const long asking = fork_child();
    if (asking == 0)
        leave(ask());
    for (long long end = now_microseconds() + answer_milliseconds * 1000LL; now_microseconds() < end;) {
        struct {
            int descriptor;
            short events, happened;
        } waiting = {(int)device, POLLIN, 0};
        const struct __kernel_timespec patience = {0, 5000000};
        const long ready = kernel_call(__NR_ppoll, &waiting, 1, &patience, 0, 0);
        if (ready == 1 && answer(device) < 0)
            break;
        if (kernel_call(__NR_wait4, asking, 0, WNOHANG, 0) == asking)
            return;
    }
    report("answer", -ETIMEDOUT);
    kernel_call(__NR_kill, asking, SIGKILL);
}

static void append_option(char *options, size_t capacity, const char *name, long value)
{
    copy_text(options + strlen(options), capacity - strlen(options), name);
    format_number(options + strlen(options), value);
}

static int mount_and_serve(void *argument)
{
    char options[160] = "rootmode=40000";
    (void)argument;
    if (!enter_scratch(0))
        return 0;
    const long device = open_path("/dev/fuse", O_RDWR);
    if (device < 0) {
        report("open-inside", device);
        return 0;
    }
    make_directory("at");
    append_option(options, sizeof options, ",fd=", device);
    append_option(options, sizeof options, ",user_id=", kernel_call(__NR_geteuid));
    append_option(options, sizeof options, ",group_id=", kernel_call(__NR_getegid));
    const long mounted = kernel_call(__NR_mount, "cupel", "at", "fuse", MS_NOSUID | MS_NODEV, options);
    report("mount", mounted);
    if (mounted == 0)
        serve(device);
    return 0;
}

void probe_fuse(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    const long device = open_path("/dev/fuse", O_RDWR);
    report("open", device < 0 ? device : 0);
    if (device < 0)
        return;
    kernel_call(__NR_close, device);
    report_child("fuse", mount_and_serve, 0, 3000);
}
