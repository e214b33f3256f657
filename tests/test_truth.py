"""Published numbers, from the published starts, and the traps that other libraries fell into."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from models import (
    ANIMALS,
    BLOOD_GROUPS,
    COIN_HEADS,
    COINS,
    DEATHS,
    LINKAGE,
    LINKAGE_COUNTS,
    MOTHS,
    MOTORETTES,
    ROLE_CONFLICT,
    TwoPoissons,
)
from scipy.integrate import quad

import emlib
from emlib import (
    BinomialMixture,
    BinomialMixtureParams,
    CategoricalMixture,
    GaussianMixture,
    GaussianMixtureParams,
    GroupedMultinomialParams,
    IncompleteNormal,
    PoissonMixture,
    PoissonMixtureParams,
    datasets,
)

FAITHFUL = datasets.faithful().x
IRIS = datasets.iris()


def limit(model, x, params):
    """The trace from `params` until nothing more is gained."""
    return emlib.fit(model, x, params, tol=0, max_iter=20_000)


def best(model, x, n=20):
    return limit(model, x, emlib.restarts(model, x, n, seed=0, max_iter=5000).best.params)


def mixtools(iterations):
    """Old Faithful's waiting times from the start of mixtools' example."""
    x = FAITHFUL[:, 1:]
    start = GaussianMixtureParams(np.array([0.5, 0.5]), np.array([[55.0], [80.0]]), np.array([[25.0]]))
    model = GaussianMixture(2, "tied")
    return list(itertools.islice(emlib.iterate(model, x, start), iterations + 1))


def test_mixtools_on_the_waiting_times_of_old_faithful():
    # Benaglia, Chauveau, Hunter & Young (2009): 9 iterations, five figures
    last = mixtools(9)[-1]
    assert last.params.weights[0] == pytest.approx(0.36085, abs=5e-6)
    np.testing.assert_allclose(last.params.means[:, 0], [54.61364, 80.09031], atol=5e-6)
    assert np.sqrt(last.params.covariances[0, 0]) == pytest.approx(5.86909, abs=5e-6)
    assert last.objective == pytest.approx(-1034.002, abs=5e-4)


def test_the_waiting_times_converge_to_the_maximum_behind_mixtools_rounding():
    start = mixtools(0)[0].params
    trace = limit(GaussianMixture(2, "tied"), FAITHFUL[:, 1:], start)
    assert trace.converged
    assert trace.objective == pytest.approx(-1034.00176036, abs=5e-9)


MCLUST = [
    # data, K, family, ℓ, half a unit of its last digit
    (FAITHFUL, 2, "full", -1130.26396018, 5e-9),
    (FAITHFUL, 2, "tied", -1140.18675944, 5e-9),
    (FAITHFUL, 2, "diag", -1147.80635254, 5e-9),
    (FAITHFUL, 2, "spherical", -1709.52928218, 5e-9),
    (FAITHFUL, 3, "tied", -1126.315928, 5e-7),
    (IRIS.x, 3, "full", -180.185477131, 5e-10),
    (IRIS.x, 3, "tied", -256.354043125, 5e-10),
    (IRIS.x, 3, "spherical", -384.314095061, 5e-10),
]


@pytest.mark.filterwarnings("ignore::emlib.DegenerateWarning")
@pytest.mark.parametrize(("x", "n_components", "family", "log_likelihood", "half"), MCLUST)
def test_mclust(x, n_components, family, log_likelihood, half):
    trace = best(GaussianMixture(n_components, family), x)
    assert trace.objective == pytest.approx(log_likelihood, abs=2 * half)


def test_old_faithful_has_three_tied_components_by_bic():
    criteria = {
        (family, k): emlib.Estimator(GaussianMixture(k, family), n_init=10, max_iter=5000).fit(FAITHFUL).bic(FAITHFUL)
        for family in ("full", "tied")
        for k in (1, 2, 3, 4)
    }
    assert min(criteria, key=criteria.get) == ("tied", 3)
    # mclust prints 2 log L − p log n = −2314.316: the other sign, and it stops at −1126.326
    assert criteria["tied", 3] == pytest.approx(2314.316 - 2 * (1126.326 - 1126.315928), abs=2e-3)


def test_iris_diagonal_has_a_local_maximum_where_random_starts_settle():
    model = GaussianMixture(3, "diag")
    settled = [trace.objective for trace in emlib.restarts(model, IRIS.x, 20, seed=0, max_iter=5000, tol=1e-12).traces]
    assert min(abs(np.array(settled) + 307.1775716)) < 1e-6

    species = [IRIS.x[IRIS.labels == k] for k in range(3)]
    start = GaussianMixtureParams(
        np.full(3, 1 / 3), np.array([s.mean(axis=0) for s in species]), np.array([s.var(axis=0) for s in species])
    )
    assert limit(model, IRIS.x, start).objective == pytest.approx(-306.8604605, abs=1e-7)


def test_genetic_linkage_of_dempster_laird_and_rubin():
    x = LINKAGE_COUNTS[:1]
    iterates = [s.params["pi"] for s in itertools.islice(emlib.iterate(LINKAGE, x, {"pi": 0.5}), 31)]
    # their Table 1; three of its entries are printed 1 too high in the ninth decimal
    table = [0.608247423, 0.624321050, 0.626488879, 0.626777322, 0.626815632, 0.626820719, 0.626821394, 0.626821484]
    np.testing.assert_allclose(iterates[1:9], table, rtol=0, atol=1.5e-9)
    root = (15 + np.sqrt(53809)) / 394
    assert iterates[-1] == pytest.approx(root, abs=1e-14)
    errors = np.array(iterates) - root
    # the fraction of missing information
    assert errors[6] / errors[5] == pytest.approx(0.1327787337, abs=1e-5)


def frequencies(model, x, start, n):
    """The first frequencies of `n` steps from `start`."""
    params = GroupedMultinomialParams(np.array(start))
    return np.array([s.params.frequencies for s in itertools.islice(emlib.iterate(model, x, params), n + 1)])


def test_genetic_linkage_as_a_multinomial_whose_cells_are_sums():
    table = [0.608247423, 0.624321050, 0.626488879, 0.626777322, 0.626815632, 0.626820719, 0.626821394, 0.626821484]
    iterates = frequencies(ANIMALS, LINKAGE_COUNTS[:1], [0.5, 0.5], 30)[:, 0]
    np.testing.assert_allclose(iterates[1:9], table, rtol=0, atol=1.5e-9)
    root = (15 + np.sqrt(53809)) / 394
    assert iterates[-1] == pytest.approx(root, abs=1e-14)
    # the slope of the step at its fixed point is the fraction of missing information
    below, above = (frequencies(ANIMALS, LINKAGE_COUNTS[:1], [p, 1 - p], 1)[1, 0] for p in (root - 1e-5, root + 1e-5))
    assert (above - below) / 2e-5 == pytest.approx(0.1327787337, abs=1e-9)


@pytest.mark.parametrize(
    ("x", "maximum", "mean", "sd"),
    [
        # Tanner & Wong (1987), by quadrature
        ((125, 18, 20, 34), 0.6268214978710, 0.622806131911, 0.0509403634517),
        ((14, 0, 1, 5), 0.903440114, 0.831124015, 0.107940430),
    ],
)
def test_genetic_linkage_under_a_flat_prior(x, maximum, mean, sd):
    assert frequencies(ANIMALS, [x], [0.5, 0.5], 100)[-1, 0] == pytest.approx(maximum, abs=1e-9)

    def moment(power):
        def density(pi):
            params = GroupedMultinomialParams(np.array([pi, 1 - pi]))
            return pi**power * np.exp(ANIMALS.score_samples([x], params)[0])

        return quad(density, 0, 1, epsabs=0, epsrel=1e-12)[0]

    total, first, second = map(moment, range(3))
    assert first / total == pytest.approx(mean, abs=1e-9)
    assert np.sqrt(second / total - (first / total) ** 2) == pytest.approx(sd, abs=1e-9)


def test_blood_groups_by_gene_counting():
    # Clarke and others (1959), in Lange (2010), Numerical Analysis for Statisticians, § 13.3
    last = frequencies(BLOOD_GROUPS, [[186, 38, 13, 284]], [0.3, 0.2, 0.5], 10)[-1]
    np.testing.assert_allclose(last, [0.2136, 0.0501, 0.7363], atol=5e-5)


def test_the_peppered_moths():
    # Givens & Hoeting (2013), Computational Statistics, example 4.2
    last = frequencies(MOTHS, [[85, 196, 341]], [1 / 3, 1 / 3, 1 / 3], 30)[-1]
    np.testing.assert_allclose(last, [0.07084, 0.18874, 0.74043], atol=5e-6)


def test_the_latent_classes_of_role_conflict():
    # Goodman (1974), two classes: L² = 2.720 on 6 degrees of freedom, and the chances to take the first answer
    patterns, numbers = np.unique(ROLE_CONFLICT, axis=0, return_counts=True)
    chances = [[0.993, 0.940, 0.927, 0.769], [0.714, 0.330, 0.354, 0.132]]
    for model in (BinomialMixture(2), CategoricalMixture(2, n_categories=2)):
        params = best(model, ROLE_CONFLICT, n=3).params
        deviance = 2 * numbers @ (np.log(numbers / 216) - model.score_samples(patterns, params))
        assert deviance == pytest.approx(2.720, abs=5e-4)
        assert 2**4 - 1 - len(model.free(params)) == 6
        yes = params.probabilities[..., 1] if params.probabilities.ndim == 3 else params.probabilities
        np.testing.assert_allclose(1 - yes[params.weights.argsort()], chances, atol=5e-4)


def test_the_two_coins_of_do_and_batzoglou():
    start = np.array([0.6, 0.5])
    assert COINS.posterior(COIN_HEADS, start)[:, 0].round(2).tolist() == [0.45, 0.80, 0.73, 0.35, 0.65]
    statistics, _ = COINS.e_step(COIN_HEADS, start)
    np.testing.assert_allclose(statistics, [[21.2975, 11.7025], [8.57225, 8.42775]], atol=5e-5)
    snapshots = list(itertools.islice(emlib.iterate(COINS, COIN_HEADS, start), 11))
    np.testing.assert_allclose(snapshots[1].params, [0.713012, 0.581339], atol=5e-7)
    np.testing.assert_allclose(snapshots[10].params, [0.796744, 0.519659], atol=1e-6)


def test_the_two_coins_as_a_binomial_mixture():
    model, x = BinomialMixture(2, trials=10, equal_weights=True), COIN_HEADS[:, None]
    start = BinomialMixtureParams(np.array([0.5, 0.5]), np.array([[0.6], [0.5]]))
    assert model.posterior(x, start)[:, 0].round(2).tolist() == [0.45, 0.80, 0.73, 0.35, 0.65]
    snapshots = list(itertools.islice(emlib.iterate(model, x, start), 11))
    powers = model.e_step(x, start)[0].powers
    np.testing.assert_allclose(powers, [[21.2975, 8.57225], [11.7025, 8.42775]], atol=5e-5)
    np.testing.assert_allclose(snapshots[1].params.probabilities[:, 0], [0.713012, 0.581339], atol=5e-7)
    np.testing.assert_allclose(snapshots[10].params.probabilities[:, 0], [0.796744, 0.519659], atol=1e-6)
    # the ways in which the heads can fall are part of this likelihood
    ways = np.log([252, 10, 45, 210, 120]).sum()
    assert snapshots[0].objective == pytest.approx(COINS.e_step(COIN_HEADS, start.probabilities[:, 0])[1] + ways)


def test_the_death_notices_as_a_poisson_mixture():
    x, start = DEATHS[:, None], PoissonMixtureParams(np.array([0.36, 0.64]), np.array([[1.25], [2.66]]))
    last = next(itertools.islice(emlib.iterate(PoissonMixture(2), x, start), 4000, None))
    assert last.objective == pytest.approx(-1989.945859883, abs=5e-10)
    assert last.params.weights[0] == pytest.approx(0.35988539698, abs=2e-11)
    np.testing.assert_allclose(last.params.rates[:, 0], [1.25609510122, 2.66340435663], atol=2e-11)


@pytest.mark.parametrize(("n_components", "minus"), [(1, 391.9189), (2, 360.3690), (3, 356.8489), (4, 356.7337)])
def test_the_earthquakes_of_zucchini_and_macdonald_as_poisson_mixtures(n_components, minus):
    x = datasets.earthquakes().x
    found = emlib.restarts(PoissonMixture(n_components), x, 3, seed=0, tol=1e-9, max_iter=20_000)
    assert found.best.objective == pytest.approx(-minus, abs=5e-5)


def test_the_death_notices_of_hasselblad():
    trace = limit(TwoPoissons(), DEATHS, np.array([0.36, 1.25, 2.66]))
    assert trace.objective == pytest.approx(-1989.945859883, abs=1e-8)
    np.testing.assert_allclose(trace.params, [0.35988539698, 1.25609510122, 2.66340435663], rtol=1e-4)


def test_the_means_of_rubins_cements():
    x, model = datasets.cement().x, IncompleteNormal()
    for seed in range(3):
        params = limit(model, x, model.start(x, seed)).params
        np.testing.assert_allclose(
            params.mean, [6.6551658, 49.9652591, 11.7692308, 27.0470890, 95.4230769], atol=1.5e-7
        )


QUAKES = [datasets.earthquakes().x]


def quakes(n_states, stationary=False):
    """The earthquakes' hidden Markov model and its best fit, states in the order of their rates."""
    model = emlib.HiddenMarkov(emlib.PoissonMixture(n_states), stationary)
    trace = best(model, QUAKES, n=5)
    return trace.objective, model.permute(trace.params, np.argsort(trace.params.emissions.rates[:, 0]))


@pytest.mark.parametrize(("n_states", "log_likelihood"), [(1, -391.9189), (2, -341.878701), (3, -328.527483)])
def test_the_earthquakes_of_zucchini_and_macdonald_by_baum_and_welch(n_states, log_likelihood):
    objective, params = quakes(n_states)
    assert objective == pytest.approx(log_likelihood, abs=5e-5 if n_states == 1 else 1e-6)
    if n_states == 3:
        np.testing.assert_allclose(params.emissions.rates[:, 0], [13.133762, 19.713164, 29.709723], atol=2e-6)
        np.testing.assert_allclose(params.initial, [1, 0, 0], atol=1e-9)  # § 4.2.3: the start vector ends in a corner


@pytest.mark.parametrize(("n_states", "log_likelihood"), [(2, -342.3183), (3, -329.4603)])
def test_the_earthquakes_with_a_stationary_start(n_states, log_likelihood):
    # Zucchini & MacDonald (2009), Table 3.1 and § 4.2: by direct maximisation
    assert quakes(n_states, stationary=True)[0] == pytest.approx(log_likelihood, abs=5e-5)


def test_the_motorettes_of_schmee_and_hahn():
    model = emlib.CensoredRegression()
    trace = limit(model, MOTORETTES, model.start(MOTORETTES, 0))
    intercept, (slope,), variance = trace.params
    assert intercept == pytest.approx(-6.01924964, abs=2e-6)
    assert slope == pytest.approx(4.31124714, abs=1e-6)
    assert np.sqrt(variance) == pytest.approx(0.25918271, abs=1e-7)
    assert trace.objective == pytest.approx(-12.965455148, abs=5e-10)


def test_walk_shop_clean():
    mixture = emlib.CategoricalMixture(2, 3)
    emissions = emlib.CategoricalMixtureParams(np.full(2, 0.5), np.array([[[0.1, 0.4, 0.5]], [[0.6, 0.3, 0.1]]]))
    params = emlib.HiddenMarkovParams(np.array([0.6, 0.4]), np.array([[0.7, 0.3], [0.4, 0.6]]), emissions)
    model, x = emlib.HiddenMarkov(mixture), [[[0], [1], [2]]]
    (path,), (log_probability,) = model.viterbi(x, params)
    assert path.tolist() == [1, 0, 0]
    assert np.exp(log_probability) == pytest.approx(0.01344, abs=1e-12)
    # hmmlearn's test has .23170303, .62406281 and .86397706, which are up to 9e-8 beside the truth
    smoothed = model.posterior(x, params)[0][:, 0]
    np.testing.assert_allclose(smoothed, [0.23170303, 0.62406281, 0.86397706], rtol=0, atol=1e-7)
    np.testing.assert_allclose(smoothed, [649 / 2801, 1748 / 2801, 2420 / 2801], rtol=1e-14)


# Traps.


def test_every_recorded_objective_belongs_to_its_own_parameters():
    model = GaussianMixture(3)
    for trace in (emlib.fit(model, FAITHFUL, model.start(FAITHFUL, 0)), emlib.Estimator(model).fit(FAITHFUL).trace_):
        for snapshot in trace:
            again = model.score_samples(FAITHFUL, snapshot.params).sum()
            assert again == pytest.approx(snapshot.objective, rel=1e-14)


def test_an_objective_that_falls_is_an_error_and_not_convergence():
    # a loop that looks at |change| would call this converged: it falls by less and less
    down = SimpleNamespace(e_step=lambda x, t: (t, 1 / (t + 1)), m_step=lambda t: t + 1)
    with pytest.raises(emlib.ObjectiveFell, match=r"fell from 1\.0 to 0\.5 in iteration 1"):
        emlib.fit(down, [0.0], 0, tol=0.9)


def test_a_component_on_one_point_is_refused_though_its_likelihood_is_the_best_of_all():
    model, x = GaussianMixture(2), FAITHFUL
    whole = model.start(x, 0).covariances[0]
    sane = best(model, x).objective
    for scale in (1e-3, 1e-30, 1e-60, 1e-90):  # around one point: the narrower, the more likely, without bound
        params = GaussianMixtureParams(
            np.array([1 / 272, 271 / 272]), np.array([x[0], x.mean(axis=0)]), np.array([scale**2 * whole, whole])
        )
        with pytest.raises(emlib.DegenerateError, match=r"component 0, around \[ 3\.6 79\. +\].* has collapsed"):
            emlib.fit(model, x, params)
    assert model.e_step(x, params)[1] > sane
