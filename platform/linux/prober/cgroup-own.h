/* A control group of the prober's own: made below a directory, and gone when the prober is, however it ends. */
#ifndef CUPEL_CGROUP_OWN_H
#define CUPEL_CGROUP_OWN_H

#include "prober.h"

enum { group_path_capacity = 1024 };

struct own_group {
    char path[group_path_capacity];
    long caretaker;
    int hold;
    bool made;
};

/* The one group that may be made in it. */
#define group_below "below"

/* Reports the step `create`; false where there is no group. */
bool make_own_group(struct own_group *group, const char *directory);
/* Reports the step `remove`. */
void remove_own_group(struct own_group *group);
/* The path of a file of the group; empty where it does not fit, so that no other is opened. */
void group_file(char *path, const char *group, const char *file);
long write_group_file(const char *group, const char *file, const char *text);
long read_group_file(const char *group, const char *file, char *text, size_t capacity);
/* Moves this process into the group. */
long enter_group(const char *group);
/* Processes in the group, or -errno. */
long count_members(const char *group);
/* Sends SIGKILL to whoever is in the group. */
void kill_members(const char *group);

/* cgroup-acts.c: what can be done with a group beyond its limits; false where NAME is none of it. */
bool try_group_act(const char *name, const char *version, const char *directory, const char *argument);
/* cgroup-io.c: two of these acts. ARGUMENT is a whole disk, as MAJOR:MINOR, a blank, and a directory on it. */
void limit_reading(const struct own_group *group, bool unified, const char *argument);
void limit_writing(const struct own_group *group, bool unified, const char *argument);

#endif
