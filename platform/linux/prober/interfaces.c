/*
 * Interfaces of the kernel that much else can be reached through, each used for the least that it can do and closed
 * again: everything is this process's own and ends with it.
 */
#include "prober.h"

#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/mman.h>
#include <linux/perf_event.h>
#include <linux/prctl.h>
#include <linux/userfaultfd.h>

enum { page = 4096, answer = 42 };

static long map_page(long descriptor, size_t length, long offset)
{
    const int flags = descriptor < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
    return kernel_call(__NR_mmap, 0, length, PROT_READ | PROT_WRITE, flags, descriptor, offset);
}

static bool is_address(long result)
{
    return result < -page || result > 0;
}

/* One request that does nothing, submitted and waited for (io_uring_setup(2), io_uring_enter(2)). */
static long submit_nothing(long ring, const struct io_uring_params *parameters)
{
    const struct io_sqring_offsets *const submission = &parameters->sq_off;
    const long queue =
        map_page(ring, submission->array + parameters->sq_entries * sizeof(uint32_t), IORING_OFF_SQ_RING);
    const long entries = map_page(ring, parameters->sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
    if (!is_address(queue) || !is_address(entries))
        return is_address(queue) ? entries : queue;
    struct io_uring_sqe *const entry = (struct io_uring_sqe *)entries;
    entry->opcode = IORING_OP_NOP;
    *(volatile uint32_t *)(queue + submission->array) = 0;
    *(volatile uint32_t *)(queue + submission->tail) = 1;
    return kernel_call(__NR_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, 0, 0);
}

static int use_io_uring(void *argument)
{
    (void)argument;
    struct io_uring_params parameters;
    memset(&parameters, 0, sizeof parameters);
    report("io-uring-enter-bad", kernel_call(__NR_io_uring_enter, -1, 0, 0, 0, 0, 0));
    const long ring = kernel_call(__NR_io_uring_setup, 1, &parameters);
    report("io-uring-setup", ring < 0 ? ring : 0);
    if (ring >= 0)
        report("io-uring-submit", submit_nothing(ring, &parameters));
    return 0;
}

static long call_bpf(int command, union bpf_attr *attributes)
{
    return kernel_call(__NR_bpf, command, attributes, sizeof *attributes);
}

/* A map of one number, written and read back. */
static long use_map(void)
{
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.map_type = BPF_MAP_TYPE_ARRAY;
    attributes.key_size = sizeof(uint32_t);
    attributes.value_size = sizeof(uint64_t);
    attributes.max_entries = 1;
    const long map = call_bpf(BPF_MAP_CREATE, &attributes);
    if (map < 0)
        return map;
    uint32_t key = 0;
    uint64_t written = answer, read = 0;
    memset(&attributes, 0, sizeof attributes);
    attributes.map_fd = (uint32_t)map;
    attributes.key = (uint64_t)(uintptr_t)&key;
    attributes.value = (uint64_t)(uintptr_t)&written;
    const long updated = call_bpf(BPF_MAP_UPDATE_ELEM, &attributes);
    attributes.value = (uint64_t)(uintptr_t)&read;
    const long looked_up = call_bpf(BPF_MAP_LOOKUP_ELEM, &attributes);
    if (updated < 0 || looked_up < 0)
        return updated < 0 ? updated : looked_up;
    return read == answer ? 0 : -EIO;
}

/* `return 0`, for a socket, attached to none. */
static long load_program(void)
{
    static const struct bpf_insn code[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0},
        {.code = BPF_JMP | BPF_EXIT},
    };
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
    attributes.insn_cnt = sizeof code / sizeof *code;
    attributes.insns = (uint64_t)(uintptr_t)code;
    attributes.license = (uint64_t)(uintptr_t) "MIT";
    const long program = call_bpf(BPF_PROG_LOAD, &attributes);
    return program < 0 ? program : 0;
}

static int use_bpf(void *argument)
{
    (void)argument;
    enum { no_command = 9999 };
    report("bpf-bad", kernel_call(__NR_bpf, no_command, 0, 0));
    report("bpf-map", use_map());
    report("bpf-program", load_program());
    return 0;
}

/* Counts this process's own time in user space; the number itself means nothing. */
static long count_events(uint32_t type, uint64_t config)
{
    struct perf_event_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.size = sizeof attributes;
    attributes.type = type;
    attributes.config = config;
    attributes.exclude_kernel = 1;
    attributes.exclude_hv = 1;
    const long event = kernel_call(__NR_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
    if (event < 0)
        return event;
    uint64_t counted;
    const long length = kernel_call(__NR_read, event, &counted, sizeof counted);
    return length < 0 ? length : length == sizeof counted ? 0 : -EIO;
}

static int use_perf(void *argument)
{
    (void)argument;
    enum { bad_flag = 0x40000000 };
    report("perf-bad", kernel_call(__NR_perf_event_open, 0, 0, -1, -1, bad_flag));
    report("perf-software", count_events(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK));
    report("perf-hardware", count_events(PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES));
    return 0;
}

/* A key in this process's own keyring, which ends with the process (keyrings(7)). */
static int use_keyring(void *argument)
{
    (void)argument;
    static const char payload[] = "cupel";
    enum { no_command = 9999 };
    char read[sizeof payload] = "";
    report("keyring-bad", kernel_call(__NR_keyctl, no_command, 0, 0, 0, 0));
    const long key =
        kernel_call(__NR_add_key, "user", "cupel-probe", payload, sizeof payload, KEY_SPEC_PROCESS_KEYRING);
    report("keyring-add", key < 0 ? key : 0);
    if (key < 0)
        return 0;
    const long length = kernel_call(__NR_keyctl, KEYCTL_READ, key, read, sizeof read, 0);
    const bool is_same = length == sizeof payload && memcmp(read, payload, sizeof payload) == 0;
    report("keyring-read", length < 0 ? length : is_same ? 0 : -EIO);
    return 0;
}

/* Fills a page that was never touched (userfaultfd(2), UFFDIO_COPY); no fault is waited for. */
static long fill_page(long descriptor)
{
    static char source[page] = {answer};
    struct uffdio_api api = {.api = UFFD_API, .features = 0, .ioctls = 0};
    const long agreed = kernel_call(__NR_ioctl, descriptor, UFFDIO_API, &api);
    const long target = map_page(-1, page, 0);
    if (agreed < 0 || !is_address(target))
        return agreed < 0 ? agreed : target;
    struct uffdio_register registration = {
        .range = {.start = (uint64_t)target, .len = page}, .mode = UFFDIO_REGISTER_MODE_MISSING, .ioctls = 0};
    const long registered = kernel_call(__NR_ioctl, descriptor, UFFDIO_REGISTER, &registration);
    if (registered < 0)
        return registered;
    struct uffdio_copy copy = {
        .dst = (uint64_t)target, .src = (uint64_t)(uintptr_t)source, .len = page, .mode = 0, .copy = 0};
    const long copied = kernel_call(__NR_ioctl, descriptor, UFFDIO_COPY, &copy);
    if (copied < 0)
        return copied;
    return *(volatile char *)target == answer ? 0 : -EIO;
}

static int use_userfaultfd(void *argument)
{
    (void)argument;
    enum { bad_flag = 0x40000000 };
    report("userfaultfd-bad", kernel_call(__NR_userfaultfd, bad_flag | UFFD_USER_MODE_ONLY));
    const long whole = kernel_call(__NR_userfaultfd, 0);
    report("userfaultfd-whole", whole < 0 ? whole : 0);
    const long own = kernel_call(__NR_userfaultfd, UFFD_USER_MODE_ONLY);
    report("userfaultfd-own", own < 0 ? own : 0);
    if (whole >= 0 || own >= 0)
        report("userfaultfd-fill", fill_page(own < 0 ? whole : own));
    return 0;
}

void probe_interfaces(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    report("seccomp-mode", kernel_call(__NR_prctl, PR_GET_SECCOMP, 0, 0, 0, 0));
    report("capabilities", capability_set(0));
    report_child("io-uring", use_io_uring, 0, 1000);
    report_child("bpf", use_bpf, 0, 1000);
    report_child("perf", use_perf, 0, 1000);
    report_child("keyring", use_keyring, 0, 1000);
    report_child("userfaultfd", use_userfaultfd, 0, 1000);
}
