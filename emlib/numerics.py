"""The few numerical pieces that several models share."""

from typing import NamedTuple

import numpy as np


def log_sum_exp(a):
    """log Σ_k exp(a_nk) along the last axis, without overflow or underflow.

    The maximum is subtracted before the exponential is taken. A row of −inf gives −inf.
    """
    largest = a.max(axis=-1, keepdims=True)
    largest = np.where(np.isfinite(largest), largest, 0.0)
    with np.errstate(divide="ignore"):
        return np.log(np.exp(a - largest).sum(axis=-1)) + largest[..., 0]


def squared_distances(x, centres):
    """‖x_n − μ_k‖², shape (N, K), from differences: exact where data have a large offset."""
    return np.stack([np.square(x - centre).sum(axis=1) for centre in centres], axis=1)


class Moments(NamedTuple):
    """Weighted sums of data about a reference point for each component: the expected sufficient statistics.

    With d_nk = x_n − reference_k and weights r_nk they are N_k = Σ_n r_nk, Σ_n r_nk d_nk and Σ_n r_nk d_nk d_nkᵀ.
    The reference (the current means) keeps the second moment from losing its digits, as Σ x² would.
    Moments of two pieces of the data add up with ``+`` to the moments of the whole.

    Attributes
    ----------
    reference : (K, D)
    counts : (K,)
    first : (K, D)
    second : (K, D, D), or (K, D) where only the diagonal is kept
    """

    reference: np.ndarray
    counts: np.ndarray
    first: np.ndarray
    second: np.ndarray

    @classmethod
    def of(cls, x, responsibilities, reference, full):
        """The moments of `x` (N, D) weighted by `responsibilities` (N, K) about `reference` (K, D)."""
        first, second = [], []
        for centre, r in zip(reference, responsibilities.T, strict=True):
            d = x - centre
            first.append(r @ d)
            second.append((d * r[:, None]).T @ d if full else r @ np.square(d))
        return cls(reference, responsibilities.sum(axis=0), np.array(first), np.array(second))

    def about(self, centres):
        """The same moments with the K rows of `centres`, or one point of shape (D,), as the reference."""
        centres = np.broadcast_to(centres, self.reference.shape)
        shift = centres - self.reference
        moved = self.counts[:, None] * shift
        if self.second.ndim == 3:
            cross = self.first[:, :, None] * shift[:, None, :]
            second = self.second - cross - cross.swapaxes(1, 2) + moved[:, :, None] * shift[:, None, :]
        else:
            second = self.second - 2 * self.first * shift + moved * shift
        return Moments(centres, self.counts, self.first - moved, second)

    def __add__(self, other):
        other = other.about(self.reference)
        return Moments(
            self.reference, self.counts + other.counts, self.first + other.first, self.second + other.second
        )

    def means(self):
        """Σ_n r_nk x_n / N_k, shape (K, D). A component without points keeps its reference."""
        return self.reference + self.first / np.where(self.counts > 0, self.counts, 1.0)[:, None]
