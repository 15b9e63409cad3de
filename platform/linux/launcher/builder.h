/*
 * What building a root consists of; root.c says in which order, root-steps.c what each step does. All report their own
 * failures and do not return then, but for those of mounting.c and mounts-below.c.
 */
#ifndef CUPEL_BUILDER_H
#define CUPEL_BUILDER_H

#include "launcher.h"

#include <asm/stat.h>

enum { own_file_systems_max = 64 };

struct builder {
    const struct launch *launch;
    int host_root;
    int new_root;
    /* Where that lies, as the host sees it. */
    const char *place;
    /* st_dev of every tmpfs that we mounted: the only places where a mount point may be made. */
    uint64_t own_devices[own_file_systems_max];
    size_t own_device_count;
    /* What masks are copies of, once there is one: the null device, and a read-only directory with nothing in it. */
    int null_device;
    int empty_directory;
    /* What this kernel, or a rule on it, was seen not to allow; see mounting.c. */
    bool is_by_path, has_no_setattr;
    /* The new root is this process's root. */
    bool is_entered;
};

/* One file, directory or tree of the host, or of the new root, to be shown in another place. */
struct root_copy {
    int source;
    int destination;
    /* Where that is in the new root. */
    const char *path;
    bool is_recursive;
    /* See struct root_step. */
    int owner_namespace;
    bool must_map_owner;
};

enum { file_system_options_max = 8 };

struct new_file_system {
    const char *type;
    uint64_t attributes;
    struct {
        const char *name;
        /* Empty: the name is all that there is. */
        char value[24];
    } options[file_system_options_max];
    size_t option_count;
};

/* mounting.c: give a negative errno where it cannot be done. */
long mount_copy(struct builder *builder, const struct root_copy *copy);
long mount_new(struct builder *builder, const struct new_file_system *made, int destination, const char *path);
/* Afterwards "fd/N" names descriptor N. */
long go_to_descriptors(const struct builder *builder);
void name_descriptor(char name[32], int descriptor);
long restrict_mount(struct builder *builder, int mount, const char *path, uint64_t attributes, bool is_recursive);

/* mounts-below.c */
long restrict_below(struct builder *builder, const char *path, uint64_t attributes);

/* builder.c */
__attribute__((noreturn)) void fail_build(const struct builder *builder, int step, long error, const char *subject);
int must_build(const struct builder *builder, long result, int step, const char *subject);
struct stat status_of(const struct builder *builder, int descriptor, const char *subject);
void refuse_symlink(const struct builder *builder, int descriptor, int step, const char *subject);
/* 0, or -ESTALE where another directory is meant by the path that the descriptor was opened by. */
long check_pinned(const struct instruction *instruction, int descriptor, const char *path);

/* placing.c */
void own_file_system(struct builder *builder, int mount, const char *subject);
void refuse_foreign(const struct builder *builder, int directory, int step, const char *subject);
/* A handle on a path below the new root; what is missing of it is made. */
int place(const struct builder *builder, const char *path, uint32_t type, uint32_t mode);
/* The same, for something that is mounted there. */
int place_for(const struct builder *builder, const char *destination, uint32_t type);
int place_parent(const struct builder *builder, const char *path, char name[256]);

/* root-memory.c */
void mount_new_root(struct builder *builder, int covered);
int mount_guest_root(struct builder *builder);
void place_own_program(const struct builder *builder);
/* A handle on the root of a new file system in memory; its step says how large, and whose. */
int new_tmpfs(struct builder *builder, const struct root_step *step, uint64_t attributes, int destination);
void do_tmpfs(struct builder *builder, const struct root_step *step);
void do_file(const struct builder *builder, const struct root_step *step);
void make_link(const struct builder *builder, const char *target, const char *destination);

/* root-shown.c */
void do_bind(struct builder *builder, const struct root_step *step);
void do_mirror(struct builder *builder, const struct root_step *step);
int show_one(struct builder *builder, int source, int at, const char *path, int step);
/* Of /dev/null (Documentation/admin-guide/devices.txt): a memory device. */
enum { null_number = 0x103 };
int host_device(const struct builder *builder, const char *path, uint32_t number, int step);
void show_device(struct builder *builder, int source, int at, const char *path, uint64_t attributes, int step);

/* root-restrictions.c */
void do_read_only(struct builder *builder, const struct root_step *step);
void do_mask(struct builder *builder, const struct root_step *step);

/* root-devices.c: the two halves of `devices`: what all jobs may share, and what each must have for itself. */
void do_shared_devices(struct builder *builder, const struct root_step *step);
void do_own_devices(struct builder *builder, const struct root_step *step);

/* overlay.c */
void do_overlay(struct builder *builder, const struct root_step *step);

/* root-steps.c */
void do_step(struct builder *builder, const struct root_step *step);

static inline const char *skip_slashes(const char *path)
{
    while (*path == '/')
        path++;
    return path;
}

#endif
