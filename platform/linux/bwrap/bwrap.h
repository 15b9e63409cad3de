/*
 * What `cupel bwrap` executes: bubblewrap's command line, read and carried out as bwrap(1) of version 0.11 documents
 * it, with nothing added and nothing left out. One process stays outside (monitor.c), one builds the sandbox and
 * becomes the command or, where there is something to keep or to reap, the parent of it (reaper.c).
 */
#ifndef CUPEL_BWRAP_H
#define CUPEL_BWRAP_H

#include "../shared/kernel.h"

#include <linux/filter.h>

enum { none = -1, usual_mode = 0755, mode_unset = -1 };

enum operation_kind {
    operation_bind,
    operation_bind_data,
    operation_chmod,
    operation_devices,
    operation_directory,
    operation_file,
    operation_mqueue,
    operation_overlay,
    operation_proc,
    operation_remount_read_only,
    operation_symlink,
    operation_tmpfs,
};

/* Of a list whose items are in the order of the command line. */
struct item {
    struct item *next;
};

struct list {
    struct item *first;
    struct item **end;
};

struct overlay_source {
    struct item item;
    const char *path;
};

enum overlay_kind { overlay_written, overlay_temporary, overlay_read_only };

/* One change of the sandbox's file system. What does not concern its kind is as `add_operation` leaves it. */
struct operation {
    struct item item;
    enum operation_kind kind;
    enum overlay_kind overlay;
    /* On the host, or a link's target. */
    const char *source;
    const char *destination;
    /* The working directory of an overlay. */
    const char *work;
    /* What it reads, or what it binds. */
    int descriptor;
    int mode;
    uint64_t size;
    bool is_read_only, has_devices, is_optional;
    struct list overlay_sources;
};

struct lock {
    struct item item;
    const char *path;
};

struct filter {
    struct item item;
    int descriptor;
    struct sock_fprog program;
};

struct options {
    /* CLONE_NEW… of the namespaces that are asked for. */
    unsigned long namespaces;
    bool tries_user, tries_cgroup, disables_user_namespaces, asserts_user_namespaces_disabled;
    bool is_new_session, dies_with_parent, is_first_process;
    int user_namespace, second_user_namespace, pid_namespace;
    int block, user_namespace_block, sync, information, status;
    long long uid, gid;
    const char *hostname, *directory, *program_name;
    struct list operations, locks, filters;
    /* --seccomp, of which the last counts; and whether capabilities were spoken of at all. */
    struct filter *only_filter;
    bool has_capabilities;
    uint64_t capabilities;
    char **command;
};

/* Of this run, and the same for all of its processes. */
struct sandbox {
    struct options options;
    /* The host's /proc, wherever the root is by then. */
    int processes;
    /* The caller's, and the command's. */
    uint32_t uid, gid, inside_uid, inside_gid;
    /* Ids that this user namespace is made with: others than those of the command where another follows. */
    uint32_t first_uid, first_gid;
    bool needs_second_namespace;
    /* Where the caller is, and the terminal that standard output is. */
    const char *directory, *terminal;
    /* One byte from the monitor lets the sandbox be made; messages of the sandbox come back. */
    int go[2], told[2];
};

/* What the monitor is told: that the sandbox's process is made, and by that one whether the command was executed, and
   how it ended. */
struct message {
    int32_t kind, status;
};

enum { message_made, message_started, message_not_started, message_ended };

/* Where the host's root lies while another is made. */
static const char old_root[] = "/oldroot", new_root[] = "/newroot";

/* text.c */
void prefix_level(void);
void *allocate(size_t bytes);
void *take_scratch(size_t bytes);
const char *join(const char *first, ...) __attribute__((sentinel));
const char *number_text(uint64_t number);
const char *octal_text(uint64_t number);
__attribute__((noreturn, sentinel)) void die(const char *first, ...);
__attribute__((noreturn, sentinel)) void die_of(long result, const char *first, ...);
long write_text(int descriptor, const char *text);
void warn_of_last(const char *option);
bool starts_with(const char *text, const char *beginning);
void append_item(struct list *list, struct item *item);

/* errors.c */
const char *error_text(long result);

/* files.c */
void copy_all(int from, int to, const char *subject);
char *read_whole(int descriptor, size_t *length, const char *subject);
void close_all_but(const int *kept, size_t count);
long open_process_file(const struct sandbox *sandbox, const char *name, int flags);
void close_descriptor(int descriptor);

/* environment.c */
void keep_environment(char **environment);
const char *variable(const char *name);
void set_variable(const char *name, const char *value);
void unset_variable(const char *name);
void clear_variables(void);
char **all_variables(void);

/* help.c */
__attribute__((noreturn)) void show_help(int descriptor, int status);
__attribute__((noreturn)) void show_version(void);

/* arguments.c */
void parse_arguments(struct options *options, char **arguments);

/* option-table.c, and file-options.c */
struct named_option {
    const char *name;
    /* How many words follow. */
    int values;
    void (*take)(struct options *options, const struct named_option *option, char **values);
    /* Where in `struct options` a value goes, or what else `take` has to know of this one. */
    size_t place;
    unsigned flags;
    const char *operands, *description;
};
struct option_table {
    const struct named_option *options;
    size_t count;
};
extern const struct option_table plain_options, file_options;
void refuse_pending(unsigned flags);
void refuse_pending_sources(void);

/* capability-names.c */
uint64_t parse_capabilities(const char *name);

/* numbers.c */
int parse_descriptor(const char *text);
bool parse_size(const char *text, uint64_t *size);
bool parse_number(const char *text, unsigned base, uint64_t maximum, uint64_t *number);

/* conditions.c */
void settle_options(struct sandbox *sandbox);

/* processes.c */
int exit_code(int status);
int wait_for(long child);
bool wait_at(int descriptor);

/* information.c */
void tell_of(const struct sandbox *sandbox, long child);

/* monitor.c */
int monitor(struct sandbox *sandbox);
void die_with_parent(const struct options *options);
void enter_last_namespace(const struct options *options);

/* sandbox.c */
void tell(const struct sandbox *sandbox, int32_t kind, int32_t status);
__attribute__((noreturn)) void enter_sandbox(struct sandbox *sandbox);

/* directory.c */
const char *own_directory(void);

/* root.c */
void build_root(struct sandbox *sandbox);

/* sources.c */
void resolve_sources(const struct sandbox *sandbox);
const char *path_of(const struct sandbox *sandbox, int descriptor);

/* places.c */
/* What a path in the making is called by who asked for it. */
const char *shown(const char *path);
void make_parents(const char *path, int mode);
void make_directory(const char *path, int mode);
void make_file(const char *path, int mode);
bool is_directory(const char *path);

/* mount-table.c */
struct mount {
    const char *path;
    /* MS_… of its own. */
    unsigned long flags;
};
char *read_mount_table(const struct sandbox *sandbox);
bool next_mount(char **at, struct mount *mount);

/* mounts.c */
void mount_new(const char *type, const char *destination, unsigned long flags, const char *data);
void bind_mount(const struct sandbox *sandbox, const char *source, const char *destination,
                const struct operation *how);
void make_read_only(const struct sandbox *sandbox, const char *path);

/* devices.c */
void note_terminal(struct sandbox *sandbox);
void make_devices(const struct sandbox *sandbox, const char *destination);
void make_proc(const struct sandbox *sandbox, const char *destination);

/* overlay.c */
void lay_overlay(const struct operation *operation, const char *destination);

/* identity.c */
void map_ids(const struct sandbox *sandbox, uint32_t uid, uint32_t gid, uint32_t outside_uid, uint32_t outside_gid);
void enter_second_namespace(const struct sandbox *sandbox);
void assert_disabled(void);
uint64_t own_capabilities(void);
bool is_privileged(void);
void raise_capabilities(void);
void keep_capabilities(const struct sandbox *sandbox);
void make_capabilities_ambient(const struct sandbox *sandbox);
void drop_capabilities(void);

/* filters.c */
void read_filters(struct options *options);
void read_last_filter(struct options *options);
void load_filters(const struct options *options);

/* reaper.c */
void reap(const struct sandbox *sandbox, long command);

/* execute.c */
void change_directory(const struct sandbox *sandbox);
__attribute__((noreturn)) void execute(const struct sandbox *sandbox);

/* loopback.c */
void bring_loopback_up(void);

#endif
