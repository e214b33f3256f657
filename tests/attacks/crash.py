# Crashes the interpreter.
import ctypes


def update_tau(r):
    ctypes.string_at(0)
