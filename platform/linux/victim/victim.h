/*
 * The victim: runs outside of a sandbox while attacks run inside, holds what TypeScript cannot (memory, sockets of
 * every family, System V and POSIX objects, a key, a terminal), and says what becomes of it. It takes lines on its
 * standard input and writes lines on its standard output:
 *
 *   hold CHANNEL TOKEN [PLACE]   ->  held CHANNEL VALUE, or absent CHANNEL ERRNO
 *   look                         ->  a `hit` for every object that is not as it was made, then `looked`
 *   (at any moment)              ->  hit CHANNEL WHAT-CAME
 *
 * At the end of its input it removes what it made and ends.
 *
 * `victim --apart` does so in namespaces of its own, where it can have them.
 * `victim --terminal PATH PROGRAM WORD…` instead executes PROGRAM with PATH as its controlling terminal;
 * `victim --own-terminal PROGRAM WORD…` with a new one, which is its standard input, too: what comes on this program's
 * is typed there.
 */
#ifndef CUPEL_VICTIM_H
#define CUPEL_VICTIM_H

#include "../shared/append.h"
#include "../shared/kernel.h"

enum { token_capacity = 128, place_capacity = 108, value_capacity = 160 };

/* One thing that is held. */
struct canary {
    char channel[24];
    char token[token_capacity];
    /* A path, an abstract name, a queue's name, a key's description, a System V key or a port. */
    char place[place_capacity];
    /* A descriptor, or a System V id, or a key's number. */
    long handle;
    const struct kind *kind;
};

/* One way of holding. */
struct kind {
    const char *channel;
    /* Makes it, and writes what an attacker has to know into VALUE; -errno where it cannot be made here. */
    long (*hold)(struct canary *canary, char *value);
    /* What came into its descriptor; absent for what has none to wait on. */
    void (*answer)(struct canary *canary);
    /* Says a hit if it is not as it was made. */
    void (*look)(struct canary *canary);
    void (*release)(struct canary *canary);
};

/* main.c */
/* `hit CHANNEL TEXT`; bytes that would break a line become '?'. */
void say_hit(const struct canary *canary, const char *text, size_t length);
/* Text of a number in decimal. */
void put_decimal(char *value, long number);
long parse_decimal(const char *text);
void copy_word(char *to, size_t capacity, const char *text);

/* sockets.c, objects.c, terminal.c: ended by one without a channel. */
extern const struct kind socket_kinds[];
extern const struct kind object_kinds[];

/* Each byte as it comes, none of them shown or obeyed: what a terminal is told before anybody listens is not lost. */
long make_raw(long terminal);

/* own-terminal.c: does not return where it could. */
int execute_on_own_terminal(char **words, char **environment);

#endif
