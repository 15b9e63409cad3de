/* Written by scripts/gen.ts from src/launch/protocol.ts. */
#ifndef CUPEL_PROTOCOL_GEN_H
#define CUPEL_PROTOCOL_GEN_H

#define PROTOCOL_MAGIC 0x4c505543u
#define PROTOCOL_VERSION 12u
#define INSTRUCTION_BYTES_MAX 4194304u
#define CONTROL_KILL 255
#define MAKER_INPUTS_MAX 256
#define GUEST_ROOT "/job"
#define GUEST_LAUNCHER "/cupel/launcher"
#define GATE_SOCKET_INSIDE "/.cupel/gate/socket"
#define GATE_SOCKET "socket"
#define GUEST_PROGRAM_DIRECTORY "/dev/cupel"
#define CONTROL_PROCEED 254
#define CONTROL_SHOWN 253

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
    record_descriptor = 16,
    record_publish = 17,
    record_setup_argument = 18,
    record_pinned = 19,
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
    record_overlay = 30,
    record_direct = 31,
    record_guard = 32,
    record_path_rule = 33,
    record_around = 34,
    record_maker_argument = 40,
    record_maker_variable = 41,
    record_maker_input = 42,
    record_maker_source = 43,
    record_maker_start = 44,
    record_maker_further = 45,
    record_maker_gate = 46,
    record_maker_daemon = 47,
};

enum {
    option_fresh_identity = 1,
    option_drop_capabilities = 2,
    option_loopback_up = 4,
    option_rehearsal = 8,
    option_shared_root = 16,
    option_terminal = 32,
    option_engine = 64,
    option_input = 128,
    option_all = 255,
};

enum {
    call_before = 1,
    call_after = 2,
    call_after_loss = 3,
};

enum {
    maker_report = 3,
    maker_command = 4,
    maker_instruction = 5,
    maker_input = 6,
    maker_output = 7,
    maker_errors = 8,
    maker_terminal = 9,
    maker_listeners = 10,
    maker_program = 11,
    maker_knowledge = 12,
    maker_joining = 13,
    maker_first_input = 14,
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
    step_bit_no_swap = 32,
    step_bit_all = 63,
};

enum {
    path_bit_write = 1,
    path_bit_device = 2,
    path_bit_optional = 4,
    path_bit_all = 7,
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
    step_overlay = 12,
    step_mount_point = 13,
    step_idmap = 14,
    step_mount_tmpfs = 15,
    step_make_directory = 16,
    step_write_file = 17,
    step_make_symlink = 18,
    step_mount_proc = 19,
    step_read_only = 20,
    step_mask = 21,
    step_devices = 22,
    step_pivot_root = 23,
    step_hostname = 24,
    step_loopback = 25,
    step_publish = 26,
    step_proxy = 27,
    step_direct = 28,
    step_drop_identity = 29,
    step_user_namespace = 30,
    step_terminal = 31,
    step_working_directory = 32,
    step_resource_limit = 33,
    step_keyring = 34,
    step_capabilities = 35,
    step_no_new_privs = 36,
    step_seccomp = 37,
    step_landlock = 38,
    step_descriptor = 39,
    step_fork = 40,
    step_maker = 41,
    step_guest = 42,
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
    "overlay",
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
    "publish",
    "proxy",
    "direct",
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
    "descriptor",
    "fork",
    "maker",
    "guest",
};

#endif
