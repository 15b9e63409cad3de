/* Reads the instruction and refuses it whole if anything about it is odd. Nothing here has a side effect but reading.
 */
#include "launcher.h"

#include <linux/sched.h>

enum { permissions = 0777, mode_bits = 07777 };

enum { arguments_max = 1 << 19, record_header_bytes = 8, instruction_header_bytes = 12 };

/* Zero pages until they are touched: an instruction of two kilobytes costs one page of each. */
static unsigned char buffer[INSTRUCTION_BYTES_MAX];
static char *argument_pointers[arguments_max];
static char *environment_pointers[arguments_max];
static char *setup_pointers[arguments_max];

/* Where the next instruction goes: behind one that is kept. */
static size_t kept_bytes, kept_arguments, kept_variables;

struct cursor {
    unsigned char *at;
    unsigned char *end;
    bool broken;
};

static void take(struct cursor *cursor, void *to, size_t length)
{
    if (cursor->broken || (size_t)(cursor->end - cursor->at) < length) {
        cursor->broken = true;
        memset(to, 0, length);
        return;
    }
    memcpy(to, cursor->at, length);
    cursor->at += length;
}

static uint16_t take_u16(struct cursor *cursor)
{
    uint16_t value;
    take(cursor, &value, sizeof value);
    return value;
}

static uint32_t take_u32(struct cursor *cursor)
{
    uint32_t value;
    take(cursor, &value, sizeof value);
    return value;
}

static uint64_t take_u64(struct cursor *cursor)
{
    uint64_t value;
    take(cursor, &value, sizeof value);
    return value;
}

/* So much less than 64 bits hold that the time of an end can be reckoned with: 36 million years. */
static uint64_t take_milliseconds(struct cursor *cursor)
{
    const uint64_t milliseconds = take_u64(cursor);
    if (milliseconds > 1ULL << 60)
        cursor->broken = true;
    return milliseconds;
}

/* A bit that means nothing here was meant by a launcher that is not this one. */
static uint32_t take_bits(struct cursor *cursor, uint32_t known)
{
    const uint32_t bits = take_u32(cursor);
    if ((bits & ~known) != 0)
        cursor->broken = true;
    return bits;
}

/* Not the one that setresuid(2) takes as "leave it": a job would keep root's. */
static uint32_t take_id(struct cursor *cursor)
{
    const uint32_t id = take_u32(cursor);
    if (id == UINT32_MAX)
        cursor->broken = true;
    return id;
}

/* Namespaces and nothing else that clone(2) does: shared memory, say. */
static uint64_t take_namespaces(struct cursor *cursor)
{
    const uint64_t known =
        CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWNET;
    const uint64_t flags = take_u64(cursor);
    if ((flags & ~known) != 0)
        cursor->broken = true;
    return flags;
}

static const char *take_bytes(struct cursor *cursor, uint32_t length)
{
    if (cursor->broken || (size_t)(cursor->end - cursor->at) < length) {
        cursor->broken = true;
        return "";
    }
    const char *bytes = (const char *)cursor->at;
    cursor->at += length;
    return bytes;
}

/* A length, that many bytes without NUL, and a NUL: what follows can use it as a C string where it lies. */
static char *take_text(struct cursor *cursor)
{
    const uint32_t length = take_u32(cursor);
    char *text = (char *)cursor->at;
    if (cursor->broken || (size_t)(cursor->end - cursor->at) <= length || text[length] != '\0' ||
        strlen(text) != length) {
        cursor->broken = true;
        return (char *)"";
    }
    cursor->at += length + 1;
    return text;
}

static const char *take_absolute_path(struct cursor *cursor)
{
    const char *path = take_text(cursor);
    if (path[0] != '/')
        cursor->broken = true;
    return path;
}

static void parse_root_step(struct cursor *cursor, struct instruction *into, uint16_t kind)
{
    if (into->root_count == root_steps_max) {
        cursor->broken = true;
        return;
    }
    struct root_step *step = &into->root[into->root_count++];
    step->kind = kind;
    step->owner_namespace = -1;
    switch (kind) {
    case record_bind:
        step->bits = take_bits(cursor, step_bit_all);
        step->source = take_absolute_path(cursor);
        step->destination = take_absolute_path(cursor);
        return;
    case record_overlay:
        step->bits = take_bits(cursor, step_bit_all);
        step->source = take_absolute_path(cursor);
        step->destination = take_absolute_path(cursor);
        step->layer = take_absolute_path(cursor);
        step->size = take_u64(cursor);
        step->files = take_u64(cursor);
        step->program = take_text(cursor);
        if (step->program[0] == '\0')
            step->program = NULL;
        else if (step->program[0] != '/' || step->size > 0)
            cursor->broken = true;
        return;
    case record_tmpfs:
        step->bits = take_bits(cursor, step_bit_all);
        step->mode = take_bits(cursor, mode_bits);
        step->size = take_u64(cursor);
        step->files = take_u64(cursor);
        break;
    case record_make_directory:
        step->mode = take_bits(cursor, mode_bits);
        break;
    case record_file:
        step->bits = take_bits(cursor, step_bit_owned);
        step->mode = take_bits(cursor, permissions);
        step->destination = take_absolute_path(cursor);
        step->content_length = take_u32(cursor);
        step->content = take_bytes(cursor, step->content_length);
        return;
    case record_symlink:
        step->destination = take_absolute_path(cursor);
        step->source = take_text(cursor);
        return;
    case record_devices:
        step->size = take_u64(cursor);
        step->files = take_u64(cursor);
        break;
    case record_mirror:
    case record_proc:
    case record_read_only:
    case record_mask:
        break;
    default:
        cursor->broken = true;
        return;
    }
    step->destination = take_absolute_path(cursor);
    step->source = step->destination;
}

static void parse_seccomp(struct cursor *cursor, struct instruction *into)
{
    const size_t length = (size_t)(cursor->end - cursor->at);
    /* BPF_MAXINSNS (linux/bpf_common.h) is the kernel's own bound. */
    if (length == 0 || length % sizeof(struct sock_filter) != 0 || length / sizeof(struct sock_filter) > 4096) {
        cursor->broken = true;
        return;
    }
    into->seccomp.len = (unsigned short)(length / sizeof(struct sock_filter));
    into->seccomp.filter = (struct sock_filter *)(void *)cursor->at;
    cursor->at = cursor->end;
}

static void parse_resource_limit(struct cursor *cursor, struct instruction *into)
{
    if (into->resource_limit_count == resource_limits_max) {
        cursor->broken = true;
        return;
    }
    struct resource_limit *limit = &into->resource_limits[into->resource_limit_count++];
    limit->resource = take_u32(cursor);
    limit->soft = take_u64(cursor);
    limit->hard = take_u64(cursor);
}

/* Ports that nobody needs a privilege for. */
enum { own_ports_min = 1024, ports_max = 65535 };

static void parse_proxy(struct cursor *cursor, struct instruction *into)
{
    into->proxy = take_absolute_path(cursor);
    while (cursor->at < cursor->end && !cursor->broken) {
        const uint32_t port = take_u32(cursor);
        if (into->listener_count == listeners_max || port < own_ports_min || port > ports_max) {
            cursor->broken = true;
            return;
        }
        into->listener_ports[into->listener_count++] = (uint16_t)port;
    }
    if (into->listener_count == 0)
        cursor->broken = true;
}

/* A maker is a program of the host's, by its path. */
static void append_maker_word(struct cursor *cursor, char **list, size_t *count)
{
    if (*count == maker_words_max - 1) {
        cursor->broken = true;
        return;
    }
    list[(*count)++] = take_text(cursor);
}

static void parse_maker_input(struct cursor *cursor, struct instruction *into, uint16_t kind)
{
    if (into->maker_input_count == maker_inputs_max) {
        cursor->broken = true;
        return;
    }
    struct maker_input *input = &into->maker_inputs[into->maker_input_count++];
    if (kind == record_maker_source) {
        input->path = take_absolute_path(cursor);
        return;
    }
    input->length = (uint32_t)(cursor->end - cursor->at);
    input->content = take_bytes(cursor, input->length);
}

/* An address in the order of the network, as long as its kind is; 0 is any port outside. */
static void parse_publish(struct cursor *cursor, struct instruction *into)
{
    const uint32_t address_bytes = take_u32(cursor);
    if (into->published_count == published_max || (address_bytes != 4 && address_bytes != 16)) {
        cursor->broken = true;
        return;
    }
    struct published *published = &into->published[into->published_count++];
    published->is_ipv6 = address_bytes == 16;
    take(cursor, published->address, address_bytes);
    const uint32_t port = take_u32(cursor), job_port = take_u32(cursor);
    if (port > ports_max || job_port == 0 || job_port > ports_max)
        cursor->broken = true;
    published->port = (uint16_t)port;
    published->job_port = (uint16_t)job_port;
}

/* In ascending order, above the standard streams: so no two are the same, and what lies between them can be closed. */
static void parse_descriptor(struct cursor *cursor, struct instruction *into)
{
    const uint32_t number = take_u32(cursor);
    const int before = into->descriptor_count == 0 ? 2 : into->descriptors[into->descriptor_count - 1].number;
    if (into->descriptor_count == descriptors_max || number > descriptor_number_max || (int)number <= before) {
        cursor->broken = true;
        return;
    }
    struct content_descriptor *descriptor = &into->descriptors[into->descriptor_count++];
    descriptor->number = (int)number;
    descriptor->length = take_u32(cursor);
    descriptor->content = take_bytes(cursor, descriptor->length);
}

static void append_text(struct cursor *cursor, char **list, size_t *count)
{
    if (*count >= arguments_max - 1) {
        cursor->broken = true;
        return;
    }
    list[(*count)++] = take_text(cursor);
}

struct counts {
    size_t arguments, variables, setup;
};

/* What the last instruction took of the buffer and of the two lists, the ends of the lists included. */
static struct extent {
    size_t bytes, arguments, variables;
} last_read;

static void parse_record(struct cursor *cursor, struct instruction *into, struct counts *counts, uint16_t kind)
{
    switch (kind) {
    case record_identity:
        into->inside_uid = take_id(cursor);
        into->inside_gid = take_id(cursor);
        into->outside_uid = take_id(cursor);
        into->outside_gid = take_id(cursor);
        return;
    case record_namespaces:
        into->namespaces = take_namespaces(cursor);
        return;
    case record_options:
        into->options = take_bits(cursor, option_all);
        into->umask = take_bits(cursor, permissions);
        return;
    case record_hostname:
        into->hostname = take_text(cursor);
        return;
    case record_directory:
        into->directory = take_absolute_path(cursor);
        return;
    case record_argument:
        append_text(cursor, argument_pointers, &counts->arguments);
        return;
    case record_setup_argument:
        append_text(cursor, setup_pointers, &counts->setup);
        return;
    case record_variable:
        append_text(cursor, environment_pointers, &counts->variables);
        return;
    case record_resource_limit:
        parse_resource_limit(cursor, into);
        return;
    case record_control_group:
        if (into->control_group_count == control_groups_max)
            cursor->broken = true;
        else
            into->control_groups[into->control_group_count++] = take_absolute_path(cursor);
        return;
    case record_seccomp:
        parse_seccomp(cursor, into);
        return;
    case record_landlock:
        into->landlock_scopes = take_u64(cursor);
        into->landlock_version = take_u32(cursor);
        return;
    case record_capture:
        into->capture_bytes_max = take_u64(cursor);
        return;
    case record_proxy:
        parse_proxy(cursor, into);
        return;
    case record_publish:
        parse_publish(cursor, into);
        return;
    case record_time:
        into->timeout_ms = take_milliseconds(cursor);
        into->grace_ms = take_milliseconds(cursor);
        into->cpu_ms = take_milliseconds(cursor);
        into->idle_ms = take_milliseconds(cursor);
        return;
    case record_maker_argument:
        append_maker_word(cursor, into->maker_arguments, &into->maker_argument_count);
        return;
    case record_maker_variable:
        append_maker_word(cursor, into->maker_environment, &into->maker_variable_count);
        return;
    case record_maker_start:
        into->maker_start_ms = take_milliseconds(cursor);
        return;
    case record_maker_input:
    case record_maker_source:
        parse_maker_input(cursor, into, kind);
        return;
    case record_descriptor:
        parse_descriptor(cursor, into);
        return;
    case record_output:
        into->output_bytes_max = take_u64(cursor);
        into->ends_at_output_max = take_bits(cursor, 1) != 0;
        return;
    default:
        parse_root_step(cursor, into, kind);
    }
}

/* Records that say all there is to say: a second one would contradict the first, or mean nothing. */
static const uint64_t single_records = 1ULL << record_identity | 1ULL << record_namespaces | 1ULL << record_options |
                                       1ULL << record_hostname | 1ULL << record_directory | 1ULL << record_seccomp |
                                       1ULL << record_landlock | 1ULL << record_time | 1ULL << record_capture |
                                       1ULL << record_output | 1ULL << record_proxy | 1ULL << record_maker_start;

/* Notes a record of this kind in `seen`; false where it must not be there again. */
static bool is_welcome(uint16_t kind, uint64_t *seen)
{
    const uint64_t bit = kind < 64 ? 1ULL << kind : 0;
    const bool welcome = (*seen & bit & single_records) == 0;
    *seen |= bit;
    return welcome;
}

/* How long the header says the whole is, or a negative errno. */
static long parse_header(unsigned char *bytes)
{
    struct cursor header = {.at = bytes, .end = bytes + instruction_header_bytes, .broken = false};
    const uint32_t magic = take_u32(&header);
    const uint32_t version = take_u32(&header);
    const uint32_t length = take_u32(&header);
    if (magic != PROTOCOL_MAGIC || length < instruction_header_bytes || length > INSTRUCTION_BYTES_MAX)
        return -EBADMSG;
    return version == PROTOCOL_VERSION ? (long)length : -EPROTO;
}

/* Inputs and variables without a program are meant for nobody. */
static bool is_maker_whole(const struct instruction *instruction)
{
    if (instruction->maker_argument_count > 0)
        return instruction->maker_arguments[0][0] == '/';
    return instruction->maker_variable_count == 0 && instruction->maker_input_count == 0;
}

static long parse_records(unsigned char *bytes, size_t length, struct instruction *into)
{
    struct cursor cursor = {.at = bytes + instruction_header_bytes, .end = bytes + length, .broken = false};
    struct counts counts = {kept_arguments, kept_variables, 0};
    /* Nothing at all is how a resident launcher is told that there is no more. */
    if (cursor.at == cursor.end)
        return -ENODATA;
    while (cursor.at < cursor.end && !cursor.broken) {
        const uint16_t kind = take_u16(&cursor);
        const uint16_t reserved = take_u16(&cursor);
        const uint32_t payload = take_u32(&cursor);
        if (cursor.broken || reserved != 0 || payload > (size_t)(cursor.end - cursor.at) ||
            !is_welcome(kind, &into->records))
            return -EBADMSG;
        struct cursor record = {.at = cursor.at, .end = cursor.at + payload, .broken = false};
        parse_record(&record, into, &counts, kind);
        /* A record must be used up: bytes that nobody read are bytes that nobody checked. */
        if (record.broken || record.at != record.end)
            return -EBADMSG;
        cursor.at += payload;
    }
    if (counts.arguments == kept_arguments || into->directory == NULL || !is_maker_whole(into))
        return -EBADMSG;
    /* An earlier instruction may have left pointers of its own here. */
    argument_pointers[counts.arguments] = NULL;
    environment_pointers[counts.variables] = NULL;
    setup_pointers[counts.setup] = NULL;
    into->arguments = argument_pointers + kept_arguments;
    into->setup = counts.setup == 0 ? NULL : setup_pointers;
    into->environment = environment_pointers + kept_variables;
    into->bytes = bytes;
    into->length = length;
    last_read = (struct extent){length, counts.arguments + 1, counts.variables + 1};
    return 0;
}

static long read_exactly(int descriptor, unsigned char *into, size_t length)
{
    while (length > 0) {
        const long count = kernel_call(__NR_read, descriptor, into, length);
        if (count == -EINTR)
            continue;
        if (count < 0)
            return count;
        if (count == 0)
            return -EPIPE;
        into += count;
        length -= (size_t)count;
    }
    return 0;
}

/*
 * A whole instruction that lies in memory, and stays there: what comes of it points into `bytes`. Returns as
 * read_instruction() does.
 */
long parse_instruction(unsigned char *bytes, size_t length, struct instruction *instruction)
{
    if (length < instruction_header_bytes)
        return -EBADMSG;
    const long whole = parse_header(bytes);
    if (whole < 0)
        return whole;
    return (size_t)whole == length ? parse_records(bytes, length, instruction) : -EBADMSG;
}

/* Returns 0, or a negative errno: EBADMSG for an instruction that is not one, EPROTO for another version's, ENODATA for
 * an empty one. */
long read_instruction(int descriptor, struct instruction *instruction)
{
    unsigned char *const start = buffer + kept_bytes;
    const size_t room = sizeof buffer - kept_bytes;
    /* The one that is kept may have left none. */
    if (room < instruction_header_bytes)
        return -EBADMSG;
    long result = read_exactly(descriptor, start, instruction_header_bytes);
    if (result < 0)
        return result;
    const long length = parse_header(start);
    if (length < 0)
        return length;
    if ((size_t)length > room)
        return -EBADMSG;
    result = read_exactly(descriptor, start + instruction_header_bytes, (size_t)length - instruction_header_bytes);
    return result < 0 ? result : parse_records(start, (size_t)length, instruction);
}

/* The last instruction stays as it is: the next ones are read behind it, each over the one before. */
void keep_instruction(void)
{
    kept_bytes += (last_read.bytes + 15) & ~(size_t)15;
    kept_arguments = last_read.arguments;
    kept_variables = last_read.variables;
}
