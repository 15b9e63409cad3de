# Changes mode, owner and times by every call that there is for it, each as it is said: NAME TARGET, one line each.
# What came of each is told as "ok" or the errno's name, and the file's mode and time of change behind it.
import ctypes, errno, os, sys

library = ctypes.CDLL(None, use_errno=True)
here, nofollow, empty = -100, 0x100, 0x1000
outcome = {}


def call(number, *arguments):
    words = [ctypes.c_char_p(one) if isinstance(one, bytes) else one for one in arguments]
    words = [ctypes.c_long(one) if isinstance(one, int) else one for one in words]
    ctypes.set_errno(0)
    result = library.syscall(ctypes.c_long(number), *words)
    return "ok" if result == 0 else errno.errorcode[ctypes.get_errno()]


x86 = os.uname().machine == "x86_64"
fchmod, fchmodat, fchmodat2 = (91, 268, 452) if x86 else (52, 53, 452)
fchown, fchownat, utimensat = (93, 260, 280) if x86 else (55, 54, 88)
times = (ctypes.c_long * 4)(1000, 500000, 2000, 600000)
pair = (ctypes.c_long * 2)(1000, 2000)
wrong = (ctypes.c_long * 4)(1, 2000000, 1, 2000000)
mode = 0o640
own = (os.getuid(), os.getgid())


def older(path):
    if not x86:
        return {}
    return {
        "chmod": lambda: call(90, path, mode),
        "chown": lambda: call(92, path, *own),
        "lchown": lambda: call(94, path, *own),
        "utime": lambda: call(132, path, pair),
        "utime now": lambda: call(132, path, None),
        "utimes": lambda: call(235, path, times),
        "utimes wrong": lambda: call(235, path, wrong),
        "futimesat": lambda: call(261, here, path, times),
    }


def ways(path):
    directory, name = os.path.split(path)
    at = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    file = os.open(path, os.O_RDONLY)
    return {
        **older(path),
        "fchmod": lambda: call(fchmod, file, mode),
        "fchmodat": lambda: call(fchmodat, at, name, mode),
        "fchmodat2": lambda: call(fchmodat2, at, name, mode, 0),
        "fchmodat2 empty": lambda: call(fchmodat2, file, b"", mode, empty),
        "fchown": lambda: call(fchown, file, *own),
        "fchownat": lambda: call(fchownat, at, name, *own, nofollow),
        "utimensat": lambda: call(utimensat, at, name, times, 0),
        "utimensat now": lambda: call(utimensat, here, path, None, 0),
        "utimensat of a descriptor": lambda: call(utimensat, file, None, times, 0),
        "utimensat of nothing": lambda: call(utimensat, here, None, times, 0),
        "utimensat with a flag": lambda: call(utimensat, at, name, times, 0x8000),
        "no such name": lambda: call(fchmodat, at, b"absent", mode),
        "no such descriptor": lambda: call(fchmod, 999, mode),
        "no such directory": lambda: call(fchmodat, 999, b"x", mode),
        "an empty name": lambda: call(fchmodat, at, b"", mode),
        "a name that is too long": lambda: call(fchmodat, at, b"x" * 5000, mode),
        "no memory": lambda: call(fchmodat, at, 1, mode),
    }


for target in sys.argv[1:]:
    path = os.fsencode(target)
    for name, change in ways(path).items():
        before = os.stat(path)
        said = change()
        after = os.stat(path)
        changed = (before.st_mode, before.st_mtime_ns, before.st_ctime_ns) != (after.st_mode, after.st_mtime_ns, after.st_ctime_ns)
        moment = "now" if after.st_mtime_ns > 10**18 else str(after.st_mtime_ns)
        print(name, said, "changed" if changed else "same", oct(after.st_mode & 0o7777), moment, sep=": ")
