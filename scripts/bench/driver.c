/*
 * Runs one kind of job again and again and prints how long each took, in nanoseconds of CLOCK_MONOTONIC, one a line;
 * then `wall` and the time from the first job's start to the last one's end. With more than one worker, each takes the
 * next job as soon as its last has ended.
 *
 * driver KIND COUNT WARM-UP PARALLEL [-v] [-i INSTRUCTION] [-c CLONE-FLAGS] [-m] [-f NUMBER=PATH]... -- COMMAND...
 */
#define _GNU_SOURCE
#include "driver.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { exit_usage = 64 };

/* What the workers share. */
struct board {
    atomic_uint next;
    atomic_bool has_failed;
    int64_t samples_ns[];
};

static int64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void stop(int code, const char *message)
{
    fprintf(stderr, "driver: %s\n", message);
    exit(code);
}

static void read_instruction(struct order *order, const char *path)
{
    struct stat status;
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &status) != 0)
        stop(exit_usage, path);
    order->instruction_bytes = (size_t)status.st_size;
    order->instruction = malloc(order->instruction_bytes);
    if (read(file, order->instruction, order->instruction_bytes) != status.st_size)
        stop(1, "the instruction could not be read");
    close(file);
}

static void add_open(struct order *order, char *text)
{
    char *path = NULL;
    const long number = strtol(text, &path, 10);
    if (*path != '=' || order->open_count == opens_max)
        stop(exit_usage, "-f wants NUMBER=PATH");
    order->opens[order->open_count++] = (struct opened_file){.number = (int)number, .path = path + 1};
}

static unsigned parse_count(const char *text)
{
    return (unsigned)strtoul(text, NULL, 10);
}

static struct order parse_order(int count, char **words)
{
    if (count < 6)
        stop(exit_usage, "too few arguments");
    struct order order = {.kind = words[1],
                          .count = parse_count(words[2]),
                          .warm_up = parse_count(words[3]),
                          .parallel = parse_count(words[4])};
    optind = 5;
    for (int option; (option = getopt(count, words, "+vi:c:mf:")) != -1;) {
        if (option == 'v')
            order.is_verbose = true;
        else if (option == 'i')
            read_instruction(&order, optarg);
        else if (option == 'c')
            order.namespaces = strtoull(optarg, NULL, 0);
        else if (option == 'm')
            order.has_mounts = true;
        else if (option == 'f')
            add_open(&order, optarg);
        else
            stop(exit_usage, "unknown option");
    }
    order.command = words + optind;
    if (order.command[0] == NULL || order.count == 0 || order.parallel == 0)
        stop(exit_usage, "there must be a command, a job and a worker");
    return order;
}

static bool run_one(const struct order *order)
{
    if (strcmp(order->kind, "launcher") == 0)
        return run_launcher(order);
    return strcmp(order->kind, "bare") == 0 ? run_bare(order) : run_spawned(order);
}

static int work(const struct order *order, struct board *board)
{
    while (!atomic_load(&board->has_failed)) {
        const unsigned number = atomic_fetch_add(&board->next, 1);
        if (number >= order->count)
            return 0;
        const int64_t start = now_ns();
        if (!run_one(order))
            atomic_store(&board->has_failed, true);
        board->samples_ns[number] = now_ns() - start;
    }
    return 1;
}

/* Waits for the common start, which is the end of the pipe. */
static void start_worker(const struct order *order, struct board *board, const int gate[2])
{
    const pid_t parent = getpid();
    if (fork() != 0)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    char byte;
    close(gate[1]);
    if (getppid() != parent || read(gate[0], &byte, 1) != 0)
        _exit(1);
    close(gate[0]);
    _exit(work(order, board));
}

static int64_t run_all(const struct order *order, struct board *board)
{
    int gate[2];
    if (pipe2(gate, O_CLOEXEC) != 0)
        stop(1, "no pipe");
    for (unsigned index = 0; index < order->parallel; index++)
        start_worker(order, board, gate);
    close(gate[0]);
    const int64_t start = now_ns();
    close(gate[1]);
    int status;
    while (wait(&status) > 0)
        if (status != 0 && !atomic_exchange(&board->has_failed, true))
            fprintf(stderr, "a worker ended with wait status %d\n", status);
    return now_ns() - start;
}

static struct board *make_board(unsigned count)
{
    struct board *board = mmap(NULL, sizeof *board + count * sizeof board->samples_ns[0], PROT_READ | PROT_WRITE,
                               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (board == MAP_FAILED)
        stop(1, "no memory");
    return board;
}

/* A job's own streams are the null device: neither a pipe's reader nor a relay takes part in what is measured. */
static FILE *keep_output(bool is_verbose)
{
    FILE *output = fdopen(fcntl(1, F_DUPFD_CLOEXEC, 100), "w");
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (output == NULL || null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
        stop(1, "no streams");
    if (is_verbose)
        return output;
    FILE *complaints = fdopen(fcntl(2, F_DUPFD_CLOEXEC, 100), "w");
    if (complaints == NULL || dup2(null, 2) < 0)
        stop(1, "no streams");
    setvbuf(complaints, NULL, _IONBF, 0);
    stderr = complaints;
    return output;
}

int main(int count, char **words)
{
    /* A bench that is interrupted takes its driver along, and that its workers. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const struct order order = parse_order(count, words);
    FILE *output = keep_output(order.is_verbose);
    struct board *board = make_board(order.count);
    for (unsigned index = 0; index < order.warm_up; index++)
        if (!run_one(&order))
            return 1;
    const int64_t wall_ns = run_all(&order, board);
    if (atomic_load(&board->has_failed))
        return 1;
    for (unsigned index = 0; index < order.count; index++)
        fprintf(output, "%lld\n", (long long)board->samples_ns[index]);
    fprintf(output, "wall %lld\n", (long long)wall_ns);
    return fclose(output) == 0 ? 0 : 1;
}
