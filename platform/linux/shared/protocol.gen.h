/* Written by scripts/gen.ts from src/launch/protocol.ts. */
#ifndef CUPEL_PROTOCOL_GEN_H
#define CUPEL_PROTOCOL_GEN_H

#define PROTOCOL_MAGIC 0x4c505543u
#define PROTOCOL_VERSION 4u
#define INSTRUCTION_BYTES_MAX 4194304u
#define CONTROL_KILL 255

enum {
    record_identity = 1,
    record_namespaces = 2,
    record_options = 3,
    record_hostname = 4,
    record_directory = 5,
    record_argument = 6,
    record_variable = 7,
    record_resource_limit = 8,
    record_control_group = 9,
    record_seccomp = 10,
    record_landlock = 11,
    record_time = 12,
    record_capture = 13,
    record_output = 14,
    record_proxy = 15,
    record_mirror = 20,
    record_bind = 21,
    record_tmpfs = 22,
    record_make_directory = 23,
    record_file = 24,
    record_symlink = 25,
    record_proc = 26,
    record_read_only = 27,
    record_mask = 28,
    record_devices = 29,
};

enum {
    option_fresh_identity = 1,
    option_drop_capabilities = 2,
    option_loopback_up = 4,
    option_rehearsal = 8,
    option_shared_root = 16,
    option_terminal = 32,
    option_all = 63,
};

enum {
    frame_event = 1,
    frame_output = 2,
    frame_errors = 3,
};

enum {
    step_bit_writable = 1,
    step_bit_optional = 2,
    step_bit_map_owner_if_possible = 4,
    step_bit_map_owner = 8,
    step_bit_owned = 16,
    step_bit_all = 31,
};

enum {
    step_instruction = 0,
    step_standard_streams = 1,
    step_control_group = 2,
    step_idmap_namespace = 3,
    step_clone = 4,
    step_cgroup_namespace = 5,
    step_map_ids = 6,
    step_mount_private = 7,
    step_mount_root = 8,
    step_mirror = 9,
    step_bind = 10,
    step_bind_source = 11,
    step_mount_point = 12,
    step_idmap = 13,
    step_mount_tmpfs = 14,
    step_make_directory = 15,
    step_write_file = 16,
    step_make_symlink = 17,
    step_mount_proc = 18,
    step_read_only = 19,
    step_mask = 20,
    step_devices = 21,
    step_pivot_root = 22,
    step_hostname = 23,
    step_loopback = 24,
    step_proxy = 25,
    step_drop_identity = 26,
    step_user_namespace = 27,
    step_terminal = 28,
    step_working_directory = 29,
    step_resource_limit = 30,
    step_keyring = 31,
    step_capabilities = 32,
    step_no_new_privs = 33,
    step_seccomp = 34,
    step_landlock = 35,
    step_fork = 36,
};

static const char *const step_names[] = {
    "instruction",
    "standard-streams",
    "control-group",
    "idmap-namespace",
    "clone",
    "cgroup-namespace",
    "map-ids",
    "mount-private",
    "mount-root",
    "mirror",
    "bind",
    "bind-source",
    "mount-point",
    "idmap",
    "mount-tmpfs",
    "make-directory",
    "write-file",
    "make-symlink",
    "mount-proc",
    "read-only",
    "mask",
    "devices",
    "pivot-root",
    "hostname",
    "loopback",
    "proxy",
    "drop-identity",
    "user-namespace",
    "terminal",
    "working-directory",
    "resource-limit",
    "keyring",
    "capabilities",
    "no-new-privs",
    "seccomp",
    "landlock",
    "fork",
};

#endif
