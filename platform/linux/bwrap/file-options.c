/* The options of bwrap(1) that make something in the file system, in the order in which they are carried out. */
#include "bwrap.h"

/* Of an option. */
enum {
    takes_mode = 1 << 0,
    takes_size = 1 << 1,
    is_read_only = 1 << 2,
    is_optional = 1 << 3,
    has_devices = 1 << 4,
    has_source = 1 << 5,
    has_descriptor = 1 << 6,
};

/* What --perms, --size and --overlay-src say of the operation that follows. */
static struct {
    int mode;
    uint64_t size;
    struct list overlay_sources;
} pending = {.mode = mode_unset};

/* What was said for an option that takes no such thing was said for nothing. */
void refuse_pending(unsigned flags)
{
    if (pending.mode != mode_unset && (flags & takes_mode) == 0)
        die("--perms must be followed by an option that creates a file", NULL);
    if (pending.size != 0 && (flags & takes_size) == 0)
        die("--size must be followed by --tmpfs", NULL);
    refuse_pending_sources();
}

void refuse_pending_sources(void)
{
    if (pending.overlay_sources.first != NULL)
        die("--overlay-src must be followed by another --overlay-src or one of --overlay, --tmp-overlay, or "
            "--ro-overlay",
            NULL);
}

static struct operation *add_operation(struct options *options, const struct named_option *option,
                                       const char *destination)
{
    refuse_pending(option->flags);
    struct operation *const operation = allocate(sizeof *operation);
    *operation = (struct operation){
        .kind = (enum operation_kind)option->place,
        .destination = destination,
        .descriptor = none,
        .mode = pending.mode,
        .size = pending.size,
        .is_read_only = (option->flags & is_read_only) != 0,
        .has_devices = (option->flags & has_devices) != 0,
        .is_optional = (option->flags & is_optional) != 0,
    };
    pending.mode = mode_unset;
    pending.size = 0;
    append_item(&options->operations, &operation->item);
    return operation;
}

static void take_operation(struct options *options, const struct named_option *option, char **values)
{
    const int descriptor = (option->flags & has_descriptor) != 0 ? parse_descriptor(values[0]) : none;
    struct operation *const operation = add_operation(options, option, values[option->values - 1]);
    operation->descriptor = descriptor;
    operation->source = (option->flags & has_source) != 0 ? values[0] : NULL;
}

static int parse_mode(const char *name, const char *value)
{
    uint64_t mode;
    if (!parse_number(value, 8, 07777, &mode))
        die(name, " takes an octal argument <= 07777", NULL);
    return (int)mode;
}

static void take_chmod(struct options *options, const struct named_option *option, char **values)
{
    const int mode = parse_mode(option->name, values[0]);
    add_operation(options, option, values[1])->mode = mode;
}

static void take_mode(struct options *options, const struct named_option *option, char **values)
{
    (void)options;
    if (pending.mode != mode_unset)
        die("--perms given twice for the same action", NULL);
    pending.mode = parse_mode(option->name, values[0]);
}

static void take_size(struct options *options, const struct named_option *option, char **values)
{
    (void)options, (void)option;
    if (pending.size != 0)
        die("--size given twice for the same action", NULL);
    if (!parse_size(values[0], &pending.size) || pending.size == 0)
        die("--size takes a non-zero number of bytes", NULL);
}

static void take_overlay_source(struct options *options, const struct named_option *option, char **values)
{
    (void)options, (void)option;
    struct overlay_source *const source = allocate(sizeof *source);
    *source = (struct overlay_source){.path = values[0]};
    append_item(&pending.overlay_sources, &source->item);
}

static enum overlay_kind overlay_kind_of(const struct named_option *option)
{
    if (option->values == 3)
        return overlay_written;
    return (option->flags & is_read_only) != 0 ? overlay_read_only : overlay_temporary;
}

static void take_overlay(struct options *options, const struct named_option *option, char **values)
{
    const enum overlay_kind kind = overlay_kind_of(option);
    const struct list sources = pending.overlay_sources;
    if (sources.first == NULL || (kind == overlay_read_only && sources.first->next == NULL))
        die(option->name, " requires at least ", kind == overlay_read_only ? "two" : "one", " --overlay-src", NULL);
    pending.overlay_sources = (struct list){0};
    struct operation *const operation = add_operation(options, option, values[option->values - 1]);
    operation->overlay = kind;
    operation->overlay_sources = sources;
    if (kind != overlay_written)
        return;
    operation->source = values[0];
    operation->work = values[1];
}

static const struct named_option table[] = {
    {"--perms", 1, take_mode, 0, 0, "OCTAL", "Mode of what the next option makes"},
    {"--size", 1, take_size, 0, 0, "BYTES", "Size of the next --tmpfs"},
    {"--bind", 2, take_operation, operation_bind, has_source, "SRC DEST", "Show SRC of the host at DEST"},
    {"--bind-try", 2, take_operation, operation_bind, has_source | is_optional, "SRC DEST",
     "The same, unless SRC is not there"},
    {"--dev-bind", 2, take_operation, operation_bind, has_source | has_devices, "SRC DEST",
     "Show SRC with its devices"},
    {"--dev-bind-try", 2, take_operation, operation_bind, has_source | has_devices | is_optional, "SRC DEST",
     "The same, unless SRC is not there"},
    {"--ro-bind", 2, take_operation, operation_bind, has_source | is_read_only, "SRC DEST", "Show SRC read-only"},
    {"--ro-bind-try", 2, take_operation, operation_bind, has_source | is_read_only | is_optional, "SRC DEST",
     "The same, unless SRC is not there"},
    {"--bind-fd", 2, take_operation, operation_bind, has_descriptor, "FD DEST", "Show what is open here"},
    {"--ro-bind-fd", 2, take_operation, operation_bind, has_descriptor | is_read_only, "FD DEST",
     "Show what is open here, read-only"},
    {"--remount-ro", 1, take_operation, operation_remount_read_only, 0, "DEST",
     "Make the mount at DEST read-only, and none below it"},
    {"--overlay-src", 1, take_overlay_source, 0, 0, "SRC",
     "A lower layer of the next overlay; the last one given is the uppermost"},
    {"--overlay", 3, take_overlay, operation_overlay, 0, "RWSRC WORKDIR DEST",
     "Show the layers at DEST, with RWSRC above them for what is written"},
    {"--tmp-overlay", 1, take_overlay, operation_overlay, 0, "DEST",
     "Show the layers at DEST, and forget what is written"},
    {"--ro-overlay", 1, take_overlay, operation_overlay, is_read_only, "DEST", "Show the layers at DEST, read-only"},
    {"--proc", 1, take_operation, operation_proc, 0, "DEST", "Mount procfs"},
    {"--dev", 1, take_operation, operation_devices, 0, "DEST", "A /dev with the harmless devices"},
    {"--tmpfs", 1, take_operation, operation_tmpfs, takes_mode | takes_size, "DEST",
     "Mount an empty file system in memory"},
    {"--mqueue", 1, take_operation, operation_mqueue, 0, "DEST", "Mount message queues"},
    {"--dir", 1, take_operation, operation_directory, takes_mode, "DEST", "Make a directory"},
    {"--file", 2, take_operation, operation_file, has_descriptor | takes_mode, "FD DEST",
     "Make a file of what is read here"},
    {"--bind-data", 2, take_operation, operation_bind_data, has_descriptor | takes_mode, "FD DEST",
     "Show what is read here as a file at DEST"},
    {"--ro-bind-data", 2, take_operation, operation_bind_data, has_descriptor | takes_mode | is_read_only, "FD DEST",
     "The same, read-only"},
    {"--symlink", 2, take_operation, operation_symlink, has_source, "SRC DEST",
     "Make a link at DEST that leads to SRC"},
    {"--chmod", 2, take_chmod, operation_chmod, 0, "OCTAL PATH", "Change the mode of PATH"},
};

const struct option_table file_options = {table, sizeof table / sizeof table[0]};
