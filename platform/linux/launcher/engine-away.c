/*
 * What a daemon has made is put away by its client: by the keeper, or by the launcher where somebody ended that.
 *
 * A client that was ended tells nothing of what the daemon still does for it: the container may be on its way in, or on
 * its way out, and its image be one that is still being made. So all of it is asked for again, until the last has gone:
 * a daemon gives no image away that a container has, as long as it is not forced to. (Forced, it takes the name alone,
 * and leaves an image that nobody knows any more.)
 */
#include "maker.h"
#include "keeper.h"

#include <linux/mman.h>

static void nap_ms(int64_t ms)
{
    const struct __kernel_timespec nap = {.tv_sec = 0, .tv_nsec = ms * 1000000};
    kernel_call(__NR_nanosleep, &nap, NULL);
}

/* Of this one alone: others of the same parent's are waited for by others. */
static int await_call(long client)
{
    const int64_t until_ms = monotonic_ms() + putting_away_ms;
    int status = -1;
    while (kernel_call(__NR_wait4, client, &status, wait_no_hang, NULL) == 0) {
        if (monotonic_ms() >= until_ms)
            kernel_call(__NR_kill, client, signal_kill);
        nap_ms(1);
    }
    return status;
}

/* Says nothing: what the job was told of by its end was before. */
static bool is_done(const struct launch *launch, const struct further_call *further)
{
    struct launch own = *launch;
    own.report_descriptor = -1;
    own.maker_errors = -1;
    const long client = fork_process();
    if (client == 0)
        call_maker(&own, further->words);
    return client > 0 && await_call(client) == 0;
}

static bool is_away(const struct launch *launch, bool is_lost)
{
    const struct instruction *instruction = launch->instruction;
    bool is_gone = true;
    for (size_t index = 0; index < instruction->further_call_count; index++) {
        const struct further_call *further = &instruction->further_calls[index];
        if (further->time == call_before || (further->time == call_after_loss && !is_lost))
            continue;
        /* A container that was lost may be away by itself. */
        is_gone = (is_done(launch, further) || further->time == call_after_loss) && is_gone;
    }
    return is_gone;
}

/* A daemon's container is away when its client has ended, unless that was ended. */
void put_away(const struct launch *launch, bool is_lost)
{
    enum { between_ms = 20 };
    const int64_t until_ms = monotonic_ms() + putting_away_ms;
    while (!is_away(launch, is_lost) && is_lost && monotonic_ms() < until_ms)
        nap_ms(between_ms);
    if (launch->is_put_away != NULL)
        *launch->is_put_away = true;
}

long prepare_put_away(struct launch *launch)
{
    const long memory =
        kernel_call(__NR_mmap, 0, sizeof(bool), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory < 0)
        return memory;
    launch->is_put_away = (volatile bool *)memory;
    return 0;
}

/* In the launcher, where somebody ended the keeper. */
void put_away_what_was_left(const struct launch *launch)
{
    if (launch->is_put_away != NULL && !*launch->is_put_away)
        put_away(launch, true);
}
