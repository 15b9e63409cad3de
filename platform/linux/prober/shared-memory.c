/* Memory that two processes share: a file in /dev/shm, and System V's in a namespace that takes it along when it ends.
 */
#include "prober.h"

#include <asm/statfs.h>
#include <linux/ipc.h>
#include <linux/mman.h>
#include <linux/sched.h>

enum { page = 4096, told = 42 };

static int tell(void *memory)
{
    *(volatile long *)memory = told;
    return 0;
}

/* What another process writes is read here. */
static long share(void *memory)
{
    run_child(tell, memory, 1000);
    return *(volatile long *)memory == told ? 0 : -EIO;
}

static bool is_address(long result)
{
    return result < -page || result > 0;
}

static int share_file(void *argument)
{
    (void)argument;
    struct statfs system;
    const long asked = kernel_call(__NR_statfs, "/dev/shm", &system);
    report("size", asked < 0 ? asked : (long long)system.f_blocks * system.f_bsize);
    report("free", asked < 0 ? asked : (long long)system.f_bavail * system.f_bsize);
    report("type", asked < 0 ? asked : (long long)system.f_type);
    const long file = make_nameless("/dev/shm", 0600).writer;
    report("create", file < 0 ? file : 0);
    if (file < 0)
        return 0;
    report("resize", kernel_call(__NR_ftruncate, file, page));
    const long memory = kernel_call(__NR_mmap, 0, page, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    report("map", is_address(memory) ? 0 : memory);
    if (is_address(memory))
        report("share", share((void *)memory));
    return 0;
}

static int share_system_v(void *argument)
{
    (void)argument;
    /* A segment outlives its maker, unless its namespace ends: outside of one, a kill at a bad moment would leave it.
     */
    long entered = enter_namespaces(CLONE_NEWIPC);
    if (entered < 0)
        entered = enter_namespaces(CLONE_NEWUSER | CLONE_NEWIPC);
    report("system-v-namespace", entered);
    if (entered < 0)
        return 0;
    const long segment = kernel_call(__NR_shmget, IPC_PRIVATE, page, IPC_CREAT | 0600);
    report("system-v-create", segment < 0 ? segment : 0);
    if (segment < 0)
        return 0;
    const long memory = kernel_call(__NR_shmat, segment, 0, 0);
    report("system-v-attach", is_address(memory) ? 0 : memory);
    if (is_address(memory))
        report("system-v-share", share((void *)memory));
    report("system-v-remove", kernel_call(__NR_shmctl, segment, IPC_RMID, 0));
    return 0;
}

void probe_shared_memory(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    report_child("file", share_file, 0, 2000);
    /* EINVAL: no segment has no size (shmget(2)). */
    report("system-v-bad", kernel_call(__NR_shmget, IPC_PRIVATE, 0, 0));
    report_child("system-v", share_system_v, 0, 2000);
}
