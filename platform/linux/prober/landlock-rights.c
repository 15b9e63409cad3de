/* Landlock's rights one by one: to execute, to truncate, to move between directories, to control devices; and layers.
 */
#include "prober.h"

#include <asm/ioctls.h>
#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/landlock.h>
#include <linux/prctl.h>

/* Since ABI 2, 3 and 5 (Linux 5.19, 6.2, 6.10; include/uapi/linux/landlock.h). */
enum { right_refer = 1 << 13, right_truncate = 1 << 14, right_ioctl_device = 1 << 15 };
enum { abi_with_refer = 2, abi_with_truncate = 3, abi_with_ioctl = 5 };
/* LANDLOCK_MAX_NUM_LAYERS is 16; more than any kernel takes. */
enum { most_layers = 64, usage_error = 64 };

static long ruleset_of(uint64_t rights)
{
    const struct landlock_ruleset_attr rules = {.handled_access_fs = rights};
    return kernel_call(__NR_landlock_create_ruleset, &rules, sizeof rules, 0);
}

static long restrict_to(uint64_t rights, const char *allowed_path, uint64_t allowed)
{
    const long ruleset = ruleset_of(rights);
    if (ruleset < 0)
        return ruleset;
    const struct landlock_path_beneath_attr rule = {
        .allowed_access = allowed,
        .parent_fd = allowed_path == 0 ? -1 : (int)open_path(allowed_path, O_PATH),
    };
    if (allowed_path != 0)
        kernel_call(__NR_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    kernel_call(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    const long result = kernel_call(__NR_landlock_restrict_self, ruleset, 0);
    kernel_call(__NR_close, ruleset);
    return result;
}

static int execute_self(void *argument)
{
    (void)argument;
    char *const arguments[] = {"prober", 0};
    char *const none[] = {0};
    const long result = kernel_call(__NR_execve, "/proc/self/exe", arguments, none);
    return (int)-result;
}

/* The prober without arguments ends with its usage error: that it was executed. */
static long execute(void)
{
    const struct ending ending = run_child(execute_self, 0, 1000);
    if (ending.error != 0 || ending.signal != 0)
        return -EIO;
    return ending.status == usage_error ? 0 : -(long)ending.status;
}

static int restrict_execution(void *argument)
{
    (void)argument;
    report("execute-control", execute());
    report("execute-restrict", restrict_to(LANDLOCK_ACCESS_FS_EXECUTE, 0, 0));
    report("execute-denied", execute());
    return 0;
}

static int allow_execution(void *argument)
{
    (void)argument;
    if (restrict_to(LANDLOCK_ACCESS_FS_EXECUTE, "/", LANDLOCK_ACCESS_FS_EXECUTE) == 0)
        report("execute-allowed", execute());
    return 0;
}

/* A file without a name: nothing is left of it, whatever ends this process. Anonymous memory is no file to Landlock. */
static long open_nameless(void)
{
    static const char *const directories[] = {"/tmp", "/var/tmp", "/dev/shm", "."};
    long file = -ENOENT;
    for (size_t index = 0; index < sizeof directories / sizeof *directories && file < 0; index++)
        file = open_path(directories[index], O_RDWR | O_TMPFILE);
    return file;
}

static int restrict_truncation(void *argument)
{
    char path[64] = "/proc/self/fd/";
    (void)argument;
    const long file = open_nameless();
    if (file < 0) {
        report("truncate-control", file);
        return 0;
    }
    format_number(path + strlen(path), file);
    report("truncate-control", kernel_call(__NR_truncate, path, 0));
    report("truncate-restrict", restrict_to(right_truncate, 0, 0));
    report("truncate-denied", kernel_call(__NR_truncate, path, 0));
    return 0;
}

static long control_device(const char *path)
{
    char settings[64];
    const long device = open_path(path, O_RDWR);
    if (device < 0)
        return device;
    const long result = kernel_call(__NR_ioctl, device, TCGETS, settings);
    kernel_call(__NR_close, device);
    return result;
}

/* /dev/null is no terminal: ENOTTY says that the call came as far as the driver. */
static int restrict_devices(void *argument)
{
    (void)argument;
    report("ioctl-control", control_device("/dev/null"));
    report("ioctl-restrict", restrict_to(right_ioctl_device, "/dev/zero", right_ioctl_device));
    report("ioctl-denied", control_device("/dev/null"));
    report("ioctl-allowed", control_device("/dev/zero"));
    return 0;
}

static long move(const char *from, const char *to)
{
    return kernel_call(__NR_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

/* Files with names are made where nobody else sees them; without a mount namespace of one's own this is not tried. */
static int restrict_moves(void *argument)
{
    (void)argument;
    const char *last = 0;
    const long place = try_scratch(0, &last);
    report("refer-place", place);
    if (place < 0)
        return 0;
    make_directory("one");
    make_directory("two");
    make_directory("free");
    make_directory("free/three");
    create_file("one/a");
    create_file("free/b");
    report("refer-control", move("one/a", "two/a"));
    report("refer-restrict", restrict_to(right_refer, "free", right_refer));
    report("refer-denied", move("two/a", "one/a"));
    report("refer-allowed", move("free/b", "free/three/b"));
    return 0;
}

/* How many domains still fit into those around this process; one more is E2BIG. */
static int fill_layers(void *argument)
{
    long layers = 0;
    long result = 0;
    while (layers < most_layers && (result = restrict_to(LANDLOCK_ACCESS_FS_MAKE_BLOCK, 0, 0)) == 0)
        layers++;
    report_both(argument, -result, layers, 0);
    return 0;
}

void report_landlock_layers(const char *step)
{
    report_child(step, fill_layers, (void *)step, 1000);
}

void report_landlock_rights(long abi)
{
    report_child("execute", restrict_execution, 0, 1000);
    report_child("execute-allowed", allow_execution, 0, 1000);
    report_landlock_layers("layers");
    if (abi >= abi_with_refer)
        report_child("refer", restrict_moves, 0, 1000);
    if (abi >= abi_with_truncate)
        report_child("truncate", restrict_truncation, 0, 1000);
    if (abi >= abi_with_ioctl)
        report_child("ioctl", restrict_devices, 0, 1000);
}
