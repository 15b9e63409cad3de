/* KVM: open, create, and guests that must hand out what only they could have computed, each in its own child. */
#include "kvm.h"

#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/time.h>

static void *map(long descriptor, size_t length)
{
    const int flags = descriptor < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED;
    const long address = kernel_call(__NR_mmap, 0, length, PROT_READ | PROT_WRITE, flags, descriptor, 0);
    return address < 0 && address > -4096 ? 0 : (void *)address;
}

/* Builds the machine; names the failing call in *call. */
static long build(struct machine *machine, size_t memory_size, const char **call)
{
    *call = "open /dev/kvm";
    machine->kvm = open_path("/dev/kvm", O_RDWR);
    if (machine->kvm < 0)
        return machine->kvm;
    *call = "KVM_CREATE_VM";
    machine->vm = kernel_call(__NR_ioctl, machine->kvm, KVM_CREATE_VM, 0);
    if (machine->vm < 0)
        return machine->vm;
    *call = "mmap of the guest's memory";
    machine->memory = map(-1, memory_size);
    if (machine->memory == 0)
        return -ENOMEM;
    const struct kvm_userspace_memory_region region = {
        .slot = 0,
        .flags = 0,
        .guest_phys_addr = 0,
        .memory_size = memory_size,
        .userspace_addr = (uint64_t)(uintptr_t)machine->memory,
    };
    *call = "KVM_SET_USER_MEMORY_REGION";
    const long set = kernel_call(__NR_ioctl, machine->vm, KVM_SET_USER_MEMORY_REGION, &region);
    if (set < 0)
        return set;
    *call = "KVM_CREATE_VCPU";
    machine->cpu = kernel_call(__NR_ioctl, machine->vm, KVM_CREATE_VCPU, 0);
    if (machine->cpu < 0)
        return machine->cpu;
    *call = "mmap of the processor's state";
    const long size = kernel_call(__NR_ioctl, machine->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    machine->run = size <= 0 ? 0 : map(machine->cpu, (size_t)size);
    return machine->run == 0 ? -ENOMEM : 0;
}

static long run_once(const struct machine *machine)
{
    long result;
    do
        result = kernel_call(__NR_ioctl, machine->cpu, KVM_RUN, 0);
    while (result == -EINTR);
    return result;
}

static int report_exit(const char *step, const struct kvm_run *run)
{
    char text[64] = "unexpected exit, KVM_EXIT reason ";
    format_number(text + strlen(text), run->exit_reason);
    report_both(step, EPROTO, run->exit_reason, text);
    return 0;
}

/* After the first exit, which also pays for what is made on first use. */
static int measure_exits(const struct guest *guest, const struct machine *machine)
{
    const long long start = now_microseconds();
    for (long turn = 0; turn < guest->turns; turn++)
        if (run_once(machine) < 0 || !guest->is_answer(machine->run))
            return report_exit(guest->step, machine->run);
    const long long microseconds = now_microseconds() - start;
    report_both(guest->step, 0, microseconds * 1000 / guest->turns, "nanoseconds for one exit");
    return 0;
}

/*
 * A guest has so much time of a processor; guests count as their process. A machine that is busy with others gives it
 * late, and that says nothing of the guest.
 */
static void limit_processor_time(long milliseconds)
{
    const struct __kernel_old_itimerval timer = {
        .it_interval = {0, 0},
        .it_value = {milliseconds / 1000, milliseconds % 1000 * 1000},
    };
    kernel_call(__NR_setitimer, 2 /* ITIMER_PROF */, &timer, 0);
}

static int run_guest(void *argument)
{
    const struct guest *guest = argument;
    limit_processor_time(guest->deadline);
    struct machine machine = {0, 0, 0, 0, 0};
    const char *call;
    const long long start = now_microseconds();
    long result = build(&machine, guest->memory == 0 ? guest_size : guest->memory, &call);
    if (result == 0) {
        call = "loading the guest's registers";
        result = guest->prepare(&machine);
    }
    if (result == 0) {
        call = "KVM_RUN";
        result = run_once(&machine);
    }
    if (result < 0) {
        report_text(guest->step, result, call);
        return 0;
    }
    if (!guest->is_answer(machine.run))
        return report_exit(guest->step, machine.run);
    if (guest->turns > 0)
        return measure_exits(guest, &machine);
    if (guest->check != 0 && !guest->check(&machine)) {
        report_both(guest->step, EPROTO, 0, "what the guest wrote is not in its memory");
        return 0;
    }
    if (guest->halts) {
        result = run_once(&machine);
        if (result < 0 || machine.run->exit_reason != KVM_EXIT_HLT)
            return report_exit(guest->step, machine.run);
    }
    report_both(guest->step, 0, now_microseconds() - start, "microseconds from open to halt");
    return 0;
}

static int create(void *argument)
{
    (void)argument;
    const long kvm = open_path("/dev/kvm", O_RDWR);
    report("open", kvm < 0 ? kvm : 0);
    if (kvm < 0)
        return 1;
    report("api-version", kernel_call(__NR_ioctl, kvm, KVM_GET_API_VERSION, 0));
    const long vm = kernel_call(__NR_ioctl, kvm, KVM_CREATE_VM, 0);
    report("create-vm", vm < 0 ? vm : 0);
    return vm < 0;
}

void probe_kvm(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    const struct ending created = report_child("create", create, 0, 4000);
    if (created.error != 0 || created.signal != 0 || created.status != 0)
        return;
    for (size_t index = 0; index < kvm_guest_count; index++) {
        enum { patience = 10 };
        const long deadline = kvm_guests[index].deadline;
        const struct ending ending = run_child(run_guest, (void *)&kvm_guests[index], deadline * patience);
        /* A guest that never exits is ended by a timer, which also interrupts KVM_RUN. */
        if (ending.signal == SIGPROF)
            report_both(kvm_guests[index].step, ETIMEDOUT, deadline, "no exit in so many milliseconds of a processor");
        else if (ending.signal == SIGALRM)
            report_both(kvm_guests[index].step, ETIME, deadline * patience, "too little of a processor to tell");
        else if (ending.error != 0 || ending.signal != 0)
            report_both(kvm_guests[index].step, ending.error != 0 ? ending.error : EINTR, ending.signal,
                        "the child that ran it died");
    }
    kvm_report_native_loop();
}
