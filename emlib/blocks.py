"""Blocks of rows that fit the cache: looked over once, then worked on one after the other, or on several cores at once.

What a block adds to the statistics does not depend on who computes it, and the sums are taken in the blocks' order: so
neither the number of threads nor their luck changes a digit.
"""

import functools
import math
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np

from emlib import checks

#: With fewer multiplications in a block, threads wait for each other longer than they work.
WORTH_THREADS = 2_500_000
#: So many multiplications linear algebra leaves to one thread by itself.
ALONE = 2**17
_ROWS = 16_384


@dataclass(frozen=True)
class Table:
    """Data that have been checked, with a point amid them and the length by which to measure each feature.

    Attributes
    ----------
    x : (N, D)
    centre : (D,)
        About the mean.
    variances : (D,)
        The mean squares about the centre.
    scale : (D,)
        Their roots; 1 for a feature that is constant.
    reach : float
        The largest |x_nd − centre_d| / scale_d.
    """

    x: np.ndarray
    centre: np.ndarray
    variances: np.ndarray
    scale: np.ndarray
    reach: float

    @classmethod
    def of(cls, x, n_features=None):
        """The table of `x`, checked as `emlib.checks.data` does; a table stays what it is."""
        if isinstance(x, cls):
            if n_features is not None and x.x.shape[1] != n_features:
                raise ValueError(f"x has {x.x.shape[1]} features; the parameters describe {n_features}")
            return x
        x, low, high = checks.data_and_range(x, n_features=n_features)
        centre = _means(x)
        deviations = np.where(high > low, np.sqrt(_means(x, about=centre)), 0.0)
        scale = np.where(high > low, deviations, 1.0)
        reach = float((np.maximum(high - centre, centre - low) / scale).max())
        return cls(x, centre, np.square(deviations), scale, reach)

    def __len__(self):
        return len(self.x)

    @functools.cached_property
    def memory(self):
        """What an E-step has found out about the data alone and leaves to the next one."""
        return {}


def _means(x, about=None):
    """The mean of each feature, (D,); or of the squares of its differences to the point `about`."""
    n, d = x.shape
    means = np.zeros(d)
    for rows in checks.joined(x, 256):
        width = rows.shape[1] // d
        step = max(1, 2 * _ROWS // (width * d))
        point = None if about is None else np.tile(about, width)
        room = np.empty((min(step, len(rows)), width * d))
        for start in range(0, len(rows), step):
            part = rows[start : start + step]
            if about is not None:
                part = np.subtract(part, point, out=room[: len(part)])
                part *= part
            # of many large squares the sum might overflow, where their mean does not
            means += (np.full(len(part), 1 / n) @ part).reshape(width, d).sum(axis=0)
    return means


def total(worker, n, rows, work, most=math.inf):
    """The sums, over blocks of `rows` of `n` rows, of what a block gives.

    Parameters
    ----------
    worker : function without arguments
        Makes a function of (start, stop) that returns a tuple of arrays or numbers. It is called once per thread, so
        that what it allocates is a thread's own and serves all its blocks. What a block returns must not be changed by
        the next one.
    n, rows : int
    work : about how many multiplications all of it takes
    most : so many threads at the most
    """
    if n <= rows:  # nothing to share out or to add up
        with one_thread(work):
            return list(worker()(0, n))
    starts = range(0, n, rows)
    worth = len(starts) > 1 and work * rows >= WORTH_THREADS * n
    threads = min(_threads(), len(starts), most) if worth else 1

    def share(first):
        with np.errstate():
            np.setbufsize(1024)
            block = worker()
            return [block(start, min(start + rows, n)) for start in starts[first::threads]]

    with one_thread(work):
        if threads == 1:
            shares = [share(0)]
        else:
            with ThreadPoolExecutor(threads) as pool:
                shares = list(pool.map(share, range(threads)))
    parts = [shares[i % threads][i // threads] for i in range(len(starts))]
    return [functools.reduce(lambda a, b: a + b, column) for column in zip(*parts, strict=True)]


@functools.cache
def _libraries():
    """What knows and sets the threads of numpy's linear algebra; nothing where threadpoolctl is not installed."""
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return []
    return ThreadpoolController().select(user_api="blas").lib_controllers


def _threads():
    """As many threads as numpy's linear algebra may use, and the process has processors for."""
    if not _libraries():
        return 1
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min([allowed, *(library.num_threads for library in _libraries())])


class _OneThread:
    """The context of `one_thread`. The limit is the whole process's: who comes in first sets it, the last lifts it."""

    def __init__(self):
        self.lock, self.inside, self.before = threading.Lock(), 0, []

    def __enter__(self):
        with self.lock:
            self.inside += 1
            if self.inside == 1:
                self.before = [(library, library.num_threads) for library in _libraries() if library.num_threads > 1]
                for library, _ in self.before:
                    library.set_num_threads(1)

    def __exit__(self, *_):
        with self.lock:
            self.inside -= 1
            if self.inside == 0:
                for library, threads in self.before:
                    library.set_num_threads(threads)


_one_thread, _as_it_is = _OneThread(), nullcontext()


def one_thread(work=math.inf):
    """A context in which numpy's linear algebra uses one thread, whoever calls it in this process.

    Its own threads share out every single product, and on a busy machine wait for each other more than they work. So
    little `work` that it would not share it out needs no limit.
    """
    return _one_thread if work > ALONE else _as_it_is
