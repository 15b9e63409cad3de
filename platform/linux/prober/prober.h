/*
 * The prober: does, in throw-away children, what cupel's probes must see done. Every act is one step, and every step is
 * one line of JSON on standard output: what the kernel said, never what it means. Meaning is TypeScript's business.
 */
#ifndef CUPEL_PROBER_H
#define CUPEL_PROBER_H

#include "../shared/kernel.h"

/* Each probe: its arguments without the program's and the probe's name. */
void probe_attribution(int count, char **arguments);
void probe_mounts(int count, char **arguments);
void probe_seccomp(int count, char **arguments);
void probe_landlock(int count, char **arguments);
void probe_kvm(int count, char **arguments);
void probe_control_group(int count, char **arguments);
void probe_capabilities(int count, char **arguments);
void probe_no_new_privileges(int count, char **arguments);
void probe_process_limit(int count, char **arguments);
void probe_fork_limit(int count, char **arguments);
void probe_inside(int count, char **arguments);
void probe_network(int count, char **arguments);
void probe_device(int count, char **arguments);
void probe_boot(int count, char **arguments);
void probe_init(int count, char **arguments);
void probe_system_calls(int count, char **arguments);
void probe_interfaces(int count, char **arguments);
void probe_tracing(int count, char **arguments);
void probe_places(int count, char **arguments);
void probe_shared_memory(int count, char **arguments);
void probe_resources(int count, char **arguments);
void probe_kernel_facts(int count, char **arguments);
void probe_file_calls(int count, char **arguments);
void probe_effects(int count, char **arguments);
void probe_nesting(int count, char **arguments);
void probe_file_systems(int count, char **arguments);
void probe_overlay(int count, char **arguments);
void probe_fuse(int count, char **arguments);
void probe_outside(int count, char **arguments);
void probe_keep(int count, char **arguments);
void probe_id_range(int count, char **arguments);
void probe_attach_network(int count, char **arguments);

/* What this process was started with, for programs that it runs in turn. */
extern char **own_environment;

/* report.c: one line each. A negative result is -errno; any other is the step's value. */
void report(const char *step, long long result);
void report_text(const char *step, long long result, const char *text);
/* Both an errno and a number, for steps that are judged by how far they came. */
void report_both(const char *step, long error, long long value, const char *text);

/* How a child ended: by which signal (0 for none), with which status, or why there was none. */
struct ending {
    long error;
    int signal;
    int status;
};

/* child.c */
typedef int act(void *argument);
enum { no_deadline = 0, child_vanished = 111 };
/*
 * Runs act in a child that dies with this process and, unless no_deadline, after so many milliseconds (of SIGALRM).
 * What a child does to itself, or the kernel to it, never ends the run.
 */
struct ending run_child(act *action, void *argument, long milliseconds);
/* The same; a death or a failed fork becomes the step NAME-died (value: the signal). */
struct ending report_child(const char *name, act *action, void *argument, long milliseconds);
/* A plain fork: 0 in the child, which dies with its parent. */
long fork_child(void);
struct ending wait_for(long process);
void sleep_milliseconds(long milliseconds);
/* Monotonic microseconds. */
long long now_microseconds(void);

/* files.c: no path is followed that was not given; results are -errno or a length. */
long read_file(const char *path, char *buffer, size_t capacity);
long write_file(const char *path, const char *text);
/* A file that is gone when its descriptors are; HAD_NAME where the file system makes none without (no O_TMPFILE). */
struct nameless {
    long writer;
    long reader;
    bool had_name;
};
struct nameless make_nameless(const char *directory, int mode);
long open_path(const char *path, int flags);
/* Joins with a slash; false where it does not fit. */
bool join_path(char *path, size_t capacity, const char *directory, const char *name);
/* The number after the first line's start KEY followed by blanks, or -1. */
long long number_after(const char *text, const char *key);
long long parse_number(const char *text);
bool starts_with(const char *text, const char *start);
/* Copies TEXT to TO, cut to CAPACITY and ended; returns its length. */
size_t copy_text(char *to, size_t capacity, const char *text);
/* Writes NUMBER in decimal; BUFFER holds at least 24 bytes. */
void format_number(char *buffer, long long number);

/* Nobody's id (systemd leaves 61184 to dynamic users), and within a container's usual range of 65,536. */
enum { foreign_id = 61184 };

/* identity.c: the ids of this process, and its own user namespace with these ids mapped onto themselves. */
long write_id_map(const char *path, long id);
/* unshare(FLAGS), with the caller's own ids mapped where FLAGS has CLONE_NEWUSER; the first failing call's -errno. */
long enter_namespaces(unsigned long flags);
/* A network namespace; root needs no user namespace for it, unless its capabilities were taken. */
long enter_network_namespace(void);
/* The same as root inside: only root keeps its capabilities over an exec. */
long enter_namespaces_as_root(unsigned long flags);
/* Takes foreign_id for user and group and gives up all groups; stays dumpable, or no id map could be written. */
long become_foreign(void);
/* The mask of capability set 0 effective, 1 permitted, 2 inheritable; -errno where capget(2) fails. */
long long capability_set(int which);

/* scratch.c: an empty tmpfs as the current directory, seen by nobody else. */
/* FLAGS, with CLONE_NEWUSER where the caller is not root: root builds mounts as root. */
unsigned long with_own_user(unsigned long flags);
/* Enters it, with namespaces FLAGS besides; reports namespaces, private-root, tmpfs, and says whether all went well. */
bool enter_scratch(unsigned long flags);
/* The same without a report: the last step that was tried, and 0 or its -errno. */
long try_scratch(unsigned long flags, const char **step);
long create_file(const char *path);
long make_directory(const char *path);
long file_exists(const char *path);

/* seccomp-foreign.c: what the seccomp probe does besides. */
void report_foreign_calls(void);

/* landlock-rights.c: each right beyond those of the first ABI, for a kernel with this one. */
void report_landlock_rights(long abi);
/* How many of the 16 domains that fit into each other are left to this process, in a step of this name. */
void report_landlock_layers(const char *step);

/* sockets.c: listeners on addresses that the kernel picks, and who reaches them; 0 or -errno. */
struct sockaddr_in;
struct sockaddr_un;
/* On the loopback of this network namespace. */
long listen_on_loopback(struct sockaddr_in *address);
/* unix(7), "autobind". */
long listen_on_abstract(struct sockaddr_un *address, unsigned int *length);
long connect_to(int family, const void *address, size_t length);
/* Whether any route leads to an IPv4 address; sends nothing. */
long find_route(unsigned int address);
long bring_loopback_up(void);

#endif
