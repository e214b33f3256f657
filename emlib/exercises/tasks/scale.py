"""Chapter 11: sums over pieces, one after the other, and what they cost."""

from dataclasses import replace

import numpy as np

from emlib.exercises.exercise import Exercise
from emlib.numerics import condition


def _two_pieces(rng):
    """Counts, means and scatters of two pieces that lie far from the origin and not at the same place."""
    d = rng.integers(2, 4)
    pieces = [1e6 + rng.normal(scale=3, size=d) + rng.normal(size=(rng.integers(5, 9), d)) for _ in range(2)]
    pieces[1] = pieces[1][: rng.integers(3, 5)]
    return tuple(
        value
        for x in pieces
        for value in (float(len(x)), x.mean(axis=0), (x - x.mean(axis=0)).T @ (x - x.mean(axis=0)))
    )


def _merged(n1, m1, s1, n2, m2, s2, between=None, mean=None, scatter=None):
    """The moments of both pieces, some of their three parts by another formula."""
    apart = m2 - m1
    between = n1 * n2 / (n1 + n2) if between is None else between
    mean = m1 + n2 / (n1 + n2) * apart if mean is None else mean
    return n1 + n2, mean, s1 + s2 + between * np.outer(apart, apart) if scatter is None else scatter


def _about_zero(n, mean, scatter):
    """The moments with the sums of products about 0, in which digits of the scatter are lost."""
    return n, mean, scatter + n * np.outer(mean, mean)


def _digits_lost(arguments, got):
    """Whether all is right but for digits that cancel: then the sums about 0 agree."""
    about_zero = replace(
        EXERCISES["merge"], reference=lambda *a: _about_zero(*_merged(*a)), mistakes={}, tolerance=1e-15
    )
    says = "the digits cancel: n m mᵀ is far larger than a scatter; work with the way between the means"
    yield (says,), ((about_zero, arguments, _about_zero(*got)),)


def _blocks(rng):
    """Waiting times in blocks of unequal length; one of them is so long that its densities underflow."""
    rates = np.array([0.2, 1.5, 6.0])[: rng.integers(2, 4)] * rng.uniform(0.8, 1.2)
    blocks = [rng.exponential(rng.choice(1 / rates, size=n)) for n in rng.permutation([3, 5, 8])]
    blocks[0][0] = 9000.0
    return blocks, rng.dirichlet(np.full(len(rates), 5.0)), rates


def _e_step(x, weights, rates, posterior=lambda joint: condition(joint)[0]):
    """N_k, Σ_n r_nk x_n and ℓ of one block."""
    joint = np.log(weights * rates) - np.outer(x, rates)
    r = posterior(joint)
    return r.sum(axis=0), r.T @ x, condition(joint)[1].sum()


def _over_blocks(blocks, weights, rates, **how):
    return tuple(map(sum, zip(*(_e_step(x, weights, rates, **how) for x in blocks), strict=True)))


def _averaged(blocks, weights, rates):
    counts, sums, objective = _over_blocks(blocks, weights, rates)
    return counts, sums, objective / len(blocks)


def _step_per_block(blocks, weights, rates):
    """An M-step after every block."""
    total = [0, 0, 0]
    for x in blocks:
        parts = _e_step(x, weights, rates)
        total = [a + b for a, b in zip(total, parts, strict=True)]
        weights, rates = parts[0] / len(x), parts[0] / parts[1]
    return tuple(total)


def _columns(joint):
    weights = np.exp(joint - joint.max(axis=0))
    return weights / weights.sum(axis=0)


def _batch(rng):
    k = rng.integers(2, 4)
    n = int(rng.integers(20, 50))
    return rng.uniform(0.5, 2, size=k), n * rng.uniform(2, 4, size=k), n, int(rng.integers(0, 30))


def _gamma(t):
    return (t + 2) ** -0.6


def _running(mean, sums, n, t, gamma=_gamma):
    return (1 - gamma(t)) * mean + gamma(t) * sums / n


def _features(d):
    return 1 + d + d * (d + 1) / 2


EXERCISES = {
    "merge": Exercise(
        task="count, mean (D,) and scatter about that mean (D, D) of both pieces together, from those of each",
        see="chapter 11, moments that add",
        inputs=_two_pieces,
        reference=_merged,
        forbids=("emlib.models", "emlib.numerics"),
        tolerance=1e-8,
        replay=_digits_lost,
        mistakes={
            "the scatters were added, but the pieces lie apart: the term between their means is missing": lambda *a: (
                _merged(*a, between=0)
            ),
            "the term between the means has the factor n₁n₂/(n₁ + n₂), not n₁n₂": lambda *a: _merged(
                *a, between=a[0] * a[3]
            ),
            "the term between the means has the factor n₁n₂/(n₁ + n₂); yours is n₁ + n₂": lambda *a: _merged(
                *a, between=a[0] + a[3]
            ),
            "only the second piece was moved to the new mean": lambda *a: _merged(
                *a, between=a[3] * (a[0] / (a[0] + a[3])) ** 2
            ),
            "only the first piece was moved to the new mean": lambda *a: _merged(
                *a, between=a[0] * (a[3] / (a[0] + a[3])) ** 2
            ),
            "the second scatter was moved by the whole way between the means; its own way is shorter": lambda *a: (
                _merged(*a, between=a[3])
            ),
            "the first scatter was moved by the whole way between the means; its own way is shorter": lambda *a: (
                _merged(*a, between=a[0])
            ),
            "the term between the means was subtracted; spread adds": lambda *a: _merged(
                *a, between=-a[0] * a[3] / (a[0] + a[3])
            ),
            "the mean of the means counts both pieces alike; weight each by its count": lambda *a: _merged(
                *a, mean=(a[1] + a[4]) / 2
            ),
            "the mean was weighted the wrong way round": lambda *a: _merged(
                *a, mean=(a[0] * a[4] + a[3] * a[1]) / (a[0] + a[3])
            ),
            "a covariance came out; the scatter is not divided by n": lambda *a: _merged(
                *a, scatter=_merged(*a)[2] / (a[0] + a[3])
            ),
            "the scatters were averaged; they add": lambda *a: _merged(*a, scatter=(a[2] + a[5]) / 2),
            "only the diagonal of the term between the means was added; use an outer product": lambda *a: _merged(
                *a, scatter=a[2] + a[5] + a[0] * a[3] / (a[0] + a[3]) * np.diag((a[4] - a[1]) ** 2)
            ),
            "the square of the way between the means was added to every row; use an outer product": lambda *a: _merged(
                *a, scatter=a[2] + a[5] + a[0] * a[3] / (a[0] + a[3]) * (a[4] - a[1]) ** 2
            ),
        },
    ),
    "e_step_in_blocks": Exercise(
        task="N_k (K,), Σ_n r_nk x_n (K,) and ℓ, over the points of all blocks",
        see="chapter 11, one block at a time",
        inputs=_blocks,
        reference=_over_blocks,
        mistakes={
            "these are the statistics of the last block; add them up": lambda b, w, r: _e_step(b[-1], w, r),
            "these are the statistics of the first block; go through all": lambda b, w, r: _e_step(b[0], w, r),
            "the last block is missing": lambda b, w, r: _over_blocks(b[:-1], w, r),
            "the first block is missing": lambda b, w, r: _over_blocks(b[1:], w, r),
            "the statistics were divided by the number of blocks; sums add": lambda b, w, r: tuple(
                part / len(b) for part in _over_blocks(b, w, r)
            ),
            "ℓ was divided by the number of blocks; it is a sum as well": _averaged,
            "ℓ was divided by N; give the total": lambda b, w, r: (
                *_over_blocks(b, w, r)[:2],
                _over_blocks(b, w, r)[2] / sum(map(len, b)),
            ),
            "everything was divided by N; these are sums over the points": lambda b, w, r: tuple(
                part / sum(map(len, b)) for part in _over_blocks(b, w, r)
            ),
            "θ changed between the blocks: the M-step waits until the last one": _step_per_block,
            "each column sums to 1 in its block; a point is shared among the components": lambda b, w, r: _over_blocks(
                b, w, r, posterior=_columns
            ),
            "the assignment is hard; a point is shared among the components": lambda b, w, r: _over_blocks(
                b, w, r, posterior=lambda joint: np.eye(len(w))[joint.argmax(axis=1)]
            ),
            "the density of the exponential distribution is λ e^(−λx): the factor λ is missing": lambda b, w, r: (
                _over_blocks(b, w / r, r)
            ),
            "the weights τ are missing": lambda b, w, r: _over_blocks(b, np.ones(len(w)), r),
            "all components were taken to have the same weight": lambda b, w, r: _over_blocks(
                b, np.full(len(w), 1 / len(w)), r
            ),
            "the rates were taken for means": lambda b, w, r: _over_blocks(b, w, 1 / r),
            "the means came where the sums Σ r x were asked for": lambda b, w, r: (
                _over_blocks(b, w, r)[0],
                _over_blocks(b, w, r)[1] / _over_blocks(b, w, r)[0],
                _over_blocks(b, w, r)[2],
            ),
        },
    ),
    "online_update": Exercise(
        task="the new running mean (K,): (1 − γ) times the old one plus γ times the batch's mean, γ = (t + 2)^−0.6",
        see="chapter 11, online EM",
        inputs=_batch,
        reference=_running,
        mistakes={
            "sums were mixed with a mean: divide those of the batch by its n": lambda m, s, n, t: _running(m, s, 1, t),
            "γ and 1 − γ are exchanged": lambda m, s, n, t: _running(m, s, n, t, lambda t: 1 - _gamma(t)),
            "the past was not shrunk by 1 − γ": lambda m, s, n, t: m + _gamma(t) * s / n,
            "the batch was not multiplied by γ": lambda m, s, n, t: (1 - _gamma(t)) * m + s / n,
            "the exponent is negative: γ shrinks as t grows": lambda m, s, n, t: _running(
                m, s, n, t, lambda t: (t + 2) ** 0.6
            ),
            "t counts from 0 and 2 is added: γ = (t + 2)^−0.6; yours is (t + 1)^−0.6": lambda m, s, n, t: _running(
                m, s, n, t, lambda t: (t + 1) ** -0.6
            ),
            "t counts from 0 and 2 is added: γ = (t + 2)^−0.6; yours is (t + 3)^−0.6": lambda m, s, n, t: _running(
                m, s, n, t, lambda t: (t + 3) ** -0.6
            ),
            "γ is (t + 2)^−0.6; yours is t^−0.6 + 2": lambda m, s, n, t: _running(
                m, s, n, t, lambda t: t**-0.6 + 2 if t else 2.0
            ),
            "this is 1/(t + 2), which forgets its start too slowly; the power is −0.6": lambda m, s, n, t: _running(
                m, s, n, t, lambda t: 1 / (t + 2)
            ),
            "γ is (t + 2)^−0.6; yours is −0.6 (t + 2)": lambda m, s, n, t: _running(
                m, s, n, t, lambda t: -0.6 * (t + 2)
            ),
            "this is the batch alone; the past is forgotten": lambda m, s, n, t: s / n,
            "this is the past alone; the batch has no effect": lambda m, s, n, t: m,
            "past and batch count half each; use γ": lambda m, s, n, t: _running(m, s, n, t, lambda t: 0.5),
        },
    ),
    "multiplications": Exercise(
        task="how many multiplications the matrix products of one E-step need for each point, in D and K",
        see="chapter 11, one matrix product",
        inputs=lambda rng: (int(rng.integers(2, 30)), int(rng.integers(3, 20))),
        reference=lambda d, k: 2 * k * _features(d),
        symbols=lambda d, k: {"D": d, "K": k},
        mistakes={
            "that is one of the two products: the densities need one, the sums another": lambda d, k: k * _features(d),
            "a symmetric matrix has D(D + 1)/2 different entries, not D²": lambda d, k: 2 * k * (1 + d + d**2),
            "a symmetric matrix has D(D + 1)/2 different entries, not D², and there are two products": lambda d, k: (
                k * (1 + d + d**2)
            ),
            "D features are missing: x themselves, or the squares (D(D + 1)/2 products, not D(D − 1)/2)": lambda d, k: (
                2 * k * (1 + d + d * (d - 1) / 2)
            ),
            "the feature 1 is missing: it brings the constants and the counts": lambda d, k: (
                2 * k * (d + d * (d + 1) / 2)
            ),
            "the squares of the features are missing": lambda d, k: 2 * k * (1 + d),
            "only the squares were counted: 1 and x are features too": lambda d, k: k * d * (d + 1),
            "only the squares were counted, and all D² of them: 1 and x are features too": lambda d, k: 2 * k * d**2,
            "this is for one component; there are K rows": lambda d, k: 2 * _features(d),
            "this is the number of features F; each of 2K rows takes F multiplications": lambda d, k: _features(d),
        },
    ),
}
