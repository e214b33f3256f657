"""Rates, information, standard errors, the bootstrap and the criteria, against numbers that others have published."""

from types import SimpleNamespace

import numpy as np
import pandas
import pytest
from sklearn import mixture

import emlib
from emlib.differences import derivative, steps
from emlib.information import complete_information

FAITHFUL = emlib.datasets.faithful().x
ANIMALS = np.array([[125, 18, 20, 34]])


def cells(pi):
    return np.array([(2 + pi) / 4, (1 - pi) / 4, (1 - pi) / 4, pi / 4])


def e_step(x, pi):
    first, second, third, fourth = x.sum(axis=0)
    return np.array([first * pi / (2 + pi) + fourth, second + third]), x.sum(axis=0) @ np.log(cells(pi))


#: Dempster, Laird & Rubin (1977), § 1.
LINKAGE = SimpleNamespace(
    e_step=e_step,
    m_step=lambda s: s[0] / s.sum(),
    q=lambda pi, s: s @ np.log([pi, 1 - pi]),
    free=lambda pi: np.array([np.log(pi / (1 - pi))]),
    from_free=lambda vector, like: 1 / (1 + np.exp(-vector[0])),
)
LINKED = emlib.fit(LINKAGE, ANIMALS, 0.5, tol=0).params
MODEL = emlib.GaussianMixture(2)
MIXTURE = emlib.fit(MODEL, FAITHFUL, MODEL.start(FAITHFUL, 0), tol=1e-13).params


def test_linkage_misses_the_fraction_that_its_paper_says():
    assert emlib.missing_information(LINKAGE, ANIMALS, LINKED) == pytest.approx(0.1327787337, abs=1e-9)


def test_the_missing_information_is_the_rate_at_which_errors_shrink():
    trace = emlib.fit(MODEL, FAITHFUL, MODEL.start(FAITHFUL, 0), tol=1e-13)
    errors = [np.linalg.norm(MODEL.free(s.params) - MODEL.free(MIXTURE)) for s in trace.snapshots[-8:-4]]
    rate = emlib.missing_information(MODEL, FAITHFUL, MIXTURE)
    np.testing.assert_allclose(np.divide(errors[1:], errors[:-1]), rate, rtol=0.01)


def test_standard_error_of_linkage_is_the_closed_form():
    information = 125 / (2 + LINKED) ** 2 + 38 / (1 - LINKED) ** 2 + 34 / LINKED**2
    assert emlib.standard_errors(LINKAGE, ANIMALS, LINKED) == pytest.approx(information**-0.5, rel=1e-7)


def test_standard_errors_of_one_normal_are_the_textbook_s():
    model = emlib.GaussianMixture(1, "diag")
    params = emlib.fit(model, FAITHFUL, model.start(FAITHFUL, 0)).params
    errors = emlib.standard_errors(model, FAITHFUL, params)
    n = len(FAITHFUL)
    np.testing.assert_allclose(errors.means[0], FAITHFUL.std(axis=0) / np.sqrt(n), rtol=1e-6)
    np.testing.assert_allclose(errors.covariances[0], FAITHFUL.var(axis=0) * np.sqrt(2 / n), rtol=1e-6)
    np.testing.assert_allclose(errors.weights, 0, atol=1e-12)


@pytest.mark.parametrize("model", [MODEL, emlib.GaussianMixture(2, "tied"), emlib.GaussianMixture(3, "spherical")])
def test_louis_and_the_rate_matrix_agree_with_the_likelihood_itself(model):
    params = emlib.fit(model, FAITHFUL, model.start(FAITHFUL, 0), tol=1e-13, max_iter=5000).params
    observed = emlib.observed_information(model, FAITHFUL, params)
    complete, rates = complete_information(model, FAITHFUL, params), emlib.rate_matrix(model, FAITHFUL, params)
    scale = np.sqrt(np.outer(np.diagonal(complete), np.diagonal(complete)))

    def likelihood(v):
        return model.score_samples(FAITHFUL, model.from_free(v, params)).sum()

    vector = model.free(params)
    sizes = 0.1 * steps(likelihood, vector, 1e-3 * len(FAITHFUL))
    hessian = derivative(lambda v: derivative(likelihood, v, sizes), vector, sizes)
    np.testing.assert_allclose(observed / scale, -hessian / scale, atol=1e-4)
    np.testing.assert_allclose(complete @ (np.eye(len(rates)) - rates) / scale, observed / scale, atol=1e-5)


def test_standard_errors_follow_the_units():
    errors = emlib.standard_errors(MODEL, FAITHFUL, MIXTURE)
    units = np.array([60.0, 1 / 60])
    rescaled = MIXTURE._replace(means=MIXTURE.means * units, covariances=MIXTURE.covariances * np.outer(units, units))
    again = emlib.standard_errors(MODEL, FAITHFUL * units, rescaled)
    np.testing.assert_allclose(again.means, errors.means * units, rtol=1e-5)
    np.testing.assert_allclose(again.covariances, errors.covariances * np.outer(units, units), rtol=1e-5)


def test_a_point_that_is_no_maximum_has_no_standard_errors():
    flat = MIXTURE._replace(means=np.tile(FAITHFUL.mean(axis=0), (2, 1)), weights=np.array([0.5, 0.5]))
    with pytest.raises(ValueError, match="params is no strict maximum of the likelihood"):
        emlib.standard_errors(MODEL, FAITHFUL, flat)


@pytest.mark.parametrize("parametric", [False, True])
def test_the_bootstrap_spreads_as_the_information_says(parametric):
    fits = emlib.bootstrap(MODEL, FAITHFUL, MIXTURE, 60, seed=0, parametric=parametric).traces
    spread = np.std([trace.params.means for trace in fits], axis=0)
    # sixty fits know a standard deviation to a tenth
    np.testing.assert_allclose(spread, emlib.standard_errors(MODEL, FAITHFUL, MIXTURE).means, rtol=0.35)


@pytest.mark.parametrize("parametric", [False, True])
def test_sequences_are_resampled_whole(parametric):
    model = emlib.HiddenMarkov(emlib.PoissonMixture(2))
    quakes = emlib.datasets.earthquakes().x
    x = [quakes[:50], quakes[50:80], quakes[80:]]
    params = emlib.fit(model, x, model.start(x, 0)).params
    fits = emlib.bootstrap(model, x, params, 4, seed=0, parametric=parametric).traces
    assert len({trace.objective for trace in fits}) > 1
    assert emlib.bic(model, x, params) == -2 * model.e_step(x, params)[1] + 5 * np.log(len(quakes))


@pytest.mark.parametrize("parametric", [False, True])
def test_the_bootstrap_draws_from_data_in_every_form(parametric):
    def drawn(model, x, params):
        fits = emlib.bootstrap(model, x, params, 2, seed=0, parametric=parametric).traces
        return [trace.objectives[0] for trace in fits]

    expected = drawn(MODEL, FAITHFUL, MIXTURE)
    for x in (FAITHFUL.tolist(), pandas.DataFrame(FAITHFUL), list(FAITHFUL), tuple(FAITHFUL)):
        np.testing.assert_allclose(drawn(MODEL, x, MIXTURE), expected, rtol=1e-12)
    chain = emlib.HiddenMarkov(MODEL)
    x = emlib.sequences(FAITHFUL, [100, 172])
    params = chain.start(x, 0)
    assert drawn(chain, tuple(x), params) == drawn(chain, x, params)


def test_the_bootstrap_repeats_itself():
    first, second = (emlib.bootstrap(MODEL, FAITHFUL, MIXTURE, 3, seed=7).traces for _ in range(2))
    assert [trace.objective for trace in first] == [trace.objective for trace in second]
    assert len({trace.objective for trace in first}) == 3


@pytest.mark.parametrize("family", ["full", "tied", "diag", "spherical"])
def test_bic_and_aic_are_scikit_learn_s(family):
    model = emlib.GaussianMixture(2, family)
    params = emlib.fit(model, FAITHFUL, model.start(FAITHFUL, 0)).params
    peer = mixture.GaussianMixture(2, covariance_type=family)
    peer.weights_, peer.means_, peer.covariances_ = params
    peer.precisions_cholesky_ = mixture._gaussian_mixture._compute_precision_cholesky(params.covariances, family)
    assert emlib.bic(model, FAITHFUL, params) == pytest.approx(peer.bic(FAITHFUL), rel=1e-12)
    assert emlib.aic(model, FAITHFUL, params) == pytest.approx(peer.aic(FAITHFUL), rel=1e-12)


def test_icl_adds_what_the_assignment_leaves_open():
    one = emlib.GaussianMixture(1)
    params = emlib.fit(one, FAITHFUL, one.start(FAITHFUL, 0)).params
    assert emlib.icl(one, FAITHFUL, params) == emlib.bic(one, FAITHFUL, params)
    open_ = emlib.icl(MODEL, FAITHFUL, MIXTURE) - emlib.bic(MODEL, FAITHFUL, MIXTURE)
    hard = MODEL.posterior(FAITHFUL, MIXTURE).max(axis=1)
    assert -2 * np.log(hard).sum() < open_ < 2 * len(FAITHFUL) * np.log(2)


IMAGINED = emlib.Moments(MIXTURE.means, np.full(2, 50.0), np.zeros((2, 2)), np.array([50 * np.eye(2)] * 2))


@pytest.mark.parametrize(
    "wrapped",
    [
        emlib.WithPrior(MODEL, IMAGINED),
        emlib.Tempered(MODEL, 5.0),
        emlib.Tempered(emlib.WithPrior(MODEL, IMAGINED), 5.0),
        emlib.Relaxed(MODEL, 1.5),
    ],
)
def test_criteria_are_those_of_the_model_that_is_wrapped(wrapped):
    estimator = emlib.Estimator(wrapped, n_init=1).fit(FAITHFUL)
    params = estimator.params_
    for criterion in (emlib.bic, emlib.aic, emlib.icl):
        assert criterion(wrapped, FAITHFUL, params) == criterion(MODEL, FAITHFUL, params)
    assert estimator.bic(FAITHFUL) == emlib.bic(MODEL, FAITHFUL, params)
    assert emlib.bic(wrapped, [FAITHFUL[:99], FAITHFUL[99:]].__iter__, params) == pytest.approx(
        emlib.bic(MODEL, FAITHFUL, params)
    )


@pytest.mark.parametrize(
    "model",
    [
        emlib.KMeans(2),
        emlib.Relaxed(emlib.KMeans(2), 1.5),
        emlib.Tempered(MODEL, 5.0),
        emlib.Relaxed(emlib.Tempered(MODEL, 5.0), 1.5),
        emlib.Stochastic(MODEL, 0),
    ],
)
def test_what_maximises_no_likelihood_has_no_standard_errors(model):
    with pytest.raises(
        TypeError, match=rf"{type(model).__name__}\(.*\) maximises no likelihood.*; fit a plain mixture"
    ):
        emlib.standard_errors(model, FAITHFUL, model.start(FAITHFUL, 0))


def test_a_prior_makes_standard_errors_smaller():
    wrapped = emlib.WithPrior(MODEL, IMAGINED)
    params = emlib.fit(wrapped, FAITHFUL, MIXTURE).params
    errors = emlib.standard_errors(wrapped, FAITHFUL, params)
    assert (errors.means < emlib.standard_errors(MODEL, FAITHFUL, MIXTURE).means).any()
