/* What building a root consists of; root.c says in which order, root-steps.c how. */
#ifndef CUPEL_ROOT_H
#define CUPEL_ROOT_H

#include "launcher.h"

#include <asm/stat.h>

enum { own_file_systems_max = 64 };

struct builder {
    const struct launch *launch;
    int host_root;
    int new_root;
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

/* overlay.c: reports its own failures and does not return then. */
void do_overlay(struct builder *builder, const struct root_step *step);

/* root-steps.c: all report their own failures and do not return then. */
int must_build(const struct builder *builder, long result, int step, const char *subject);
struct stat status_of(const struct builder *builder, int descriptor, const char *subject);
void refuse_symlink(const struct builder *builder, int descriptor, int step, const char *subject);
void mount_new_root(struct builder *builder, int covered);
void own_file_system(struct builder *builder, int mount, const char *subject);
/* A handle on the root of a new file system in memory; its step says how large, and whose. */
int new_tmpfs(struct builder *builder, const struct root_step *step, uint64_t attributes, int destination);
/* A handle on a path below the new root; what is missing of it is made. */
int place(const struct builder *builder, const char *path, uint32_t type, uint32_t mode);
void do_step(struct builder *builder, const struct root_step *step);
/* The two halves of `devices`: what all jobs may share, and what each must have for itself. */
void do_shared_devices(struct builder *builder, const struct root_step *step);
void do_own_devices(struct builder *builder, const struct root_step *step);

#endif
