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
#: When squares about one point are so many times those about the means, the digits are taken from closer by.
_CANCELLED = 100
#: With no more points than this the digits are always taken from there: it costs next to nothing.
_FEW = 4096


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
        # the data's own origin, where it is amid them, saves a copy of every block
        near = table.centre @ table.centre <= table.variances.sum()
        origin = np.zeros_like(table.centre) if near else table.centre
        quick = len(table) > _FEW
        if quick:
            counts, sums, _ = _assigned(table, means, origin)
            apart = table.centre - origin
            squares = len(table) * (table.variances.sum() + apart @ apart)
            shifts, within = _about_means(counts, sums, squares)
            shifts -= means - origin
            quick = not _cancelled(squares, within, counts, origin)
        if not quick:
            # from the means themselves nothing cancels in the shifts, and from the new means nothing in the scatter
            counts, sums, squares = _assigned(table, means, origin, means)
            shifts, within = _about_means(counts, sums, squares)
            if _cancelled(squares, within, counts, means):
                _, sums, squares = _assigned(table, means, origin, means + shifts)
                _, within = _about_means(counts, sums, squares)
        shifts[counts == 0] = 0
        within = max(within, 0.0)
        return Moments(means, counts, shifts, np.array([[within]])), -float(
            within + counts @ np.square(shifts).sum(axis=1)
        )

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


def _about_means(counts, sums, squares):
    """The means of what was summed, (K, D), and the sum of the squares about them."""
    means = sums / np.maximum(counts, 1)[:, None]
    return means, squares - (sums * means).sum()


def _cancelled(squares, within, counts, origins):
    """Whether the scatter loses digits that are there; those of the data end at the rounding of the origin's."""
    rounding = counts @ np.broadcast_to(np.square(4 * _EPS * origins).sum(axis=-1), counts.shape)
    return _CANCELLED * within < squares - rounding


def _assigned(table, means, origin, references=None):
    """Of the points nearest to each of `means`: their number (K,), and the sums of their features (K, D).

    In ‖x − μ‖² = ‖x‖² − 2 μ·x + ‖μ‖² the first term is the same for all centres, so that one matrix product tells them
    apart, about an `origin` (D,) amid the data lest the others cancel. It is off by no more than D + 6 roundings of the
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
    centres, numbers = means - origin, np.arange(n_components)
    weights, lengths = -2 * centres, np.einsum("kd,kd->k", centres, centres)[:, None]
    apart = table.centre - origin
    longest = table.reach * math.sqrt(table.variances.sum()) + math.sqrt(apart @ apart) + math.sqrt(lengths.max())
    slack = 4 * (n_features + 6) * _EPS * longest * longest + _TINY
    rows = min(len(table), max(256, _CACHE // (2 * n_components + n_features)))

    def worker():
        room, per_component = np.empty((rows, n_features)), np.empty((2, n_components, rows))
        flags = np.empty((n_components, rows), dtype=bool)

        def block(start, stop):
            x, n = table.x[start:stop], stop - start
            (scores, chosen), near = per_component[:, :, :n], flags[:, :n]
            u = np.subtract(x, origin, out=room[:n]) if origin.any() else x
            np.matmul(weights, u.T, out=scores)
            np.add(scores, lengths, out=scores)
            least = np.minimum.reduce(scores, axis=0)
            least += slack
            np.less_equal(scores, least, out=near)
            if np.count_nonzero(near) > n:
                unsure = np.flatnonzero(near.sum(axis=0) > 1)
                nearest = squared_distances(x[unsure], means).argmin(axis=1)
                near[:, unsure] = nearest == numbers[:, None]
            np.copyto(chosen, near)
            if references is not None:
                u = np.subtract(x, references[numbers @ near], out=room[:n])
            return chosen.sum(axis=1), chosen @ u, 0.0 if references is None else np.vdot(u, u)

        return block

    return total(worker, len(table), rows, 3 * len(table) * means.size)
