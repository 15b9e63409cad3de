/* An arm64 guest: EL1 with the MMU off, which stores its result where there is no memory. */
#if defined(__aarch64__)

#include "kvm.h"

enum { code_at = 0x4000, answer_at = 0x20000, answer = 0x4350 };

/* mov w0, #0x4350; movz x1, #2, lsl #16; str w0, [x1]; b . */
static const uint32_t code[] = {0x52886a00, 0xd2a00041, 0xb9000020, 0x14000000};

static long prepare(struct machine *machine)
{
    struct kvm_vcpu_init target;
    const long preferred = kernel_call(__NR_ioctl, machine->vm, KVM_ARM_PREFERRED_TARGET, &target);
    if (preferred < 0)
        return preferred;
    const long initialised = kernel_call(__NR_ioctl, machine->cpu, KVM_ARM_VCPU_INIT, &target);
    if (initialised < 0)
        return initialised;
    const uint64_t start = code_at;
    const struct kvm_one_reg counter = {
        .id = KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(regs.pc),
        .addr = (uint64_t)(uintptr_t)&start,
    };
    memcpy(machine->memory + code_at, code, sizeof code);
    return kernel_call(__NR_ioctl, machine->cpu, KVM_SET_ONE_REG, &counter);
}

static bool is_answer(const struct kvm_run *run)
{
    uint32_t stored;
    memcpy(&stored, run->mmio.data, sizeof stored);
    return run->exit_reason == KVM_EXIT_MMIO && run->mmio.is_write && run->mmio.phys_addr == answer_at &&
           run->mmio.len == sizeof stored && stored == answer;
}

/* All of arm64 is one mode: what is called long mode elsewhere is all there is. */
const struct guest kvm_guests[] = {
    {.step = "long-mode", .prepare = prepare, .is_answer = is_answer, .deadline = guest_deadline},
};
const size_t kvm_guest_count = sizeof kvm_guests / sizeof *kvm_guests;

void kvm_report_native_loop(void)
{
}

#endif
