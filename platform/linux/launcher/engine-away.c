/* What a daemon has made is put away by its client: by the keeper, or by the launcher where somebody ended that. */
#include "maker.h"
#include "keeper.h"

#include <linux/mman.h>

/* A daemon's container is away when its client has ended, unless that was ended. */
void put_away(struct keeper keeper, bool is_lost)
{
    const struct instruction *instruction = keeper.launch->instruction;
    for (size_t index = 0; index < instruction->further_call_count; index++) {
        const struct further_call *further = &instruction->further_calls[index];
        if (further->time == call_before || (further->time == call_after_loss && !is_lost))
            continue;
        call_client(&keeper, further->words);
        await_client(&keeper, putting_away_ms);
        end_client(&keeper);
    }
    if (keeper.launch->is_put_away != NULL)
        *keeper.launch->is_put_away = true;
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

/* Of this one alone: the launcher's relays are its children as well, and others wait for them. */
static void await_call(long client)
{
    const int64_t until_ms = monotonic_ms() + putting_away_ms;
    const struct __kernel_timespec nap = {.tv_sec = 0, .tv_nsec = 5000000};
    while (kernel_call(__NR_wait4, client, NULL, wait_no_hang, NULL) == 0) {
        if (monotonic_ms() >= until_ms)
            kernel_call(__NR_kill, client, signal_kill);
        kernel_call(__NR_nanosleep, &nap, NULL);
    }
}

/* In the launcher, where somebody ended the keeper. */
void put_away_what_was_left(const struct launch *launch)
{
    if (launch->is_put_away == NULL || *launch->is_put_away)
        return;
    struct launch own = *launch;
    /* It is the first process's. */
    own.report_descriptor = -1;
    for (size_t index = 0; index < launch->instruction->further_call_count; index++) {
        const struct further_call *further = &launch->instruction->further_calls[index];
        if (further->time == call_before)
            continue;
        const long client = fork_process();
        if (client == 0)
            call_maker(&own, further->words);
        if (client > 0)
            await_call(client);
    }
}
