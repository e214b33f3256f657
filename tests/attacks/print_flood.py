# Prints a gigabyte, to both streams.
import os
import sys


def update_tau(r):
    for _ in range(1000):
        print("flood " * 100_000)
        print("flood " * 100_000, file=sys.stderr)
        os.write(1, b"flood " * 100_000)
    return 0.123
