/* A new root, empty at first, and all that the options make in it, one after the other. */
#include "bwrap.h"

#include <linux/fcntl.h>
#include <linux/mount.h>

static void must(long result, const char *doing)
{
    if (result < 0)
        die_of(result, doing, NULL);
}

static long mount_flags(const char *source, const char *destination, unsigned long flags)
{
    return kernel_call(__NR_mount, source, destination, NULL, MS_SILENT | flags, NULL);
}

/* A file system for all of it, whose place does not matter: nobody else sees it there. */
static void enter_base(struct sandbox *sandbox)
{
    must(mount_flags(NULL, "/", MS_SLAVE | MS_REC), "Failed to make / slave");
    must(kernel_call(__NR_mount, "tmpfs", "/tmp", "tmpfs", MS_NODEV | MS_NOSUID, NULL), "Failed to mount tmpfs");
    /* What lies below is out of sight from here on, by any name but that which the kernel has for it. */
    sandbox->directory = own_directory();
    must(kernel_call(__NR_chdir, "/tmp"), "chdir base_path");
    must(kernel_call(__NR_mkdirat, AT_FDCWD, "newroot", usual_mode), "Creating newroot failed");
    must(mount_flags("newroot", "newroot", MS_MGC_VAL | MS_BIND | MS_REC), "setting up newroot bind");
    must(kernel_call(__NR_mkdirat, AT_FDCWD, "oldroot", usual_mode), "Creating oldroot failed");
    must(kernel_call(__NR_pivot_root, "/tmp", "oldroot"), "pivot_root");
    must(kernel_call(__NR_chdir, "/"), "chdir / (base path)");
}

/* The host's own mounts are not told of its end. */
static void enter_new_root(void)
{
    must(mount_flags("oldroot", "oldroot", MS_REC | MS_PRIVATE), "Failed to make old root rprivate");
    must(kernel_call(__NR_umount2, "oldroot", 2 /* MNT_DETACH */), "unmount old root");
    const long base = kernel_call(__NR_openat, AT_FDCWD, "/", O_DIRECTORY | O_RDONLY | O_CLOEXEC, 0);
    must(base, "can't open /");
    must(kernel_call(__NR_chdir, new_root), "chdir /newroot");
    /* Under the new root lies the old one then, where it is taken away from (pivot_root(2)). */
    must(kernel_call(__NR_pivot_root, ".", "."), "pivot_root(/newroot)");
    must(kernel_call(__NR_fchdir, base), "fchdir to oldroot");
    must(kernel_call(__NR_umount2, ".", 2 /* MNT_DETACH */), "umount old root");
    must(kernel_call(__NR_chdir, "/"), "chdir /");
    close_descriptor((int)base);
}

static int mode_or(const struct operation *operation, int usual)
{
    return operation->mode == mode_unset ? usual : operation->mode;
}

/* Whoever may not use what is made may not find his way there, either. */
static int mode_of_parents(const struct operation *operation)
{
    int mode = usual_mode;
    if (operation->mode == mode_unset)
        return mode;
    mode &= (operation->mode & 0070) == 0 ? ~0050 : ~0;
    return mode & ((operation->mode & 0007) == 0 ? ~0005 : ~0);
}

static void bind(const struct sandbox *sandbox, const struct operation *operation, const char *path)
{
    const char *const source = join(old_root, operation->source, NULL);
    if (is_directory(source))
        make_directory(path, usual_mode);
    else
        make_file(path, 0444);
    bind_mount(sandbox, source, path, operation);
}

static void mount_tmpfs(const struct operation *operation, const char *path)
{
    const char *const size = operation->size == 0 ? "" : join(",size=", number_text(operation->size), NULL);
    make_directory(path, usual_mode);
    mount_new("tmpfs", path, MS_SILENT | MS_NOSUID | MS_NODEV,
              join("mode=", octal_text((uint64_t)mode_or(operation, usual_mode)), size, NULL));
}

static void write_file(const struct operation *operation, const char *path, int flags, int mode)
{
    const long file = kernel_call(__NR_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, mode);
    if (file < 0)
        die_of(file, "Can't create file ", shown(path), NULL);
    copy_all(operation->descriptor, (int)file, shown(path));
    close_descriptor(operation->descriptor);
    close_descriptor((int)file);
}

/* From a file beside the new root, so that nothing but the mount leads to it. */
static void bind_data(const struct sandbox *sandbox, const struct operation *operation, const char *path)
{
    static unsigned number;
    const char *const file = join("/bindfile", number_text(++number), NULL);
    struct operation how = *operation;
    how.descriptor = none;
    write_file(operation, file, O_EXCL, mode_or(operation, 0600));
    make_file(path, 0444);
    bind_mount(sandbox, file, path, &how);
    kernel_call(__NR_unlinkat, AT_FDCWD, file, 0);
}

/* One that is there already, and leads to the same, is as good (since 0.9). */
static void make_symlink(const struct operation *operation, const char *path)
{
    const long result = kernel_call(__NR_symlinkat, operation->source, AT_FDCWD, path);
    if (result >= 0)
        return;
    enum { path_bytes = 4096 };
    char *const target = allocate(path_bytes);
    const long length = kernel_call(__NR_readlinkat, AT_FDCWD, path, target, path_bytes - 1);
    if (result == -EEXIST && length < 0)
        die("Can't make symlink at ", shown(path), ": destination exists and is not a symlink", NULL);
    if (length < 0)
        die_of(result, "Can't make symlink at ", shown(path), NULL);
    target[length] = '\0';
    if (strcmp(target, operation->source) != 0)
        die("Can't make symlink at ", shown(path), ": existing destination is ", target, NULL);
}

static void change_mode(const struct operation *operation, const char *path)
{
    const long result = kernel_call(__NR_fchmodat, AT_FDCWD, path, operation->mode);
    if (result < 0)
        die_of(result, "Can't chmod 0", octal_text((uint64_t)operation->mode), " ", shown(path), NULL);
}

static void carry_out(const struct sandbox *sandbox, const struct operation *operation)
{
    const char *const path = join(new_root, "/", operation->destination, NULL);
    if (operation->kind != operation_chmod)
        make_parents(path, mode_of_parents(operation));
    switch (operation->kind) {
    case operation_bind:
        bind(sandbox, operation, path);
        return;
    case operation_bind_data:
        bind_data(sandbox, operation, path);
        return;
    case operation_chmod:
        change_mode(operation, path);
        return;
    case operation_devices:
        make_devices(sandbox, path);
        return;
    case operation_directory:
        make_directory(path, mode_or(operation, usual_mode));
        return;
    case operation_file:
        write_file(operation, path, O_TRUNC, mode_or(operation, 0666));
        return;
    case operation_mqueue:
        make_directory(path, usual_mode);
        mount_new("mqueue", path, MS_SILENT, NULL);
        return;
    case operation_overlay:
        lay_overlay(operation, path);
        return;
    case operation_proc:
        make_proc(sandbox, path);
        return;
    case operation_remount_read_only:
        make_read_only(sandbox, path);
        return;
    case operation_symlink:
        make_symlink(operation, path);
        return;
    case operation_tmpfs:
        mount_tmpfs(operation, path);
        return;
    }
}

void build_root(struct sandbox *sandbox)
{
    note_terminal(sandbox);
    resolve_sources(sandbox);
    enter_base(sandbox);
    for (const struct item *item = sandbox->options.operations.first; item != NULL; item = item->next) {
        const struct operation *const operation = (const struct operation *)item;
        /* What may be absent, and is, leaves no trace. */
        if (operation->kind != operation_bind || operation->source != NULL)
            carry_out(sandbox, operation);
    }
    enter_new_root();
}
