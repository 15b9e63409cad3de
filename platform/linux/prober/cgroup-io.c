/*
 * Limits on how fast a control group reads from a disk and writes to it: a nameless file is read or written without a
 * limit, then by a process in the group, and the time is what tells. cgroup-v2.rst ("IO"),
 * cgroup-v1/blkio-controller.rst.
 */
#include "cgroup-own.h"

#include <asm/signal.h>
#include <linux/fadvise.h>
#include <linux/fcntl.h>
#include <linux/sched.h>

/* At the limit it takes 0.4 s, less what the kernel lets through before it looks at the clock. */
enum { written_bytes = 384 << 10, chunk_bytes = 64 << 10, status_max = 0x7f, patience_milliseconds = 3000 };

static const char limit_text[] = "1048576";

/* The disk's number, copied out of ARGUMENT; the directory behind it is what is returned. */
static const char *split_argument(const char *argument, char disk[32])
{
    size_t length = 0;
    while (argument[length] != '\0' && argument[length] != ' ' && length < 31) {
        disk[length] = argument[length];
        length++;
    }
    disk[length] = '\0';
    return argument[length] == ' ' ? argument + length + 1 : argument + length;
}

/* On this disk, and no other: io.max has a line for each, version 1 a file for each direction. */
static bool set_limit(const struct own_group *group, bool unified, const char *disk, bool is_reading)
{
    char line[64];
    const char *file = unified      ? "io.max"
                       : is_reading ? "blkio.throttle.read_bps_device"
                                    : "blkio.throttle.write_bps_device";
    size_t length = copy_text(line, sizeof line, disk);
    length += copy_text(line + length, sizeof line - length, !unified ? " " : is_reading ? " rbps=" : " wbps=");
    copy_text(line + length, sizeof line - length, limit_text);
    const long written = write_group_file(group->path, file, line);
    report_text("limit", written, file);
    return written >= 0;
}

static long write_all(long file)
{
    static char bytes[chunk_bytes];
    for (long done = 0; done < written_bytes;) {
        const long count = kernel_call(__NR_write, file, bytes, chunk_bytes);
        if (count <= 0)
            return count < 0 ? count : -EIO;
        done += count;
    }
    return 0;
}

static long read_all(long file)
{
    static char bytes[chunk_bytes];
    for (long done = 0; done < written_bytes;) {
        const long count = kernel_call(__NR_pread64, file, bytes, chunk_bytes, done);
        if (count <= 0)
            return count < 0 ? count : -EIO;
        done += count;
    }
    return 0;
}

static long make_file(const char *directory)
{
    return open_path(directory, O_TMPFILE | O_RDWR);
}

static long long milliseconds_since(long long started)
{
    return (now_microseconds() - started) / 1000;
}

/* How long it takes until what was written is on the disk, flushed by this process and not by who wrote it. */
static void report_flush(const char *step, long file)
{
    const long long started = now_microseconds();
    const long result = kernel_call(__NR_fdatasync, file);
    report_both(step, result < 0 ? -result : 0, milliseconds_since(started), 0);
}

/* Made and written by a process in the group, so that it is the group's (cgroup-v2.rst, "Writeback"); read by this one.
 */
static long make_within(const struct own_group *group, const char *directory)
{
    const long process = kernel_call(__NR_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
    if (process == 0) {
        const long entered = enter_group(group->path);
        const long file = entered < 0 ? entered : make_file(directory);
        const long written = file < 0 ? file : write_all(file);
        report("enter", entered);
        leave(written < 0 || file >= status_max ? status_max : (int)file);
    }
    if (process < 0)
        return process;
    const struct ending ending = wait_for(process);
    return ending.error == 0 && ending.signal == 0 && ending.status < status_max ? ending.status : -EIO;
}

/* What was only written to memory counts, too: whoever takes it to the disk, it is the group's. */
void limit_writing(const struct own_group *group, bool unified, const char *argument)
{
    char disk[32];
    const char *directory = split_argument(argument, disk);
    const long file = make_file(directory);
    const long written = file < 0 ? file : write_all(file);
    report_text("file", written, directory);
    if (written < 0)
        return;
    report_flush("free", file);
    kernel_call(__NR_close, file);
    if (!set_limit(group, unified, disk, false))
        return;
    const long theirs = make_within(group, directory);
    if (theirs < 0) {
        report("held", theirs);
        return;
    }
    report_flush("held", theirs);
    kernel_call(__NR_close, theirs);
}

/* From the disk and not from memory: what is there is dropped before. */
static void report_reading(const char *step, long file)
{
    kernel_call(__NR_fadvise64, file, 0, 0, POSIX_FADV_DONTNEED);
    const long long started = now_microseconds();
    const long result = read_all(file);
    report_both(step, result < 0 ? -result : 0, milliseconds_since(started), 0);
}

struct reading {
    const struct own_group *group;
    long file;
};

static int read_within(void *argument)
{
    const struct reading *reading = argument;
    const long entered = enter_group(reading->group->path);
    report("enter", entered);
    if (entered >= 0)
        report_reading("held", reading->file);
    return 0;
}

void limit_reading(const struct own_group *group, bool unified, const char *argument)
{
    char disk[32];
    const char *directory = split_argument(argument, disk);
    struct reading reading = {.group = group, .file = make_file(directory)};
    long written = reading.file < 0 ? reading.file : write_all(reading.file);
    if (written >= 0)
        written = kernel_call(__NR_fdatasync, reading.file);
    report_text("file", written, directory);
    if (written < 0)
        return;
    report_reading("free", reading.file);
    if (set_limit(group, unified, disk, true))
        report_child("held", read_within, &reading, patience_milliseconds);
    kernel_call(__NR_close, reading.file);
}
