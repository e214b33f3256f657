"""scikit-learn's habits on top of a model. Its numbers are compared with scikit-learn's in test_oracles."""

import numpy as np
import pytest
from models import DATA, models

import emlib
from emlib import Estimator, GaussianMixture, KMeans, SoftAssignment

X = DATA["faithful"]


@pytest.mark.parametrize("model", models(2, X), ids=str)
def test_a_fit_is_the_best_of_the_restarts(model):
    estimator = Estimator(model, n_init=4, random_state=7)
    assert estimator.fit(X) is estimator
    best = emlib.restarts(model, X, 4, seed=7).best
    assert estimator.trace_.objective == best.objective
    assert estimator.params_ is estimator.trace_.params
    assert estimator.n_iter_ == best.iterations
    assert estimator.converged_ is True
    np.testing.assert_array_equal(estimator.predict_proba(X), model.posterior(X, best.params))
    np.testing.assert_array_equal(estimator.predict(X), model.posterior(X, best.params).argmax(axis=1))


@pytest.mark.parametrize("model", [GaussianMixture(3, "tied"), SoftAssignment(3, stiffness=0.1)], ids=repr)
def test_densities_and_criteria(model):
    estimator = Estimator(model, n_init=2).fit(X)
    log_likelihood, p = estimator.trace_.objective, len(model.free(estimator.params_))
    assert estimator.score_samples(X).sum() == pytest.approx(log_likelihood, rel=1e-14)
    assert estimator.score(X) == pytest.approx(log_likelihood / len(X), rel=1e-14)
    assert estimator.bic(X) == pytest.approx(-2 * log_likelihood + p * np.log(len(X)), rel=1e-14)
    assert estimator.aic(X) == pytest.approx(-2 * log_likelihood + 2 * p, rel=1e-14)
    # on other data than those of the fit, N is theirs
    assert estimator.bic(X[:50]) == pytest.approx(
        -2 * estimator.score_samples(X[:50]).sum() + p * np.log(50), rel=1e-14
    )


def test_the_numbers_of_free_parameters():
    counts = {"full": 14 * 3 + 2, "tied": 4 * 3 + 10 + 2, "diag": 8 * 3 + 2, "spherical": 5 * 3 + 2}
    for family, count in counts.items():
        estimator = Estimator(GaussianMixture(3, family), n_init=3, max_iter=5000).fit(DATA["iris"])
        assert estimator.aic(DATA["iris"]) == pytest.approx(-2 * estimator.trace_.objective + 2 * count, rel=1e-12)


def test_samples_come_from_the_fitted_model():
    for model in (GaussianMixture(2), KMeans(2), SoftAssignment(2)):
        estimator = Estimator(model, n_init=1).fit(X)
        x, z = estimator.sample(9, 3)
        expected_x, expected_z = model.sample(estimator.params_, 9, 3)
        np.testing.assert_array_equal(x, expected_x)
        np.testing.assert_array_equal(z, expected_z)


def test_what_is_set_is_used():
    estimator = Estimator(GaussianMixture(2), n_init=1, max_iter=2, tol=0)
    with pytest.warns(emlib.ConvergenceWarning, match="not converged after 2 iterations"):
        estimator.fit(X)
    assert estimator.n_iter_ == 2
    assert estimator.converged_ is False
    assert repr(estimator) == f"Estimator({estimator.model!r}, n_init=1, random_state=0)"


def test_lists_are_data_too():
    a, b = Estimator(KMeans(2)).fit(X), Estimator(KMeans(2)).fit(X.tolist())
    np.testing.assert_array_equal(a.params_.means, b.params_.means)
    fitted = Estimator(GaussianMixture(2)).fit(X)
    assert fitted.bic(X.tolist()) == fitted.bic(X)


def test_a_second_fit_forgets_the_first():
    estimator = Estimator(GaussianMixture(2), n_init=2).fit(X[:100])
    np.testing.assert_array_equal(
        estimator.fit(X).params_.means, Estimator(GaussianMixture(2), n_init=2).fit(X).params_.means
    )
