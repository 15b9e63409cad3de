"""Makes a tree again and again, and exchanges a directory of it with a link that leads out, until it is killed: TREE OUTSIDE."""
import ctypes
import os
import sys

RENAME_EXCHANGE = 2
AT_FDCWD = -100
libc = ctypes.CDLL(None, use_errno=True)
tree, outside = sys.argv[1].encode(), sys.argv[2].encode()

while True:
    try:
        os.makedirs(tree + b"/directory", exist_ok=True)
        os.symlink(outside, tree + b"/link")
    except OSError:  # Whoever removes it was quicker.
        pass
    for _ in range(200):
        libc.renameat2(AT_FDCWD, tree + b"/directory", AT_FDCWD, tree + b"/link", RENAME_EXCHANGE)
