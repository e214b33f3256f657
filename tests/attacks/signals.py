# Refuses to be stopped by any signal that can be refused, and computes for ever.
import signal


def update_tau(r):
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    while True:
        pass
