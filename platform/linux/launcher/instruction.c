/* Reads the instruction and refuses it whole if anything about it is odd. Nothing here has a side effect but reading.
 */
#include "instruction-cursor.h"

#include <linux/sched.h>

enum { instruction_header_bytes = 12 };

/* Zero pages until they are touched: an instruction of two kilobytes costs one page of each. */
static unsigned char buffer[INSTRUCTION_BYTES_MAX];
static char *argument_pointers[arguments_max];
static char *environment_pointers[arguments_max];
static char *setup_pointers[arguments_max];

/* Where the next instruction goes: behind one that is kept. */
static size_t kept_bytes, kept_arguments, kept_variables;

/* What the last instruction took of the buffer and of the two lists, the ends of the lists included. */
static struct extent {
    size_t bytes, arguments, variables;
} last_read;

/* Records that say all there is to say: a second one would contradict the first, or mean nothing. */
static const uint64_t single_records =
    1ULL << record_identity | 1ULL << record_namespaces | 1ULL << record_options | 1ULL << record_hostname |
    1ULL << record_directory | 1ULL << record_seccomp | 1ULL << record_landlock | 1ULL << record_time |
    1ULL << record_capture | 1ULL << record_output | 1ULL << record_proxy | 1ULL << record_maker_start |
    1ULL << record_guard | 1ULL << record_around | 1ULL << record_maker_gate | 1ULL << record_maker_daemon;

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

/* A kernel of the job's own is a program in a root, whose end is that of all that it starts, and is given one socket.
 */
static bool is_guest_whole(const struct instruction *instruction)
{
    const uint64_t needed = CLONE_NEWNS | CLONE_NEWPID;
    return instruction->maker_argument_count > 0 && instruction->maker_input_count == 0 &&
           instruction->around_from > 0 && (instruction->namespaces & needed) == needed;
}

/* A maker is a program of the host's, by its path. Inputs and variables without one are meant for nobody. */
static bool is_maker_whole(const struct instruction *instruction)
{
    if (instruction->has_guest && !is_guest_whole(instruction))
        return false;
    for (size_t index = 0; index < instruction->further_call_count; index++)
        if (instruction->further_calls[index].count == 0 || instruction->further_calls[index].words[0][0] != '/')
            return false;
    const bool takes_input = (instruction->options & option_input) != 0;
    const bool is_daemons = instruction->gate != NULL || takes_input || instruction->further_call_count > 0;
    if ((is_daemons && !has_engine(instruction)) || (takes_input && instruction->gate != NULL))
        return false;
    /* The ids of a job of root's are none in the user namespace of such a daemon. */
    if (instruction->daemon != NULL &&
        (instruction->gate == NULL || (instruction->options & option_fresh_identity) != 0))
        return false;
    if (instruction->maker_argument_count > 0)
        return instruction->maker_arguments[0][0] == '/';
    return instruction->maker_variable_count == 0 && instruction->maker_input_count == 0;
}

static long parse_records(unsigned char *bytes, size_t length, struct instruction *into)
{
    struct cursor cursor = {.at = bytes + instruction_header_bytes, .end = bytes + length, .broken = false};
    struct word_lists lists = {
        .arguments = {argument_pointers, kept_arguments},
        .variables = {environment_pointers, kept_variables},
        .setup = {setup_pointers, 0},
    };
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
        parse_record(&record, into, &lists, kind);
        /* A record must be used up: bytes that nobody read are bytes that nobody checked. */
        if (record.broken || record.at != record.end)
            return -EBADMSG;
        cursor.at += payload;
    }
    if (lists.arguments.count == kept_arguments || into->directory == NULL || !is_maker_whole(into))
        return -EBADMSG;
    /* An earlier instruction may have left pointers of its own here. */
    argument_pointers[lists.arguments.count] = NULL;
    environment_pointers[lists.variables.count] = NULL;
    setup_pointers[lists.setup.count] = NULL;
    into->arguments = argument_pointers + kept_arguments;
    into->setup = lists.setup.count == 0 ? NULL : setup_pointers;
    into->environment = environment_pointers + kept_variables;
    into->bytes = bytes;
    into->length = length;
    last_read = (struct extent){length, lists.arguments.count + 1, lists.variables.count + 1};
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
