"""K-means: hard assignment.

Story: each point belongs to exactly one of K clusters, z_n, all of them equally likely, equally round and equally wide,
and lies around that cluster's centre μ_k. How wide is not said: only the centres are parameters.

Lloyd (1982), Least squares quantization in PCM. IEEE Trans. Inf. Theory 28, 129–137.
"""

import math
from dataclasses import dataclass

import numpy as np

from emlib import checks
from emlib.blocks import Table, total
from emlib.models.centres import CentreModel
from emlib.numerics import Moments, squared_distances

_EPS = np.finfo(float).eps
#: Far below any square of data that `emlib.checks` lets pass, far above the rounding of those that underflow.
_TINY = 1e-305
#: How many numbers a block may keep in the cache.
_CACHE = 100_000
#: From so many features on a row is long enough to be worked on as the data have it.
_WIDE = 16
#: When the square of a mean is so many times the variance about it, the digits are taken from closer by.
_CANCELLED = 1000


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
        """Assign every point to its nearest centre. Returns (`Moments`, −distortion)."""
        means = self.checked(params)
        table = Table.of(x, n_features=means.shape[1])
        counts, sums, squares = _assigned(table, means)
        members = np.maximum(counts, 1)
        shifts = (sums - counts * (means - table.centre)) / members
        middles = sums * sums / members
        if _cancelled(middles, squares, members, table.centre):
            # from the means themselves nothing cancels in the shifts, and from the new means nothing in the scatters
            _, sums, squares = _assigned(table, means, means)
            shifts, middles = sums / members, sums * sums / members
            if _cancelled(middles, squares, members, means):
                _, sums, squares = _assigned(table, means, means + shifts)
                middles = sums * sums / members
        scatters = np.maximum(squares - middles, 0)
        return Moments(means, counts[:, 0], shifts, scatters), -float((scatters + counts * shifts**2).sum())

    def q(self, params, statistics):
        """−Σ_n ‖x_n − μ_{z_n}‖²: a function of the centres, with the assignment z held fixed."""
        return -checks.instance(statistics, "statistics", Moments).about(self.checked(params)).sum()

    def sample(self, params, n, rng, scale=1.0):
        """`n` points and their clusters, (N, D) and (N,), from round normal clusters of standard deviation `scale`."""
        return self.sample_round(params, n, rng, checks.number(scale, "scale"))

    def unit(self, statistics):
        """The sum of the squared distances of the data from their mean: what a run measures its gains in."""
        centre = statistics.counts @ statistics.means / statistics.counts.sum()
        return statistics.about(centre).sum()


def _nearest(distances):
    return np.eye(distances.shape[1])[distances.argmin(axis=1)]


def _cancelled(middles, squares, members, origin):
    """Whether scatters lose digits that are there, as n·m² comes close to Σx²; the data's own end at the origin's."""
    return (_CANCELLED * (squares - middles) < middles - members * (4 * _EPS * origin) ** 2).any()


def _assigned(table, means, origins=None):
    """Of the points nearest to each of `means`: their number, the sums of their features and of the squares of these.

    In ‖x − μ‖² = ‖x‖² − 2 μ·x + ‖μ‖² the first term is the same for all centres, so that one matrix product tells them
    apart, about the data's centre lest the others cancel. It is off by no more than D + 6 roundings of the longest
    (‖x‖ + ‖μ‖)², and so are the differences x − μ: where the two together could hide which is nearest, the latter
    decide.

    Parameters
    ----------
    origins : (K, D)
        The point from which the features are measured in each cluster; the data's centre, if not given.

    Returns
    -------
    counts (K, 1), sums (K, D), squares (K, D)
    """
    n_components, n_features = means.shape
    centre, centres, numbers = table.centre[:, None], means - table.centre, np.arange(n_components)
    weights, lengths = -2 * centres, np.einsum("kd,kd->k", centres, centres)[:, None]
    longest, roundings = math.sqrt(lengths.max()), 4 * (n_features + 6) * _EPS
    rows = min(len(table), max(256, _CACHE // (2 * (n_components + n_features))))

    def worker():
        features = np.empty((2, n_features, rows))
        if n_features >= _WIDE:
            features = np.empty((2, rows, n_features)).swapaxes(1, 2)
        per_component, flags = np.empty((2, n_components, rows)), np.empty((n_components, rows), dtype=bool)

        def block(start, stop):
            n = stop - start
            x, (u, squares), (scores, chosen), near = (
                table.x[start:stop].T,
                features[:, :, :n],
                per_component[:, :, :n],
                flags[:, :n],
            )
            flat = np.subtract(x, centre, out=u).ravel("K")
            reach = math.sqrt(np.vdot(flat, flat)) + longest
            np.matmul(weights, u, out=scores)
            np.add(scores, lengths, out=scores)
            least = np.minimum.reduce(scores, axis=0)
            least += roundings * reach * reach + _TINY
            np.less_equal(scores, least, out=near)
            if np.count_nonzero(near) > n:
                unsure = np.flatnonzero(near.sum(axis=0) > 1)
                nearest = squared_distances(table.x[start + unsure], means).argmin(axis=1)
                near[:, unsure] = nearest == numbers[:, None]
            np.copyto(chosen, near)
            if origins is not None:
                np.subtract(x, origins[numbers @ near].T, out=u)
            np.multiply(u, u, out=squares)
            return chosen.sum(axis=1, keepdims=True), np.matmul(chosen, features[:, :, :n].swapaxes(1, 2))

        return block

    counts, (sums, squares) = total(worker, len(table), rows, 3 * len(table) * means.size)
    return counts, sums, squares
