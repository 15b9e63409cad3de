/* What the KVM probe and its guests share. */
#ifndef CUPEL_PROBER_KVM_H
#define CUPEL_PROBER_KVM_H

#include "prober.h"

#include <linux/kvm.h>

enum { guest_size = 0x10000, large_guest_size = 64 << 20, guest_deadline = 300 };

/* One virtual machine with one processor and its memory at guest address 0. */
struct machine {
    long kvm;
    long vm;
    long cpu;
    unsigned char *memory;
    struct kvm_run *run;
};

/* What a guest has to show: written into memory, started, and these two exits are what must come of it. */
struct guest {
    const char *step;
    /* Loads code and registers; -errno of the first call that fails. */
    long (*prepare)(struct machine *machine);
    /* Whether the exit is the one in which the guest hands out its result. */
    bool (*is_answer)(const struct kvm_run *run);
    /* After the answer the guest halts; arm64 has no exit for that and stops at the answer. */
    bool halts;
    long deadline;
    /* Bytes of memory; 0 is guest_size. */
    size_t memory;
    /* How often it gives its answer: the step's value is then the nanoseconds of one exit. */
    long turns;
    /* Whether what it left in its memory is right, where that is asked. */
    bool (*check)(const struct machine *machine);
};

extern const struct guest kvm_guests[];
extern const size_t kvm_guest_count;
void kvm_report_native_loop(void);

#endif
