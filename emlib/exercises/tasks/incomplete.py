"""Chapter 6: genes counted through colours, counts known only as "three or more", and a wait that was not seen."""

from math import exp

import numpy as np

from emlib.exercises.exercise import Exercise


def _frequencies_and_moths(rng):
    return rng.dirichlet(np.full(3, 4.0)), rng.integers(30, 400, size=3).astype(float)


def _genotypes(p, counts, twice=2):
    """The expected CC, CI, CT, II, IT and TT."""
    black, mottled = p[0] * np.array([p[0], twice * p[1], twice * p[2]]), p[1] * np.array([p[1], twice * p[2]])
    return np.array([*(counts[0] * black / black.sum()), *(counts[1] * mottled / mottled.sum()), counts[2]])


#: how many C, I and T there are in each genotype
_GENES = np.array([[2, 0, 0], [1, 1, 0], [1, 0, 1], [0, 2, 0], [0, 1, 1], [0, 0, 2]])


def _shares(genes):
    return genes / genes.sum()


def _to_the_likeliest(p, counts):
    expected = _genotypes(p, counts)
    kinds = np.zeros(6)
    for cell, count in zip((slice(0, 3), slice(3, 5), slice(5, 6)), counts, strict=True):
        kinds[cell][expected[cell].argmax()] = count
    return kinds


def _rate_and_days(rng):
    return rng.uniform(0.8, 3), rng.integers(40, 400, size=4).astype(float)


def _at_least(k, rate):
    term, below = exp(-rate), 0.0
    for x in range(k):
        below, term = below + term, term * rate / (x + 1)
    return 1 - below


def _clerk(rate, days, beyond=None):
    """λᵗ⁺¹ with `beyond`, or else the right expectation, for each day of three or more."""
    beyond = rate * _at_least(2, rate) / _at_least(3, rate) if beyond is None else beyond
    return (days[1] + 2 * days[2] + days[3] * beyond) / days.sum()


def _rows_and_normal(rng):
    """Some rows whole, of others only the first value, and the normal of the moment; as eruptions and waits."""
    tall = np.array([[rng.uniform(0.6, 1.4), 0.0], [rng.uniform(4, 12), rng.uniform(3, 8)]])
    mu = np.array([rng.uniform(2, 4), rng.uniform(55, 85)])
    rows = mu + rng.normal(size=(rng.integers(4, 9), 2)) @ tall.T
    return rows, mu[0] + tall[0, 0] * rng.normal(size=rng.integers(3, 7)), mu + rng.normal(size=2), tall @ tall.T


def _sums(rows, alone, wait, unsure):
    """The three sums with `wait` filled in, and `unsure` added to the squares."""
    x, y = np.append(rows[:, 0], alone), np.append(rows[:, 1], wait)
    return y.sum(), x @ y, y @ y + unsure


def _wait(alone, mu, Sigma):
    return mu[1] + Sigma[0, 1] / Sigma[0, 0] * (alone - mu[0])


def _c(Sigma):
    return Sigma[1, 1] - Sigma[0, 1] ** 2 / Sigma[0, 0]


EXERCISES = {
    "moths_round": Exercise(
        task="the next p = (p_C, p_I, p_T), from the p of now and the numbers of carbonaria, insularia and typica (3,)",
        see="chapter 6, which genes",
        inputs=_frequencies_and_moths,
        reference=lambda p, counts: _shares(_genotypes(p, counts) @ _GENES),
        mistakes={
            "a genotype of two different genes comes about in two ways: 2 p_C p_I, not p_C p_I": lambda p, counts: (
                _shares(_genotypes(p, counts, twice=1) @ _GENES)
            ),
            "CC, II and TT have two genes of their kind; each was counted once": lambda p, counts: _shares(
                _genotypes(p, counts) @ np.minimum(_GENES, 1)
            ),
            "every moth has two genes: divide by 2N, not by N": lambda p, counts: (
                _genotypes(p, counts) @ _GENES / counts.sum()
            ),
            "these are expected genes; divide them by their sum, 2N": lambda p, counts: _genotypes(p, counts) @ _GENES,
            "carbonaria was not split: not every black moth is CC": lambda p, counts: _shares(
                np.array([counts[0], 0, 0, *_genotypes(p, counts)[3:]]) @ _GENES
            ),
            "insularia was not split: IT is mottled too": lambda p, counts: _shares(
                np.array([*_genotypes(p, counts)[:3], counts[1], 0, counts[2]]) @ _GENES
            ),
            "the colours are no genes: these are the shares of the colours": lambda p, counts: counts / counts.sum(),
            "the second gene of CI, CT and IT was forgotten": lambda p, counts: _shares(
                _genotypes(p, counts) @ np.where(np.cumsum(_GENES, axis=1) == _GENES, _GENES, 0)
            ),
            "a colour was split evenly; split it as p says": lambda p, counts: _shares(
                np.append(np.repeat(counts[:2] / [3, 2], [3, 2]), counts[2]) @ _GENES
            ),
            "every colour went to its most probable genotype; share it out": lambda p, counts: _shares(
                _to_the_likeliest(p, counts) @ _GENES
            ),
            "the order is C, I, T": lambda p, counts: _shares(_genotypes(p, counts) @ _GENES)[::-1],
            "this is p as it was; the colours have to change it": lambda p, counts: p,
        },
    ),
    "clerk_round": Exercise(
        task="the next λ, one number, from the λ of now and the numbers of days with 0, 1, 2 and with 3 or more (4,)",
        see="chapter 6, the recipe at its beginning",
        inputs=_rate_and_days,
        reference=_clerk,
        mistakes={
            'this takes "three or more" for three': lambda rate, days: _clerk(rate, days, 3),
            "λ was filled in; it is known that these days had at least three": lambda rate, days: _clerk(
                rate, days, rate
            ),
            "3 + λ was filled in; a Poisson does not start afresh at three, as an exponential would": lambda rate, d: (
                _clerk(rate, d, 3 + rate)
            ),
            "the sum Σ x p(x) over x ≥ 3 was not divided by P(x ≥ 3)": lambda rate, days: _clerk(
                rate, days, rate * _at_least(2, rate)
            ),
            "P(x ≥ 2)/P(x ≥ 3) is upside down": lambda rate, days: _clerk(
                rate, days, rate * _at_least(3, rate) / _at_least(2, rate)
            ),
            "this conditions on x ≥ 2": lambda rate, days: _clerk(
                rate, days, rate * _at_least(1, rate) / _at_least(2, rate)
            ),
            "this conditions on x ≥ 4": lambda rate, days: _clerk(
                rate, days, rate * _at_least(3, rate) / _at_least(4, rate)
            ),
            "the days with two were counted once; each brings two notices": lambda rate, days: (
                _clerk(rate, days) - days[2] / days.sum()
            ),
            "the days without a notice are days too: divide by all": lambda rate, days: (
                _clerk(rate, days) * days.sum() / days[1:].sum()
            ),
            "the days of three or more were left out": lambda rate, days: (
                (days[1] + 2 * days[2]) / (days.sum() - days[3])
            ),
            "this is the expected sum of all notices; divide it by the days": lambda rate, days: (
                _clerk(rate, days) * days.sum()
            ),
            "this is E[x | x ≥ 3]; add up all days and divide": lambda rate, days: (
                rate * _at_least(2, rate) / _at_least(3, rate)
            ),
        },
    ),
    "expected_sums": Exercise(
        task="the expectations of Σ x₂, Σ x₁x₂ and Σ x₂² over all rows, from the whole rows (M, 2), the x₁ of the rows "
        "with a gap (G,), μ (2,) and Σ (2, 2)",
        see="chapter 6, holes in a table",
        inputs=_rows_and_normal,
        reference=lambda rows, alone, mu, S: _sums(rows, alone, _wait(alone, mu, S), len(alone) * _c(S)),
        mistakes={
            "the conditional variance c is missing: E[x²] is not E[x]²": lambda rows, alone, mu, S: _sums(
                rows, alone, _wait(alone, mu, S), 0
            ),
            "c was added once; every gap has its own": lambda rows, alone, mu, S: _sums(
                rows, alone, _wait(alone, mu, S), _c(S)
            ),
            "c was added for every row; a wait that was seen has no variance": lambda rows, alone, mu, S: _sums(
                rows, alone, _wait(alone, mu, S), (len(rows) + len(alone)) * _c(S)
            ),
            "Σ₂₂ was added for every gap; x₁ is known and leaves only c": lambda rows, alone, mu, S: _sums(
                rows, alone, _wait(alone, mu, S), len(alone) * S[1, 1]
            ),
            "a standard deviation was added; squares need c itself": lambda rows, alone, mu, S: _sums(
                rows, alone, _wait(alone, mu, S), len(alone) * np.sqrt(_c(S))
            ),
            "c was subtracted": lambda rows, alone, mu, S: _sums(rows, alone, _wait(alone, mu, S), -len(alone) * _c(S)),
            "μ₂ was filled in; x₁ says more about the gap": lambda rows, alone, mu, S: _sums(
                rows, alone, np.full(len(alone), mu[1]), len(alone) * _c(S)
            ),
            "the slope is Σ₁₂/Σ₁₁; this divides by Σ₂₂": lambda rows, alone, mu, S: _sums(
                rows, alone, mu[1] + S[0, 1] / S[1, 1] * (alone - mu[0]), len(alone) * _c(S)
            ),
            "the slope is Σ₁₂/Σ₁₁; this is the correlation": lambda rows, alone, mu, S: _sums(
                rows, alone, mu[1] + S[0, 1] / np.sqrt(S[0, 0] * S[1, 1]) * (alone - mu[0]), len(alone) * _c(S)
            ),
            "μ₁ is missing: the line goes through (μ₁, μ₂)": lambda rows, alone, mu, S: _sums(
                rows, alone, mu[1] + S[0, 1] / S[0, 0] * alone, len(alone) * _c(S)
            ),
            "the rows with a gap were left out": lambda rows, alone, mu, S: _sums(rows, alone[:0], [], 0),
            "the whole rows were left out": lambda rows, alone, mu, S: _sums(
                rows[:0], alone, _wait(alone, mu, S), len(alone) * _c(S)
            ),
            "these are means; sums were asked for": lambda rows, alone, mu, S: tuple(
                np.array(_sums(rows, alone, _wait(alone, mu, S), len(alone) * _c(S))) / (len(rows) + len(alone))
            ),
        },
    ),
}
