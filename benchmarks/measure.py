"""How time is taken. The machines are noisy, so that emlib and its peers take turns and every round is a comparison."""

import time
from typing import NamedTuple

import numpy as np

BOUND = 1e-8
ROUND_SECONDS = 0.02
LEAST_ROUNDS, MOST_ROUNDS, ENOUGH_SECONDS = 3, 40, 2.0


class Refused(Exception):
    """Two results are not the same, or not of the same work: their times say nothing."""


class Ratio(NamedTuple):
    """emlib's time over another's: of the least times, and the quartiles of the rounds' own ratios."""

    least: float
    low: float
    high: float


def timed(function, clock=time.process_time):
    """A contestant of this process: it calls `function` for a while, and returns (seconds of one call, result).

    On one thread the processor's time is that of the clock on an idle machine, and on a busy one it still is.
    """

    def contestant():
        begin, calls, seconds = clock(), 0, 0.0
        while seconds < ROUND_SECONDS:
            result = function()
            calls, seconds = calls + 1, clock() - begin
        return seconds / calls, result

    return contestant


def contest(contestants):
    """Let each run once, compare what they found, and only then time them in turns.

    Parameters
    ----------
    contestants : dict
        Functions without arguments that return (seconds, parameters from every start). One of them is "emlib".

    Returns
    -------
    dict of the seconds of all rounds, by name

    Raises
    ------
    Refused
        If the results differ by more than `BOUND`. A result that is None has nothing to be compared.
    """
    first = {name: run()[1] for name, run in contestants.items()}
    for name, found in first.items():
        if found is not None:
            agree(first["emlib"], found, name)
    seconds = {name: [] for name in contestants}
    begin = time.perf_counter()
    while len(seconds["emlib"]) < LEAST_ROUNDS or (
        len(seconds["emlib"]) < MOST_ROUNDS and time.perf_counter() - begin < ENOUGH_SECONDS
    ):
        for name, run in contestants.items():
            seconds[name].append(run()[0])
    return seconds


def agree(ours, theirs, name):
    """Refuse `theirs` if an array differs from ours by more than `BOUND` of its largest number."""
    for start, pair in enumerate(zip(ours, theirs, strict=True)):
        for what, a, b in zip(pair[0]._fields, *pair, strict=True):
            if isinstance(a, tuple):
                agree([a], [b], name)
            elif np.shape(a) != np.shape(b) or not np.abs(a - b).max() <= BOUND * np.abs(a).max():
                raise Refused(f"{name} and emlib do not find the same {what} from start {start}")


def ratio(ours, theirs):
    """The `Ratio` of the seconds of two contestants that took turns."""
    low, high = np.percentile(np.divide(ours, theirs), [25, 75])
    return Ratio(min(ours) / min(theirs), low, high)
