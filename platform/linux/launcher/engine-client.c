/* An engine's client, and what it is called for. */
#include "maker.h"
#include "keeper.h"

#include <linux/poll.h>

/*
 * What failed is told by a child, and all that was made goes as at any end: whoever is to put something away does not
 * leave.
 */
void fail_keeping(struct keeper *keeper, int step, long error, const char *subject)
{
    const long child = fork_process();
    if (child == 0)
        fail_launch(keeper->launch, step, error, subject);
    if (child > 0)
        kernel_call(__NR_wait4, child, NULL, 0, NULL);
    keeper->is_to_end = true;
}

void heed_signals(struct keeper *keeper)
{
    /* struct signalfd_siginfo (signalfd(2)), of which the first word is the signal's number. */
    struct {
        uint32_t number;
        unsigned char rest[124];
    } notice;
    while (kernel_call(__NR_read, keeper->notices, &notice, sizeof notice) > 0)
        keeper->is_to_end = keeper->is_to_end || notice.number == signal_end_engine;
}

void reap_client(struct keeper *keeper)
{
    int status;
    for (;;) {
        const long pid = kernel_call(__NR_wait4, -1, &status, wait_no_hang, NULL);
        if (pid <= 0 && pid != -EINTR)
            return;
        if (pid != keeper->client)
            continue;
        keeper->has_ended = true;
        keeper->status = status;
    }
}

void call_client(struct keeper *keeper, char *const *words)
{
    keeper->client = fork_process();
    if (keeper->client == 0)
        call_maker(keeper->launch, words);
    keeper->has_ended = keeper->client < 0;
    if (keeper->client < 0)
        fail_keeping(keeper, step_maker, keeper->client, "clone");
}

/* Until the client has ended, but no longer than that. */
void await_client(struct keeper *keeper, int64_t most_ms)
{
    const int64_t until_ms = monotonic_ms() + most_ms;
    for (;;) {
        struct pollfd notices = {.fd = keeper->notices, .events = POLLIN};
        heed_signals(keeper);
        reap_client(keeper);
        const int64_t rest_ms = until_ms - monotonic_ms();
        if (keeper->has_ended || rest_ms <= 0)
            return;
        const struct __kernel_timespec left = {.tv_sec = rest_ms / 1000, .tv_nsec = rest_ms % 1000 * 1000000};
        kernel_call(__NR_ppoll, &notices, 1, &left, NULL, 0);
    }
}

/* By number, where this kernel has no list of children. */
void end_client(const struct keeper *keeper)
{
    if (!keeper->has_ended)
        kernel_call(__NR_kill, keeper->client, signal_kill);
}
