/* What the launcher is told, as it is read (instruction.c): every part of it points into the instruction itself. */
#ifndef CUPEL_INSTRUCTION_H
#define CUPEL_INSTRUCTION_H

#include "../shared/kernel.h"
#include "../shared/protocol.gen.h"

#include <linux/filter.h>

enum { root_steps_max = 1024, control_groups_max = 8, resource_limits_max = 16, owners_max = 256 };
enum { listeners_max = 64, published_max = 32, pinned_max = 4 };
enum { maker_words_max = 1024, maker_inputs_max = MAKER_INPUTS_MAX };
enum { further_calls_max = 4, further_words_max = 16 };
enum { descriptors_max = 32, descriptor_number_max = 63 };
enum { path_rules_max = 512 };

struct root_step {
    uint16_t kind;
    uint32_t bits;
    uint32_t mode;
    uint64_t size;
    /* How many files and directories a file system may hold; 0 leaves it to the kernel. */
    uint64_t files;
    /* Where it comes from: a host path, or a symlink's target. */
    const char *source;
    const char *destination;
    /* Of an overlay: where what is changed goes. */
    const char *layer;
    /* Of an overlay: what lays it in the kernel's place, or NULL. */
    const char *program;
    const char *content;
    uint32_t content_length;
    /* Descriptor of the user namespace that maps the source's owner, or -1. */
    int owner_namespace;
};

/* What a maker finds at a descriptor of its own: this content, or the host's file or directory at `path`. */
struct maker_input {
    const char *content;
    uint32_t length;
    const char *path;
};

/* Of a maker's own program: what else there is to do, and when (call_before, call_after, call_after_loss). */
struct further_call {
    uint32_t time;
    char *words[further_words_max];
    size_t count;
};

struct resource_limit {
    uint32_t resource;
    uint64_t soft;
    uint64_t hard;
};

/* A port of the job's own loopback that is reached through one outside. */
struct published {
    uint8_t address[16];
    bool is_ipv6;
    uint16_t port, job_port;
};

/* A path of the host's at which one directory is meant, and no other that lies there by now. */
struct pinned {
    const char *path;
    /* As stat(2) gives them. */
    uint64_t device, inode;
};

/* What the job finds behind a descriptor of this number. */
struct content_descriptor {
    int number;
    const char *content;
    uint32_t length;
};

/* What a job that has the caller's own view of the host may use of it. */
struct path_rule {
    const char *path;
    uint32_t bits;
};

struct instruction {
    uint32_t inside_uid, inside_gid, outside_uid, outside_gid;
    uint64_t namespaces;
    uint32_t options;
    uint32_t umask;
    const char *hostname;
    const char *directory;
    char **arguments;
    char **environment;
    /* What runs before, in the same sandbox; NULL where nothing does. */
    char **setup;
    struct resource_limit resource_limits[resource_limits_max];
    size_t resource_limit_count;
    const char *control_groups[control_groups_max];
    size_t control_group_count;
    struct sock_fprog seccomp;
    /* A second filter, for what no mount and no namespace keeps apart; what it asks, the first process answers. */
    struct sock_fprog guard;
    /* In the place of a root; none where the job has one, or is not confined. */
    struct path_rule path_rules[path_rules_max];
    size_t path_rule_count;
    uint64_t landlock_scopes;
    /* What is taken of TCP: LANDLOCK_ACCESS_NET_*. */
    uint64_t landlock_network;
    /* 0, or the version whose rights on files are counted on. */
    uint32_t landlock_version;
    /* Caps on time; 0 is none. */
    uint64_t timeout_ms;
    uint64_t grace_ms;
    uint64_t cpu_ms;
    uint64_t idle_ms;
    /* Cap on what is passed on of the outputs, and whether the job ends there; 0 is none. */
    uint64_t output_bytes_max;
    bool ends_at_output_max;
    uint64_t capture_bytes_max;
    /*
     * Ports that are listened on on the job's own loopback, and the Unix socket where the proxy waits. From the index
     * `direct_from` on they are listened on at every address there is, and every address leads to the loopback.
     */
    uint16_t listener_ports[listeners_max];
    size_t listener_count, direct_from;
    const char *proxy;
    struct published published[published_max];
    size_t published_count;
    struct content_descriptor descriptors[descriptors_max];
    size_t descriptor_count;
    struct root_step root[root_steps_max];
    size_t root_count;
    /*
     * The job has a kernel of its own, which a program is that runs beside the job's root: the steps from the index
     * `around_from` on make the root that both lie in.
     */
    bool has_guest;
    size_t around_from;
    struct pinned pinned[pinned_max];
    size_t pinned_count;
    /*
     * The program that makes the sandbox in the launcher's place, or that is the job's kernel in a sandbox of the
     * launcher's, and what it is given; none where the first is NULL.
     */
    char *maker_arguments[maker_words_max];
    char *maker_environment[maker_words_max];
    size_t maker_argument_count, maker_variable_count;
    struct maker_input maker_inputs[maker_inputs_max];
    size_t maker_input_count;
    /* Until when there has to be a job; 0 is never. */
    uint64_t maker_start_ms;
    struct further_call further_calls[further_calls_max];
    size_t further_call_count;
    /*
     * A directory of the host's, where an engine's daemon starts the container: its first process inherits nothing, and
     * comes to a socket in it for all that it is to have. NULL where it inherits.
     */
    const char *gate;
    /* Where a daemon without root's rights listens: it is in a user namespace of the caller's, where the caller is
     * root. */
    const char *daemon;
    /* The whole as it came. */
    const unsigned char *bytes;
    size_t length;
    /* Kinds of the records that it was told in, a bit each. */
    uint64_t records;
};

static inline bool has_option(const struct instruction *instruction, uint32_t bit)
{
    return (instruction->options & bit) != 0;
}

static inline bool has_maker(const struct instruction *instruction)
{
    return instruction->maker_argument_count > 0 && !instruction->has_guest;
}
/* It makes the sandbox, or is the job's kernel in one. */
static inline bool has_other_program(const struct instruction *instruction)
{
    return instruction->maker_argument_count > 0;
}
static inline bool has_engine(const struct instruction *instruction)
{
    return has_maker(instruction) && (instruction->options & option_engine) != 0;
}
/* A daemon starts the first process, which inherits what the client has as its standard input. */
static inline bool joins_by_input(const struct instruction *instruction)
{
    return has_engine(instruction) && (instruction->options & option_input) != 0;
}
/* A daemon starts the first process, which inherits nothing else. */
static inline bool has_daemon(const struct instruction *instruction)
{
    return instruction->gate != NULL || joins_by_input(instruction);
}

/* instruction.c */
long read_instruction(int descriptor, struct instruction *instruction);
long parse_instruction(unsigned char *bytes, size_t length, struct instruction *instruction);
void keep_instruction(void);

#endif
