"""Chapter 9: the rate of EM, from its own steps and from what is missing."""

import numpy as np

from emlib.exercises.exercise import Exercise
from emlib.exercises.tasks.two_gaussians import hard, random_responsibility


def _three_values(rng):
    """Three values on the way to a limit, at a rate of its own in every case."""
    limit, gap, rate = rng.normal(scale=5), rng.uniform(0.5, 3) * rng.choice([-1, 1]), rng.uniform(0.2, 0.95)
    return tuple(float(limit - gap * rate**t) for t in range(3))


def _rate(a, b, c):
    return (c - b) / (b - a)


def _limit(a, b, c):
    rate = _rate(a, b, c)
    return c + rate / (1 - rate) * (c - b)


def _mean_with_shares(rng):
    x = rng.normal(scale=3, size=rng.integers(6, 12))
    return x, random_responsibility(rng, len(x)), rng.normal(), rng.uniform(0.5, 2)


def _missing(x, r, mu, sigma):
    return (r * (1 - r) * (x - mu) ** 2).sum() / sigma**4 / (r.sum() / sigma**2)


EXERCISES = {
    "aitken_limit": Exercise(
        task="the limit to which three successive values lead if their steps go on shrinking by the same factor",
        see="chapter 9, a small gain proves nothing, and Aitken's leap",
        inputs=_three_values,
        reference=_limit,
        mistakes={
            "only one more step was taken: add up all that are to come, λ/(1 − λ) times the last": lambda a, b, c: (
                c + _rate(a, b, c) * (c - b)
            ),
            "the sum of all steps to come was counted from the second value; start from the third": lambda a, b, c: (
                b + _rate(a, b, c) / (1 - _rate(a, b, c)) * (c - b)
            ),
            "the last step was counted twice: what is to come begins with λ times it": lambda a, b, c: (
                c + (c - b) / (1 - _rate(a, b, c))
            ),
            "the rate is upside down: it is the later step over the earlier": lambda a, b, c: (
                c + 1 / (_rate(a, b, c) - 1) * (c - b)
            ),
            "the sign is wrong: this goes back instead of on": lambda a, b, c: (
                c - _rate(a, b, c) / (1 - _rate(a, b, c)) * (c - b)
            ),
            "this is the rate, not the limit": _rate,
            "this is the last value; it is still on its way": lambda a, b, c: c,
            "this is the way that is left; add the last value": lambda a, b, c: _limit(a, b, c) - c,
            "the values themselves were divided; the rate is a ratio of steps": lambda a, b, c: (
                c + (c / b) / (1 - c / b) * (c - b)
            ),
        },
    ),
    "missing_fraction": Exercise(
        task="the fraction of missing information about μ, one number between 0 and about 1",
        see="chapter 9, the rate is what is missing, and Louis in section 9",
        inputs=_mean_with_shares,
        reference=_missing,
        mistakes={
            "the variance of a 0–1 variable is r(1 − r), not r": lambda x, r, mu, sigma: (
                (r * (x - mu) ** 2).sum() / sigma**2 / r.sum()
            ),
            "the variance of a 0–1 variable is r(1 − r), not (1 − r)": lambda x, r, mu, sigma: (
                ((1 - r) * (x - mu) ** 2).sum() / sigma**2 / r.sum()
            ),
            "the variance of a 0–1 variable is r(1 − r), not its square": lambda x, r, mu, sigma: (
                ((r * (1 - r)) ** 2 * (x - mu) ** 2).sum() / sigma**2 / r.sum()
            ),
            "the complete information is Σ r_n/σ², not N/σ²": lambda x, r, mu, sigma: (
                (r * (1 - r) * (x - mu) ** 2).sum() / sigma**2 / len(x)
            ),
            "σ enters the missing part as σ⁴: the score of μ is z(x − μ)/σ²": lambda x, r, mu, sigma: (
                (r * (1 - r) * (x - mu) ** 2).sum() / r.sum()
            ),
            "x − μ is not squared; a variance takes the square of what stands before z": lambda x, r, mu, sigma: (
                (r * (1 - r) * np.abs(x - mu)).sum() / sigma**2 / r.sum()
            ),
            "x − μ is missing: only points far from μ say much": lambda x, r, mu, sigma: (
                (r * (1 - r)).sum() / sigma**2 / r.sum()
            ),
            "this is the fraction that is observed; subtract it from 1": lambda x, r, mu, sigma: (
                1 - _missing(x, r, mu, sigma)
            ),
            "this is the missing information itself; divide it by the complete": lambda x, r, mu, sigma: (
                (r * (1 - r) * (x - mu) ** 2).sum() / sigma**4
            ),
            "a hard assignment was used: then nothing is missing": lambda x, r, mu, sigma: _missing(
                x, hard(r), mu, sigma
            ),
        },
    ),
}
