/* Reads what one record says, by its kind; what becomes of the root is read in instruction-root-step.c. */
#include "instruction-cursor.h"

#include <linux/sched.h>

/* So much less than 64 bits hold that the time of an end can be reckoned with: 36 million years. */
static uint64_t take_milliseconds(struct cursor *cursor)
{
    const uint64_t milliseconds = take_u64(cursor);
    if (milliseconds > 1ULL << 60)
        cursor->broken = true;
    return milliseconds;
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

static void parse_filter(struct cursor *cursor, struct sock_fprog *into)
{
    const size_t length = (size_t)(cursor->end - cursor->at);
    /* BPF_MAXINSNS (linux/bpf_common.h) is the kernel's own bound. */
    if (length == 0 || length % sizeof(struct sock_filter) != 0 || length / sizeof(struct sock_filter) > 4096) {
        cursor->broken = true;
        return;
    }
    into->len = (unsigned short)(length / sizeof(struct sock_filter));
    into->filter = (struct sock_filter *)(void *)cursor->at;
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

/* All that are left of a record: at least one. */
static void take_listeners(struct cursor *cursor, struct instruction *into, uint32_t lowest)
{
    const size_t before = into->listener_count;
    while (cursor->at < cursor->end && !cursor->broken) {
        const uint32_t port = take_u32(cursor);
        if (into->listener_count == listeners_max || port < lowest || port > ports_max) {
            cursor->broken = true;
            return;
        }
        into->listener_ports[into->listener_count++] = (uint16_t)port;
    }
    if (into->listener_count == before)
        cursor->broken = true;
}

/* Once: what follows counts from the index that it ends at. */
static void parse_proxy(struct cursor *cursor, struct instruction *into)
{
    if (into->proxy != NULL)
        cursor->broken = true;
    into->proxy = take_absolute_path(cursor);
    take_listeners(cursor, into, own_ports_min);
    into->direct_from = into->listener_count;
}

/* Behind the proxy that they lead to, and once. */
static void parse_direct(struct cursor *cursor, struct instruction *into)
{
    if (into->proxy == NULL || into->listener_count > into->direct_from)
        cursor->broken = true;
    take_listeners(cursor, into, 1);
}

/* The last place of a list is its end's. */
static void append_word(struct cursor *cursor, char **list, size_t *count, size_t max)
{
    if (*count >= max - 1) {
        cursor->broken = true;
        return;
    }
    list[(*count)++] = take_text(cursor);
}

static void append_listed(struct cursor *cursor, struct word_list *list)
{
    append_word(cursor, list->words, &list->count, arguments_max);
}

/* What follows are its words, up to the next. */
static void parse_further_call(struct cursor *cursor, struct instruction *into)
{
    const uint32_t time = take_u32(cursor);
    if (into->further_call_count == further_calls_max || time < call_before || time > call_after_loss) {
        cursor->broken = true;
        return;
    }
    into->further_calls[into->further_call_count++].time = time;
}

static void append_maker_word(struct cursor *cursor, struct instruction *into)
{
    if (into->further_call_count == 0) {
        append_word(cursor, into->maker_arguments, &into->maker_argument_count, maker_words_max);
        return;
    }
    struct further_call *call = &into->further_calls[into->further_call_count - 1];
    append_word(cursor, call->words, &call->count, further_words_max);
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

static void parse_pinned(struct cursor *cursor, struct instruction *into)
{
    if (into->pinned_count == pinned_max) {
        cursor->broken = true;
        return;
    }
    struct pinned *pinned = &into->pinned[into->pinned_count++];
    pinned->path = take_absolute_path(cursor);
    pinned->device = take_u64(cursor);
    pinned->inode = take_u64(cursor);
}

static void parse_path_rule(struct cursor *cursor, struct instruction *into)
{
    if (into->path_rule_count == path_rules_max) {
        cursor->broken = true;
        return;
    }
    struct path_rule *rule = &into->path_rules[into->path_rule_count++];
    rule->bits = take_bits(cursor, path_bit_all);
    rule->path = take_absolute_path(cursor);
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

void parse_record(struct cursor *cursor, struct instruction *into, struct word_lists *lists, uint16_t kind)
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
        append_listed(cursor, &lists->arguments);
        return;
    case record_setup_argument:
        append_listed(cursor, &lists->setup);
        return;
    case record_variable:
        append_listed(cursor, &lists->variables);
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
        parse_filter(cursor, &into->seccomp);
        return;
    case record_guard:
        parse_filter(cursor, &into->guard);
        return;
    case record_path_rule:
        parse_path_rule(cursor, into);
        return;
    case record_landlock:
        into->landlock_scopes = take_u64(cursor);
        into->landlock_network = take_u64(cursor);
        into->landlock_version = take_u32(cursor);
        return;
    case record_capture:
        into->capture_bytes_max = take_u64(cursor);
        return;
    case record_proxy:
        parse_proxy(cursor, into);
        return;
    case record_direct:
        parse_direct(cursor, into);
        return;
    case record_publish:
        parse_publish(cursor, into);
        return;
    case record_pinned:
        parse_pinned(cursor, into);
        return;
    case record_time:
        into->timeout_ms = take_milliseconds(cursor);
        into->grace_ms = take_milliseconds(cursor);
        into->cpu_ms = take_milliseconds(cursor);
        into->idle_ms = take_milliseconds(cursor);
        return;
    case record_maker_argument:
        append_maker_word(cursor, into);
        return;
    case record_maker_further:
        parse_further_call(cursor, into);
        return;
    case record_maker_gate:
        into->gate = take_absolute_path(cursor);
        return;
    case record_maker_daemon:
        into->daemon = take_absolute_path(cursor);
        return;
    case record_maker_variable:
        append_word(cursor, into->maker_environment, &into->maker_variable_count, maker_words_max);
        return;
    case record_maker_start:
        into->maker_start_ms = take_milliseconds(cursor);
        return;
    case record_around:
        into->has_guest = true;
        into->around_from = into->root_count;
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
