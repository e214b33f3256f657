"""Hidden Markov models against enumeration of all paths, against mixtures, and with sequences that are none."""

import itertools
import re
import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest
from models import SEQUENCES
from scipy.optimize import minimize
from scipy.stats import multivariate_normal, poisson

import emlib
from emlib import (
    CategoricalMixture,
    CategoricalMixtureParams,
    DegenerateError,
    GaussianMixture,
    GaussianMixtureParams,
    HiddenMarkov,
    HiddenMarkovParams,
    PoissonMixture,
    PoissonMixtureParams,
    sequences,
)
from emlib.models.mixture import Mixture
from emlib.numerics import xlogy

QUAKES = emlib.datasets.earthquakes().x
EQUAL = np.full(2, 0.5)
POISSON = PoissonMixtureParams(EQUAL, np.array([[2.0], [5.0]]))
NORMAL = GaussianMixtureParams(EQUAL, np.array([[1.0, 2.0], [3.0, 1.0]]), np.array([np.eye(2), [[2, 0.5], [0.5, 1]]]))
FACES = CategoricalMixtureParams(EQUAL, np.array([[[0.1, 0.4, 0.5]], [[0.6, 0.3, 0.1]]]))
COUNTS = [np.array([[3.0], [1.0], [6.0], [4.0]]), np.array([[5.0]]), np.array([[0.0], [2.0], [7.0]])]
POINTS = [np.array([[1.0, 2.5], [3.0, 0.0], [2.0, 2.0]]), np.array([[0.0, 1.0], [4.0, 1.0]])]
THROWS = [np.array([[0.0], [2.0], [1.0], [0.0]]), np.array([[1.0], [1.0]])]
#: mixture, its parameters, data, log p(x_t | z_t = k) by scipy
EMISSIONS = {
    "Poisson": (
        PoissonMixture(2),
        POISSON,
        COUNTS,
        lambda p, x: poisson(p.rates[:, 0]).logpmf(x),
    ),
    "Gaussian": (
        GaussianMixture(2),
        NORMAL,
        POINTS,
        lambda p, x: np.column_stack(
            [np.atleast_1d(multivariate_normal(*c).logpdf(x)) for c in zip(p.means, p.covariances, strict=True)]
        ),
    ),
    "categorical": (
        CategoricalMixture(2, 3),
        FACES,
        THROWS,
        lambda p, x: np.log(p.probabilities[:, 0, x[:, 0].astype(int)]).T,
    ),
}
CHAIN = np.array([[0.7, 0.3], [0.2, 0.8]])
every_emission = pytest.mark.parametrize("emission", EMISSIONS)
both = pytest.mark.parametrize("stationary", [False, True])


def theta(emissions, stationary, transitions=CHAIN, initial=(0.3, 0.7)):
    return HiddenMarkovParams(
        emlib.stationary_distribution(transitions) if stationary else np.array(initial), transitions, emissions
    )


def paths(x, params, log_density):
    """For one sequence every path z and log p(x, z | θ), from the definition."""
    steps = log_density(params.emissions, x)
    for z in itertools.product(range(2), repeat=len(x)):
        log_p = np.log(params.initial[z[0]]) + sum(np.log(params.transitions[a, b]) for a, b in itertools.pairwise(z))
        yield z, log_p + sum(steps[t, k] for t, k in enumerate(z))


@every_emission
@both
def test_everything_is_what_enumeration_of_all_paths_says(emission, stationary):
    mixture, emissions, x, log_density = EMISSIONS[emission]
    model, params = HiddenMarkov(mixture, stationary), theta(emissions, stationary)
    rng = np.random.default_rng(0)
    vector = model.free(params)
    others = [model.from_free(vector + 0.3 * rng.standard_normal(len(vector)), params) for _ in range(3)]
    statistics, objective = model.e_step(x, params)
    scores, posterior, (best, best_log_p) = (
        model.score_samples(x, params),
        model.posterior(x, params),
        model.viterbi(x, params),
    )
    entropy, q = 0.0, np.zeros(4)
    for s, sequence in enumerate(x):
        every, log_p = zip(*paths(sequence, params, log_density), strict=True)
        log_p = np.array(log_p)
        assert scores[s] == pytest.approx(np.log(np.exp(log_p).sum()), rel=1e-12)
        p = np.exp(log_p - scores[s])
        smoothed = [[sum(p[i] for i, z in enumerate(every) if z[t] == k) for k in (0, 1)] for t in range(len(sequence))]
        np.testing.assert_allclose(posterior[s], smoothed, rtol=1e-10)
        assert tuple(best[s]) == every[log_p.argmax()]
        assert best_log_p[s] == pytest.approx(log_p.max(), rel=1e-12)
        entropy -= (p * np.log(p)).sum()
        for i, other in enumerate((params, *others)):
            q[i] += p @ np.array([value for _, value in paths(sequence, other, log_density)])
    assert objective == pytest.approx(scores.sum(), rel=1e-12)
    assert model.entropy(x, params) == pytest.approx(entropy, rel=1e-10)
    for i, other in enumerate((params, *others)):
        assert model.q(other, statistics) == pytest.approx(q[i], rel=1e-10)


@both
def test_no_optimiser_finds_a_larger_q_than_the_m_step(stationary):
    _, x = SEQUENCES["earthquakes"]
    model = HiddenMarkov(PoissonMixture(2), stationary)
    statistics, _ = model.e_step(x, model.start(x, 0))
    best = model.m_step(statistics)
    found = minimize(
        lambda v: -model.q(model.from_free(v, best), statistics), model.free(best) + 0.1, method="BFGS", tol=1e-10
    )
    top = model.q(best, statistics)
    assert -found.fun <= top + 1e-9
    assert -found.fun == pytest.approx(top, rel=1e-9)


def test_a_stationary_m_step_with_many_short_sequences():
    # here the first states weigh as much as the steps
    x = [np.array([[a], [b]], dtype=float) for a, b in np.random.default_rng(0).poisson([2, 6], size=(300, 2))]
    model = HiddenMarkov(PoissonMixture(3), stationary=True)
    statistics, _ = model.e_step(x, model.start(x, 1))
    best = model.m_step(statistics)
    found = minimize(
        lambda v: -model.q(model.from_free(v, best), statistics), model.free(best) + 0.1, method="BFGS", tol=1e-10
    )
    assert -found.fun <= model.q(best, statistics) + 1e-7
    np.testing.assert_allclose(best.initial @ best.transitions, best.initial, atol=1e-12)


@every_emission
def test_a_chain_without_memory_is_a_mixture(emission):
    mixture, emissions, x, _ = EMISSIONS[emission]
    tau = np.array([0.3, 0.7])
    chain, joined = theta(emissions, False, np.array([tau, tau]), tau), np.concatenate(x)
    model, weighted = HiddenMarkov(mixture), emissions._replace(weights=tau)
    np.testing.assert_allclose(
        np.concatenate(model.posterior(x, chain)), mixture.posterior(joined, weighted), rtol=1e-12
    )
    statistics, objective = model.e_step(x, chain)
    assert objective == pytest.approx(mixture.e_step(joined, weighted)[1], rel=1e-13)
    expected = mixture.m_step(mixture.e_step(joined, weighted)[0])
    for ours, theirs in zip(model.m_step(statistics).emissions[1:], expected[1:], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_sequences_of_different_lengths_count_as_they_do_alone():
    _, x = SEQUENCES["faithful"]
    model = HiddenMarkov(GaussianMixture(2))
    params = model.start(x, 0)
    np.testing.assert_allclose(
        model.score_samples(x, params), [model.score_samples([s], params)[0] for s in x], rtol=1e-13
    )
    for together, sequence in zip(model.posterior(x, params), x, strict=True):
        np.testing.assert_allclose(together, model.posterior([sequence], params)[0], rtol=1e-10, atol=1e-300)


# Blocks side by side, against the recursion one step after the other.


class Given(Mixture):
    """The data are the log-densities themselves; what is below −1e9 is impossible."""

    def checked(self, params):
        return params

    def checked_pair(self, x, params):
        return x, params

    def _log_joint(self, x, params):
        return np.where(x < -1e9, -np.inf, x) - np.log(self.n_components)

    def _expected(self, x, responsibilities, params):
        return responsibilities


def one_after_the_other(log_emissions, initial, transitions):
    """Chapter 7: log p(x_n | past), the smoothed states, the expected steps, and the entropy of the paths."""
    predicted, filtered, log_scales = [initial], [], []
    for step in log_emissions:
        predicted[-1] = np.where(predicted[-1] > 1e-300, predicted[-1], 0)
        log_joint = np.log(predicted[-1]) + step
        log_scales.append(emlib.log_sum_exp(log_joint))
        filtered.append(np.exp(log_joint - log_scales[-1]) if log_scales[-1] > -np.inf else np.zeros(len(initial)))
        predicted.append(filtered[-1] @ transitions)
    smoothed, steps, entropy = [filtered[-1]], np.zeros(transitions.shape), 0.0
    for known, expected in zip(filtered[-2::-1], predicted[-2:0:-1], strict=True):
        pairs = known[:, None] * transitions * np.divide(smoothed[0], expected, where=expected > 0, out=0 * expected)
        smoothed.insert(0, pairs.sum(axis=1))
        steps += pairs
        entropy += xlogy(smoothed[0], smoothed[0]).sum() - xlogy(pairs, pairs).sum()
    return np.array(log_scales), np.array(smoothed), steps, entropy - xlogy(smoothed[0], smoothed[0]).sum()


def chain(kind, k, rng):
    """π and A."""
    initial, a = rng.dirichlet(np.ones(k)), rng.dirichlet(np.ones(k), k)
    if kind == "sticky":
        a = 0.999 * np.eye(k) + 0.001 * a
    elif kind == "all but absorbing":
        a[:-1] = 1e-250 * a[:-1] + (1 - 1e-250) * np.eye(k)[:-1]
    elif kind == "absorbing":
        a[-1] = np.eye(k)[-1]
    elif kind == "left to right":
        initial, a = np.eye(k)[0], 0.95 * np.eye(k) + 0.05 * np.eye(k, k=1)
        a[-1] = np.eye(k)[-1]
    elif kind == "round and round":
        initial, a = np.eye(k)[0], np.roll(np.eye(k), 1, axis=1)
    return initial, a


@pytest.mark.parametrize(
    "kind", ["any", "sticky", "all but absorbing", "absorbing", "left to right", "round and round"]
)
@pytest.mark.parametrize("spread", [1, 30, 3000, "some impossible", "all impossible once"])
@pytest.mark.parametrize(
    ("k", "lengths"),
    [(3, [1]), (2, [2]), (3, [3]), (5, [31]), (1, [99]), (3, [500]), (2, [200, 1, 150, 37]), (3, [5] * 9)],
)
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
def test_blocks_find_what_one_step_after_the_other_does(kind, spread, k, lengths):
    rng = np.random.default_rng([k, *lengths])
    initial, transitions = chain(kind, k, rng)
    x = (spread if isinstance(spread, int) else 1) * rng.standard_normal((sum(lengths), k))
    if spread == "some impossible":
        x[rng.random(x.shape) < 0.02] = -1e10
    elif spread == "all impossible once":
        x[len(x) // 2] = -1e10
    x = sequences(x, lengths)
    params = HiddenMarkovParams(initial, transitions, SimpleNamespace(weights=np.full(k, 1 / k)))
    model = HiddenMarkov(Given(k))
    statistics, objective = model.e_step(x, params)
    log_scales, smoothed, steps, entropies = zip(
        *(one_after_the_other(np.where(s < -1e9, -np.inf, s), initial, transitions) for s in x), strict=True
    )
    close = {"rtol": 1e-9, "atol": 1e-12}
    found, *_ = model._forward_backward(x, params)
    np.testing.assert_allclose(found.log_scales, np.concatenate(log_scales), **close)
    np.testing.assert_allclose(model.score_samples(x, params), [each.sum() for each in log_scales], **close)
    assert objective == pytest.approx(sum(each.sum() for each in log_scales), rel=1e-12)
    for ours, plain in zip(model.posterior(x, params), smoothed, strict=True):
        np.testing.assert_allclose(ours, plain, **close)
    np.testing.assert_allclose(statistics.emissions, np.concatenate(smoothed), **close)
    np.testing.assert_allclose(statistics.initial, sum(each[0] for each in smoothed), **close)
    np.testing.assert_allclose(statistics.transitions, sum(steps), **close)
    assert model.entropy(x, params) == pytest.approx(sum(entropies), rel=1e-9, abs=1e-9)


def test_no_array_holds_the_pairs_of_states():
    n, k = 5000, 20
    rng = np.random.default_rng(0)
    initial, transitions = chain("any", k, rng)
    params = HiddenMarkovParams(initial, transitions, SimpleNamespace(weights=np.full(k, 1 / k)))
    model, x = HiddenMarkov(Given(k)), [rng.standard_normal((n, k))]
    for function in model.e_step, model.entropy:
        tracemalloc.start()
        function(x, params)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < x[0].nbytes * k


def test_nothing_underflows_in_a_long_sequence_or_far_from_every_state():
    params = theta(NORMAL, False)
    long, _ = HiddenMarkov(GaussianMixture(2)).sample(params, 20_000, 0)
    model = HiddenMarkov(GaussianMixture(2))
    far = np.vstack([long[:50], [[1e6, -1e6]], long[50:100]])
    for x in ([long], [far]):
        log_likelihood = model.score_samples(x, params)[0]
        assert np.isfinite(log_likelihood)
        assert log_likelihood < -745  # the logarithm of the smallest float: its exponential is 0
        np.testing.assert_allclose(model.posterior(x, params)[0].sum(axis=1), 1, rtol=1e-9)


@every_emission
def test_a_sample_has_the_transitions_and_the_emissions_of_its_model(emission):
    mixture, emissions, *_ = EMISSIONS[emission]
    model, params, n = HiddenMarkov(mixture), theta(emissions, False), 20_000
    x, z = model.sample(params, n, 3)
    x_again, _ = model.sample(params, n, 3)
    np.testing.assert_array_equal(x, x_again)
    steps = np.zeros((2, 2))
    np.add.at(steps, (z[:-1], z[1:]), 1)
    errors = np.sqrt(CHAIN * (1 - CHAIN) / steps.sum(axis=1, keepdims=True))
    assert (np.abs(steps / steps.sum(axis=1, keepdims=True) - CHAIN) < 5 * errors).all()
    for k in (0, 1):
        own, _ = mixture.sample(emissions._replace(weights=np.eye(2)[k]), n, 4)
        apart = np.abs(x[z == k].mean(axis=0) - own.mean(axis=0)) / own.std(axis=0)
        assert (apart < 5 * np.sqrt(1 / n + 1 / (z == k).sum())).all()


def test_the_parameters_of_a_long_sample_are_found_again():
    model = HiddenMarkov(PoissonMixture(2))
    truth = theta(PoissonMixtureParams(EQUAL, np.array([[2.0], [9.0]])), False)
    x = [model.sample(truth, 5000, 0)[0]]
    found = emlib.restarts(model, x, 3, seed=0).best.params
    found = model.permute(found, np.argsort(found.emissions.rates[:, 0]))
    np.testing.assert_allclose(found.transitions, CHAIN, atol=0.04)
    np.testing.assert_allclose(found.emissions.rates, truth.emissions.rates, rtol=0.05)


def test_gains_and_criteria_count_observations():
    x = sequences(QUAKES, [50, 57])
    model = HiddenMarkov(PoissonMixture(2))
    assert emlib.engine.total_unit(model, x) == pytest.approx(107)
    estimator = emlib.Estimator(model, n_init=2).fit(x)
    deviance = -2 * model.score_samples(x, estimator.params_).sum()
    assert estimator.bic(x) == pytest.approx(deviance + 5 * np.log(107))
    icl = emlib.icl(model, x, estimator.params_)
    assert icl == pytest.approx(estimator.bic(x) + 2 * model.entropy(x, estimator.params_))
    with pytest.raises(TypeError, match=r"IncompleteNormal\(\) shares no points among components, so there is no icl"):
        emlib.icl(emlib.IncompleteNormal(), QUAKES, emlib.NormalParams(np.zeros(1), np.eye(1)))
    for path, ours in zip(model.viterbi(x, estimator.params_)[0], estimator.predict(x), strict=True):
        np.testing.assert_array_equal(path, ours)


# What is no sequence, no chain, and cannot be.

MODEL, PARAMS = HiddenMarkov(PoissonMixture(2)), theta(POISSON, False)
TAKE_DATA = {
    "start": lambda x: MODEL.start(x, 0),
    "posterior": lambda x: MODEL.posterior(x, PARAMS),
    "entropy": lambda x: MODEL.entropy(x, PARAMS),
    "e_step": lambda x: MODEL.e_step(x, PARAMS),
    "viterbi": lambda x: MODEL.viterbi(x, PARAMS),
    "score_samples": lambda x: MODEL.score_samples(x, PARAMS),
    "fit": lambda x: emlib.fit(MODEL, x, PARAMS),
    "restarts": lambda x: emlib.restarts(MODEL, x, 2, seed=0),
}


@pytest.mark.parametrize("function", TAKE_DATA)
@pytest.mark.parametrize(
    ("x", "error", "says"),
    [
        (QUAKES, TypeError, r"x is a ndarray; give a list of sequences: \[x\] for a single one"),
        (None, TypeError, "x is a NoneType; give a list of sequences"),
        ([], ValueError, "x is empty; give a list of at least one sequence"),
        ([QUAKES, QUAKES[:0]], ValueError, r"x\[1\] is empty: its shape is \(0, 1\)"),
        ([QUAKES[:, 0]], ValueError, r"x\[0\] has shape \(107,\); it needs 2 axes.* write x\[0\]\[:, None\]"),
        ([QUAKES, [[1.0], [np.nan]]], ValueError, r"x\[1\]\[1, 0\] is nan; every value must be finite"),
        ([QUAKES, [["a"]]], TypeError, r"x\[1\] holds <U1 values; give numbers"),
        ([QUAKES, np.ones((3, 2))], ValueError, r"x\[1\] has 2 features; x\[0\] has 1"),
    ],
)
def test_what_is_no_list_of_sequences(function, x, error, says):
    with pytest.raises(error, match=says):
        TAKE_DATA[function](x)


@pytest.mark.parametrize("function", TAKE_DATA)
def test_counts_that_are_none(function):
    for bad in (-1.0, 1.5):
        with pytest.raises(ValueError, match=rf"x\[1, 0\] is {bad:g}; it must be a whole number 0 or greater"):
            TAKE_DATA[function]([[[1.0], [bad], [7.0]]])


def test_lengths_that_do_not_add_up():
    for lengths, error, says in (
        ([50, 50], ValueError, "lengths add up to 100; x has 107 rows"),
        ([107, 0], ValueError, r"lengths\[1\] is 0; it must be at least 1"),
        ([108, -1], ValueError, r"lengths\[1\] is -1; it must be at least 1"),
        ([50.0, 57.0], TypeError, r"lengths\[0\] is 50\.0; it must be an integer"),
        (5, ValueError, "lengths add up to 5; x has 107 rows"),
        (None, TypeError, r"lengths\[0\] is None; it must be an integer"),
        (np.ma.array([107, 3], mask=[0, 1]), TypeError, "lengths is a masked array; give a plain array"),
    ):
        with pytest.raises(error, match=says):
            sequences(QUAKES, lengths)
    for x, error, says in (
        (None, TypeError, "x is a NoneType without rows; give an array with a row for each point"),
        (np.ma.array(QUAKES), TypeError, "x is a masked array; give a plain array without missing values"),
        (QUAKES[:0], ValueError, r"x is empty: its shape is \(0, 1\); it needs at least one row"),
    ):
        with pytest.raises(error, match=says):
            sequences(x, [107])
    assert [len(s) for s in sequences(QUAKES, [100, 7])] == [100, 7]


@pytest.mark.parametrize(
    ("params", "error", "says"),
    [
        (None, TypeError, r"params is a NoneType; it must be HiddenMarkovParams\(initial, transitions, emissions\)"),
        (PARAMS._replace(initial=[0.5, 0.6]), ValueError, "initial sums to 1.1; probabilities must sum to 1"),
        (PARAMS._replace(initial=[1.5, -0.5]), ValueError, r"initial\[1\] is -0.5; no probability may be negative"),
        (PARAMS._replace(initial=[1.0]), ValueError, r"initial has shape \(1,\); it needs \(2,\)"),
        (PARAMS._replace(transitions=np.eye(3)), ValueError, r"transitions has shape \(3, 3\); it needs \(2, 2\)"),
        (
            PARAMS._replace(transitions=CHAIN.T),
            ValueError,
            r"transitions\[0\] sums to 0.9; probabilities must sum to 1",
        ),
        (PARAMS._replace(emissions=NORMAL), TypeError, "it must be PoissonMixtureParams"),
        (
            PARAMS._replace(emissions=POISSON._replace(weights=[0.3, 0.7])),
            ValueError,
            r"emissions.weights are \[0.3 0.7\]; each must be 1/2: the chain has the weights",
        ),
    ],
)
def test_parameters_that_are_none(params, error, says):
    for run in (
        lambda: MODEL.posterior(COUNTS, params),
        lambda: MODEL.e_step(COUNTS, params),
        lambda: MODEL.viterbi(COUNTS, params),
        lambda: MODEL.sample(params, 5, 0),
        lambda: MODEL.free(params),
        lambda: MODEL.permute(params, [1, 0]),
        lambda: emlib.fit(MODEL, COUNTS, params),
    ):
        with pytest.raises(error, match=says):
            run()


def test_a_stationary_model_begins_in_its_stationary_distribution():
    with pytest.raises(ValueError, match="initial is not the stationary distribution of transitions"):
        HiddenMarkov(PoissonMixture(2), stationary=True).e_step(COUNTS, PARAMS)
    np.testing.assert_allclose(emlib.stationary_distribution(CHAIN), [0.4, 0.6])
    with pytest.raises(DegenerateError, match="several stationary distributions: the chain falls into parts"):
        emlib.stationary_distribution(np.eye(2))
    for bad, error, says in (
        ([[1.5, -0.5], [0.1, 0.9]], ValueError, r"transitions\[0, 1\] is -0\.5; no probability may be negative"),
        ([[0.5, 0.4], [0.1, 0.9]], ValueError, r"transitions\[0\] sums to 0\.9; probabilities must sum to 1"),
        ([[np.nan, 1], [0.1, 0.9]], ValueError, r"transitions\[0, 0\] is nan; every value must be finite"),
        ([0.5, 0.5], ValueError, r"transitions has shape \(2,\); it needs 2 axes"),
        (np.full((2, 3), 1 / 3), ValueError, r"transitions has shape \(2, 3\); it needs \(2, 2\)"),
        ("chain", TypeError, "transitions is 'chain'; give numbers"),
    ):
        with pytest.raises(error, match=says):
            emlib.stationary_distribution(bad)


def test_a_state_that_is_left_for_ever_has_probability_0_in_the_long_run():
    rng = np.random.default_rng(0)
    for _ in range(50):
        chain = rng.dirichlet(np.ones(4), 4)
        chain[:2] = np.column_stack([rng.dirichlet(np.ones(2), 2), np.zeros((2, 2))])
        found = emlib.stationary_distribution(chain)
        assert found.min() >= 0
        np.testing.assert_allclose(found, np.linalg.matrix_power(chain, 4096)[0], atol=1e-9)


def test_what_is_no_mixture():
    for bad, error, says in (
        (2, TypeError, "mixture is 2; it must be a mixture of emlib"),
        (emlib.KMeans(2), TypeError, "it must be a mixture of emlib"),
        (PoissonMixture(2, equal_weights=True), ValueError, "mixture has equal_weights; give one without"),
    ):
        with pytest.raises(error, match=says):
            HiddenMarkov(bad)
    with pytest.raises(TypeError, match="stationary is 'yes'; it must be True or False"):
        HiddenMarkov(PoissonMixture(2), "yes")


def test_an_impossible_sequence_has_log_probability_minus_infinity():
    model, certain = HiddenMarkov(CategoricalMixture(2, 3)), FACES._replace(probabilities=np.eye(3)[:2, None, :])
    params = theta(certain, False, np.eye(2), [1.0, 0.0])
    x = [[[0], [0]], [[0], [1]], [[2], [0], [0]]]  # possible; state 1 cannot be reached; no state emits a 2
    np.testing.assert_array_equal(model.score_samples(x, params), [0, -np.inf, -np.inf])
    np.testing.assert_array_equal(model.posterior(x, params)[0], [[1, 0], [1, 0]])
    assert not np.concatenate(model.posterior(x, params)[1:]).any()
    assert model.viterbi(x, params)[1] == [0, -np.inf, -np.inf]
    with pytest.raises(ArithmeticError, match="the objective -inf; it must be finite"):
        emlib.fit(model, x, params)


def test_a_state_that_is_never_visited():
    with pytest.raises(DegenerateError, match=r"component 1 is dead: its expected count is 0\.0e\+00"):
        emlib.fit(MODEL, COUNTS, theta(POISSON, False, np.array([[1.0, 0.0], [0.5, 0.5]]), [1.0, 0.0]))


def test_a_state_that_is_never_left_may_go_anywhere():
    # two certain states, the second only at the end
    model, certain = HiddenMarkov(CategoricalMixture(2, 2)), np.array([[[1.0, 0.0]], [[0.0, 1.0]]])
    params = theta(CategoricalMixtureParams(EQUAL, certain), False)
    after = model.m_step(model.e_step([[[0], [0], [1]]], params)[0])
    np.testing.assert_allclose(after.transitions, [[0.5, 0.5], [0.5, 0.5]])
    np.testing.assert_array_equal(after.initial, [1, 0])


def test_a_mutation_of_each_count_breaks_the_law_that_names_it():
    _, x = SEQUENCES["earthquakes"]
    params = MODEL.start(x, 0)

    def report(name, change):
        right = getattr(MODEL, name)
        parts = ("posterior", "entropy", "e_step", "q", "m_step", "free", "from_free", "permute", "overall", "unit")
        wrong = {part: getattr(MODEL, part) for part in parts} | {name: lambda *args: change(right(*args), *args)}
        return emlib.check_laws(SimpleNamespace(**wrong), x, params)

    def transposed(result, *_):
        statistics, objective = result
        return statistics._replace(transitions=statistics.transitions.T), objective

    def filtered_only(result, x, params):
        """The weights of the present, without the future: the mixture's own posterior."""
        joined = np.concatenate(x)
        mixture = MODEL.mixture
        alone = mixture.statistics(joined, mixture.posterior(joined, params.emissions), params.emissions)
        return result[0]._replace(emissions=alone), result[1]

    for name, change, law, says in (
        ("e_step", transposed, "fisher", r"free coordinate \d of 5"),
        ("e_step", filtered_only, "fisher", r"free coordinate \d of 5"),
        ("m_step", lambda new, s: new._replace(transitions=np.full((2, 2), 0.5)), "maximum", "Q is larger by"),
        ("m_step", lambda new, s: new._replace(initial=EQUAL), "maximum", r"larger|free coordinate 0 of 5"),
        ("entropy", lambda h, x, p: sum(-(r * np.log(r)).sum() for r in MODEL.posterior(x, p)), "touches", "apart by"),
    ):
        law = report(name, change)[law]
        assert law.holds is False
        assert re.search(says, law.detail), law
