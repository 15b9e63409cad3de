/* x86-64 guests: sixteen bits without paging, then sixty-four with it. */
#if defined(__x86_64__)

#include "kvm.h"

enum {
    /* Interpreted at a million instructions a second these turns take half a second, at a processor's speed 0.2 ms. */
    loop_turns = 1 << 18,
    loop_deadline = 150,
    answer_port = 0x10,
    code_at = 0x4000,
    secret_at = 0x5000,
    /* Intel's virtualization needs three pages for its own use that no memory slot covers. */
    task_state_at = 0xfffbd000,
    /* Of two megabytes each: all of a large guest's memory. */
    large_pages = large_guest_size >> 21,
    written_at = 0x9000,
    exit_turns = 200,
};

static const uint32_t secret = 0x4c415353;

/* add %bl,%al; out %al,$0x10; hlt */
static const unsigned char real_mode_code[] = {0x00, 0xd8, 0xe6, answer_port, 0xf4};

/*
 * movabs $0x0102030405060708,%rax; shr $32,%rax; add 0x40005000,%eax (%rip-free, 32-bit displacement, zero base);
 * out %eax,$0x10; hlt. In 32-bit mode the first two give another number, and 0x40005000 is reachable through the
 * guest's page tables only: its physical address is 0x5000.
 */
static const unsigned char long_mode_code[] = {
    0x48, 0xb8, 0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01, 0x48,        0xc1,
    0xe8, 0x20, 0x03, 0x04, 0x25, 0x00, 0x50, 0x00, 0x40, 0xe7, answer_port, 0xf4,
};
static const uint32_t long_mode_answer = 0x01020304 + secret;

/* mov $turns,%ecx; 1: dec %ecx; jnz 1b: goes before the code above. */
static const unsigned char loop_code[] = {
    0xb9, loop_turns & 0xff, loop_turns >> 8 & 0xff, loop_turns >> 16 & 0xff, 0, 0xff, 0xc9, 0x75, 0xfc,
};

/* 1: out %al,$0x10; jmp 1b */
static const unsigned char exits_code[] = {0xe6, answer_port, 0xeb, 0xfc};

/* mov $32,%ecx; mov $0x9000,%edi; 1: mov %ecx,(%rdi); add $0x200000,%rdi; dec %ecx; jnz 1b: before long_mode_code. */
static const unsigned char memory_code[] = {
    0xb9, large_pages, 0,    0, 0, 0xbf, 0x00, 0x90, 0,    0,    0x89, 0x0f,
    0x48, 0x81,        0xc7, 0, 0, 0x20, 0,    0xff, 0xc9, 0x75, 0xf3,
};

static long set_registers(const struct machine *machine, const struct kvm_sregs *special)
{
    const struct kvm_regs registers = {.rip = code_at, .rflags = 2, .rax = 2, .rbx = 3, .rsp = 0x8000};
    const long set = kernel_call(__NR_ioctl, machine->cpu, KVM_SET_SREGS, special);
    return set < 0 ? set : kernel_call(__NR_ioctl, machine->cpu, KVM_SET_REGS, &registers);
}

static long prepare_real_mode(struct machine *machine)
{
    struct kvm_sregs special;
    kernel_call(__NR_ioctl, machine->vm, KVM_SET_TSS_ADDR, task_state_at);
    const long got = kernel_call(__NR_ioctl, machine->cpu, KVM_GET_SREGS, &special);
    if (got < 0)
        return got;
    special.cs.base = 0;
    special.cs.selector = 0;
    memcpy(machine->memory + code_at, real_mode_code, sizeof real_mode_code);
    return set_registers(machine, &special);
}

static long prepare_exits(struct machine *machine)
{
    const long prepared = prepare_real_mode(machine);
    memcpy(machine->memory + code_at, exits_code, sizeof exits_code);
    return prepared;
}

static bool is_exit(const struct kvm_run *run)
{
    return run->exit_reason == KVM_EXIT_IO && run->io.direction == KVM_EXIT_IO_OUT && run->io.port == answer_port;
}

static bool is_output(const struct kvm_run *run, uint8_t size)
{
    return run->exit_reason == KVM_EXIT_IO && run->io.direction == KVM_EXIT_IO_OUT && run->io.port == answer_port &&
           run->io.size == size && run->io.count == 1;
}

static bool is_real_mode_answer(const struct kvm_run *run)
{
    return is_output(run, 1) && *((const uint8_t *)run + run->io.data_offset) == 5;
}

static void put_entry(const struct machine *machine, size_t at, uint64_t entry)
{
    memcpy(machine->memory + at, &entry, sizeof entry);
}

/* One table of each level; the first and the second gigabyte both show what a large guest has for memory. */
static uint64_t build_page_tables(const struct machine *machine)
{
    enum { level_four = 0x1000, level_three = 0x2000, level_two = 0x3000 };
    enum { present_writable = 3, large = 0x80 };
    put_entry(machine, level_four, level_three | present_writable);
    put_entry(machine, level_three, level_two | present_writable);
    put_entry(machine, level_three + 8, level_two | present_writable);
    for (uint64_t page = 0; page < large_pages; page++)
        put_entry(machine, level_two + page * 8, page << 21 | large | present_writable);
    return level_four;
}

/* Sets up everything for 64-bit code at code_at. */
static long enter_long_mode(struct machine *machine)
{
    struct kvm_sregs special;
    kernel_call(__NR_ioctl, machine->vm, KVM_SET_TSS_ADDR, task_state_at);
    const long got = kernel_call(__NR_ioctl, machine->cpu, KVM_GET_SREGS, &special);
    if (got < 0)
        return got;
    struct kvm_segment segment = {
        .base = 0,
        .limit = 0xffffffff,
        .selector = 8,
        .type = 11,
        .present = 1,
        .s = 1,
        .l = 1,
        .g = 1,
    };
    special.cs = segment;
    segment.selector = 16;
    segment.type = 3;
    segment.l = 0;
    segment.db = 1;
    special.ds = special.es = special.fs = special.gs = special.ss = segment;
    special.cr3 = build_page_tables(machine);
    special.cr4 = 0x20;       /* PAE */
    special.cr0 = 0x80050033; /* PE, MP, ET, NE, WP, AM, PG */
    special.efer = 0x500;     /* LME, LMA */
    memcpy(machine->memory + secret_at, &secret, sizeof secret);
    return set_registers(machine, &special);
}

static long prepare_long_mode(struct machine *machine)
{
    memcpy(machine->memory + code_at, long_mode_code, sizeof long_mode_code);
    return enter_long_mode(machine);
}

/* Some hosts interpret 64-bit guests instruction by instruction: every short test passes and no kernel ever boots. */
static long prepare_loop(struct machine *machine)
{
    memcpy(machine->memory + code_at, loop_code, sizeof loop_code);
    memcpy(machine->memory + code_at + sizeof loop_code, long_mode_code, sizeof long_mode_code);
    return enter_long_mode(machine);
}

static long prepare_memory(struct machine *machine)
{
    memcpy(machine->memory + code_at, memory_code, sizeof memory_code);
    memcpy(machine->memory + code_at + sizeof memory_code, long_mode_code, sizeof long_mode_code);
    return enter_long_mode(machine);
}

/* One number in each large page, counted down. */
static bool is_memory_written(const struct machine *machine)
{
    for (uint32_t page = 0; page < large_pages; page++) {
        uint32_t written;
        memcpy(&written, machine->memory + written_at + ((size_t)page << 21), sizeof written);
        if (written != large_pages - page)
            return false;
    }
    return true;
}

static bool is_long_mode_answer(const struct kvm_run *run)
{
    uint32_t answer;
    if (!is_output(run, sizeof answer))
        return false;
    memcpy(&answer, (const uint8_t *)run + run->io.data_offset, sizeof answer);
    return answer == long_mode_answer;
}

#define GUEST(name, preparation, answer) .step = name, .prepare = preparation, .is_answer = answer
const struct guest kvm_guests[] = {
    {GUEST("real-mode", prepare_real_mode, is_real_mode_answer), .halts = true, .deadline = guest_deadline},
    {GUEST("exit", prepare_exits, is_exit), .deadline = guest_deadline, .turns = exit_turns},
    {GUEST("long-mode", prepare_long_mode, is_long_mode_answer), .halts = true, .deadline = guest_deadline},
    {GUEST("memory", prepare_memory, is_long_mode_answer), .halts = true, .deadline = guest_deadline,
     .memory = large_guest_size, .check = is_memory_written},
    {GUEST("long-mode-loop", prepare_loop, is_long_mode_answer), .halts = true, .deadline = loop_deadline},
};
#undef GUEST
const size_t kvm_guest_count = sizeof kvm_guests / sizeof *kvm_guests;

/* The same loop without a guest: tells a slow guest from a busy machine. */
void kvm_report_native_loop(void)
{
    uint32_t turns = loop_turns;
    const long long start = now_microseconds();
    __asm__ volatile("1: dec %0\n jnz 1b" : "+r"(turns) : : "cc");
    report("native-loop", now_microseconds() - start);
}

#endif
