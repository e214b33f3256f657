"""Published numbers, from the published starts, and the traps that other libraries fell into."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from models import COIN_HEADS, COINS, DEATHS, LINKAGE, LINKAGE_COUNTS, TwoPoissons

import emlib
from emlib import GaussianMixture, GaussianMixtureParams, IncompleteNormal, datasets

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


def test_the_two_coins_of_do_and_batzoglou():
    start = np.array([0.6, 0.5])
    assert COINS.posterior(COIN_HEADS, start)[:, 0].round(2).tolist() == [0.45, 0.80, 0.73, 0.35, 0.65]
    statistics, _ = COINS.e_step(COIN_HEADS, start)
    np.testing.assert_allclose(statistics, [[21.2975, 11.7025], [8.57225, 8.42775]], atol=5e-5)
    snapshots = list(itertools.islice(emlib.iterate(COINS, COIN_HEADS, start), 11))
    np.testing.assert_allclose(snapshots[1].params, [0.713012, 0.581339], atol=5e-7)
    np.testing.assert_allclose(snapshots[10].params, [0.796744, 0.519659], atol=1e-6)


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


# Traps.


def test_every_recorded_objective_belongs_to_its_own_parameters():
    model = GaussianMixture(3)
    for trace in (emlib.fit(model, FAITHFUL, model.start(FAITHFUL, 0)), emlib.Estimator(model).fit(FAITHFUL).trace_):
        for snapshot in trace:
            assert model.score_samples(FAITHFUL, snapshot.params).sum() == snapshot.objective


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
