/* What the parts of the driver share: an order from the command line, and one way per kind of job to carry it out. */
#ifndef CUPEL_BENCH_DRIVER_H
#define CUPEL_BENCH_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { opens_max = 16 };

/* A file that the child finds open on a number: bwrap takes contents that way. */
struct opened_file {
    int number;
    const char *path;
};

struct order {
    /* One of "spawn", "launcher", "bare". */
    const char *kind;
    char **command;
    unsigned count, warm_up, parallel;
    /* Jobs write to the driver's standard error; otherwise to the null device, where no launcher has to relay it. */
    bool is_verbose;
    /* launcher: what goes down its channel. */
    unsigned char *instruction;
    size_t instruction_bytes;
    /* bare: CLONE_NEW* flags, and what else is set up. */
    uint64_t namespaces;
    bool has_mounts;
    struct opened_file opens[opens_max];
    size_t open_count;
};

/* Each runs one job to its end; false, having said why on stderr, where the job did not end with 0. */
bool run_spawned(const struct order *order);
bool run_launcher(const struct order *order);
bool run_bare(const struct order *order);

#endif
