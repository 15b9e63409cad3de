/*
 * The courier: a process outside of the sandbox that holds the sockets which listen on the job's own loopback, and
 * takes each connection to cupel's proxy, through a Unix socket in a directory that is cupel's alone. What the job can
 * reach of the network is what that proxy lets it reach: its namespace has no other way out. It takes connections to
 * the published ports the other way, over sockets that the job's first process makes for it, one at a time.
 *
 *   job ──▶ 127.0.0.1:PORT (the job's namespace) ──▶ courier ──▶ proxy (cupel) ──▶ the network
 *   job ◀── 127.0.0.1:PORT (the job's namespace) ◀── courier ◀── 127.0.0.1:PORT (the host's)
 *
 * Where every address leads to the job's loopback, connections to these are taken too, and the proxy is told where they
 * were meant to go; queries for names among them.
 *
 * The job sees neither the courier nor a descriptor of its: it is in no namespace of the job's, and is there before
 * the job is. It ends with the launcher, or when that says that the job has ended.
 */
#include "courier.h"
#include "descriptors.h"

#include <linux/fcntl.h>
#include <linux/poll.h>
#include <linux/prctl.h>
#include <linux/time_types.h>

enum { signal_kill = 9, last_words_ms = 1000 };

/* What is kept, by number. */
enum { kept_channel, kept_life, kept_proxy, kept_count };

void clear_courier(struct courier *courier)
{
    courier->channel[0] = courier->channel[1] = -1;
    courier->life[0] = courier->life[1] = -1;
    for (size_t index = 0; index < published_max; index++)
        courier->outside[index] = -1;
    courier->pid = 0;
}

__attribute__((noreturn)) static void serve(const struct instruction *instruction)
{
    int listeners[descriptors_sent_max];
    struct service service = {
        .listeners = listeners,
        .direct_from = instruction->direct_from,
        .names = -1,
        .published = instruction->published,
        .published_count = instruction->published_count,
        .outside = kept_count,
        .life = kept_life,
        .proxy = kept_proxy,
        .channel = kept_channel,
    };
    if (instruction->listener_count > 0)
        service.listener_count = receive_descriptors(kept_channel, listeners, descriptors_sent_max);
    if (service.listener_count > 0 && is_direct(instruction))
        service.names = listeners[--service.listener_count];
    if (service.listener_count > 0 || service.published_count > 0)
        carry_connections(&service);
    leave(0);
}

/*
 * The proxy's socket has a name only so that it can be found: a cupel that is killed would leave it behind. What is
 * held here can be connected to all the same.
 */
static long take_proxy(const char *path)
{
    const long proxy = kernel_call(__NR_openat, AT_FDCWD, path, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
    if (proxy >= 0)
        kernel_call(__NR_unlinkat, AT_FDCWD, path, 0);
    return proxy;
}

/* What listens outside is the courier's alone: its end closes the ports. */
static void leave_ports(struct courier *courier)
{
    for (size_t index = 0; index < published_max; index++) {
        close_descriptor(courier->outside[index]);
        courier->outside[index] = -1;
    }
}

__attribute__((noreturn)) static void become_courier(const struct launch *launch, int proxy, long launcher_pid)
{
    const struct courier *courier = launch->courier;
    const size_t published = launch->instruction->published_count;
    kernel_call(__NR_prctl, PR_SET_PDEATHSIG, signal_kill, 0, 0, 0);
    if (kernel_call(__NR_getppid) != launcher_pid)
        leave(0);
    int kept[kept_count + published_max] = {
        [kept_channel] = courier->channel[0], [kept_life] = courier->life[0], [kept_proxy] = proxy};
    memcpy(kept + kept_count, courier->outside, published * sizeof(int));
    keep_descriptors(kept, kept_count + (int)published);
    /* The caller's errors, otherwise. */
    if (proxy < 0)
        close_descriptor(kept_proxy);
    serve(launch->instruction);
}

/* Before there is a first process, so that what cannot be is told like any other failure of the set-up. */
long start_courier(const struct launch *launch)
{
    struct courier *courier = launch->courier;
    long result = kernel_call(__NR_socketpair, address_unix, socket_sequence | O_CLOEXEC, 0, courier->channel);
    if (result >= 0)
        result = kernel_call(__NR_socketpair, address_unix, socket_stream | O_CLOEXEC, 0, courier->life);
    if (result >= 0 && launch->instruction->proxy != NULL)
        result = take_proxy(launch->instruction->proxy);
    if (result < 0)
        return result;
    const int proxy = launch->instruction->proxy == NULL ? -1 : (int)result;
    const long launcher_pid = kernel_call(__NR_getpid);
    const long pid = fork_process();
    if (pid == 0)
        become_courier(launch, proxy, launcher_pid);
    close_descriptor(courier->channel[0]);
    close_descriptor(courier->life[0]);
    close_descriptor(proxy);
    leave_ports(courier);
    courier->channel[0] = courier->life[0] = -1;
    courier->pid = pid;
    return pid;
}

/* In the launcher, once there is a first process: held here, its end of the channel would hide its death. */
void leave_listeners(struct courier *courier)
{
    close_descriptor(courier->channel[1]);
    courier->channel[1] = -1;
}

/* Hung up when it has ended. */
static bool has_ended(const struct courier *courier, const struct __kernel_timespec *within)
{
    struct pollfd watched = {.fd = courier->life[1], .events = POLLIN};
    return kernel_call(__NR_ppoll, &watched, 1, within, NULL, 0) > 0;
}

/*
 * The job has ended: what it has sent may still get to the proxy, for as long as that takes and no longer than this.
 * 0, or how it ended before (wait4(2)) where something else put an end to it: then the job lost its network.
 */
int end_courier(struct courier *courier, bool is_patient)
{
    if (courier->pid <= 0)
        return 0;
    const struct __kernel_timespec now = {0};
    const bool was_over = has_ended(courier, &now);
    const struct __kernel_timespec time = {.tv_sec = last_words_ms / 1000, .tv_nsec = last_words_ms % 1000 * 1000000};
    kernel_call(__NR_write, courier->life[1], "", 1);
    if (!is_patient || !has_ended(courier, &time))
        kernel_call(__NR_kill, courier->pid, signal_kill);
    int status = 0;
    kernel_call(__NR_wait4, courier->pid, &status, 0, NULL);
    close_descriptor(courier->life[1]);
    courier->pid = 0;
    return was_over ? status : 0;
}
