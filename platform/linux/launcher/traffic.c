/*
 * What a job writes to its standard streams, counted on its way. Each stream has a relay process of its own, so the
 * counters lie in memory that they share with the launcher; what all of them may pass on together is shared out by
 * atomic additions, since two may ask at once.
 */
#include "launcher.h"

#include <linux/fcntl.h>
#include <linux/mman.h>

/* What is to be counted has to be relayed: of a pipe that the job has itself, nobody else sees what goes through. */
void meter_streams(struct streams *streams, const struct instruction *instruction)
{
    streams->is_metered = instruction->output_bytes_max > 0 || instruction->idle_ms > 0;
}

/* For streams that the launcher itself reads, `own` will do; relays need memory that they share with it. */
long share_traffic(struct streams *streams, const struct instruction *instruction, struct traffic *own)
{
    long memory = (long)own;
    if (own == NULL)
        memory = kernel_call(__NR_mmap, 0, sizeof *own, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory < 0 && memory > -4096)
        return memory;
    streams->traffic = (struct traffic *)memory;
    *streams->traffic = (struct traffic){
        .bytes_max = instruction->output_bytes_max,
        .is_timed = instruction->idle_ms > 0,
    };
    if (own == NULL && instruction->ends_at_output_max)
        streams->excess = (int)kernel_call(__NR_eventfd2, 0, O_CLOEXEC | O_NONBLOCK);
    return streams->excess == -1 ? 0 : streams->excess;
}

static uint64_t room_in(const struct traffic *traffic, uint64_t before)
{
    if (traffic->bytes_max == 0)
        return ~0ULL;
    return before < traffic->bytes_max ? traffic->bytes_max - before : 0;
}

/* Counts what was read of this stream; says how much of it may be passed on. */
long admit_output(struct traffic *traffic, int index, long count)
{
    const uint64_t before = __atomic_fetch_add(&traffic->total_bytes, (uint64_t)count, __ATOMIC_RELAXED);
    const uint64_t room = room_in(traffic, before);
    const long admitted = (uint64_t)count < room ? count : (long)room;
    traffic->bytes[index] += (uint64_t)count;
    traffic->passed_bytes[index] += (uint64_t)admitted;
    if (traffic->is_timed)
        __atomic_store_n(&traffic->last_ms, monotonic_ms(), __ATOMIC_RELAXED);
    return admitted;
}

bool is_output_over(const struct traffic *traffic)
{
    return traffic != NULL && traffic->bytes_max > 0 &&
           __atomic_load_n(&traffic->total_bytes, __ATOMIC_RELAXED) > traffic->bytes_max;
}

/* Whether a relay is writing right now, which is for as long as its reader takes. */
bool is_output_waiting(const struct traffic *traffic)
{
    for (int index = 1; index < relay_count; index++)
        if (__atomic_load_n(&traffic->is_waiting[index], __ATOMIC_ACQUIRE))
            return true;
    return false;
}

static void note_waiting(struct traffic *traffic, int index, bool is_waiting)
{
    if (!traffic->is_timed)
        return;
    __atomic_store_n(&traffic->last_ms, monotonic_ms(), __ATOMIC_RELAXED);
    __atomic_store_n(&traffic->is_waiting[index], is_waiting, __ATOMIC_RELEASE);
}

/*
 * In a relay: counts what was read of this output, and writes as much of it as may be passed on; nowhere where `to` is
 * negative. 0, or the negative errno of a write that failed for good. Too much wakes the launcher up, again and again,
 * which does no harm, and before the write, which may take its time.
 */
long pass_on(struct streams *streams, int index, int to, const unsigned char *bytes, long count)
{
    static const uint64_t one = 1;
    const long admitted = admit_output(streams->traffic, index, count);
    if (streams->excess >= 0 && is_output_over(streams->traffic))
        kernel_call(__NR_write, streams->excess, &one, sizeof one);
    if (to < 0)
        return 0;
    note_waiting(streams->traffic, index, true);
    const long written = write_to_reader(to, bytes, admitted);
    note_waiting(streams->traffic, index, false);
    return written;
}
