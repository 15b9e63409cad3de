/* A process to be attacked: it holds a token wherever a process can hold one, and says what is done to it. */
#include "attacker.h"

#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/prctl.h>
#include <linux/signalfd.h>

#include <asm/poll.h>
#include <linux/time_types.h>

enum { standard_input = 0, standard_output = 1, look_ms = 50 };

/* What follows the token is whoever writes into it. */
static struct {
    char token[victim_room];
    volatile char open_to_all[victim_room];
} held;

static void say_line(const char *word, const char *rest)
{
    char line[160];
    join(line, sizeof line, word, rest, "\n");
    write_all(standard_output, line, strlen(line));
}

static bool read_token(void)
{
    size_t length = 0;
    while (length + 1 < sizeof held.token) {
        if (kernel_call(__NR_read, standard_input, held.token + length, 1) <= 0)
            return false;
        if (held.token[length] == '\n')
            break;
        length++;
    }
    held.token[length] = '\0';
    return length > 0;
}

static long hold_in_descriptor(void)
{
    const long file = kernel_call(__NR_memfd_create, "held", 1 /* MFD_CLOEXEC */);
    if (file >= 0)
        kernel_call(__NR_write, file, held.token, strlen(held.token));
    kernel_call(__NR_lseek, file, 0, 0);
    return file;
}

/* Blocked, and read from a descriptor: none of them ends it. */
static long open_signals(void)
{
    static const int watched[] = {SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGURG, SIGWINCH, SIGCONT};
    unsigned long set = 0;
    for (size_t index = 0; index < sizeof watched / sizeof *watched; index++)
        set |= 1UL << (watched[index] - 1);
    kernel_call(__NR_rt_sigprocmask, SIG_BLOCK, &set, 0, sizeof set);
    return kernel_call(__NR_signalfd4, -1, &set, sizeof set, O_CLOEXEC | O_NONBLOCK);
}

static void introduce(long descriptor)
{
    char words[96];
    join(words, sizeof words, decimal(kernel_call(__NR_getpid)), " ", decimal((long long)(uintptr_t)held.token));
    join(words, sizeof words, words, " ", decimal(descriptor));
    say_line("victim ", words);
}

static bool is_changed(void)
{
    for (size_t at = 0; at < sizeof held.open_to_all; at++)
        if (held.open_to_all[at] != 0)
            return true;
    return false;
}

static void tell_signals(long signals)
{
    struct signalfd_siginfo signal;
    while (kernel_call(__NR_read, signals, &signal, sizeof signal) == (long)sizeof signal)
        say_line("signal ", decimal(signal.ssi_signo));
}

int be_victim(void)
{
    if (!read_token())
        return usage_error;
    kernel_call(__NR_prctl, PR_SET_NAME, held.token, 0, 0, 0);
    /* Yama would guard it from all but its parents, and what is measured is the sandbox. */
    kernel_call(__NR_prctl, PR_SET_PTRACER, -1L, 0, 0, 0);
    const long signals = open_signals();
    introduce(hold_in_descriptor());
    bool was_changed = false;
    for (;;) {
        struct pollfd wanted[] = {{standard_input, POLLIN, 0}, {(int)signals, POLLIN, 0}};
        const struct __kernel_timespec time = {0, look_ms * 1000000};
        kernel_call(__NR_ppoll, wanted, 2, &time, 0, 0);
        tell_signals(signals);
        if (!was_changed && is_changed()) {
            was_changed = true;
            say_line("changed", "");
        }
        char byte;
        if (wanted[0].revents != 0 && kernel_call(__NR_read, standard_input, &byte, 1) <= 0)
            return 0;
    }
}
