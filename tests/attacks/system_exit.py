# Ends the process politely.
import sys


def update_tau(r):
    sys.exit(0)
