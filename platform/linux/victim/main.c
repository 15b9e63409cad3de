/* Lines in, lines out, and what comes in between. */
#include "victim.h"

#include <asm/poll.h>
#include <asm/signal.h>
#include <linux/sched.h>
#include <linux/fcntl.h>
#include <linux/signalfd.h>

enum { canaries_max = 32, input_capacity = 8192, line_capacity = 1024, not_found = 127 };

static struct canary canaries[canaries_max];
static size_t canary_count;
static int signals = -1;
/* To tell of the SIGPIPE of a line that nobody takes would be one more of them, without end. */
static bool is_heard = true;

static void say(const char *line, size_t length)
{
    size_t done = 0;
    while (done < length) {
        const long count = kernel_call(__NR_write, 1, line + done, length - done);
        if (count == -EINTR)
            continue;
        if (count <= 0) {
            is_heard = false;
            return;
        }
        done += (size_t)count;
    }
}

static void say_words(const char *first, const char *second, const char *third)
{
    static char line[line_capacity];
    char *at = append_text(line, first);
    at = append_text(append_text(at, second[0] == '\0' ? "" : " "), second);
    at = append_text(append_text(at, third[0] == '\0' ? "" : " "), third);
    *at++ = '\n';
    say(line, (size_t)(at - line));
}

void copy_word(char *to, size_t capacity, const char *text)
{
    size_t length = 0;
    while (length + 1 < capacity && text[length] != '\0') {
        to[length] = text[length];
        length++;
    }
    to[length] = '\0';
}

void put_decimal(char *value, long number)
{
    append_number(value, (uint64_t)number, 10);
}

long parse_decimal(const char *text)
{
    long number = 0;
    for (; *text >= '0' && *text <= '9' && number < 1L << 32; text++)
        number = number * 10 + (*text - '0');
    return number;
}

void say_hit(const struct canary *canary, const char *text, size_t length)
{
    char safe[value_capacity];
    size_t index = 0;
    for (; index < length && index + 1 < sizeof safe; index++) {
        const unsigned char byte = (unsigned char)text[index];
        safe[index] = byte < 0x20 || byte >= 0x7f ? '?' : text[index];
    }
    safe[index] = '\0';
    say_words("hit", canary->channel, safe);
}

static const struct kind *find_kind(const struct kind *kinds, const char *channel)
{
    for (; kinds->channel != 0; kinds++)
        if (strcmp(kinds->channel, channel) == 0)
            return kinds;
    return 0;
}

static void hold(char **words)
{
    const struct kind *kind = find_kind(socket_kinds, words[1]);
    if (kind == 0)
        kind = find_kind(object_kinds, words[1]);
    char value[value_capacity] = "";
    if (kind == 0 || canary_count == canaries_max) {
        say_words("absent", words[1], "22");
        return;
    }
    struct canary *canary = &canaries[canary_count];
    *canary = (struct canary){.kind = kind, .handle = -1};
    copy_word(canary->channel, sizeof canary->channel, words[1]);
    copy_word(canary->token, sizeof canary->token, words[2]);
    copy_word(canary->place, sizeof canary->place, words[3]);
    const long result = kind->hold(canary, value);
    if (result < 0) {
        put_decimal(value, -result);
        say_words("absent", canary->channel, value);
        return;
    }
    canary_count++;
    say_words("held", canary->channel, value);
}

static void look(void)
{
    for (size_t index = 0; index < canary_count; index++)
        if (canaries[index].kind->look != 0)
            canaries[index].kind->look(&canaries[index]);
    say_words("looked", "", "");
}

static void obey(char *line)
{
    char *words[4] = {line, "", "", ""};
    for (size_t count = 1; *line != '\0' && count < 4; line++) {
        if (*line != ' ')
            continue;
        *line = '\0';
        words[count++] = line + 1;
    }
    if (strcmp(words[0], "hold") == 0)
        hold(words);
    else if (strcmp(words[0], "look") == 0)
        look();
}

/* Obeys whole lines; false at the end of the input. */
static bool read_lines(void)
{
    static char input[input_capacity];
    static size_t length;
    const long count = kernel_call(__NR_read, 0, input + length, sizeof input - length);
    if (count <= 0)
        return count == -EINTR;
    length += (size_t)count;
    size_t start = 0;
    for (size_t index = 0; index < length; index++) {
        if (input[index] != '\n')
            continue;
        input[index] = '\0';
        obey(input + start);
        start = index + 1;
    }
    length -= start;
    memmove(input, input + start, length);
    return length < sizeof input;
}

/* Every signal that can be is taken as a message: what an attacker sends is seen, and ends nothing. */
static void take_signals(void)
{
    const unsigned long all[64 / (8 * sizeof(unsigned long))] = {~0UL};
    kernel_call(__NR_rt_sigprocmask, SIG_SETMASK, all, 0, sizeof all);
    signals = (int)kernel_call(__NR_signalfd4, -1, all, sizeof all, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void report_signal(void)
{
    static const struct canary sender = {.channel = "signal"};
    struct signalfd_siginfo info;
    while (is_heard && kernel_call(__NR_read, signals, &info, sizeof info) == (long)sizeof info) {
        char text[32] = "";
        put_decimal(text, (long)info.ssi_signo);
        say_hit(&sender, text, strlen(text));
    }
}

/* Until the input ends, or nobody hears it. A descriptor that something came into is answered by its kind. */
static void serve(void)
{
    while (is_heard) {
        struct pollfd waits[canaries_max + 2] = {{.fd = 0, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
        for (size_t index = 0; index < canary_count; index++) {
            const struct canary *canary = &canaries[index];
            waits[index + 2] =
                (struct pollfd){.fd = canary->kind->answer == 0 ? -1 : (int)canary->handle, .events = POLLIN};
        }
        const size_t count = canary_count + 2;
        if (kernel_call(__NR_ppoll, waits, count, 0, 0, 0) < 0)
            continue;
        if ((waits[1].revents & POLLIN) != 0)
            report_signal();
        for (size_t index = 0; index + 2 < count; index++)
            if (waits[index + 2].revents != 0 && canaries[index].kind->answer != 0)
                canaries[index].kind->answer(&canaries[index]);
        if (waits[0].revents != 0 && !read_lines())
            return;
    }
}

/*
 * Executes a program whose controlling terminal is PATH, as a caller's shell would: the terminal goes to the leader of
 * a session that has none and opens it (credentials(7)).
 */
static int execute_on_terminal(const char *path, char **words, char **environment)
{
    /* Whoever started this may have made it a leader. */
    kernel_call(__NR_setsid);
    kernel_call(__NR_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
    kernel_call(__NR_execve, words[0], words, environment);
    return not_found;
}

/*
 * In namespaces of its own, all that it can have without a new process: root makes them, and others in a user namespace
 * that they have to make first. Whoever enters one of them has left its own.
 */
static void part(void)
{
    enum { all = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP };
    if (kernel_call(__NR_unshare, all) < 0)
        kernel_call(__NR_unshare, CLONE_NEWUSER | all);
}

int program(int argument_count, char **arguments, char **environment)
{
    if (argument_count == 2 && strcmp(arguments[1], "--apart") == 0)
        part();
    if (argument_count > 3 && strcmp(arguments[1], "--terminal") == 0)
        return execute_on_terminal(arguments[2], arguments + 3, environment);
    if (argument_count > 2 && strcmp(arguments[1], "--own-terminal") == 0)
        return execute_on_own_terminal(arguments + 2, environment);
    /* Otherwise the texts of both are canaries, read by whoever looks into /proc. */
    take_signals();
    serve();
    while (canary_count > 0) {
        struct canary *canary = &canaries[--canary_count];
        if (canary->kind->release != 0)
            canary->kind->release(canary);
    }
    return 0;
}
