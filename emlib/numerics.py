"""The few numerical pieces that several models share."""

import math
from typing import NamedTuple

import numpy as np

from emlib import checks


def log_sum_exp(a):
    """log Σ_k exp(a_nk) along the last axis, without overflow or underflow.

    The maximum is subtracted before the exponential is taken. A row of −inf gives −inf.
    """
    a = checks.real(a, "a")
    if a.ndim == 0 or a.shape[-1] == 0:
        raise ValueError(f"a has shape {a.shape}; it needs a last axis to sum over, with at least one value along it")
    largest = a.max(axis=-1, keepdims=True)
    largest = np.where(np.isfinite(largest), largest, 0.0)
    with np.errstate(divide="ignore"):
        return np.log(np.exp(a - largest).sum(axis=-1)) + largest[..., 0]


def condition(log_joint, first=0):
    """Bayes' law: from log p(x_n, z_n = k), (N, K), to p(z_n = k | x_n), (N, K), and log p(x_n), (N,).

    The sum to divide by is taken after the maximum is subtracted, so that rows sum to 1 however far off a point lies.
    The points of a block are counted from `first`.

    Raises
    ------
    ValueError
        If a point lies so far from every component that even the logarithm of its density overflows.
    """
    largest = log_joint.max(axis=1, keepdims=True)
    for n in np.flatnonzero(~np.isfinite(largest)):
        raise ValueError(
            f"x[{first + n}] lies so far from every component that even the logarithm of its density overflows"
        )
    joint = np.exp(log_joint - largest)
    total = joint.sum(axis=1, keepdims=True)
    return joint / total, (largest + np.log(total))[:, 0]


def log_ratios(p):
    """log(p_c / p_C) for c < C along the last axis: C − 1 free numbers for a distribution over C.

    A probability of 0, which a fit may well end in, counts as the smallest number that has a logarithm.
    """
    logarithms = floored_log(p)
    return logarithms[..., :-1] - logarithms[..., -1:]


def floored_log(p):
    """log p; of 0 the logarithm of the smallest positive number, far from everything and yet finite."""
    return np.log(np.maximum(p, np.finfo(float).tiny))


def shares(ratios):
    """The distribution whose `log_ratios` are given, along the last axis."""
    logits = np.concatenate([ratios, np.zeros((*np.shape(ratios)[:-1], 1))], axis=-1)
    return np.exp(logits - log_sum_exp(logits)[..., None])


def xlogy(x, y):
    """x log y, which is 0 where x is 0, whatever y."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(x == 0, 0.0, x * np.log(y))


def log_products(powers, bases):
    """log Π_j b_kj^t_nj, (N, K), from powers t (N, J) and bases b (K, J); 0⁰ is 1."""
    zero = bases == 0
    logarithms = powers @ np.log(np.where(zero, 1.0, bases)).T
    return np.where(powers @ zero.T > 0, -np.inf, logarithms) if zero.any() else logarithms


def log_factorial(counts):
    """log n! of every count."""
    values, places = np.unique(counts, return_inverse=True)
    return np.array([math.lgamma(n + 1) for n in values])[places].reshape(np.shape(counts))


def squared_distances(x, centres):
    """‖x_n − μ_k‖², shape (N, K), from differences: exact where data have a large offset."""
    return np.stack([row_squares(x - centre) for centre in centres], axis=1)


def row_squares(a):
    """Σ_d a_nd², shape (N,)."""
    return np.einsum("nd,nd->n", a, a)


class Moments(NamedTuple):
    """Weighted counts, means and scatters of data for each component: the expected sufficient statistics.

    With weights r_nk they are N_k = Σ_n r_nk, m_k = Σ_n r_nk x_n / N_k and Σ_n r_nk (x_n − m_k)(x_n − m_k)ᵀ. They say
    the same as the sums of r, r x and r x xᵀ, but nothing cancels in them, however far the data lie from the origin.
    Moments of two pieces of the data add up with ``+`` to the moments of the whole. Those of several runs side by side
    have one more axis in front.

    Chan, Golub & LeVeque (1983), Algorithms for computing the sample variance. American Statistician 37, 242–247.

    Attributes
    ----------
    reference : (K, D)
        Points near the data, the present means: the mean of a component without points.
    counts : (K,)
        N_k
    shifts : (K, D)
        m_k − reference_k, which keeps the digits that m_k itself would round away.
    scatters : (K, D, D), or (K, D) where only the diagonal is kept
        An axis of length 1 where only their sum over that axis is kept: over the components, (1, D, D), is all that a
        covariance for all of them needs; over the features, (K, 1), all that a variance for all of those needs.
    """

    reference: np.ndarray
    counts: np.ndarray
    shifts: np.ndarray
    scatters: np.ndarray

    @classmethod
    def of(cls, x, responsibilities, reference, full):
        """The moments of `x` (N, D) weighted by `responsibilities` (N, K); ``full`` keeps the scatters as matrices."""
        counts = responsibilities.sum(axis=0)
        shifts, scatters = np.zeros(reference.shape), []
        for k, r in enumerate(responsibilities.T):
            if counts[k] > 0:
                shifts[k] = r @ (x - reference[k]) / counts[k]
            d = x - (reference[k] + shifts[k])
            scatters.append((d * r[:, None]).T @ d if full else r @ np.square(d))
            if counts[k] > 0:
                rest = r @ d / counts[k]  # what the mean, unlike its shift, was rounded by
                scatters[k] -= counts[k] * (np.multiply.outer(rest, rest) if full else np.square(rest))
        return cls(reference, counts, shifts, np.array(scatters))

    @property
    def means(self):
        """m_k, (K, D)."""
        return self.reference + self.shifts

    def about(self, centres):
        """Σ_n r_nk (x_n − c_k)(x_n − c_k)ᵀ about the K rows of `centres`, or about one point for all."""
        return _sum_alike(self.scatters, self._outer(self.counts, self.reference - centres + self.shifts))

    def __add__(self, other):
        counts = self.counts + other.counts
        share = other.counts / np.where(counts > 0, counts, 1.0)
        apart = other.reference - self.reference + other.shifts - self.shifts
        shifts = self.shifts + share[:, None] * apart
        scatters = _sum_alike(self.scatters, other.scatters, self._outer(self.counts * share, apart))
        return Moments(self.reference, counts, shifts, scatters)

    def times(self, factor):
        """The moments of the same data, each point counted `factor` times."""
        return self._replace(counts=self.counts * factor, scatters=self.scatters * factor)

    def _outer(self, weights, vectors):
        """w_k v_k v_kᵀ, or its diagonal, as the scatters have it."""
        if self.scatters.ndim == 3:
            return weights[:, None, None] * vectors[:, :, None] * vectors[:, None, :]
        return weights[:, None] * np.square(vectors)


def _sum_alike(*scatters):
    """The sum of scatters, along the axes over which one of them is summed already summed as well."""
    shape = np.min([scatter.shape for scatter in scatters], axis=0)
    return sum(scatter.sum(axis=tuple(np.flatnonzero(scatter.shape > shape)), keepdims=True) for scatter in scatters)
