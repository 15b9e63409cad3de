/* What cupel is told of a job: one line of JSON each; from a resident launcher in frames, since output comes between.
 */
#include "../shared/write-line.h"
#include "launcher.h"

/* Frames go out together when a job is finished, or when there are many: each write wakes cupel up. */
static unsigned char waiting[1 << 17];
static size_t waiting_bytes;

/* A cupel that is gone is learnt of by the end of its channel, so what cannot be told is dropped. */
static void send_waiting(const struct channel *channel)
{
    write_to_reader(channel->descriptor, waiting, (long)waiting_bytes);
    waiting_bytes = 0;
}

/* No frame is longer than what one read of a job's output gives, which is half of the room. */
void send_frame(const struct channel *channel, uint32_t kind, const void *bytes, size_t length)
{
    const uint32_t header[2] = {kind, (uint32_t)length};
    if (sizeof waiting - waiting_bytes < sizeof header + length)
        send_waiting(channel);
    memcpy(waiting + waiting_bytes, header, sizeof header);
    memcpy(waiting + waiting_bytes + sizeof header, bytes, length);
    waiting_bytes += sizeof header + length;
}

static void begin_event(struct line *line, const char *name)
{
    line->length = 0;
    put_byte(line, '{');
    put_string_field(line, "event", name);
}

static void end_event(const struct channel *channel, struct line *line)
{
    put_byte(line, '}');
    if (channel->is_framed)
        send_frame(channel, frame_event, line->text, line->length);
    else
        write_line(channel->descriptor, line);
}

void tell_failure(const struct channel *channel, const char *event, const struct report *report)
{
    static struct line line;
    begin_event(&line, event);
    if (report->kind == report_failed)
        put_string_field(&line, "step", step_names[report->step]);
    put_number_field(&line, "errno", report->error);
    put_string_field(&line, "subject", report->subject);
    end_event(channel, &line);
}

void tell_ready(const struct channel *channel, const struct report *report)
{
    static const char *const names[namespace_kinds] = {"user", "mount", "pid", "ipc", "uts", "cgroup", "network"};
    static struct line line;
    begin_event(&line, "ready");
    for (int index = 0; index < namespace_kinds; index++)
        put_number_field(&line, names[index], (long long)report->namespaces[index]);
    put_number_field(&line, "covering", report->is_covering);
    end_event(channel, &line);
}

void tell_setup_end(const struct channel *channel, const struct report *report)
{
    tell_numbers(channel, "setup-ended", "setupMicros", report->setup_us, "wallMicros", report->wall_us);
}

void tell_end(const struct channel *channel, const struct report *report)
{
    static struct line line;
    if (report->subject[0] != '\0') {
        begin_event(&line, "full");
        put_string_field(&line, "subject", report->subject);
        put_number_field(&line, "bytes", (long long)report->full_bytes);
        put_number_field(&line, "freeBytes", (long long)report->free_bytes);
        put_number_field(&line, "files", (long long)report->files);
        put_number_field(&line, "freeFiles", (long long)report->free_files);
        end_event(channel, &line);
    }
    begin_event(&line, "ended");
    put_number_field(&line, "status", report->status);
    put_number_field(&line, "setupMicros", report->setup_us);
    put_number_field(&line, "wallMicros", report->wall_us);
    put_number_field(&line, "userMicros", report->user_us);
    put_number_field(&line, "systemMicros", report->system_us);
    put_number_field(&line, "maxRssBytes", report->max_rss_bytes);
    put_number_field(&line, "readBlocks", report->read_blocks);
    put_number_field(&line, "writtenBlocks", report->written_blocks);
    end_event(channel, &line);
}

void tell_number(const struct channel *channel, const char *event, const char *name, long long number)
{
    static struct line line;
    begin_event(&line, event);
    put_number_field(&line, name, number);
    end_event(channel, &line);
}

void tell_numbers(const struct channel *channel, const char *event, const char *first, long long one,
                  const char *second, long long two)
{
    static struct line line;
    begin_event(&line, event);
    put_number_field(&line, first, one);
    put_number_field(&line, second, two);
    end_event(channel, &line);
}

void tell_maker_failure(const struct channel *channel, int status, const char *words)
{
    static struct line line;
    begin_event(&line, "maker-failed");
    put_number_field(&line, "status", status);
    put_string_field(&line, "words", words);
    end_event(channel, &line);
}

void tell_suspended(const struct channel *channel)
{
    static struct line line;
    begin_event(&line, "suspended");
    end_event(channel, &line);
}

static void tell_counted_stream(const struct channel *channel, const struct traffic *traffic, int index)
{
    static struct line line;
    begin_event(&line, "output");
    put_number_field(&line, "stream", index);
    put_number_field(&line, "bytes", (long long)traffic->bytes[index]);
    put_number_field(&line, "passedBytes", (long long)traffic->passed_bytes[index]);
    end_event(channel, &line);
}

/* What came out of the outputs, where it was counted, and what could not be passed on. */
void tell_streams(const struct channel *channel, const struct streams *streams)
{
    for (int index = 1; index < relay_count; index++)
        if (streams->traffic != NULL && streams->traffic->bytes[index] > 0)
            tell_counted_stream(channel, streams->traffic, index);
    for (int index = 0; index < relay_count; index++)
        if (streams->lost[index] != 0)
            tell_numbers(channel, "stream-lost", "stream", index, "errno", streams->lost[index]);
}

/* The last word on one of many jobs: everything that it wrote has been read, passed on or not. */
void tell_finished(const struct channel *channel, const struct streams *streams)
{
    static struct line line;
    begin_event(&line, "finished");
    put_number_field(&line, "outputBytes", (long long)streams->captured_bytes[1]);
    put_number_field(&line, "errorBytes", (long long)streams->captured_bytes[2]);
    end_event(channel, &line);
    send_waiting(channel);
}

/* Where cupel waits for the first jobs to be taken, or is told why there can be none. */
void tell_residence(const struct channel *channel, const struct report *failure)
{
    if (failure != NULL)
        tell_failure(channel, "failed", failure);
    else
        tell_number(channel, "resident", "pid", kernel_call(__NR_getpid));
    send_waiting(channel);
}
