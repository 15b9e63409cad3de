/* What keeps an engine: see engine.c, of whose parts it is what they share. */
#ifndef CUPEL_KEEPER_H
#define CUPEL_KEEPER_H

#include "descriptors.h"
#include "maker.h"

#include <linux/fcntl.h>

enum { wait_no_hang = 1, signal_child = 17, signal_kill = 9 };
enum { pass_credentials = 16 /* SO_PASSCRED */, credentials = 2 /* SCM_CREDENTIALS */ };

/* How long an engine may take to end whose job has, with a launcher that is gone. */
enum { leave_taking_ms = 2000 };
/* How long a daemon may take to put a container away, and each further call. */
enum { putting_away_ms = 5000 };

struct keeper {
    struct launch *launch;
    long client;
    /* Held for good: its end tells the first process of this one's. */
    int joining;
    /* Where a daemon's first process comes to, and what that is given there; -1 once it has. */
    int gate, given[given_count];
    /* A pidfd(2) of the first process, from its admission on; -1 before. */
    int first;
    int notices;
    /* Monotonic milliseconds; 0 while the launcher is there. */
    int64_t leave_by_ms;
    bool is_to_end, has_ended, is_admitted;
    /* Of the client, as wait4(2) gives it. */
    int status;
};

/* engine.c */
int open_joining(struct launch *launch);

/* engine-admission.c */
struct keeper await_at_gate(struct launch *launch);
bool admit_first_process(struct keeper *keeper);
void leave_given(struct keeper *keeper);
void leave_reports(struct launch *launch);

/* engine-client.c */
void fail_keeping(struct keeper *keeper, int step, long error, const char *subject);
void heed_signals(struct keeper *keeper);
void reap_client(struct keeper *keeper);
void call_client(struct keeper *keeper, char *const *words);
void await_client(struct keeper *keeper, int64_t most_ms);
void end_client(const struct keeper *keeper);

/* engine-away.c */
void put_away(const struct launch *launch, bool is_lost);

#endif
