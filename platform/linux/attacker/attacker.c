/* Takes orders, and carries each attack out in a child of its own. */
#include "attacker.h"
#include "../shared/child.h"

#include <linux/time_types.h>
#include <linux/wait.h>

#if defined(__x86_64__)
#define ARCHITECTURE "x64"
#else
#define ARCHITECTURE "arm64"
#endif

enum { standard_input = 0, standard_output = 1 };

static const char hello[] = "hello 1 " ARCHITECTURE "\n";

static const struct attack *const groups[] = {file_attacks,     change_attacks,  leak_attacks,  process_attacks,
                                              resource_attacks, network_attacks, kernel_attacks};

/* By enum ending. */
static const char *const reasons[] = {"", "another architecture's", "there is no terminal",
                                      "victim-pid is no other process"};

char **own_environment;
const char *own_path = "";
long started_by;
long own_pid;

static const struct attack *find_attack(const char *id)
{
    for (size_t group = 0; group < sizeof groups / sizeof *groups; group++)
        for (const struct attack *attack = groups[group]; attack->id != 0; attack++)
            if (strcmp(attack->id, id) == 0)
                return attack;
    return 0;
}

/* The first key that is missing, copied to NAME; false where all are there. */
static bool lacks_key(const char *wanted, char *name)
{
    while (*wanted != '\0') {
        size_t length = 0;
        for (; *wanted != '\0' && *wanted != ','; wanted++)
            if (length + 1 < key_name_room)
                name[length++] = *wanted;
        name[length] = '\0';
        wanted += *wanted == ',' ? 1 : 0;
        if (name[length - 1] != '?' && strcmp(name, "-") != 0 && key(name) == 0)
            return true;
    }
    return false;
}

static void block_child_signal(int how)
{
    const unsigned long set = 1UL << (SIGCHLD - 1);
    kernel_call(__NR_rt_sigprocmask, how, &set, 0, sizeof set);
}

/* Whether it ended by then; the child is not waited for, so that its number stays its own. */
static bool wait_until(long process, long long deadline)
{
    const unsigned long set = 1UL << (SIGCHLD - 1);
    for (;;) {
        char information[128] = {0};
        kernel_call(__NR_waitid, P_PID, process, information, WEXITED | WNOHANG | WNOWAIT, 0);
        /* siginfo_t: si_signo is 0 where nothing has happened. */
        if (information[0] != 0)
            return true;
        const long long rest = deadline - now_milliseconds();
        if (rest <= 0)
            return false;
        const struct __kernel_timespec time = {rest / 1000, (rest % 1000) * 1000000};
        kernel_call(__NR_rt_sigtimedwait, &set, 0, &time, sizeof set);
    }
}

static void judge(long status, bool ended)
{
    const long signal = status & 0x7f, code = (status >> 8) & 0xff;
    if (!ended)
        return say_end("timeout", "", -1);
    if (status < 0 || signal != 0)
        return say_end("crashed", "signal", status < 0 ? 0 : signal);
    if (code == attempted)
        return say_end("attempted", "", -1);
    if (code < (long)(sizeof reasons / sizeof *reasons))
        return say_end("impossible", reasons[code], -1);
    say_end("crashed", "exit", code);
}

/* No child can be made: the deadline ends this whole program, for nothing else could. */
static void run_here(const struct attack *attack, long error, long milliseconds)
{
    did("fork", error);
    die_after(milliseconds);
    const enum ending ending = attack->run();
    die_after(0);
    judge((long)ending << 8, true);
}

static void run_attack(const struct attack *attack, long milliseconds)
{
    char missing[key_name_room + sizeof "key "] = "key ";
    set_subject(attack->id);
    say_start();
    if (lacks_key(attack->keys, missing + 4))
        return say_end("impossible", join(missing, sizeof missing, missing, " is missing", ""), -1);
    const long long deadline = now_milliseconds() + milliseconds;
    block_child_signal(SIG_BLOCK);
    const long process = fork_child(0);
    if (process == 0) {
        kernel_call(__NR_setpgid, 0, 0);
        block_child_signal(SIG_UNBLOCK);
        leave((int)attack->run());
    }
    if (process < 0) {
        block_child_signal(SIG_UNBLOCK);
        return run_here(attack, process, milliseconds);
    }
    kernel_call(__NR_setpgid, process, process);
    const bool ended = wait_until(process, deadline);
    kernel_call(__NR_kill, -process, SIGKILL);
    kernel_call(__NR_kill, process, SIGKILL);
    judge(wait_for(process), ended);
    block_child_signal(SIG_UNBLOCK);
}

static const char *take_run(const char *words)
{
    char id[4] = "";
    for (size_t at = 0; at < 3 && words[at] > ' '; at++)
        id[at] = words[at];
    const struct attack *attack = find_attack(id);
    if (attack == 0 || words[3] != ' ')
        return "no such attack";
    words += 4;
    const long milliseconds = parse_decimal(&words);
    if (milliseconds < 1 || milliseconds > deadline_ms_max || *words != '\0')
        return "the deadline is no number of milliseconds from 1 to 600000";
    run_attack(attack, milliseconds);
    return 0;
}

static const char *take_line(char *line)
{
    if (starts_with(line, "set "))
        return set_key(line + 4);
    if (starts_with(line, "run "))
        return take_run(line + 4);
    return "neither set nor run";
}

static int refuse(long number, const char *why)
{
    char words[256], line[256];
    join(words, sizeof words, decimal(number), " ", why);
    join(line, sizeof line, "error ", words, "\n");
    write_all(standard_output, line, strlen(line));
    return usage_error;
}

/* One byte at a time costs a call each, and leaves nothing of the input in a buffer that a child would see. */
static long read_line(char *line)
{
    size_t length = 0;
    for (;;) {
        const long count = kernel_call(__NR_read, standard_input, line + length, 1);
        if (count == -EINTR)
            continue;
        if (count <= 0)
            return length == 0 ? -ENODATA : -EPIPE;
        if (line[length] == '\n')
            break;
        if (line[length] == '\0')
            return -EILSEQ;
        if (++length >= line_bytes_max)
            return -E2BIG;
    }
    line[length] = '\0';
    return (long)length;
}

static int take_orders(void)
{
    static char line[line_bytes_max];
    write_all(standard_output, hello, sizeof hello - 1);
    for (long number = 1;; number++) {
        const long length = read_line(line);
        if (length == -ENODATA)
            return 0;
        const char *why = length == -E2BIG ? "longer than 4096 bytes"
                          : length < 0     ? "not a whole line"
                                           : take_line(line);
        if (why != 0)
            return refuse(number, why);
    }
}

static int list(void)
{
    for (size_t group = 0; group < sizeof groups / sizeof *groups; group++)
        for (const struct attack *attack = groups[group]; attack->id != 0; attack++) {
            char words[512], line[512];
            join(words, sizeof words, attack->keys, " ", attack->title);
            join(line, sizeof line, attack->id, " ", words);
            const size_t length = strlen(line);
            line[length] = '\n';
            write_all(standard_output, line, length + 1);
        }
    return 0;
}

int program(int argument_count, char **arguments, char **environment)
{
    static const int signals[] = {SIGALRM, SIGCHLD, SIGSYS, SIGPIPE, SIGTERM, SIGURG, SIGCONT};
    own_environment = environment;
    own_path = argument_count > 0 ? arguments[0] : "";
    started_by = kernel_call(__NR_getppid);
    own_pid = kernel_call(__NR_getpid);
    restore_signals(signals, sizeof signals / sizeof *signals);
    if (argument_count <= 1)
        return take_orders();
    if (argument_count == 2 && strcmp(arguments[1], "--list") == 0)
        return list();
    if (argument_count == 2 && strcmp(arguments[1], "--identity") == 0)
        return say_identity();
    if (argument_count == 2 && strcmp(arguments[1], "--victim") == 0)
        return be_victim();
    return refuse(0, "--list, --identity, --victim or nothing");
}
