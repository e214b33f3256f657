"""The warm-ups of chapter 5: assignments, hard and soft, to given centres."""

import numpy as np

from emlib.exercises.exercise import Exercise
from emlib.exercises.tasks.two_gaussians import random_data
from emlib.models.centres import CentreParams
from emlib.models.kmeans import KMeans
from emlib.models.soft_assignment import SoftAssignment
from emlib.numerics import condition, log_sum_exp, squared_distances


def _data_and_centres(rng):
    x = random_data(rng)
    return x, rng.normal(size=(rng.integers(3, 5), x.shape[1]))


def _exponents(rng):
    """Rows far below 0, far above, and wide ones, in which nothing but the maximum may be subtracted."""
    a = rng.normal(size=(rng.integers(5, 9), rng.integers(2, 5)))
    wide = np.linspace(-2000, 2000, a.shape[1])
    a[:4] += [np.full_like(wide, -2000), np.full_like(wide, 2000), wide, wide[::-1]]
    return (a,)


def _subtracted(a, shift):
    """log Σ_k exp(a_nk) by way of a_nk − shift; infinity becomes a number, for a comparison would leave it out."""
    through = shift + np.log(np.exp(a - shift).sum(axis=1, keepdims=True))
    return np.nan_to_num(through[:, 0], posinf=1e5, neginf=-1e5)


def _data_centres_stiffness(rng):
    """The last point lies so far out that all its exponentials underflow."""
    x, means = _data_and_centres(rng)
    x[-1] = 400.0
    return x, means, rng.uniform(0.3, 0.8)


def _soft(x, means, stiffness):
    return SoftAssignment(len(means), stiffness=stiffness).posterior(x, CentreParams(means))


def _over_their_sum(weights):
    return weights / weights.sum(axis=1, keepdims=True)


def _distances(x, means):
    return np.sqrt(squared_distances(x, means))


EXERCISES = {
    "assign": Exercise(
        task="for every point the index, from 0, of its nearest centre, shape (N,)",
        see="chapter 1, the assignment step",
        inputs=_data_and_centres,
        reference=lambda x, means: KMeans(len(means)).posterior(x, CentreParams(means)).argmax(axis=1),
        mistakes={
            "each point went to the farthest centre": lambda x, m: _distances(x, m).argmax(axis=1),
            "the labels count from 1; count from 0": lambda x, m: _distances(x, m).argmin(axis=1) + 1,
            "this is, for every centre, its nearest point: the minimum ran along the wrong axis": lambda x, m: (
                _distances(x, m).argmin(axis=0)
            ),
            "these are the smallest distances, not where they are": lambda x, m: _distances(x, m).min(axis=1),
            "these are the smallest squared distances, not where they are": lambda x, m: squared_distances(x, m).min(
                axis=1
            ),
            "these are 0–1 rows with one column per centre; give the index of the 1": lambda x, m: np.eye(len(m))[
                _distances(x, m).argmin(axis=1)
            ],
            "distances were summed without squaring or taking absolute values, so that signs cancel": lambda x, m: (
                (x[:, None] - m).sum(axis=2).argmin(axis=1)
            ),
            "this is the nearest centre by the sum of absolute differences; take the Euclidean distance": lambda x, m: (
                np.abs(x[:, None] - m).sum(axis=2).argmin(axis=1)
            ),
        },
    ),
    "log_sum_exp": Exercise(
        task="log Σ_k exp(a_nk) for every row of a, shape (N,)",
        see="chapter 2, where the naive code underflows",
        inputs=_exponents,
        reference=log_sum_exp,
        forbids=("emlib.models", "emlib.numerics"),
        mistakes={
            "the exponential was taken before the row's maximum was subtracted: far rows overflow": lambda a: (
                _subtracted(a, 0)
            ),
            "the row's mean or minimum was subtracted; only the maximum keeps every exponential ≤ 1": lambda a: (
                _subtracted(a, a.mean(axis=1, keepdims=True))
            ),
            "the row's first entry was subtracted; only the maximum keeps every exponential ≤ 1": lambda a: _subtracted(
                a, a[:, :1]
            ),
            "the maximum was subtracted but not added back after the logarithm": lambda a: np.log(
                np.exp(a - a.max(axis=1, keepdims=True)).sum(axis=1)
            ),
            "this is the maximum alone; the other terms count too": lambda a: a.max(axis=1),
            "this is the sum of logarithms, Σ_k a_nk, not the logarithm of the sum": lambda a: a.sum(axis=1),
            "the sum ran over the rows; it runs along each row": lambda a: (
                np.log(np.exp(a - a.max(axis=0)).sum(axis=0)) + a.max(axis=0)
            ),
            "one maximum for the whole array is not enough; take each row's own": lambda a: _subtracted(a, a.max()),
            "this is the logarithm of the mean; do not divide by K": lambda a: log_sum_exp(a) - np.log(a.shape[1]),
        },
    ),
    "soft_assign": Exercise(
        task="r_nk ∝ exp(−β‖x_n − μ_k‖²/2), every row summing to 1, shape (N, K)",
        see="chapter 2, Bayes' law for the assignment",
        inputs=_data_centres_stiffness,
        reference=_soft,
        mistakes={
            "this gives the *farther* centre more: the distances were not inverted": lambda x, m, b: _over_their_sum(
                _distances(x, m)
            ),
            "inverse distances come from no p(x | k); use the normal density": lambda x, m, b: _over_their_sum(
                1 / _distances(x, m)
            ),
            "the ½ in the exponent is missing": lambda x, m, b: _soft(x, m, 2 * b),
            "β = 1/σ² multiplies the squared distance; you divided by it": lambda x, m, b: _soft(x, m, 1 / b),
            "β already is 1/σ²; it was squared again": lambda x, m, b: _soft(x, m, b**2),
            "the distance was not squared": lambda x, m, b: condition(-b / 2 * _distances(x, m))[0],
            "the rows are not normalised": lambda x, m, b: np.exp(-b / 2 * squared_distances(x, m)),
            "the columns sum to 1; normalise over the clusters k, along each row": lambda x, m, b: (
                condition(-b / 2 * squared_distances(x, m).T)[0].T
            ),
            "this is a hard assignment; a soft one gives every cluster its share": lambda x, m, b: KMeans(
                len(m)
            ).posterior(x, CentreParams(m)),
            "the sign of the exponent is wrong: far centres win": lambda x, m, b: condition(
                b / 2 * squared_distances(x, m)
            )[0],
            "all exponentials of a far point underflow to 0, and 0/0 is nan; use log_sum_exp": lambda x, m, b: (
                _over_their_sum(np.exp(-b / 2 * squared_distances(x, m)))
            ),
        },
    ),
}
