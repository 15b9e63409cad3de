/* Group A, changing: canaries that the host named, and nothing else. */
#include "attacker.h"

#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/stat.h>

static enum ending write_read_only(void)
{
    const char *path = key("read-only-file");
    did("write", write_path(path, O_WRONLY, mark()));
    did("append", write_path(path, O_WRONLY | O_APPEND, mark()));
    return attempted;
}

static void make_in(const char *step, const char *directory)
{
    char path[path_room];
    join(path, sizeof path, directory, "/cupel-attack-", mark());
    const long count = write_path(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mark());
    did(step, count);
    if (count >= 0)
        left(path);
}

static enum ending make_outside(void)
{
    char home[path_room];
    if (key("out-directory") != 0)
        make_in("out-directory", key("out-directory"));
    if (key("home-file") != 0)
        make_in("home", parent_of(home, sizeof home, key("home-file")));
    make_in("tmp", "/tmp");
    make_in("var-tmp", "/var/tmp");
    make_in("shm", "/dev/shm");
    return attempted;
}

static enum ending truncate_read_only(void)
{
    const char *path = key("read-only-file");
    did("truncate", kernel_call(__NR_truncate, path, 3));
    const long file = open_file(path, O_RDWR);
    did("open", file);
    did("ftruncate", kernel_call(__NR_ftruncate, file, 2));
    close_file(file);
    const long emptied = open_file(path, O_WRONLY | O_TRUNC);
    did("open-truncate", emptied);
    close_file(emptied);
    /* open(2): what this does without the right to write is not said; file systems have truncated. */
    const long odd = open_file(path, O_RDONLY | O_TRUNC);
    did("read-truncate", odd);
    close_file(odd);
    return attempted;
}

static enum ending move_protected(void)
{
    char moved[path_room], inner[path_room];
    const char *path = key("protected-directory");
    join(moved, sizeof moved, path, "-", mark());
    const long renamed = kernel_call(__NR_renameat2, AT_FDCWD, path, AT_FDCWD, moved, 0);
    did("rename", renamed);
    if (renamed >= 0)
        left(moved);
    did("make", kernel_call(__NR_mkdirat, AT_FDCWD, path, 0700));
    join(inner, sizeof inner, path, "/", mark());
    const long count = write_path(inner, O_WRONLY | O_CREAT | O_EXCL, mark());
    did("fill", count);
    if (count >= 0)
        left(inner);
    return attempted;
}

static void make_parents(char *path)
{
    for (char *at = path + 1; *at != '\0'; at++) {
        if (*at != '/')
            continue;
        *at = '\0';
        kernel_call(__NR_mkdirat, AT_FDCWD, path, 0700);
        *at = '/';
    }
}

static enum ending make_protected(void)
{
    char path[path_room];
    const char *rest = key("protected-names");
    while (next_item(&rest, path, sizeof path)) {
        make_parents(path);
        const long count = write_path(path, O_WRONLY | O_CREAT | O_EXCL, mark());
        did("make", count);
        if (count >= 0)
            left(path);
    }
    return attempted;
}

static enum ending change_metadata(void)
{
    const char *path = key("read-only-file");
    const long long times[4] = {1, 0, 1, 0};
    enum { foreign_id = 61184 };
    did("mode", kernel_call(__NR_fchmodat, AT_FDCWD, path, 0640));
    did("times", kernel_call(__NR_utimensat, AT_FDCWD, path, times, 0));
    did("attribute", kernel_call(__NR_setxattr, path, "user.cupel-attack", mark(), strlen(mark()), 0));
    /* Who owns a file may give it to itself; only root may give it to nobody. */
    did("own", kernel_call(__NR_fchownat, AT_FDCWD, path, kernel_call(__NR_getuid), kernel_call(__NR_getgid), 0));
    did("give", kernel_call(__NR_fchownat, AT_FDCWD, path, foreign_id, foreign_id, 0));
    return attempted;
}

static void write_mapped(const char *step, int flags, int protection)
{
    enum { page = 4096 };
    struct statx status;
    const long file = open_file(key("read-only-file"), flags);
    did(step, file);
    if (file < 0)
        return;
    const long seen = kernel_call(__NR_statx, file, "", AT_EMPTY_PATH, STATX_SIZE, &status);
    const long memory = kernel_call(__NR_mmap, 0, page, protection, MAP_SHARED, file, 0);
    did("map", memory);
    close_file(file);
    if (memory < 0 && memory > -page)
        return;
    const long allowed = kernel_call(__NR_mprotect, memory, page, PROT_READ | PROT_WRITE);
    did("protect", allowed);
    /* Beyond the file's end a write is a SIGBUS. */
    if (allowed == 0 && seen == 0 && status.stx_size >= strlen(mark()))
        memcpy((void *)memory, mark(), strlen(mark()));
    kernel_call(__NR_munmap, memory, page);
}

static enum ending write_shared_memory(void)
{
    write_mapped("open-read", O_RDONLY, PROT_READ);
    write_mapped("open-both", O_RDWR, PROT_READ | PROT_WRITE);
    return attempted;
}

const struct attack change_attacks[] = {
    {"A09", "read-only-file,mark", "write and append to a read-only file", write_read_only},
    {"A10", "mark,home-file?,out-directory?", "make files outside", make_outside},
    {"A11", "read-only-file", "truncate a read-only file", truncate_read_only},
    {"A12", "protected-directory,mark", "move a protected directory away and make another", move_protected},
    {"A13", "protected-names,mark", "make protected names", make_protected},
    {"A14", "read-only-file,mark", "change mode, owner, times and attributes", change_metadata},
    {"A16", "read-only-file,mark", "write to a read-only file through shared memory", write_shared_memory},
    {"A17", "read-only-file,mark,inside?", "make a read-only mount writable", attack_remount},
    {"A18", "home-file,scratch?,workspace?,inside?", "mount over, and unmount what hides", attack_mount},
    {"A19", "home-file,inside?", "mount by descriptors", attack_mount_files},
    {"A20", "scratch?,workspace?", "make and open devices", attack_devices},
    {"A21", "home-file,scratch?,workspace?", "leave a changed root", attack_chroot},
    {"A22", "setuid-file?", "run set-user-id programs", attack_set_user_id},
    {"A23", "scratch?,workspace?,disk-bytes?,file-count?", "fill the disk", attack_disk},
    {"A24", "mark", "write what the kernel acts upon", attack_control_files},
    {0, 0, 0, 0},
};
