"""The one table that the laws run over: models × data × starts, and three models such as a learner writes.

A new model joins the laws with one row in `ROWS`.
"""

import itertools
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from emlib import (
    BinomialMixture,
    CategoricalMixture,
    CategoricalMixtureParams,
    CensoredExponential,
    CensoredRegression,
    ExponentialParams,
    FactorAnalysis,
    FactorAnalysisParams,
    GaussianMixture,
    GroupedMultinomial,
    HiddenMarkov,
    IncompleteNormal,
    KMeans,
    PoissonMixture,
    PoissonMixtureParams,
    RegressionMixture,
    RegressionMixtureParams,
    SoftAssignment,
    StudentT,
    StudentTParams,
    datasets,
    log_sum_exp,
    sequences,
)
from emlib.laws import LAWS

FAMILIES = ("full", "tied", "diag", "spherical")


def mixture_data(n, means, deviations, seed):
    """`n` points around the rows of `means`, dealt out in turn, with the standard deviations of `deviations`."""
    rng = np.random.default_rng(seed)
    z = np.arange(n) % len(means)
    return np.asarray(means, float)[z] + np.asarray(deviations, float)[z] * rng.standard_normal((n, np.shape(means)[1]))


DATA = {
    "faithful": datasets.faithful().x,
    "iris": datasets.iris().x,
    "one feature": mixture_data(90, [[0.0], [4.0], [9.0]], [[1.0], [0.7], [1.3]], seed=1),
    "ten features": mixture_data(200, np.eye(2, 10) * 6, np.ones((2, 10)), seed=2),
    "offset 1e6, spread 0.01": 1e6 + 0.01 * mixture_data(120, [[0, 0], [3, 1], [0, 4]], [[1, 1], [0.5, 1], [1, 2]], 3),
    "units 1e-8 and 1e8": mixture_data(120, [[0, 0], [5, 1], [1, 6]], [[1, 1], [0.6, 1], [1, 2]], 4) * [1e-8, 1e8],
    "duplicates": np.repeat(mixture_data(80, [[0, 0], [4, 4]], [[1, 2], [2, 1]], seed=5), 3, axis=0),
}


TWO_LINES, _ = RegressionMixture(2).sample(
    RegressionMixtureParams(
        np.array([0.4, 0.6]), np.array([1.0, -1.0]), np.array([[2.0, 0.0], [-1.0, 0.5]]), np.array([0.3, 0.6])
    ),
    150,
    rng=6,
)
ROLE_CONFLICT = datasets.role_conflict().x
THREE_KINDS, _ = CategoricalMixture(2, n_categories=3).sample(
    CategoricalMixtureParams(
        np.array([0.3, 0.7]),
        np.array(
            [[[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]], [[0.1, 0.2, 0.7], [0.3, 0.1, 0.6], [0.8, 0.1, 0.1]]]
        ),
    ),
    200,
    rng=7,
)
CALM_AND_BUSY, _ = PoissonMixture(2).sample(
    PoissonMixtureParams(np.array([0.5, 0.5]), np.array([[3.0, 0.7], [20.0, 4.0]])), 120, rng=8
)
#: Dempster, Laird & Rubin (1977), § 1; Clarke and others (1959), by Lange; Givens & Hoeting (2013), example 4.2.
ANIMALS = GroupedMultinomial(
    (((1 / 2, (0, 0)), (1 / 4, (1, 0))), ((1 / 4, (0, 1)),), ((1 / 4, (0, 1)),), ((1 / 4, (1, 0)),))
)
BLOOD_GROUPS = GroupedMultinomial.genes(("AA", "AO"), ("BB", "BO"), ("AB",), ("OO",))
MOTHS = GroupedMultinomial.genes(("CC", "CI", "CT"), ("II", "IT"), ("TT",))
LIFETIMES, _ = CensoredExponential().sample(ExponentialParams(10.0), 60, rng=9, limit=12.0)
MOTORS = datasets.motorettes()
#: 1000/(absolute temperature), log10(hours), and whether the motorette had failed
MOTORETTES = np.column_stack([1000 / (MOTORS.x[:, 0] + 273.2), np.log10(MOTORS.x[:, 1]), MOTORS.labels])
HEAVY_TAILS, _ = StudentT().sample(StudentTParams(np.array([1.0, 2.0]), np.array([[1, 0.5], [0.5, 2]]), 3.0), 200, 7)
TWO_TALENTS = np.array([[0.9, 0], [0.8, 0.1], [0.7, 0.2], [0, 0.9], [0.1, 0.8], [-0.2, 0.7]])
TESTS, _ = FactorAnalysis(2).sample(FactorAnalysisParams(np.arange(6.0), TWO_TALENTS, np.full(6, 0.3)), 300, 1)
#: Models whose latent variables are not one of K for each data point.
INCOMPLETE_MODELS = [
    ("linkage", ANIMALS, np.array([[125.0, 18, 20, 34], [14, 0, 1, 5]])),
    ("blood groups", BLOOD_GROUPS, np.array([[186.0, 38, 13, 284], [20, 3, 2, 30]])),
    ("peppered moths", MOTHS, np.array([[85.0, 196, 341], [10, 20, 30]])),
    ("lifetimes", CensoredExponential(), LIFETIMES),
    ("lifetimes, in other units", CensoredExponential(), LIFETIMES * [1e-9, 1]),
    ("heavy tails", StudentT(), HEAVY_TAILS),
    ("one feature", StudentT(), HEAVY_TAILS[:, :1]),
    ("offset 1e6, spread 0.01", StudentT(), 1e6 + 0.01 * HEAVY_TAILS),
    ("heavy tails, in other units", StudentT(2.5), HEAVY_TAILS * [1e-8, 1e8]),
    ("iris", StudentT(4.0), DATA["iris"]),
    ("six tests", FactorAnalysis(2), TESTS),
    ("six tests", FactorAnalysis(2, isotropic=True), TESTS),
    ("iris", FactorAnalysis(1, isotropic=True), DATA["iris"]),
    ("six tests, in other units", FactorAnalysis(2), TESTS * [1e-8, 1e8, 1, 1, 1, 1]),
    ("motorettes", CensoredRegression(), MOTORETTES),
    ("motorettes, in other units", CensoredRegression(), MOTORETTES * [1e8, 1e-8, 1] + [1e5, 0, 0]),
]


def models(n_components, x):
    """Every model of emlib that comes from a likelihood, or from a distortion, with K components, fit for data `x`."""
    return [
        KMeans(n_components),
        SoftAssignment(n_components, stiffness=2 / np.mean(x.var(axis=0))),
        *(GaussianMixture(n_components, family) for family in FAMILIES),
    ]


def with_gaps(x, seed):
    """A tenth of the values missing, and one row of only gaps."""
    x = np.where(np.random.default_rng(seed).random(x.shape) < 0.1, np.nan, x)
    x[3] = np.nan
    return x


#: By name, data with gaps.
INCOMPLETE = {
    "cement": datasets.cement().x,
    "iris": with_gaps(DATA["iris"], 0),
    "complete faithful": DATA["faithful"],
    **{name: with_gaps(DATA[name], 1) for name in ("ten features", "offset 1e6, spread 0.01", "units 1e-8 and 1e8")},
}


#: By name, sequences and the mixture that their states emit.
SEQUENCES = {
    "earthquakes": (PoissonMixture, sequences(datasets.earthquakes().x, [40, 1, 50, 16])),
    "faithful": (GaussianMixture, sequences(DATA["faithful"], [100, 2, 170])),
    "offset 1e6, spread 0.01": (GaussianMixture, sequences(DATA["offset 1e6, spread 0.01"], [60, 60])),
    "faces": (
        lambda n_components: CategoricalMixture(n_components, 3),
        sequences(np.repeat(np.random.default_rng(8).integers(3, size=(45, 1)), 2, axis=0), [30, 20, 40]),
    ),
}


class Row(NamedTuple):
    name: str
    model: Any
    x: Any
    params: Any
    unchecked: frozenset = frozenset()  # the laws that cannot be checked here, see `_rows`


def _rows():
    for name, x in DATA.items():
        for n_components in (1, 2) if name == "ten features" else (1, 2, 3):
            for seed, model in enumerate(models(n_components, x)):
                # iris is measured in millimetres: between three of its flowers, others lie exactly halfway
                tie = {"fisher"} if name == "iris" and model == KMeans(3) else ()
                yield Row(f"{model}, {name}", model, x, model.start(x, seed), frozenset(tie))
    for how in ("points", "random"):
        for seed, model in enumerate(models(2, DATA["faithful"])):
            yield Row(f"{model}, faithful, {how}", model, DATA["faithful"], model.start(DATA["faithful"], seed, how))
    for name, x in INCOMPLETE.items():
        model = IncompleteNormal()
        yield Row(f"{model}, {name}", model, x, model.start(x, 0), frozenset({"distribution", "permutation"}))
    for name, (mixture, x) in SEQUENCES.items():
        for n_components in (1, 2, 3):
            for stationary in (False, True)[:n_components]:
                model = HiddenMarkov(mixture(n_components), stationary)
                yield Row(f"{model}, {name}", model, x, model.start(x, 4))
    for family in FAMILIES:
        model, x = HiddenMarkov(GaussianMixture(2, family)), [DATA["faithful"]]
        yield Row(f"{model}, one sequence", model, x, model.start(x, 0), frozenset({"additive"}))
    model, x = HiddenMarkov(RegressionMixture(2)), sequences(TWO_LINES, [50, 100])
    yield Row(f"{model}, two lines", model, x, model.start(x, 4))
    yield from _count_rows()
    for name, model, x in INCOMPLETE_MODELS:
        yield Row(f"{model}, {name}", model, x, model.start(x, 0), frozenset({"distribution", "permutation"}))
    for n_components, name in itertools.product((1, 2, 3), ("two lines", "faithful", "units 1e-8 and 1e8")):
        model, x = RegressionMixture(n_components), DATA.get(name, TWO_LINES)
        slow = {"fixed point"} if (n_components, name) == (3, "faithful") else ()  # no third line is there
        yield Row(f"{model}, {name}", model, x, model.start(x, 0), frozenset(slow))
    two_functions = {"additive", "ascent", "fixed point", "record", "untouched"}
    yield Row(
        "genetic linkage, a namespace over a dict",
        LINKAGE,
        LINKAGE_COUNTS,
        {"pi": 0.5},
        frozenset(LAWS) - two_functions,
    )
    yield Row("two coins, a namespace over an array", COINS, COIN_HEADS, np.array([0.6, 0.5]))
    slow = frozenset({"fixed point"})  # 800 steps do not bring it there: the two rates overlap
    yield Row("two Poissons, a class over an array", TwoPoissons(), DEATHS, np.array([0.3, 1.0, 2.5]), slow)


def _count_rows():
    for equal in (True, False):
        for name, model, x in (
            ("two coins", BinomialMixture(2, trials=10, equal_weights=equal), COIN_HEADS[:, None]),
            ("role conflict", BinomialMixture(2, equal_weights=equal), ROLE_CONFLICT),
            ("role conflict", CategoricalMixture(2, n_categories=2, equal_weights=equal), ROLE_CONFLICT),
            ("three kinds", CategoricalMixture(2, n_categories=3, equal_weights=equal), THREE_KINDS),
            ("calm and busy", PoissonMixture(2, equal_weights=equal), CALM_AND_BUSY),
        ):
            yield Row(f"{model}, {name}", model, x, model.start(x, 1))
    for model in (BinomialMixture(1, trials=60), PoissonMixture(1), PoissonMixture(3)):
        yield Row(f"{model}, calm and busy", model, CALM_AND_BUSY, model.start(CALM_AND_BUSY, 1))


def _linkage_e_step(x, params):
    first, *others = np.sum(x, axis=0)
    pi = params["pi"]
    hidden = first * (pi / 4) / (1 / 2 + pi / 4)
    probabilities = np.array([1 / 2 + pi / 4, (1 - pi) / 4, (1 - pi) / 4, pi / 4])
    return {"hidden": hidden, "x": np.array(others)}, np.sum(x, axis=0) @ np.log(probabilities)


def _linkage_m_step(statistics):
    successes = statistics["hidden"] + statistics["x"][2]
    return {"pi": successes / (successes + statistics["x"][0] + statistics["x"][1])}


#: The published animals, and twice as many.
LINKAGE_COUNTS = [(125, 18, 20, 34), (250, 36, 40, 68)]
#: Dempster, Laird & Rubin (1977), § 1: one count of five is hidden inside another.
LINKAGE = SimpleNamespace(e_step=_linkage_e_step, m_step=_linkage_m_step)

COIN_HEADS = np.array([5, 9, 8, 4, 7])


def _coins_posterior(x, params):
    log_joint = x[:, None] * np.log(params) + (10 - x)[:, None] * np.log1p(-params) + np.log(0.5)
    return np.exp(log_joint - log_sum_exp(log_joint)[:, None]), log_sum_exp(log_joint).sum()


def _coins_e_step(x, params):
    r, objective = _coins_posterior(x, params)
    return np.array([x @ r, (10 - x) @ r]), objective


#: Do & Batzoglou (2008), Fig. 1: five times one of two coins is thrown ten times, each coin as likely as the other.
COINS = SimpleNamespace(
    e_step=_coins_e_step,
    m_step=lambda statistics: statistics[0] / statistics.sum(axis=0),
    posterior=lambda x, params: _coins_posterior(x, params)[0],
    q=lambda params, s: (s[0] * np.log(params) + s[1] * np.log1p(-params)).sum() + np.log(0.5) * s.sum() / 10,
    free=lambda params: np.log(params / (1 - params)),
    from_free=lambda vector, like: 1 / (1 + np.exp(-vector)),
    permute=lambda params, order: params[order],
)

DEATHS = np.repeat(np.arange(10), [162, 267, 271, 185, 111, 61, 27, 8, 3, 1])


class TwoPoissons:
    """Hasselblad (1969): days of two kinds, each with its Poisson rate. θ is an array (p, λ₁, λ₂)."""

    def _log_joint(self, x, params):
        log_factorials = np.cumsum(np.log(np.maximum(np.arange(10), 1)))
        weights = np.array([params[0], 1 - params[0]])
        return np.log(weights) + x[:, None] * np.log(params[1:]) - params[1:] - log_factorials[x][:, None]

    def posterior(self, x, params):
        log_joint = self._log_joint(x, params)
        return np.exp(log_joint - log_sum_exp(log_joint)[:, None])

    def e_step(self, x, params):
        log_joint = self._log_joint(x, params)
        r = self.posterior(x, params)
        constant = (r * self._log_joint(x, np.array([0.5, 1.0, 1.0]))).sum()
        return (r.sum(axis=0), x @ r, constant), log_sum_exp(log_joint).sum()

    def q(self, params, statistics):
        counts, sums, constant = statistics
        weights = np.array([params[0], 1 - params[0]])
        return constant + counts @ (np.log(2 * weights) - params[1:] + 1) + sums @ np.log(params[1:])

    def m_step(self, statistics):
        counts, sums, _ = statistics
        return np.array([counts[0] / counts.sum(), *(sums / counts)])

    def free(self, params):
        return np.log([params[0] / (1 - params[0]), *params[1:]])

    def from_free(self, vector, like):
        return np.array([1 / (1 + np.exp(-vector[0])), *np.exp(vector[1:])])

    def permute(self, params, order):
        return np.array([params[0] if order[0] == 0 else 1 - params[0], *params[1:][order]])


ROWS = list(_rows())
