"""Chapter 10: another posterior, and a prior."""

import numpy as np

from emlib.exercises.exercise import Exercise
from emlib.numerics import condition


def _table_and_temperature(rng):
    """One point lies so far out that its densities underflow."""
    table = rng.normal(scale=2, size=(rng.integers(5, 9), rng.integers(3, 5)))
    table[0] -= 900
    return table, rng.choice([0.3, 0.5, 2.0, 4.0])


def _tempered(table, temperature):
    return condition(table / temperature)[0]


def _normalised(weights, axis=1):
    return weights / weights.sum(axis=axis, keepdims=True)


def _counts_and_alpha(rng):
    k = rng.integers(3, 6)
    return rng.uniform(1, 20, size=k), rng.uniform(1.5, 5, size=k)


def _map_weights(counts, alpha):
    return (counts + alpha - 1) / (counts + alpha - 1).sum()


EXERCISES = {
    "tempered_posterior": Exercise(
        task="q(z_n = k) ∝ exp(log_joint_nk / T), shape (N, K), each row summing to 1",
        see="chapter 10, turn the knob from k-means to EM",
        inputs=_table_and_temperature,
        reference=_tempered,
        mistakes={
            "the temperature has no effect: this is the posterior at T = 1": lambda a, t: _tempered(a, 1.0),
            "the exponent was multiplied by T; divide": lambda a, t: _tempered(a * t, 1.0),
            "the columns sum to 1, not the rows": lambda a, t: _normalised(np.exp(a / t), axis=0),
            "the rows do not sum to 1": lambda a, t: np.exp(a / t),
            "the rows do not sum to 1; the maximum was subtracted well": lambda a, t: np.exp(
                (a - a.max(axis=1, keepdims=True)) / t
            ),
            "a hard assignment came out: that is the limit T → 0": lambda a, t: np.eye(a.shape[1])[a.argmax(axis=1)],
            "the posterior was divided by T; it is its exponent that is": lambda a, t: _tempered(a, 1.0) / t,
            "these are logarithms": lambda a, t: np.log(_tempered(a, t)),
            "the exponential is missing": lambda a, t: _normalised(a / t),
        },
    ),
    "map_weights": Exercise(
        task="the K weights at the mode of their posterior, for expected counts (K,) and a Dirichlet prior α (K,)",
        see="chapter 10, a prior in the M-step",
        inputs=_counts_and_alpha,
        reference=_map_weights,
        mistakes={
            "this is the posterior mean; at the mode every count gains α_k − 1": lambda n, a: (n + a) / (n + a).sum(),
            "the prior has no effect: this is the maximum of the likelihood": lambda n, a: n / n.sum(),
            "the weights do not sum to 1: the imagined counts are missing below": lambda n, a: (n + a - 1) / n.sum(),
            "the weights do not sum to 1: below stands N + Σα, and the mode subtracts K": lambda n, a: (
                (n + a - 1) / (n + a).sum()
            ),
            "the weights do not sum to 1: divide by the total": lambda n, a: n + a - 1,
            "this is the mode of the prior; the data are missing": lambda n, a: (a - 1) / (a - 1).sum(),
            "1 was subtracted once; each component has its own −1": lambda n, a: (
                (n + a - 1 / len(n)) / (n + a - 1 / len(n)).sum()
            ),
            "α multiplies the counts; it adds to them": lambda n, a: n * (a - 1) / (n * (a - 1)).sum(),
            "α multiplies the counts; it adds to them, less 1": lambda n, a: n * a / (n * a).sum(),
            "the sign is wrong: the imagined counts are added": lambda n, a: (n - a + 1) / (n - a + 1).sum(),
        },
    ),
}
