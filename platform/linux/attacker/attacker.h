/*
 * The attacker: everything that a job could try against the sandbox that it is in, and against what lies beyond. One
 * short function for each attack; it does what an attacker would do, tells what it got hold of, and judges nothing.
 *
 * No attack harms the host when it succeeds: it reads and changes canaries that the host named, writes back what was
 * there, changes mounts only in a namespace of its own, uses no more than it was told to, and cleans up.
 */
#ifndef CUPEL_ATTACKER_H
#define CUPEL_ATTACKER_H

#include "../shared/kernel.h"
#include "protocol.h"

/* What an attack gives back: attempted, or why nothing could be proved. */
enum ending { attempted, other_architecture, no_terminal, no_process };

struct attack {
    const char *id;
    /* Names joined by commas; one that it can do without ends in a question mark. */
    const char *keys;
    const char *title;
    enum ending (*run)(void);
};

/* Of each group, up to one whose id is 0. */
extern const struct attack file_attacks[], change_attacks[], leak_attacks[], process_attacks[], resource_attacks[],
    network_attacks[], kernel_attacks[];

/* attacker.c: what this process was started with and by. */
extern char **own_environment;
extern const char *own_path;
extern long started_by;
extern long own_pid;

/* say.c: the lines; the attack under way is the one that a line is about. */
void set_subject(const char *id);
void say_start(void);
void say_end(const char *ending, const char *words, long number);
void did(const char *step, long result);
void saw(const char *channel, const void *bytes, size_t length);
void saw_text(const char *channel, const char *text);
/* The two parts joined. */
void gained(const char *what, const char *which);
void left(const char *what);
void fact(const char *name, long long number);
void fact_text(const char *name, const char *value);
void tell_link(const char *name, const char *path);
void write_all(int descriptor, const char *text, size_t length);

/* orders.c: keys and their values. */
enum { key_name_room = 32 };
/* 0, or why the line cannot be taken. */
const char *set_key(char *words);
/* The value; 0 where it is not set. */
const char *key(const char *name);
/* A decimal number, at most MOST; OTHERWISE where it is not set or none. */
long key_number(const char *name, long otherwise, long most);
bool key_is(const char *name, const char *value);
/* Of a hexadecimal digit; -1 for what is none. */
int digit_value(char digit);
/* What an attack makes is named by this. */
const char *mark(void);
/* Each item of a list in turn: copies it to ITEM and advances *REST; false at the end. */
bool next_item(const char **rest, char *item, size_t room);
long parse_decimal(const char **text);

/* text.c */
enum { path_room = 4096, number_room = 24 };
/* All parts joined, cut to ROOM and ended; returns TO. */
char *join(char *to, size_t room, const char *first, const char *second, const char *third);
/* NUMBER in decimal; a buffer of its own for each of four calls in a row. */
const char *decimal(long long number);
bool starts_with(const char *text, const char *start);
const char *last_part(const char *path);
/* PATH without its last part; "/" where there is no other. */
char *parent_of(char *to, size_t room, const char *path);
/* Where NEEDLE begins in LENGTH bytes, or 0. */
const char *find_text(const char *bytes, size_t length, const char *needle);

/* files.c */
long open_at(long directory, const char *path, int flags);
long open_file(const char *path, int flags);
void close_file(long descriptor);
/* As much as there is at once, up to the capacity; a NUL after it. -errno, or the length. */
long read_open(long descriptor, char *buffer, size_t capacity);
long read_path(const char *path, char *buffer, size_t capacity);
long write_path(const char *path, int flags, const char *text);
/* Steps: opens (`STEP`), reads, tells the first bytes in a channel of the step's name; closes. */
void tell_open(const char *step, long descriptor);
void tell_path(const char *step, const char *path);
/* The same for places with other things than canaries: tells words that begin with the token prefix alone. */
void search_path(const char *step, const char *path);
/* How many such words. */
size_t search_bytes(const char *channel, const char *bytes, size_t length);
long file_mode(const char *path);
/* inode(7); a C library hides the kernel's own names for them. */
enum mode {
    mode_type = 0170000,
    mode_socket = 0140000,
    mode_file = 0100000,
    mode_block = 0060000,
    mode_directory = 0040000,
    mode_character = 0020000,
    mode_pipe = 0010000,
    mode_set_user_id = 0004000
};
/* Calls VISIT with each name in a directory, but . and ..; -errno where it cannot be listed. */
long each_name(const char *directory, bool (*visit)(const char *name, void *context), void *context);

/* scratch.c: a fresh directory as the current one; false (and a step) where nothing can be written. */
bool enter_scratch(void);
/* Removes it with the files and empty directories in it. */
void leave_scratch(void);

/* child.c */
typedef int act(void *argument);
/* As wait4(2) gives it, or -errno. Killed after so many milliseconds. */
long run_child(act *action, void *argument, long milliseconds);
/* 0 in the child, which dies with its parent and is killed after so many milliseconds (0: never). */
long fork_child(long milliseconds);
long wait_for(long process);
void kill_and_wait(long process);
void sleep_milliseconds(long milliseconds);
long long now_nanoseconds(void);
long long now_milliseconds(void);
/* A thread that does nothing and needs no memory: it waits until the process ends. */
long start_idle_thread(void);
/* Memory that children share; 0 where there is none. */
void *shared_memory(size_t bytes);
void *map_memory(size_t bytes, int flags);
bool is_mapped(long result);

/* identity.c */
struct identity {
    long uid;
    long effective_uid;
    long no_new_privileges;
    unsigned long long effective;
    unsigned long long permitted;
    unsigned long long inheritable;
};
void read_identity(struct identity *identity);
/* unshare(FLAGS), with ids mapped where FLAGS has CLONE_NEWUSER. */
long enter_namespaces(unsigned long flags);
/*
 * Namespaces in which mounts may be changed: own ones, with or without a user namespace of its own. False where there
 * are none and the mounts might be the host's.
 */
bool may_change_mounts(bool with_user);
int say_identity(void);

/* sockets.c: addresses in the kernel's form. */
enum { family_unix = 1, family_inet = 2, family_inet6 = 10, family_netlink = 16, family_packet = 17 };
enum { stream = 1, datagram = 2, raw = 3 };
struct address {
    unsigned length;
    union {
        unsigned short family;
        char bytes[128];
    };
};
/* Host order. */
struct address inet_address(unsigned address, long port);
/* ::1, or ::ffff:ADDRESS where one is given. */
struct address inet6_address(unsigned mapped, long port);
/* A name that starts with @ is abstract (unix(7)); one that does not fit is cut. */
struct address unix_address(const char *name);
bool parse_inet(const char *text, unsigned *address);
/* connect(2) that gives up after so many milliseconds. */
long connect_within(long socket, const struct address *address, long milliseconds);
/* Connects, sends the mark, tells what comes back within 300 ms; steps STEP and STEP-connect. */
void talk(const char *step, int family, int kind, int protocol, const struct address *address);
long receive_within(long socket, char *buffer, size_t capacity, long milliseconds);

/* victim.c */
int be_victim(void);

/* The attacks of files of their own. */
enum ending attack_handles(void);
enum ending attack_set_user_id(void);
enum ending attack_control_files(void);
enum ending attack_devices(void);
enum ending attack_remount(void);
enum ending attack_mount(void);
enum ending attack_mount_files(void);
enum ending attack_chroot(void);
enum ending attack_processors(void);
enum ending attack_disk(void);
enum ending attack_large_files(void);
enum ending attack_deep_tree(void);
enum ending attack_residue(void);
enum ending attack_rings(void);
enum ending attack_other_calls(void);
enum ending attack_high_bits(void);
enum ending attack_terminal(void);
enum ending attack_shared_objects(void);
enum ending attack_kernel_features(void);
enum ending attack_more_sandboxes(void);
enum ending attack_capabilities(void);
enum ending attack_descriptors_out(void);
enum ending attack_namespaces(void);
enum ending attack_daemon(void);
enum ending attack_orphans(void);
enum ending attack_proxy_names(void);
enum ending attack_proxy_addresses(void);
enum ending attack_proxy_requests(void);
/* Where there is a proxy that has to let one request through: steps and channel `listed`. */
void ask_for_listed(void);

#endif
