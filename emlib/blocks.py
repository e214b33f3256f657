"""Blocks of rows that fit the cache: looked over once, then worked on one after the other, or on several cores at once.

What a block adds to the statistics does not depend on who computes it, and the sums are taken in the blocks' order: so
neither the number of threads nor their luck changes a digit.
"""

import functools
import math
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
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
        span = np.where(high > low, high - low, 1.0)  # in which squares neither overflow nor underflow
        deviations = np.where(high > low, span * np.sqrt(_means(x, _squares(centre, span))), 0.0)
        scale = np.where(high > low, deviations, 1.0)
        reach = float((np.maximum(high - centre, centre - low) / scale).max())
        return cls(x, centre, np.square(deviations), scale, reach)

    def __len__(self):
        return len(self.x)

    @functools.cached_property
    def memory(self):
        """What an E-step has found out about the data alone and leaves to the next one."""
        return {}

    @functools.cached_property
    def products(self):
        """Σ_n u_n u_nᵀ with u the data about the centre, in the scale's units, (D, D)."""
        products = np.zeros((len(self.scale), len(self.scale)))
        for start in range(0, len(self), _ROWS):
            u = (self.x[start : start + _ROWS] - self.centre) / self.scale
            products += u.T @ u
        return products


def _means(x, change=lambda part, _: part):
    """The mean of each feature, (D,), of `x` as ``change(part, width)`` leaves its parts.

    Rows are joined, `width` of them, since numpy is quick along long ones.
    """
    n, d = x.shape
    width = min(n, max(1, 256 // d))
    cut = n - n % width
    rows, step = x[:cut].reshape(-1, width * d), max(1, 2 * _ROWS // (width * d))
    sums = change(x[cut:], 1).sum(axis=0)
    for start in range(0, len(rows), step):
        part = change(rows[start : start + step], width)
        sums += (np.ones(len(part)) @ part).reshape(width, d).sum(axis=0)
    return sums / n


def _squares(centre, span):
    """What makes ((x − centre)/span)² of joined rows."""

    def change(part, width):
        part = part - np.tile(centre, width)
        part *= np.tile(1 / span, width)
        part *= part
        return part

    return change


def total(worker, n, rows, work):
    """The sums, over blocks of `rows` of `n` rows, of what a block gives.

    Parameters
    ----------
    worker : function without arguments
        Makes a function of (start, stop) that returns a tuple of arrays or numbers. It is called once per thread, so
        that what it allocates is a thread's own and serves all its blocks. What a block returns must not be changed by
        the next one.
    n, rows : int
    work : about how many multiplications all of it takes
    """
    if n <= rows and work <= ALONE:  # with nothing to share out, to limit or to add up
        return list(worker()(0, n))
    starts = range(0, n, rows)
    worth = len(starts) > 1 and work * rows >= WORTH_THREADS * n
    threads = min(_threads(), len(starts)) if worth else 1

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
def _controller():
    """What knows and sets the threads of numpy's linear algebra; None where threadpoolctl is not installed."""
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return None
    return ThreadpoolController().select(user_api="blas")


def _threads():
    """As many threads as numpy's linear algebra may use, and the process has processors for."""
    controller = _controller()
    if controller is None:
        return 1
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min([allowed, *(library["num_threads"] for library in controller.info())])


_lock, _inside, _limit = threading.Lock(), 0, None


@contextmanager
def one_thread(work=math.inf):
    """A context in which numpy's linear algebra uses one thread, whoever calls it in this process.

    Its own threads share out every single product, and on a busy machine wait for each other more than they work. So
    little `work` that it would not share it out needs no limit. The limit is the whole process's: the first who comes
    in sets it, and the last who goes lifts it.
    """
    global _inside, _limit
    controller = _controller() if work > ALONE else None
    if controller is None:
        yield
        return
    with _lock:
        _inside += 1
        if _inside == 1:
            _limit = controller.limit(limits=1)
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _limit.restore_original_limits()
