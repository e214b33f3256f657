"""K-means: hard assignment.

Story: each point belongs to exactly one of K clusters, z_n, all of them equally likely, equally round and equally wide,
and lies around that cluster's centre μ_k. How wide is not said: only the centres are parameters.

Lloyd (1982), Least squares quantization in PCM. IEEE Trans. Inf. Theory 28, 129–137.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from emlib import checks
from emlib.blocks import Table, total
from emlib.models.centres import CentreModel
from emlib.numerics import Moments, squared_distances

_EPS = np.finfo(float).eps
#: Far below any square of data that `emlib.checks` lets pass, far above the rounding of those that underflow.
_TINY = 1e-305
#: How many numbers a block may keep in the cache. The distances count four times: they are gone over again and again.
_CACHE = 600_000
#: When squares about one point are so many times those about the means, the digits are taken from closer by.
_CANCELLED = 100
#: With no more points than this the digits are always taken from there: it costs next to nothing.
_FEW = 4096
#: A product with more than so many sums takes longer than to gather the points of each of not too many clusters.
_GATHERED = 512


@dataclass(frozen=True)
class KMeans(CentreModel):
    """K-means: EM with a posterior that is certain.

    The objective is −distortion, −Σ_n min_k ‖x_n − μ_k‖² (scikit-learn's ``-inertia_``), in the data's unit squared.

    Parameters
    ----------
    n_components : int
        K, the number of clusters.
    """

    def posterior(self, x, params):
        """Certain responsibilities, (N, K): 1 for the nearest centre (the first of equals), 0 for the others."""
        x, means = self.checked_pair(x, params)
        return _nearest(squared_distances(x, means))

    def e_step(self, x, params):
        """Assign every point to its nearest centre. Returns (`Moments`, −distortion).

        Of the scatters only the sum over clusters and features is kept, (1, 1): the centres need nothing else.
        """
        means = self.checked(params)
        table = Table.of(x, n_features=means.shape[1])
        seen = table.memory.get(_Seen) or table.memory.setdefault(_Seen, _Seen.of(table))
        quick = len(table) > _FEW
        if quick:
            counts, sums, _ = _assigned(table, means, seen)
            centres, within = _within(counts, sums, seen.squares)
            quick = _CANCELLED * within >= seen.squares
            shifts = (centres - (means - seen.origin)) * (counts > 0)[:, None]
        if not quick:
            # from the means themselves nothing cancels in the shifts, and from the new means nothing in the scatter
            counts, sums, squares = _assigned(table, means, seen, means)
            shifts, within = _within(counts, sums, squares)
            if _CANCELLED * within < squares:
                _, sums, squares = _assigned(table, means, seen, means + shifts)
                within = _within(counts, sums, squares)[1]
        objective = -(within + np.vdot(counts[:, None] * shifts, shifts))
        return Moments(means, counts, shifts, np.array([[within]])), float(objective)

    def q(self, params, statistics):
        """−Σ_n ‖x_n − μ_{z_n}‖²: a function of the centres, with the assignment z held fixed."""
        return -checks.instance(statistics, "statistics", Moments).about(self.checked(params)).sum()

    def sample(self, params, n, rng, scale=1.0):
        """`n` points and their clusters, (N, D) and (N,), from round normal clusters of standard deviation `scale`."""
        return self.sample_round(params, n, rng, checks.number(scale, "scale"))

    def overall(self, x):
        """The `Moments` of the data as one cluster."""
        table = Table.of(x)
        n, d = table.x.shape
        return Moments(table.centre[None], np.array([float(n)]), np.zeros((1, d)), n * table.variances[None])

    def unit(self, overall):
        """The sum of the squared distances of the data from their mean: what a run measures its gains in."""
        return overall.scatters.sum()


def _nearest(distances):
    return np.eye(distances.shape[1])[distances.argmin(axis=1)]


class _Seen(NamedTuple):
    """What an E-step needs to know of the data alone.

    Attributes
    ----------
    origin : (D,)
        A point amid them. Where that is their own origin, it saves a copy of every block.
    moved : bool
        Whether it is another.
    squares : float
        Σ_n ‖x_n − origin‖²
    longest : float
        No ‖x_n − origin‖ is longer.
    """

    origin: np.ndarray
    moved: bool
    squares: float
    longest: float

    @classmethod
    def of(cls, table):
        variance, apart = table.variances.sum(), table.centre @ table.centre
        longest = table.reach * math.sqrt(variance)
        if apart > variance:
            return cls(table.centre, True, len(table) * variance, longest)
        return cls(np.zeros_like(table.centre), False, len(table) * (variance + apart), longest + math.sqrt(apart))


def _within(counts, sums, squares):
    """The means of what was summed, (K, D), and the sum of the squares about them."""
    means = sums / np.maximum(counts, 1)[:, None]
    return means, max(squares - float(np.vdot(sums, means)), 0.0)


def _summed(chosen, u):
    """The sums over each cluster, (K, D). With fewer than four features a product is slower than its columns."""
    if u.shape[1] < 4 and len(u) > _FEW:
        return np.stack([chosen @ column for column in u.T], axis=1)
    return chosen @ u


def _assigned(table, means, seen, references=None):
    """Of the points nearest to each of `means`: their number (K,), and the sums of their features (K, D).

    In ‖x − μ‖² = ‖x‖² − 2 μ·x + ‖μ‖² the first term is the same for all centres, so that one matrix product tells them
    apart, about an origin amid the data lest the others cancel. It is off by no more than D + 6 roundings of the
    longest (‖x‖ + ‖μ‖)², and so are the differences x − μ: where the two together could hide which is nearest, the
    latter decide.

    Parameters
    ----------
    references : (K, D)
        The point from which the features of each cluster are summed, and their squares as well; else the origin, and
        no squares.

    Returns
    -------
    counts, sums, and the sum of all squares
    """
    n_components, n_features = means.shape
    centres, numbers = means - seen.origin, np.arange(n_components)
    weights, lengths = -2 * centres, np.vecdot(centres, centres)[:, None]
    longest = seen.longest + math.sqrt(lengths.max())
    slack = 4 * (n_features + 6) * _EPS * longest * longest + _TINY
    rows = min(len(table), max(256, _CACHE // (4 * n_components + n_features)))
    gathered = references is None and means.size > _GATHERED and n_components <= 2 * n_features

    def worker():
        room, distances = np.empty((rows, n_features)), np.empty((n_components, rows))
        flags = np.empty((n_components, rows), dtype=bool)

        def block(start, stop):
            x, n = table.x[start:stop], stop - start
            u, scores, near = room[:n], distances[:, :n], flags[:, :n]
            u = np.subtract(x, seen.origin, out=u) if seen.moved else x
            np.matmul(weights, u.T, out=scores)
            np.add(scores, lengths, out=scores)
            least = np.minimum.reduce(scores, axis=0)
            least += slack
            np.less_equal(scores, least, out=near)
            counts = [np.count_nonzero(row) for row in near]
            if sum(counts) > n:
                unsure = np.flatnonzero(near.sum(axis=0) > 1)
                near[:, unsure] = squared_distances(x[unsure], means).argmin(axis=1) == numbers[:, None]
                counts = [np.count_nonzero(row) for row in near]
            counts = np.array(counts, dtype=float)
            if gathered:
                own = map(np.flatnonzero, near)
                return counts, np.stack([np.ones(len(some)) @ u.take(some, axis=0) for some in own]), 0.0
            chosen, squares = scores, 0.0
            np.copyto(chosen, near.view(np.uint8))  # which numpy turns into floats quicker than what is true or false
            if references is not None:
                own = (numbers @ chosen).astype(np.intp)
                u = np.subtract(x, references.take(own, axis=0), out=room[:n])
                squares = np.vdot(u, u)
            return counts, _summed(chosen, u), squares

        return block

    # one product at a time, in calls so short that two threads would wait for Python's lock
    return total(worker, len(table), rows, rows * means.size, most=1)
