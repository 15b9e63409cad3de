/*
 * Other programs beside the launcher: one that makes the sandbox in its place (maker.c), which may be an engine that
 * stays beside it (engine.c) and has a daemon (gate.c); and one that is the job's kernel (guest.c).
 */
#ifndef CUPEL_MAKER_H
#define CUPEL_MAKER_H

#include "launcher.h"

/* maker.c */
long prepare_maker(struct launch *launch);
__attribute__((noreturn)) void become_maker(struct launch *launch);
__attribute__((noreturn)) void call_maker(const struct launch *launch, char *const *words);
int start_inside(char **words);
int start_in_container(char **words);
int start_behind_gate(char **words);
int start_by_input(char **words);

/* A descriptor with this content, to be read from its beginning. */
int hold_content(const struct launch *launch, const void *content, size_t length);

/* engine.c */
__attribute__((noreturn)) void keep_engine(struct launch *launch);
/* How a keeper of an engine is to be ended: it ends what the engine has started. */
enum { signal_end_engine = 15 /* SIGTERM */ };

/* engine-away.c */
long prepare_put_away(struct launch *launch);
void put_away_what_was_left(const struct launch *launch);

/* Which file or directory something is (stat(2)); 0 where that is not known. */
struct identity {
    uint64_t device, inode;
};

/* What the launcher knows and the instruction does not say. */
struct knowledge {
    int64_t began_us;
    /* How the caller's terminal is, and so the job's. */
    struct termios settings;
    struct winsize size;
    /* Which of the streams is that. */
    bool is_terminal[3];
    /* What each input was when the launcher opened it through no link. */
    struct identity inputs[maker_inputs_max];
};

/* maker.c: what a maker is given from maker_report on, in the order of the numbers, but for its last, maker_joining. */
enum { given_count = maker_joining - maker_report };
void list_given(const struct launch *launch, int list[given_count], struct knowledge *knowledge);

/* gate.c */
int open_gate(const struct launch *launch);
void close_gate(const struct launch *launch, int gate);
long admit_at_gate(const struct launch *launch, int gate, long *pid);
bool is_first_below(long pid);
bool come_through_gate(void);
bool come_by_input(void);

/* engine-mounts.c */
long arrange_container(const struct launch *launch, const struct knowledge *knowledge, long pid);

/* engine-inside.c */
int receive_instruction(void);
const struct identity *find_seen(const struct instruction *instruction, const struct knowledge *knowledge,
                                 const char *path);
bool is_last_at(const struct instruction *instruction, size_t at);
void enter_container(const struct launch *launch, const struct knowledge *knowledge);

/* own-mounts.c */
void settle_unit(const struct launch *launch);
void settle_rootless(const struct launch *launch);

/* sandbox.c */
void enter_unit(const struct launch *launch);

/* guest.c */
enum { guest_descriptors = 4 /* The instruction, and the job's three streams. */ };
__attribute__((noreturn)) void keep_guest(const struct launch *launch, bool is_covering);

/* guest-inside.c */
void enter_guest(const struct launch *launch);
void leave_first_identity(const struct launch *launch);
int start_guest_inside(char **words);

/* maker-sources.c */
void prepare_maker_sources(struct launch *launch);
int open_maker_source(const struct launch *launch, const char *path);

#endif
