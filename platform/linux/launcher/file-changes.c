/*
 * Landlock has no rights to a file's mode, owner and times (landlock(7), "Current limitations"): a confined job could
 * change those of everything that is the caller's. Its second filter asks about each such call
 * (seccomp_unotify(2)), and the first process makes the change in the job's place, where the job may write.
 *
 * The call itself never goes on: what it says may be something else by then. The path is read once and opened once, and
 * what was opened is looked at, changed, and nothing else.
 */
#include "../shared/append.h"
#include "descriptors.h"

#include <linux/fcntl.h>
#include <linux/seccomp.h>
#include <linux/stat.h>
#include <linux/time_types.h>

enum { path_bytes = 4096, new_listener = SECCOMP_FILTER_FLAG_NEW_LISTENER };

/* SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (Linux 5.19): once a change is being made, no signal makes its call fail. */
enum { wait_killable = 1 << 5 };

/* Where the questions come from; -1 where nobody asks any. */
static int questions = -1;

/* What a call changes, and how it says to what. */
enum change_kind { change_mode, change_owner, change_times };

/* How times are said: utimensat(2), utimes(2), utime(2). */
enum time_unit { nanoseconds, microseconds, seconds };

/* -1 is an argument that the call does not have: without a directory it is the process's own, without a path the
 * directory is what is meant. */
struct change {
    int number;
    enum change_kind kind;
    int directory, path, flags, value;
    bool is_link_itself;
    enum time_unit unit;
};

static const struct change changes[] = {
#ifdef __NR_chmod
    {__NR_chmod, change_mode, -1, 0, -1, 1, false, nanoseconds},
    {__NR_chown, change_owner, -1, 0, -1, 1, false, nanoseconds},
    {__NR_lchown, change_owner, -1, 0, -1, 1, true, nanoseconds},
    {__NR_utime, change_times, -1, 0, -1, 1, false, seconds},
    {__NR_utimes, change_times, -1, 0, -1, 1, false, microseconds},
    {__NR_futimesat, change_times, 0, 1, -1, 2, false, microseconds},
#endif
    {__NR_fchmod, change_mode, 0, -1, -1, 1, false, nanoseconds},
    {__NR_fchmodat, change_mode, 0, 1, -1, 2, false, nanoseconds},
    {452 /* fchmodat2 */, change_mode, 0, 1, 3, 2, false, nanoseconds},
    {__NR_fchown, change_owner, 0, -1, -1, 1, false, nanoseconds},
    {__NR_fchownat, change_owner, 0, 1, 4, 2, false, nanoseconds},
    {__NR_utimensat, change_times, 0, 1, 3, 2, false, nanoseconds},
};

/* One call of the job's: the question, and the memory of whoever asks. */
struct asked {
    const struct seccomp_notif *question;
    const struct change *change;
    int memory;
};

/* Two ends: the job's, and the first process's. */
long offer_questions(int ends[2])
{
    return kernel_call(__NR_socketpair, address_unix, socket_sequence | O_CLOEXEC, 0, ends);
}

/*
 * In the job, which makes no such call from here on. A process has one that is asked and no more (EBUSY): where
 * somebody outside is asked already, the calls fail like those that the kernel does not have, and nothing is changed.
 */
void ask_about_changes(const struct launch *launch, int channel)
{
    const struct sock_fprog *guard = &launch->instruction->guard;
    if (guard->len == 0)
        return;
    long made = kernel_call(__NR_seccomp, SECCOMP_SET_MODE_FILTER, new_listener | wait_killable, guard);
    if (made == -EINVAL)
        made = kernel_call(__NR_seccomp, SECCOMP_SET_MODE_FILTER, new_listener, guard);
    if (made == -EBUSY) {
        load_filter(launch, guard);
        return;
    }
    const int listener = (int)made;
    const long result = made < 0 ? made : send_descriptors(channel, &listener, 1);
    if (result < 0)
        fail_launch(launch, step_seccomp, result, "guard");
    close_descriptor(listener);
}

/* In the first process, when the job executes. */
void take_questions(int channel)
{
    close_descriptor(questions);
    if (receive_descriptors(channel, &questions, 1) != 1)
        questions = -1;
    close_descriptor(channel);
}

int questions_descriptor(void)
{
    return questions;
}

static int64_t argument_of(const struct asked *asked, int index)
{
    return (int64_t)asked->question->data.args[index];
}

/* "/proc/PID/WHAT", and behind it "/NUMBER", if that is not negative. */
static long open_of_process(const struct asked *asked, const char *what, int number, int flags)
{
    char path[64 + 2 * number_capacity];
    char *at = append_number(append_text(path, "/proc/"), asked->question->pid, 10);
    at = append_text(append_text(at, "/"), what);
    if (number >= 0)
        append_number(append_text(at, "/"), (uint64_t)number, 10);
    return kernel_call(__NR_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0);
}

/* What the path is looked up from, or what is meant where there is none. */
static long open_base(const struct asked *asked)
{
    const int index = asked->change->directory;
    const int number = index < 0 ? AT_FDCWD : (int)argument_of(asked, index);
    if (number == AT_FDCWD)
        return open_of_process(asked, "cwd", -1, O_PATH);
    if (number < 0)
        return -EBADF;
    const long base = open_of_process(asked, "fd", number, O_PATH);
    return base == -ENOENT ? -EBADF : base;
}

/* Less than was asked for where its memory ends before. */
static long read_memory(const struct asked *asked, int64_t from, void *into, size_t length)
{
    const long count = kernel_call(__NR_pread64, asked->memory, into, length, from);
    return count == -EIO || count == 0 ? -EFAULT : count;
}

static long read_path(const struct asked *asked, int64_t from, char path[path_bytes])
{
    const long count = read_memory(asked, from, path, path_bytes);
    for (long index = 0; index < count; index++)
        if (path[index] == '\0')
            return index;
    return count < 0 ? count : count < path_bytes ? -EFAULT : -ENAMETOOLONG;
}

static bool starts_with(const char *text, const char *beginning)
{
    while (*beginning != '\0')
        if (*text++ != *beginning++)
            return false;
    return true;
}

/* What /proc calls a process's own is this process's own here, and not whoever's asks. */
static bool is_own_place(const char *path)
{
    return starts_with(path, "/proc/") || starts_with(path, "/dev/fd") || starts_with(path, "/dev/std");
}

/* A handle on what is to be changed. */
static long open_subject(const struct asked *asked)
{
    const struct change *change = asked->change;
    const int64_t flags = change->flags < 0 ? 0 : argument_of(asked, change->flags) & UINT32_MAX;
    if ((flags & ~(int64_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0)
        return -EINVAL;
    const int64_t named = change->path < 0 ? 0 : argument_of(asked, change->path);
    /* utimensat(2): without a path the times of the descriptor itself. */
    if (change->path < 0 || (named == 0 && change->kind == change_times && change->directory >= 0))
        return change->directory >= 0 && (int)argument_of(asked, change->directory) == AT_FDCWD ? -EFAULT
                                                                                                : open_base(asked);
    char path[path_bytes];
    const long length = read_path(asked, named, path);
    if (length < 0)
        return length;
    if (length == 0)
        return (flags & AT_EMPTY_PATH) != 0 ? open_base(asked) : -ENOENT;
    if (is_own_place(path))
        return -EPERM;
    const bool is_link_itself = change->is_link_itself || (flags & AT_SYMLINK_NOFOLLOW) != 0;
    const long base = path[0] == '/' ? AT_FDCWD : open_base(asked);
    if (base < 0 && base != AT_FDCWD)
        return base;
    const long subject =
        kernel_call(__NR_openat, base, path, O_PATH | O_CLOEXEC | (is_link_itself ? O_NOFOLLOW : 0), 0);
    if (base >= 0)
        close_descriptor((int)base);
    return subject;
}

static void name_own(char path[32 + number_capacity], long descriptor)
{
    append_number(append_text(path, "/proc/self/fd/"), (uint64_t)descriptor, 10);
}

static bool is_within(const char *path, const char *directory)
{
    if (!starts_with(path, directory))
        return false;
    const char next = path[strlen(directory)];
    return next == '\0' || next == '/' || strcmp(directory, "/") == 0;
}

/* The kernel's own name for what was opened: no link leads anywhere from there. */
static bool is_writable(const struct launch *launch, long subject)
{
    char own[32 + number_capacity];
    char path[path_bytes];
    name_own(own, subject);
    const long length = kernel_call(__NR_readlinkat, AT_FDCWD, own, path, sizeof path - 1);
    if (length <= 0 || path[0] != '/')
        return false;
    path[length] = '\0';
    const struct instruction *instruction = launch->instruction;
    for (size_t index = 0; index < instruction->path_rule_count; index++) {
        const struct path_rule *rule = &instruction->path_rules[index];
        if ((rule->bits & path_bit_write) != 0 && is_within(path, rule->path))
            return true;
    }
    return false;
}

/* struct utimbuf and struct timeval are pairs of longs, too, in other units. */
static long read_times(const struct asked *asked, int64_t from, struct __kernel_timespec times[2])
{
    int64_t raw[4] = {0};
    const enum time_unit unit = asked->change->unit;
    const size_t length = unit == seconds ? 2 * sizeof(int64_t) : sizeof raw;
    const long count = read_memory(asked, from, raw, length);
    if (count != (long)length)
        return count < 0 ? count : -EFAULT;
    for (int index = 0; index < 2; index++) {
        times[index].tv_sec = unit == seconds ? raw[index] : raw[2 * index];
        times[index].tv_nsec = unit == seconds ? 0 : raw[2 * index + 1];
        if (unit != microseconds)
            continue;
        if (times[index].tv_nsec < 0 || times[index].tv_nsec >= 1000000)
            return -EINVAL;
        times[index].tv_nsec *= 1000;
    }
    return 0;
}

static long change_subject(const struct asked *asked, long subject)
{
    const int value = asked->change->value;
    if (asked->change->kind == change_owner)
        return kernel_call(__NR_fchownat, subject, "", (uint32_t)argument_of(asked, value),
                           (uint32_t)argument_of(asked, value + 1), AT_EMPTY_PATH);
    char own[32 + number_capacity];
    name_own(own, subject);
    if (asked->change->kind == change_mode)
        return kernel_call(__NR_fchmodat, AT_FDCWD, own, (uint32_t)argument_of(asked, value) & 07777);
    struct __kernel_timespec times[2];
    const int64_t from = argument_of(asked, value);
    const long result = from == 0 ? 0 : read_times(asked, from, times);
    return result < 0 ? result : kernel_call(__NR_utimensat, subject, "", from == 0 ? NULL : times, AT_EMPTY_PATH);
}

/* Whether it is still waiting: another process could have its number by now. */
static bool is_waiting(const struct seccomp_notif *question)
{
    return kernel_call(__NR_ioctl, questions, SECCOMP_IOCTL_NOTIF_ID_VALID, &question->id) >= 0;
}

static long make_change(const struct launch *launch, const struct asked *asked)
{
    const long subject = open_subject(asked);
    if (subject < 0)
        return subject;
    long result = -EPERM;
    if (is_waiting(asked->question) && is_writable(launch, subject))
        result = change_subject(asked, subject);
    close_descriptor((int)subject);
    return result;
}

static long answer_to(const struct launch *launch, const struct seccomp_notif *question)
{
    struct asked asked = {.question = question};
    for (size_t index = 0; index < sizeof changes / sizeof changes[0]; index++)
        if (changes[index].number == question->data.nr)
            asked.change = &changes[index];
    if (asked.change == NULL)
        return -EPERM;
    asked.memory = (int)open_of_process(&asked, "mem", -1, O_RDONLY);
    if (asked.memory < 0)
        return -EPERM;
    const long result = make_change(launch, &asked);
    close_descriptor(asked.memory);
    return result;
}

/* One question, if there is one. */
void answer_question(const struct launch *launch)
{
    /* The kernel's structures may have grown since these headers; it must find zeros there. */
    union {
        struct seccomp_notif question;
        unsigned char room[256];
    } in = {.room = {0}};
    union {
        struct seccomp_notif_resp answer;
        unsigned char room[256];
    } out = {.room = {0}};
    const long received = kernel_call(__NR_ioctl, questions, SECCOMP_IOCTL_NOTIF_RECV, &in);
    if (received < 0) {
        /* ENOENT: whoever asked was ended meanwhile. Anything else would come again and again. */
        if (received != -ENOENT && received != -EINTR) {
            close_descriptor(questions);
            questions = -1;
        }
        return;
    }
    out.answer.id = in.question.id;
    out.answer.error = (int32_t)answer_to(launch, &in.question);
    kernel_call(__NR_ioctl, questions, SECCOMP_IOCTL_NOTIF_SEND, &out);
}
