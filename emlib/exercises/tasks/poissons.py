"""The new model of chapter 5: counts from two kinds of days. θ = (p, λ₁, λ₂); x (N,) holds counts, r (N,) as before."""

import math

import numpy as np

from emlib import datasets
from emlib.exercises.compare import pieces
from emlib.exercises.exercise import Exercise
from emlib.exercises.tasks.two_gaussians import hard, random_responsibility
from emlib.numerics import condition


def _counts(rng, n):
    x = np.where(rng.random(n) < 0.4, rng.poisson(2, n), rng.poisson(9, n)).astype(float)
    x[:2] = 0, 12
    return x


def _counts_and_r(rng):
    x = _counts(rng, rng.integers(6, 12))
    return x, random_responsibility(rng, len(x))


def _random_theta(rng):
    return np.array([rng.uniform(0.15, 0.4), rng.uniform(1, 3), rng.uniform(4, 8)])


def _theta_counts_r(rng):
    return _random_theta(rng), *_counts_and_r(rng)


def _log_joint(theta, x):
    p, rates = theta[0], theta[1:]
    log_factorial = np.array([math.lgamma(count + 1) for count in x])
    return np.log([p, 1 - p]) + x[:, None] * np.log(rates) - rates - log_factorial[:, None]


def _q(theta, x, r):
    return (r * _log_joint(theta, x)[:, 0] + (1 - r) * _log_joint(theta, x)[:, 1]).sum()


def _update(x, r):
    return r.mean(), r @ x / r.sum(), (1 - r) @ x / (1 - r).sum()


def _fit(x):
    return _climbed(np.array([0.5, x.mean() / 2, x.mean() * 1.5]), x)


def _climbed(theta, x, steps=3000):
    """EM from θ, on how many days had each count: as many terms as there are different counts."""
    counts, days = np.unique(x, return_counts=True)
    for _ in range(steps):
        r = condition(_log_joint(theta, counts))[0] * days[:, None]
        theta = np.array([r[:, 0].sum() / len(x), *(counts @ r / r.sum(axis=0))])
    return theta


def _log_likelihood(theta, x):
    return condition(_log_joint(theta, x))[1].sum()


def _wrong_fit(arguments, value):
    """Whether a learner's maximum is as high as ours, so that the two kinds of days may come in either order."""
    (x,) = arguments
    found = pieces(value, (0.0, 0.0, 0.0))
    if isinstance(found, str):
        return found
    theta = np.array(found)
    if not (0 < theta[0] < 1 and (theta[1:] > 0).all() and np.isfinite(theta).all()):
        return f"{theta.tolist()} came out; p lies between 0 and 1, and rates above 0"
    reached, highest = _log_likelihood(theta, x), _log_likelihood(_fit(x), x)
    if reached > highest - 1e-3:
        return ""
    why = ""
    if np.isclose(theta[1], theta[2], rtol=1e-4):
        why = "; the two rates are the same, and EM cannot leave such a start"
    elif _log_likelihood(np.array([1 - theta[0], *theta[1:]]), x) > highest - 1e-3:
        why = "; p belongs to λ₁, yours to λ₂"
    elif theta[0] == 0.5:
        why = "; p stayed at ½: was it updated?"
    elif _log_likelihood(_climbed(theta, x, 20), x) > reached + 1e-6:
        why = "; EM goes on from there: was it stopped at a small gain, or is a step wrong?"
    return f"ℓ at your θ is {reached:.7g}, and the maximum is {highest:.7g}{why}"


EXERCISES = {
    "poissons_q": Exercise(
        task="Q(θ|θᵗ) of θ = (p, λ₁, λ₂), counts x (N,) and responsibilities r (N,) of the first kind, one number",
        see="chapter 5, a new model, and chapter 3, Q taken apart",
        inputs=_theta_counts_r,
        reference=_q,
        varied=lambda rng, arguments: (_random_theta(rng), *arguments[1:]),
        symbols=lambda theta, x, r: (
            {"x": x, "r": r, "p": theta[0], "lambda1": theta[1], "lambda2": theta[2]}
            | {"N1": r.sum(), "N2": (1 - r).sum(), "s1": r @ x, "s2": (1 - r) @ x}
        ),
        mistakes={
            "log p and log(1 − p) are missing: log p(x, z) = log p(z) + log p(x | z)": lambda theta, x, r: (
                _q(np.array([0.5, *theta[1:]]), x, r) + len(x) * np.log(2)
            ),
            "log p was used for both kinds; the second has log(1 − p)": lambda theta, x, r: (
                _q(theta, x, r) + (1 - r).sum() * np.log(theta[0] / (1 - theta[0]))
            ),
            "−λ is missing: the Poisson's log-probability is x log λ − λ − log x!": lambda theta, x, r: (
                _q(theta, x, r) + (r * theta[1] + (1 - r) * theta[2]).sum()
            ),
            "−λ stands once; every point has its own": lambda theta, x, r: (
                _q(theta, x, r) + (r * theta[1] + (1 - r) * theta[2]).sum() - theta[1] - theta[2]
            ),
            "the factor x at log λ is missing": lambda theta, x, r: (
                _q(theta, x, r) - ((x - 1) * (r * np.log(theta[1]) + (1 - r) * np.log(theta[2]))).sum()
            ),
            "λ stands without its logarithm": lambda theta, x, r: (
                _q(theta, x, r)
                + (x * (r * (theta[1] - np.log(theta[1])) + (1 - r) * (theta[2] - np.log(theta[2])))).sum()
            ),
            "this is ℓ(θ), the log of the sum; in Q the log stands inside the expectation": lambda theta, x, r: (
                _log_likelihood(theta, x)
            ),
            "both kinds were weighted with r_n; the second has 1 − r_n": lambda theta, x, r: (
                r[:, None] * _log_joint(theta, x)
            ).sum(),
            "the kinds were not weighted with their responsibilities": lambda theta, x, r: _log_joint(theta, x).sum(),
            "a hard assignment was used; the expectation weights with r_n and 1 − r_n": lambda theta, x, r: _q(
                theta, x, hard(r)
            ),
            "the responsibilities are exchanged": lambda theta, x, r: _q(theta, x, 1 - r),
            "the sign is wrong: this is −Q": lambda theta, x, r: -_q(theta, x, r),
            "this is the mean over the points; Q is the sum": lambda theta, x, r: _q(theta, x, r) / len(x),
        },
    ),
    "poissons_update": Exercise(
        task="the triple (p, λ₁, λ₂) that maximises Q",
        see="chapter 5, a new model, and chapter 4, the update of μ",
        inputs=_counts_and_r,
        reference=_update,
        symbols=lambda x, r: {"x": x, "r": r, "N1": r.sum(), "N2": (1 - r).sum(), "s1": r @ x, "s2": (1 - r) @ x},
        objective=lambda x, r: lambda theta: _q(np.array(theta), x, r),
        mistakes={
            "the sums were divided by N; divide by N_k, the sum of the responsibilities": lambda x, r: (
                r.mean(),
                r @ x / len(x),
                (1 - r) @ x / len(x),
            ),
            "the sums were not divided by N_k": lambda x, r: (r.mean(), r @ x, (1 - r) @ x),
            "p is N₁; divide it by N": lambda x, r: (r.sum(), *_update(x, r)[1:]),
            "p belongs to the first kind; yours to the second": lambda x, r: (1 - r.mean(), *_update(x, r)[1:]),
            "the two rates are exchanged": lambda x, r: (r.mean(), *_update(x, r)[:0:-1]),
            "both rates use r_n; the second needs 1 − r_n": lambda x, r: (r.mean(), *(_update(x, r)[1],) * 2),
            "a hard assignment was used": lambda x, r: _update(x, hard(r)),
            "the responsibilities are missing: this is the mean of all counts": lambda x, r: (
                r.mean(),
                x.mean(),
                x.mean(),
            ),
            "these are 1/λ: the derivative of Q is s_k/λ_k − N_k": lambda x, r: (
                r.mean(),
                r.sum() / (r @ x),
                (1 - r).sum() / ((1 - r) @ x),
            ),
            "the weights need not be equal": lambda x, r: (0.5, *_update(x, r)[1:]),
        },
    ),
    "poissons_fit": Exercise(
        task="the triple (p, λ₁, λ₂) at the maximum of ℓ for counts x (N,), from your own start, kinds in either order",
        see="chapter 5, a new model",
        inputs=lambda rng: (_counts(rng, 300),),
        reference=_fit,
        law=_wrong_fit,
        published=(
            "on the death notices, where Hasselblad (1969) publishes p = 0.3599",
            lambda: (datasets.death_notices().x[:, 0],),
        ),
        fresh=2,
    ),
}
