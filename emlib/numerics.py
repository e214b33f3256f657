"""The few numerical pieces that several models share."""

from typing import NamedTuple

import numpy as np


def log_sum_exp(a):
    """log Σ_k exp(a_nk) along the last axis, without overflow or underflow.

    The maximum is subtracted before the exponential is taken. A row of −inf gives −inf.
    """
    a = np.asarray(a, dtype=float)
    largest = a.max(axis=-1, keepdims=True)
    largest = np.where(np.isfinite(largest), largest, 0.0)
    with np.errstate(divide="ignore"):
        return np.log(np.exp(a - largest).sum(axis=-1)) + largest[..., 0]


def condition(log_joint):
    """Bayes' law: from log p(x_n, z_n = k), (N, K), to p(z_n = k | x_n), (N, K), and log p(x_n), (N,).

    The sum to divide by is taken after the maximum is subtracted, so that rows sum to 1 however far off a point lies.

    Raises
    ------
    ValueError
        If a point lies so far from every component that even the logarithm of its density overflows.
    """
    largest = log_joint.max(axis=1, keepdims=True)
    for n in np.flatnonzero(~np.isfinite(largest)):
        raise ValueError(f"x[{n}] lies so far from every component that even the logarithm of its density overflows")
    joint = np.exp(log_joint - largest)
    total = joint.sum(axis=1, keepdims=True)
    return joint / total, (largest + np.log(total))[:, 0]


def squared_distances(x, centres):
    """‖x_n − μ_k‖², shape (N, K), from differences: exact where data have a large offset."""
    return np.stack([np.square(x - centre).sum(axis=1) for centre in centres], axis=1)


class Moments(NamedTuple):
    """Weighted counts, means and scatters of data for each component: the expected sufficient statistics.

    With weights r_nk they are N_k = Σ_n r_nk, m_k = Σ_n r_nk x_n / N_k and Σ_n r_nk (x_n − m_k)(x_n − m_k)ᵀ. They say
    the same as the sums of r, r x and r x xᵀ, but nothing cancels in them, however far the data lie from the origin.
    Moments of two pieces of the data add up with ``+`` to the moments of the whole.

    Chan, Golub & LeVeque (1983), Algorithms for computing the sample variance. American Statistician 37, 242–247.

    Attributes
    ----------
    counts : (K,)
    means : (K, D)
    scatters : (K, D, D), or (K, D) where only the diagonal is kept
    """

    counts: np.ndarray
    means: np.ndarray
    scatters: np.ndarray

    @classmethod
    def of(cls, x, responsibilities, centres, full):
        """The moments of `x` (N, D) weighted by `responsibilities` (N, K); ``full`` keeps the scatters as matrices.

        `centres` (K, D) are the present means: the mean of a component without points, and the points from which the
        others are measured.
        """
        counts = responsibilities.sum(axis=0)
        means, scatters = [], []
        for centre, r, count in zip(centres, responsibilities.T, counts, strict=True):
            mean = centre + (r @ (x - centre)) / count if count > 0 else centre
            d = x - mean
            means.append(mean)
            scatters.append((d * r[:, None]).T @ d if full else r @ np.square(d))
        return cls(counts, np.array(means), np.array(scatters))

    def about(self, centres):
        """Σ_n r_nk (x_n − c_k)(x_n − c_k)ᵀ about the K rows of `centres`, or about one point for all."""
        return self.scatters + self._outer(self.counts, self.means - centres)

    def __add__(self, other):
        counts = self.counts + other.counts
        share = other.counts / np.where(counts > 0, counts, 1.0)
        apart = other.means - self.means
        means = self.means + share[:, None] * apart
        return Moments(counts, means, self.scatters + other.scatters + self._outer(self.counts * share, apart))

    def _outer(self, weights, vectors):
        """w_k v_k v_kᵀ, or its diagonal, as the scatters have it."""
        if self.scatters.ndim == 3:
            return weights[:, None, None] * vectors[:, :, None] * vectors[:, None, :]
        return weights[:, None] * np.square(vectors)
