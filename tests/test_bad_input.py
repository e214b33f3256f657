"""Bad input: one clear sentence that names the argument, what was wrong, and what would be right."""

import inspect
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.sparse
from models import (
    ANIMALS,
    BLOOD_GROUPS,
    CALM_AND_BUSY,
    COIN_HEADS,
    HEAVY_TAILS,
    LIFETIMES,
    LINKAGE_COUNTS,
    MOTORETTES,
    ROLE_CONFLICT,
    TESTS,
    THREE_KINDS,
    TWO_LINES,
    mixture_data,
)

import emlib
from emlib import (
    BinomialMixture,
    BinomialMixtureParams,
    CategoricalMixture,
    CategoricalMixtureParams,
    CensoredExponential,
    CensoredRegression,
    CentreParams,
    DegenerateError,
    Estimator,
    ExponentialParams,
    FactorAnalysis,
    FactorAnalysisParams,
    GaussianMixture,
    GaussianMixtureParams,
    GroupedMultinomial,
    GroupedMultinomialParams,
    IncompleteNormal,
    KMeans,
    NormalParams,
    PoissonMixture,
    PoissonMixtureParams,
    RegressionMixture,
    RegressionMixtureParams,
    RegressionParams,
    SoftAssignment,
    StudentT,
    StudentTParams,
    log_sum_exp,
    starts,
)

FAMILIES = ("full", "tied", "diag", "spherical")
X = mixture_data(40, [[0, 0], [4, 4]], np.ones((2, 2)), seed=0)
CENTRES = CentreParams(np.array([[0.0, 0.0], [4.0, 4.0]]))
PARAMS = GaussianMixtureParams(np.array([0.5, 0.5]), CENTRES.means, np.array([np.eye(2)] * 2))
TIED, DIAG, SPHERICAL = np.eye(2), np.ones((2, 2)), np.ones(2)
MIXTURE, SOFT, HARD = GaussianMixture(2), SoftAssignment(2), KMeans(2)
STATISTICS = MIXTURE.e_step(X, PARAMS)[0]
FITTED = Estimator(MIXTURE, n_init=1).fit(X)
NORMAL, NORMAL_PARAMS = IncompleteNormal(), NormalParams(np.zeros(2), np.eye(2))


def with_value(value, n=3, d=1):
    x = X.copy()
    x[n, d] = value
    return x


# Data.

DATA = {
    "nan": (with_value(np.nan), ValueError, r"x\[3, 1\] is nan; every value must be finite"),
    "inf": (with_value(np.inf), ValueError, r"x\[3, 1\] is inf; every value must be finite"),
    "-inf": (with_value(-np.inf), ValueError, r"x\[3, 1\] is -inf; every value must be finite"),
    "strings": ([["a", "b"]], TypeError, "x holds <U1 values; give numbers"),
    "numbers in strings": ([["1", "2"]], TypeError, "x holds <U1 values; give numbers"),
    "dates": (np.zeros((2, 2), "M8[s]"), TypeError, "x holds datetime64.* values; give numbers"),
    "None": (None, TypeError, "x is None, which is not a number"),
    "None inside": ([[1, 2], [3, None]], TypeError, r"x\[1, 1\] is None, which is not a number"),
    "a dict": ({"a": 1}, TypeError, "x is {'a': 1}, which is not a number"),
    "an empty list": ([], ValueError, r"x is empty: its shape is \(0,\); it needs at least one value along each axis"),
    "no points": (np.zeros((0, 2)), ValueError, r"x is empty: its shape is \(0, 2\)"),
    "no features": (np.zeros((5, 0)), ValueError, r"x is empty: its shape is \(5, 0\)"),
    "one axis": (X[:, 0], ValueError, r"x has shape \(40,\); it needs 2 axes.*for one feature write x\[:, None\]"),
    "three axes": (X[None], ValueError, r"x has shape \(1, 40, 2\); it needs 2 axes, not 3"),
    "a scalar": (3.0, ValueError, r"x has shape \(\); it needs 2 axes, not 0"),
    "ragged": ([[1, 2], [3]], ValueError, "x is ragged: its rows have different lengths"),
    "ragged objects": (np.array([[1, 2], [3]], dtype=object), TypeError, r"x\[0\] is \[1, 2\], which is not a number"),
    "masked": (np.ma.array(X, mask=X > 4), TypeError, "x is a masked array; give a plain array"),
    "complex": (X + 0j, TypeError, "x is complex; give real numbers"),
    "complex objects": ([[1, 2j, None]], TypeError, r"x\[0, 1\] is 2j, which is not a number"),
    "sparse array": (scipy.sparse.csr_array(X), TypeError, r"x is a sparse matrix; .*x\.toarray\(\)"),
    "sparse matrix": (scipy.sparse.coo_matrix(X), TypeError, r"x is a sparse matrix; .*x\.toarray\(\)"),
    "too large": (with_value(1e200), ValueError, r"x holds values up to 1\.0e\+200, whose squares overflow; rescale"),
    "too small": (X * 1e-200, ValueError, r"feature 0 of x .* differ by at most .*e-200, .* underflow; rescale"),
    "one feature too small": (X * [1, 1e-200], ValueError, r"feature 1 of x .* differ by at most .*e-200"),
    "huge integer": ([[10**400, 1]], ValueError, "x holds an integer too large for a float"),
}
TAKE_DATA = {
    "KMeans.start": lambda x: HARD.start(x, 0),
    "KMeans.posterior": lambda x: HARD.posterior(x, CENTRES),
    "KMeans.e_step": lambda x: HARD.e_step(x, CENTRES),
    "KMeans.overall": lambda x: HARD.overall(x),
    "SoftAssignment.start": lambda x: SOFT.start(x, 0),
    "SoftAssignment.posterior": lambda x: SOFT.posterior(x, CENTRES),
    "SoftAssignment.e_step": lambda x: SOFT.e_step(x, CENTRES),
    "SoftAssignment.statistics": lambda x: SOFT.statistics(x, SOFT.posterior(X, CENTRES), CENTRES),
    "SoftAssignment.score_samples": lambda x: SOFT.score_samples(x, CENTRES),
    "GaussianMixture.start": lambda x: MIXTURE.start(x, 0),
    "GaussianMixture.posterior": lambda x: MIXTURE.posterior(x, PARAMS),
    "GaussianMixture.e_step": lambda x: MIXTURE.e_step(x, PARAMS),
    "GaussianMixture.statistics": lambda x: MIXTURE.statistics(x, MIXTURE.posterior(X, PARAMS), PARAMS),
    "GaussianMixture.log_joint": lambda x: MIXTURE.log_joint(x, PARAMS),
    "GaussianMixture.score_samples": lambda x: MIXTURE.score_samples(x, PARAMS),
    "IncompleteNormal.start": lambda x: NORMAL.start(x, 0),
    "IncompleteNormal.posterior": lambda x: NORMAL.posterior(x, NORMAL_PARAMS),
    "IncompleteNormal.entropy": lambda x: NORMAL.entropy(x, NORMAL_PARAMS),
    "IncompleteNormal.e_step": lambda x: NORMAL.e_step(x, NORMAL_PARAMS),
    "IncompleteNormal.score_samples": lambda x: NORMAL.score_samples(x, NORMAL_PARAMS),
    "fit KMeans": lambda x: emlib.fit(HARD, x, CENTRES),
    "fit SoftAssignment": lambda x: emlib.fit(SOFT, x, CENTRES),
    "fit GaussianMixture": lambda x: emlib.fit(MIXTURE, x, PARAMS),
    "iterate": lambda x: next(emlib.iterate(MIXTURE, x, PARAMS)),
    "restarts": lambda x: emlib.restarts(MIXTURE, x, 2, seed=0),
    "squarem": lambda x: next(emlib.squarem(MIXTURE, x, PARAMS)),
    "check_laws": lambda x: emlib.check_laws(MIXTURE, x, PARAMS),
    "standard_errors": lambda x: emlib.standard_errors(MIXTURE, x, PARAMS),
    "bic": lambda x: emlib.bic(MIXTURE, x, PARAMS),
    "bootstrap": lambda x: emlib.bootstrap(MIXTURE, x, PARAMS, 2, seed=0),
    "parametric bootstrap": lambda x: emlib.bootstrap(MIXTURE, x, PARAMS, 2, seed=0, parametric=True),
    "icl": lambda x: emlib.icl(MIXTURE, x, PARAMS),
    "fit Tempered": lambda x: emlib.fit(emlib.Tempered(MIXTURE, 2.0), x, PARAMS),
    "fit IncompleteNormal": lambda x: emlib.fit(NORMAL, x, NORMAL_PARAMS),
    "Estimator.fit": lambda x: Estimator(HARD).fit(x),
    "Estimator.predict": lambda x: FITTED.predict(x),
    "Estimator.predict_proba": lambda x: FITTED.predict_proba(x),
    "Estimator.score_samples": lambda x: FITTED.score_samples(x),
    "Estimator.score": lambda x: FITTED.score(x),
    "Estimator.bic": lambda x: FITTED.bic(x),
    "Estimator.aic": lambda x: FITTED.aic(x),
    "starts.centres": lambda x: starts.centres(x, 2, 0),
}


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        (function, kind)
        for function in TAKE_DATA
        for kind in DATA
        if not ("IncompleteNormal" in function and kind == "nan")  # a gap
    ],
)
def test_bad_data(function, kind):
    x, error, says = DATA[kind]
    with pytest.raises(error, match=says):
        TAKE_DATA[function](x)


@pytest.mark.parametrize("path", ["x.npy", Path("x.npy")])
@pytest.mark.parametrize("function", ["Estimator.predict", "check_laws", "standard_errors", "KMeans.posterior"])
def test_a_path_where_none_is_read(function, path):
    with pytest.raises(TypeError, match=r"x is 'x\.npy'; give numbers: what is in a file has to be loaded first"):
        TAKE_DATA[function](path)


@pytest.mark.parametrize("function", [name for name in TAKE_DATA if "start" not in name and name not in (
    "KMeans.overall", "Estimator.fit")])  # fmt: skip
def test_another_number_of_features(function):
    with pytest.raises(ValueError, match="x has 3 features; the parameters describe 2"):
        TAKE_DATA[function](np.arange(12.0).reshape(4, 3))


# Parameters. Each is put to every function that takes them.


def take_params(model):
    functions = {
        "posterior": lambda p: model.posterior(X, p),
        "e_step": lambda p: model.e_step(X, p),
        "q": lambda p: model.q(p, model.e_step(X, model.start(X, 0))[0]),
        "sample": lambda p: model.sample(p, 5, 0),
        "free": model.free,
        "from_free": lambda p: model.from_free(model.free(model.start(X, 0)), p),
        "permute": lambda p: model.permute(p, [1, 0]),
        "fit": lambda p: emlib.fit(model, X, p),
    }
    if hasattr(model, "score_samples"):
        functions["score_samples"] = lambda p: model.score_samples(X, p)
    if hasattr(model, "full_covariances"):
        functions["full_covariances"] = model.full_covariances
    return functions


THREE = np.zeros((3, 2))
SHARED = {
    "None": (lambda p: None, TypeError, "params is a NoneType; it must be {kind}"),
    "an array": (lambda p: p.means, TypeError, "params is a ndarray; it must be {kind}"),
    "a tuple": (tuple, TypeError, "params is a tuple; it must be {kind}"),
    "one mean too many": (lambda p: p._replace(means=THREE), ValueError, "means has 3 rows; n_components is 2"),
    "one axis": (lambda p: p._replace(means=np.zeros(2)), ValueError, r"means has shape \(2,\); it needs 2 axes"),
    "nan": (lambda p: p._replace(means=[[0, 0], [0, np.nan]]), ValueError, r"means\[1, 1\] is nan; .* must be finite"),
    "strings": (lambda p: p._replace(means=[["a", "b"]] * 2), TypeError, "means holds <U1 values; give numbers"),
    "no features": (lambda p: p._replace(means=np.zeros((2, 0))), ValueError, r"means is empty: .* \(2, 0\)"),
    "too large": (lambda p: p._replace(means=p.means * 1e200), ValueError, "means holds values up to .*overflow"),
}
SHARED_CASES = [
    (model, params, function, bad)
    for model, params in ((HARD, CENTRES), (SOFT, CENTRES), (MIXTURE, PARAMS))
    for function in take_params(model)
    for bad in SHARED
]


@pytest.mark.parametrize(("model", "params", "function", "bad"), SHARED_CASES)
def test_bad_parameters(model, params, function, bad):
    change, error, says = SHARED[bad]
    with pytest.raises(error, match=says.format(kind=type(params).__name__)):
        take_params(model)[function](change(params))


def test_parameters_of_another_model():
    with pytest.raises(TypeError, match=r"params is a GaussianMixtureParams; it must be CentreParams\(means\)"):
        HARD.e_step(X, PARAMS)
    with pytest.raises(
        TypeError, match=r"a CentreParams; it must be GaussianMixtureParams\(weights, means, covariances\)"
    ):
        emlib.fit(MIXTURE, X, CENTRES)


def changed(**fields):
    return PARAMS._replace(**{name: np.asarray(value) for name, value in fields.items()})


def covariance(matrix):
    return changed(covariances=[np.eye(2), matrix])


MIXTURES = {
    "weights beyond 1": (changed(weights=[0.6, 0.5]), ValueError, r"weights sum to 1\.1; they must sum to 1"),
    "weights below 1": (changed(weights=[0.5, 0.4]), ValueError, r"weights sum to 0\.9; they must sum to 1"),
    "a negative weight": (changed(weights=[1.5, -0.5]), ValueError, r"weights\[1\] is -0\.5; no weight may"),
    "a weight of nan": (changed(weights=[np.nan, 1.0]), ValueError, r"weights\[0\] is nan; every value must be finite"),
    "three weights": (changed(weights=[0.2, 0.3, 0.5]), ValueError, r"weights has shape \(3,\); it needs \(2,\)"),
    "a column of weights": (changed(weights=[[0.5], [0.5]]), ValueError, r"weights has shape \(2, 1\)"),
    "tied for full": (changed(covariances=TIED), ValueError, r"covariances has shape \(2, 2\); it needs \(2, 2, 2\)"),
    "spherical for full": (changed(covariances=SPHERICAL), ValueError, r"shape \(2,\); it needs \(2, 2, 2\)"),
    "nan in a covariance": (covariance([[1, np.nan], [0, 1]]), ValueError, r"covariances\[1, 0, 1\] is nan"),
}  # fmt: skip


@pytest.mark.parametrize("bad", MIXTURES)
@pytest.mark.parametrize("function", take_params(MIXTURE))
def test_bad_parameters_of_a_mixture(function, bad):
    params, error, says = MIXTURES[bad]
    with pytest.raises(error, match=says):
        take_params(MIXTURE)[function](params)


INDEFINITE = {
    "asymmetric": (covariance([[1, 0.2], [0.3, 1]]), r"covariances\[1\] is not symmetric; a covariance must be"),
    "indefinite": (covariance([[1, 2], [2, 1]]), r"covariances\[1\] is not positive definite: every variance"),
    "singular": (covariance([[1, 1], [1, 1]]), r"covariances\[1\] is not positive definite"),
    "a negative variance": (covariance([[-1, 0], [0, 1]]), r"covariances\[1\] is not positive definite"),
    "zero": (covariance(np.zeros((2, 2))), r"covariances\[1\] is not positive definite"),
}
FACTORING = ("posterior", "e_step", "q", "sample", "free", "fit", "score_samples")


@pytest.mark.parametrize("bad", INDEFINITE)
@pytest.mark.parametrize("function", FACTORING)
def test_a_covariance_that_is_none(function, bad):
    params, says = INDEFINITE[bad]
    with pytest.raises(ValueError, match=says):
        take_params(MIXTURE)[function](params)


@pytest.mark.parametrize("function", FACTORING)
@pytest.mark.parametrize(
    ("family", "covariances", "says"),
    [
        ("tied", [[1, 2], [2, 1]], "covariances.* is not positive definite"),
        ("tied", [[1, 0], [1, 1]], "covariances.* is not symmetric"),
        ("diag", [[1, 1], [1, -2]], r"covariances\[1, 1\] is -2; every variance must be greater than 0"),
        ("diag", [[1, 0], [1, 1]], r"covariances\[0, 1\] is 0; every variance must be greater than 0"),
        ("spherical", [1, -0.5], r"covariances\[1\] is -0\.5; every variance must be greater than 0"),
    ],
)
def test_a_covariance_that_is_none_in_the_other_families(function, family, covariances, says):
    with pytest.raises(ValueError, match=says):
        take_params(GaussianMixture(2, family))[function](changed(covariances=np.array(covariances, dtype=float)))


@pytest.mark.parametrize(
    ("params", "error", "says"),
    [
        (None, TypeError, r"params is a NoneType; it must be NormalParams\(mean, covariance\)"),
        (PARAMS, TypeError, "params is a GaussianMixtureParams; it must be NormalParams"),
        (NORMAL_PARAMS._replace(mean=np.zeros((1, 2))), ValueError, r"mean has shape \(1, 2\); it needs 1 axes"),
        (NORMAL_PARAMS._replace(mean=[0, np.nan]), ValueError, r"mean\[1\] is nan; every value must be finite"),
        (NORMAL_PARAMS._replace(mean=[0, 1e200]), ValueError, "mean holds values up to .* overflow"),
        (NORMAL_PARAMS._replace(covariance=np.ones(2)), ValueError, r"covariance has shape \(2,\); it needs \(2, 2\)"),
        (NORMAL_PARAMS._replace(covariance=np.ones((2, 2))), ValueError, "covariance is not positive definite"),
        (NORMAL_PARAMS._replace(covariance=[[1, 0.5], [0, 1]]), ValueError, "covariance is not symmetric"),
    ],
)
def test_bad_parameters_of_a_normal(params, error, says):
    for name, function in take_params(NORMAL).items():
        if name != "permute":
            with pytest.raises(error, match=says):
                function(params)


def test_statistics_and_vector_of_a_normal():
    for bad in (None, STATISTICS):
        for function in (NORMAL.m_step, lambda s: NORMAL.q(NORMAL_PARAMS, s)):
            with pytest.raises(TypeError, match=r"statistics is a .*; it must be IncompleteMoments\(completed, seen\)"):
                function(bad)
    with pytest.raises(ValueError, match=r"vector has shape \(1,\); it needs \(5,\)"):
        NORMAL.from_free([1.0], NORMAL_PARAMS)


def test_a_feature_that_is_never_seen_or_constant():
    for value, says in (
        (np.nan, "feature 1 of x is never seen: all its values are gaps"),
        (3.0, "feature 1 .* constant"),
    ):
        x = with_value(np.nan, n=3, d=0)
        x[:, 1] = value
        for run in (lambda x: NORMAL.start(x, 0), lambda x: emlib.fit(NORMAL, x, NORMAL_PARAMS)):
            with pytest.raises(DegenerateError, match=says):
                run(x)


@pytest.mark.parametrize("model", [HARD, SOFT, MIXTURE], ids=repr)
def test_statistics_order_vector_and_number_of_points(model):
    params = model.start(X, 0)
    for function in (model.m_step, lambda s: model.q(params, s)):
        for bad in (None, params.means, tuple(STATISTICS)):
            with pytest.raises(TypeError, match=r"statistics is a .*; it must be Moments"):
                function(bad)
    for order in ([0, 0], [0], [1, 2], [0, 1, 2], [0.0, 1.0], "01", None, [True, False]):
        with pytest.raises(ValueError, match=r"order is .*; it must hold each of 0 to 1 once"):
            model.permute(params, order)
    size = len(model.free(params))
    with pytest.raises(ValueError, match=rf"vector has shape \(1,\); it needs \({size},\)"):
        model.from_free([1.0], params)
    with pytest.raises(ValueError, match=r"vector\[0\] is nan"):
        model.from_free(np.full(size, np.nan), params)
    for n, error, says in (
        (0, ValueError, "n is 0; it must be at least 1"),
        (-3, ValueError, "n is -3; it must be at least 1"),
        (1.5, TypeError, r"n is 1\.5; it must be an integer"),
        (True, TypeError, "n is True; it must be an integer"),
        ("5", TypeError, "n is '5'; it must be an integer"),
    ):
        with pytest.raises(error, match=says):
            model.sample(params, n, 0)


def test_statistics_of_another_family():
    with pytest.raises(
        ValueError, match=r"statistics hold scatters of shape \(2, 2, 2\); covariance_type 'diag' needs \(K, D\)"
    ):
        GaussianMixture(2, "diag").m_step(STATISTICS)
    one = GaussianMixture(1).e_step(X, GaussianMixture(1).start(X, 0))[0]
    with pytest.raises(ValueError, match="statistics are those of 1 components; n_components is 2"):
        emlib.fit(emlib.WithPrior(MIXTURE, one), X, PARAMS)
    diagonal = GaussianMixture(2, "diag").e_step(X, changed(covariances=DIAG))[0]
    with pytest.raises(ValueError, match=r"covariance_type 'full' needs \(K, D, D\)"):
        MIXTURE.q(PARAMS, diagonal)


def test_parameters_in_single_precision():
    rng = np.random.default_rng(0)
    for _ in range(20):
        single = GaussianMixtureParams(*(np.float32(part) for part in MIXTURE.start(X, rng)))
        single = single._replace(weights=rng.dirichlet(np.ones(2)).astype(np.float32))
        double = MIXTURE.checked(single)
        assert abs(double.weights.sum() - 1) <= 1e-8
        assert MIXTURE.e_step(X, single)[1] == pytest.approx(MIXTURE.e_step(X, double)[1], rel=1e-7)
        assert len(MIXTURE.sample(single, 5, 0)[0]) == 5
    with pytest.raises(ValueError, match=r"weights sum to 1\.00001"):
        MIXTURE.checked(PARAMS._replace(weights=np.array([0.5, 0.50001], dtype=np.float32)))


def test_a_weight_of_zero_has_no_free_coordinate():
    with pytest.raises(ValueError, match=r"weights\[1\] is 0 and has no logarithm; it must be greater than 0"):
        MIXTURE.free(changed(weights=[1.0, 0.0]))


def test_a_sample_needs_a_scale_that_is_one():
    for scale, says in ((-1.0, "at least 0"), (np.nan, "finite"), (np.inf, "finite")):
        with pytest.raises(ValueError, match=f"scale is .*{says}"):
            HARD.sample(CENTRES, 3, 0, scale=scale)


# Numbers of components, families, rules, seeds, tolerances.


def test_integers_of_numpy_are_kept_as_python_s():
    """Whose arithmetic knows no largest number."""
    for model, name in (
        (KMeans(np.int8(2)), "n_components"),
        (GaussianMixture(np.int8(2)), "n_components"),
        (BinomialMixture(2, trials=np.uint8(200)), "trials"),
        (CategoricalMixture(2, n_categories=np.int8(3)), "n_categories"),
        (FactorAnalysis(np.int8(2)), "n_factors"),
    ):
        assert type(getattr(model, name)) is int


NUMBERS = [
    (0, ValueError, "is 0; it must be at least 1"),
    (-2, ValueError, "is -2; it must be at least 1"),
    (2.0, TypeError, r"is 2\.0; it must be an integer"),
    (1.5, TypeError, r"is 1\.5; it must be an integer"),
    ("2", TypeError, "is '2'; it must be an integer"),
    (None, TypeError, "is None; it must be an integer"),
    (True, TypeError, "is True; it must be an integer"),
    ([2], TypeError, r"is \[2\]; it must be an integer"),
]


@pytest.mark.parametrize(("value", "error", "says"), NUMBERS)
def test_numbers_that_count(value, error, says):
    for kind in (KMeans, SoftAssignment, GaussianMixture):
        with pytest.raises(error, match=f"n_components {says}"):
            kind(value)
    with pytest.raises(error, match=f"^n {says}"):
        emlib.restarts(HARD, X, value, seed=0)
    with pytest.raises(error, match=f"n_init {says}"):
        Estimator(HARD, n_init=value).fit(X)


@pytest.mark.parametrize("value", [-1, 1.5, "3", None, True, np.nan])
def test_max_iter(value):
    for run in (
        lambda: emlib.fit(HARD, X, CENTRES, max_iter=value),
        lambda: emlib.restarts(HARD, X, 2, seed=0, max_iter=value),
        lambda: Estimator(HARD, max_iter=value).fit(X),
    ):
        with pytest.raises((TypeError, ValueError), match=r"max_iter is .*; it must be (an integer|at least 0)"):
            run()


@pytest.mark.parametrize("value", [-1e-8, np.nan, np.inf, "1e-8", None, True, [1e-8], 1j])
def test_tol(value):
    for run in (
        lambda: emlib.fit(HARD, X, CENTRES, tol=value),
        lambda: emlib.restarts(HARD, X, 2, seed=0, tol=value),
        lambda: Estimator(HARD, tol=value).fit(X),
    ):
        with pytest.raises((TypeError, ValueError), match=r"tol is .*; it must be (a number|finite and at least 0)"):
            run()


@pytest.mark.parametrize("value", [-1, "a", None, 1.5, True, np.nan, [0]])
def test_seeds(value):
    says = r"{} is .*; it must be a non-negative integer or a numpy\.random\.Generator"
    for name, run in (
        ("seed", lambda: emlib.restarts(HARD, X, 2, seed=value)),
        ("seed", lambda: emlib.check_laws(HARD, X, CENTRES, seed=value)),
        ("random_state", lambda: Estimator(HARD, random_state=value).fit(X)),
        ("rng", lambda: HARD.start(X, value)),
        ("rng", lambda: MIXTURE.start(X, value)),
        ("rng", lambda: starts.centres(X, 2, value)),
        ("rng", lambda: HARD.sample(CENTRES, 3, value)),
        ("rng", lambda: MIXTURE.sample(PARAMS, 3, value)),
        ("rng", lambda: FITTED.sample(3, value)),
    ):
        with pytest.raises(ValueError, match=says.format(name)):
            run()


def test_names_that_do_not_exist():
    with pytest.raises(ValueError, match="covariance_type is 'round'; it must be one of 'full', 'tied', 'diag', 'sph"):
        GaussianMixture(2, "round")
    with pytest.raises(
        ValueError, match="rule is 'bayesian'; it must be one of 'bayes', 'distance', 'inverse_distance'"
    ):
        SoftAssignment(2, "bayesian")
    for value in ("middle", None, 3, ["points"]):
        for model in (HARD, SOFT, MIXTURE):
            with pytest.raises(ValueError, match=r"how is .*; it must be one of 'kmeans\+\+', 'points', 'random'"):
                model.start(X, 0, value)
        with pytest.raises(ValueError, match=r"how is .*; it must be one of"):
            emlib.restarts(HARD, X, 2, seed=0, how=value)


def test_stiffness():
    for value, error in (
        (0, ValueError),
        (-1, ValueError),
        (np.nan, ValueError),
        (np.inf, ValueError),
        ("1", TypeError),
    ):
        with pytest.raises(error, match=r"stiffness is .*; it must be (a number|finite and greater than 0)"):
            SoftAssignment(2, stiffness=value)


def test_more_components_than_points():
    for model in (KMeans(5), SoftAssignment(5), GaussianMixture(5), GaussianMixture(5, "diag")):
        for run in (
            lambda x, model=model: model.start(x, 0),
            lambda x, model=model: emlib.restarts(model, x, 2, seed=0),
            lambda x, model=model: Estimator(model).fit(x),
        ):
            with pytest.raises(ValueError, match="n_components is 5; x has only 4 points"):
                run(X[:4])
            with pytest.raises(ValueError, match="n_components is 5; x has only 4 distinct points"):
                run(np.repeat(X[:4], 3, axis=0))


def test_minus_zero_is_no_second_point():
    with pytest.raises(ValueError, match="n_components is 2; x has only 1 distinct points"):
        KMeans(2).start([[0.0], [-0.0]], 0)


# Data that no model, or no start, can describe.

SAME = np.full((10, 2), 3.7)


def test_identical_points():
    for model in (KMeans(1), SoftAssignment(1)):
        trace = emlib.fit(model, SAME, model.start(SAME, 0))
        assert trace.converged
        np.testing.assert_allclose(trace.params.means, [[3.7, 3.7]], rtol=1e-15)
    for family in ("full", "tied", "diag", "spherical"):
        with pytest.raises(
            DegenerateError, match=r"of x is constant, or all but constant around 3\.7: no normal density fits"
        ):
            GaussianMixture(1, family).start(SAME, 0)
        with pytest.raises(ValueError, match="n_components is 2; x has only 1 distinct points"):
            GaussianMixture(2, family).start(SAME, 0)


@pytest.mark.parametrize("value", [0.0, 7.3, 1e6 + 0.1, -1e-9, 1e9 + 0.3])
def test_a_constant_feature(value):
    x, families = np.column_stack([X[:, 0], np.full(40, value), X[:, 1]]), ("full", "tied", "diag")
    for family in families:
        model = GaussianMixture(2, family)
        with pytest.raises(
            DegenerateError, match=r"feature 1 of x is constant, .*; leave it out, or subtract its offset"
        ):
            model.start(x, 0)
        for error in emlib.engine.DegenerateError, ValueError:  # it is both
            with pytest.raises(error, match="feature 1 of x is constant"):
                emlib.restarts(model, x, 3, seed=0)
        start = model.start(np.column_stack([X[:, 0], X.sum(axis=1) ** 2, X[:, 1]]), 0)
        with pytest.raises(DegenerateError, match="feature 1 of x is constant"):
            emlib.fit(model, x, start._replace(means=x[:2]))
    if value == 0:  # wherever a start lies, and whatever its rounding leaves
        rng, models = np.random.default_rng(0), [StudentT(), *(GaussianMixture(k, f) for k in (1, 2) for f in families)]
        for model in models:
            for _ in range(20):
                start = model.start(3 * rng.normal(size=(50, 3)), 0)
                with pytest.raises(DegenerateError, match="feature 1 of x is constant"):
                    emlib.fit(model, x, start)
    # one variance for all features has no quarrel with it, nor have centres
    for model in (GaussianMixture(2, "spherical"), KMeans(2)):
        trace = emlib.fit(model, x, model.start(x, 0))
        np.testing.assert_allclose(trace.params.means[:, 1], value, rtol=1e-15)


def test_an_offset_in_which_the_means_drown():
    x = X[:, :1] * 0.01 + 1e11
    with pytest.raises(
        DegenerateError, match=r"feature 0 of x is .* all but constant around 1e\+11: .* subtract its offset"
    ):
        GaussianMixture(2).start(x, 0)
    assert emlib.fit(GaussianMixture(2), x - 1e11, GaussianMixture(2).start(x - 1e11, 0)).converged


def test_features_that_depend_on_each_other():
    x = np.column_stack([X, X @ [2.0, -3.0] + 1])
    for family in ("full", "tied"):
        with pytest.raises(DegenerateError, match=r"the features depend linearly on each other: direction \[.*\] of x"):
            GaussianMixture(2, family).start(x, 0)
    assert emlib.fit(GaussianMixture(2, "diag"), x, GaussianMixture(2, "diag").start(x, 0)).converged


def test_fewer_points_than_features():
    with pytest.raises(DegenerateError, match="the features depend linearly on each other"):
        GaussianMixture(1).start(np.random.default_rng(0).standard_normal((4, 5)), 0)


def test_an_empty_cluster_keeps_its_centre_and_warns():
    start = CentreParams(np.array([[0.0, 0.0], [4.0, 4.0], [1e3, 1e3]]))
    with pytest.warns(emlib.EmptyClusterWarning, match="cluster 2 has no points; its centre stays where it was"):
        trace = emlib.fit(KMeans(3), X, start)
    np.testing.assert_array_equal(trace.params.means[2], [1e3, 1e3])
    assert trace.converged
    without = emlib.fit(KMeans(2), X, CentreParams(start.means[:2]))
    assert trace.objective == without.objective
    np.testing.assert_array_equal(trace.params.means[:2], without.params.means)


COLLAPSING = np.vstack([X, [[100.0, 100.0]]])


@pytest.mark.parametrize("family", ["full", "diag", "spherical"])
def test_a_component_that_collapses(family):
    model = GaussianMixture(2, family)
    start = model.start(COLLAPSING, 0)._replace(means=np.array([[2.0, 2.0], [100.0, 100.0]]))
    start = start._replace(covariances=start.covariances / 100)
    with pytest.raises(
        DegenerateError,
        match=r"component 1, around \[100. 100.\] \(expected count 1\), has collapsed: the likelihood is unbounded",
    ) as caught:
        emlib.fit(model, COLLAPSING, start)
    assert any("in iteration" in note for note in caught.value.__notes__)


def test_a_tied_covariance_that_collapses():
    x = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    start = GaussianMixtureParams(np.full(3, 1 / 3), x, 0.01 * np.eye(2))
    with pytest.raises(DegenerateError, match="the tied covariance has collapsed: the likelihood is unbounded"):
        emlib.fit(GaussianMixture(3, "tied"), x, start)


def test_a_component_that_dies():
    start = PARAMS._replace(weights=np.array([1.0, 0.0]))
    with pytest.raises(
        DegenerateError, match=r"component 1 is dead: its expected count is 0\.0e\+00; start it elsewhere"
    ):
        emlib.fit(MIXTURE, X, start)


def test_restarts_leave_out_what_collapsed_and_say_so():
    model, x = GaussianMixture(3), emlib.datasets.iris().x
    with pytest.warns(emlib.DegenerateWarning, match=r"\d+ of 20 starts failed; the first: .*collapsed"):
        found = emlib.restarts(model, x, 20, seed=0)
    assert found.failures
    assert len(found.traces) + len(found.failures) == 20
    assert all(isinstance(error, DegenerateError) for error in found.failures.values())
    assert found.best.objective == max(trace.objective for trace in found.traces)


def test_restarts_that_all_collapse():
    x = np.array([[0.0], [1.0], [10.0]])
    with pytest.raises(DegenerateError, match=r"all 5 starts failed; the first: component \d.* collapsed"):
        emlib.restarts(GaussianMixture(3), x, 5, seed=0)


def test_data_of_1e150_and_1e_minus_150_still_work():
    for scale in (1e149, 1e-148):
        x = X / np.abs(X).max() * scale
        model = GaussianMixture(2)
        trace = emlib.fit(model, x, model.start(x, 0))
        assert np.isfinite(trace.objective)
        assert emlib.fit(KMeans(2), x, KMeans(2).start(x, 0)).converged


# The learner's own model.


def model(**functions):
    return SimpleNamespace(**{"e_step": lambda x, p: (p, 0.0), "m_step": lambda s: s} | functions)


@pytest.mark.parametrize(
    ("broken", "error", "says"),
    [
        (model(e_step=lambda x, p: None), TypeError, r"e_step returned a NoneType; it must return the pair \(stat"),
        (model(e_step=lambda x, p: 3.0), TypeError, "e_step returned a float; it must return the pair"),
        (model(e_step=lambda x, p: np.zeros((2, 2))), TypeError, "e_step returned a ndarray; it must return the pair"),
        (model(e_step=lambda x, p: (1, 2, 3)), TypeError, "e_step returned 3 values; it must return the pair"),
        (model(e_step=lambda x, p: STATISTICS), TypeError, "e_step returned 4 values; it must return the pair"),
        (model(e_step=lambda x, p: (p, None)), TypeError, "the objective None; it must be one real number"),
        (model(e_step=lambda x, p: (p, "3")), TypeError, "the objective '3'; it must be one real number"),
        (model(e_step=lambda x, p: (p, 1j)), TypeError, "the objective 1j; it must be one real number"),
        (model(e_step=lambda x, p: (p, np.zeros(3))), TypeError, r"the objective array\(.*\); it must be one"),
        (model(e_step=lambda x, p: (p, np.nan)), ArithmeticError, "the objective nan; it must be finite"),
        (model(e_step=lambda x, p: (p, np.inf)), ArithmeticError, "the objective inf; it must be finite"),
        (model(e_step=lambda x, p: (p, -np.inf)), ArithmeticError, "the objective -inf; it must be finite"),
        (SimpleNamespace(m_step=lambda s: s), TypeError, r"model is .*; it needs a function e_step\(x, params\)"),
        (None, TypeError, r"model is None; it needs a function e_step\(x, params\)"),
    ],
)  # fmt: skip
def test_an_e_step_that_does_not_return_what_it_must(broken, error, says):
    for run in (
        lambda: emlib.fit(broken, [1.0], 0.0),
        lambda: next(emlib.iterate(broken, [1.0], 0.0)),
        lambda: emlib.check_laws(broken, [1.0], 0.0),
    ):
        with pytest.raises(error, match=says):
            run()


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (model(m_step=lambda s: None), "m_step returned None; it must return the new params"),
        (SimpleNamespace(e_step=lambda x, p: (p, 0.0)), r"model is .*; it needs a function m_step\(statistics\)"),
    ],
)
def test_an_m_step_that_does_not_return_what_it_must(broken, says):
    with pytest.raises(TypeError, match=says) as caught:
        emlib.fit(broken, [1.0], 0.0, tol=0)
    assert caught.value.__notes__ == ["in iteration 0"]
    report = emlib.check_laws(broken, [1.0], 0.0)
    assert report["ascent"].holds is False
    assert re.search(says, report["ascent"].detail)


def test_an_error_of_the_learners_own_names_the_iteration():
    def m_step(statistics):
        if statistics > 2:
            raise ZeroDivisionError("no points left")
        return statistics + 1

    with pytest.raises(ZeroDivisionError, match="no points left") as caught:
        emlib.fit(model(e_step=lambda x, p: (p, float(p)), m_step=m_step), [1.0], 0)
    assert caught.value.__notes__ == ["in iteration 3"]


def test_data_without_a_length():
    with pytest.raises(TypeError, match=r"x is a float without a length; .*: give an array"):
        emlib.fit(model(), 3.0, 0.0)
    with pytest.raises(TypeError, match=r"x is a generator, which can be read only once, .*give a function without"):
        emlib.fit(model(), (i for i in range(3)), 0.0)
    with pytest.raises(TypeError, match="x is a generator, which can be read only once; give an array"):
        emlib.check_laws(model(), (i for i in range(3)), 0.0)


def test_restarts_need_a_start():
    with pytest.raises(TypeError, match=r"model is .*; it needs a function start\(x, rng\)"):
        emlib.restarts(model(), [1.0], seed=0)


def test_a_class_in_place_of_a_model():
    for run in (
        lambda: emlib.fit(GaussianMixture, X, PARAMS),
        lambda: emlib.restarts(GaussianMixture, X, seed=0),
        lambda: emlib.check_laws(GaussianMixture, X, PARAMS),
        lambda: emlib.bic(GaussianMixture, X, PARAMS),
        lambda: emlib.WithPrior(GaussianMixture, STATISTICS),
    ):
        with pytest.raises(TypeError, match=r"model is the class GaussianMixture; give an instance: Gaus"):
            run()


@pytest.mark.parametrize("algorithm", ["squarem", None, 5])
def test_an_algorithm_that_is_none(algorithm):
    with pytest.raises(TypeError, match=f"algorithm is {algorithm!r}; it must be a function, for example emlib"):
        emlib.fit(HARD, X, CENTRES, algorithm=algorithm)


# The estimator.


@pytest.mark.parametrize("method", ["predict", "predict_proba", "score_samples", "score", "bic", "aic"])
def test_an_estimator_before_its_fit(method):
    with pytest.raises(ValueError, match=r"this Estimator is not fitted yet; call fit\(x\) first"):
        getattr(Estimator(MIXTURE), method)(X)


def test_a_sample_before_the_fit():
    with pytest.raises(ValueError, match=r"this Estimator is not fitted yet; call fit\(x\) first"):
        Estimator(MIXTURE).sample(3, 0)


@pytest.mark.parametrize("method", ["score_samples", "score", "bic", "aic"])
def test_k_means_has_no_likelihood(method):
    with pytest.raises(
        TypeError, match=r"KMeans\(n_components=2\) has no likelihood, so there is no score, bic or aic"
    ):
        getattr(Estimator(HARD).fit(X), method)(X)


@pytest.mark.parametrize("model", [StudentT(3.0), FactorAnalysis(1), NORMAL], ids=repr)
def test_there_is_nothing_to_predict_without_components(model):
    estimator = Estimator(model, n_init=1).fit(X)
    assert hasattr(estimator.predict_proba(X), "_fields")
    with pytest.raises(TypeError, match=r"has no components to choose among; use predict_proba for its posterior"):
        estimator.predict(X)


def test_an_estimator_of_something_that_is_no_model():
    with pytest.raises(TypeError, match="model is 3; it needs a function"):
        Estimator(3).fit(X)


def test_log_sum_exp_of_what_is_no_array_of_numbers():
    for a, error, says in (
        ([["a"]], TypeError, "a holds <U1 values; give numbers"),
        (None, TypeError, "a is None, which is not a number"),
        (X + 0j, TypeError, "a is complex; give real numbers"),
        (np.ma.array([1.0, 2.0], mask=[0, 1]), TypeError, "a is a masked array; give a plain array"),
        (scipy.sparse.csr_array(X), TypeError, r"a is a sparse matrix; .*a\.toarray\(\)"),
        ([[1], [1, 2]], ValueError, "a is ragged: its rows have different lengths"),
        (3.0, ValueError, r"a has shape \(\); it needs a last axis to sum over, with at least one value along it"),
        ([], ValueError, r"a has shape \(0,\); it needs a last axis to sum over"),
        ([[], []], ValueError, r"a has shape \(2, 0\); it needs a last axis to sum over"),
    ):
        with pytest.raises(error, match=says):
            log_sum_exp(a)
    assert log_sum_exp(np.zeros((0, 2))).shape == (0,)


# Counts, categories, lines, cells and lifetimes.

COINS = BinomialMixture(2, trials=10)
DAYS = PoissonMixture(2)
ANSWERS = CategoricalMixture(2, n_categories=3)
LINES = RegressionMixture(2)
LIVES = CensoredExponential()
TOBIT = CensoredRegression()
TAILS = StudentT(dof=3.0)
FACTORS = FactorAnalysis(2)
OTHERS = {  # model: data to start from
    COINS: COIN_HEADS[:, None],
    BinomialMixture(2, equal_weights=True): ROLE_CONFLICT,
    DAYS: CALM_AND_BUSY,
    ANSWERS: THREE_KINDS,
    LINES: TWO_LINES,
    ANIMALS: LINKAGE_COUNTS,
    LIVES: LIFETIMES,
    TOBIT: MOTORETTES,
    TAILS: HEAVY_TAILS,
    FACTORS: TESTS,
}
others = pytest.mark.parametrize("model", OTHERS, ids=repr)


def take_x(model):
    """Every function of `model` that takes data."""
    params = model.start(OTHERS[model], 0)
    named = ("posterior", "entropy", "e_step", "score_samples", "log_joint")
    functions = {name: lambda x, name=name: getattr(model, name)(x, params) for name in named if hasattr(model, name)}
    return functions | {
        "start": lambda x: model.start(x, 0),
        "statistics": lambda x: model.statistics(x, np.full((len(x), 2), 0.5), params),
        "fit": lambda x: emlib.fit(model, x, params),
        "restarts": lambda x: emlib.restarts(model, x, 2, seed=0),
    }


@others
@pytest.mark.parametrize("kind", [kind for kind in DATA if "too" not in kind])
def test_bad_data_of_other_models(model, kind):
    x, error, says = DATA[kind]
    for name, function in take_x(model).items():
        if name != "statistics":
            with pytest.raises(error, match=says):
                function(x)


@others
def test_every_method_of_other_models_that_takes_x_is_tried(model):
    methods = {
        name
        for name, function in inspect.getmembers(type(model), inspect.isfunction)
        if "x" in inspect.signature(function).parameters and not name.startswith(("_", "checked"))
    }
    assert methods <= set(take_x(model))


@pytest.mark.parametrize(
    ("model", "x", "says"),
    [
        (COINS, [[3], [-1]], r"x\[1, 0\] is -1; it must be a whole number from 0 to 10"),
        (COINS, [[3], [2.5]], r"x\[1, 0\] is 2\.5; it must be a whole number from 0 to 10"),
        (COINS, [[11], [2]], r"x\[0, 0\] is 11; it must be a whole number from 0 to 10"),
        (COINS, [[1, 2], [3, 4]], "x has 2 features; the parameters describe 1"),
        (DAYS, [[3, 1], [4, -1]], r"x\[1, 1\] is -1; it must be a whole number 0 or greater"),
        (DAYS, [[0.5, 1], [4, 1]], r"x\[0, 0\] is 0\.5; it must be a whole number 0 or greater"),
        (DAYS, [[3, 1], [1e307, 1]], r"x\[1, 0\] is 1e\+307; it must be a whole number 0 or greater, at most 2\*\*53"),
        (DAYS, [[3], [4]], "x has 1 features; the parameters describe 2"),
        (ANSWERS, [[0, 1, 3], [0, 0, 0]], r"x\[0, 2\] is 3; it must be a whole number from 0 to 2"),
        (ANSWERS, [[0, 1, 1], [0, -1, 0]], r"x\[1, 1\] is -1; it must be a whole number from 0 to 2"),
        (ANSWERS, [[0, 1], [1, 2]], "x has 2 features; the parameters describe 3"),
        (LINES, [[1.0], [2.0]], "x has 1 column; it needs the features and, in the last column, the response"),
        (LINES, [[1.0, 2.0], [2.0, 3.0]], "x has 1 features; the parameters describe 2"),
        (ANIMALS, [[125, 18, 20]], "x has 3 columns; the model has 4 cells"),
        (ANIMALS, [[125, 18, 20, -3]], r"x\[0, 3\] is -3; it must be a whole number 0 or greater"),
        (
            ANIMALS,
            [[125, 1e307, 20, 3]],
            r"x\[0, 1\] is 1e\+307; it must be a whole number 0 or greater, at most 2\*\*53",
        ),
        (ANIMALS, [[125, 18, 20.2, 3]], r"x\[0, 2\] is 20\.2; it must be a whole number 0 or greater"),
        (FACTORS, [[1.0, 2], [2, 5]], "x has 2 features; n_factors is 2, and must be less"),
        (FACTORS, [[1.0, 2, 4], [2, 5, 3]], "x has 3 features; the parameters describe 6"),
        (TAILS, [[1.0], [2.0]], "x has 1 features; the parameters describe 2"),
        (TOBIT, [[1.0, 1], [2.0, 1]], "x has 2 columns; it needs the features, the response and, if that was seen, 1"),
        (
            TOBIT,
            [[1.0, 2, 1], [2, 3, 0.5]],
            r"x\[1, 2\] is 0\.5; it must be 1 where the response was seen, 0 where not",
        ),
        (TOBIT, [[1.0, 2, 3, 1], [2, 3, 4, 0]], "x has 2 features; the parameters describe 1"),
        (LIVES, [[1.0], [2.0]], "x has 1 columns; it needs 2: the time watched and, if it ended then, 1, else 0"),
        (LIVES, [[1.0, 1], [-2.0, 1]], r"x\[1, 0\] is -2; no time may be negative"),
        (LIVES, [[1.0, 1], [2.0, 0.5]], r"x\[1, 1\] is 0\.5; it must be 1 where the end was seen and 0 where it was"),
    ],
)
def test_data_that_other_models_cannot_read(model, x, says):
    for name, function in take_x(model).items():
        if hasattr(model, name) or name == "fit":
            if name == "start" and "the parameters describe" in says:
                continue  # a start has no parameters to disagree with
            with pytest.raises(ValueError, match=says):
                function(np.array(x))


@pytest.mark.parametrize(
    ("params", "says"),
    [
        (StudentTParams(np.zeros((1, 2)), np.eye(2), 3.0), r"location has shape \(1, 2\); it needs 1 axes"),
        (StudentTParams(np.array([0, np.nan]), np.eye(2), 3.0), r"location\[1\] is nan; every value must be finite"),
        (StudentTParams(np.zeros(2), np.eye(3), 3.0), r"scale has shape \(3, 3\); it needs \(2, 2\)"),
        (StudentTParams(np.zeros(2), np.ones((2, 2)), 3.0), "scale is not positive definite"),
        (StudentTParams(np.zeros(2), np.eye(2), 0.0), r"params\.dof is 0\.0; it must be finite and greater than 0"),
        (StudentTParams(np.zeros(2), np.eye(2), 4.0), r"params\.dof is 4; the model has dof 3"),
        (RegressionParams(np.nan, np.zeros(1), 1.0), "intercept is nan; it must be finite"),
        (RegressionParams(0.0, np.zeros((1, 1)), 1.0), r"slopes has shape \(1, 1\); it needs 1 axes"),
        (RegressionParams(0.0, np.zeros(1), 0.0), r"variance is 0\.0; it must be finite and greater than 0"),
    ],
)
def test_parameters_that_a_student_t_or_a_line_cannot_have(params, says):
    model = TAILS if isinstance(params, StudentTParams) else TOBIT
    for run in (
        lambda: model.e_step(OTHERS[model], params),
        lambda: model.posterior(OTHERS[model], params),
        lambda: model.q(params, model.e_step(OTHERS[model], model.start(OTHERS[model], 0))[0]),
        lambda: model.free(params),
        lambda: model.sample(params, 3, 0),
        lambda: emlib.fit(model, OTHERS[model], params),
    ):
        with pytest.raises(ValueError, match=says):
            run()


FOUR = FactorAnalysisParams(np.zeros(4), np.ones((4, 2)), np.ones(4))


@pytest.mark.parametrize(
    ("params", "says"),
    [
        (FOUR._replace(mean=np.zeros((1, 4))), r"mean has shape \(1, 4\); it needs 1 axes"),
        (FOUR._replace(loadings=np.ones((2, 4))), r"loadings has shape \(2, 4\); it needs \(4, 2\)"),
        (FOUR._replace(noise=np.ones(2)), r"noise has shape \(2,\); it needs \(4,\)"),
        (FOUR._replace(noise=np.arange(4)), r"noise\[0\] is 0; every variance must be greater than 0"),
    ],
)
def test_parameters_that_factors_cannot_have(params, says):
    x = TESTS[:, :4]
    statistics = FACTORS.e_step(x, FOUR)[0]
    for run in (
        lambda: FACTORS.e_step(x, params),
        lambda: FACTORS.q(params, statistics),
        lambda: FACTORS.free(params),
        lambda: FACTORS.sample(params, 3, 0),
        lambda: FACTORS.covariance(params),
        lambda: emlib.fit(FACTORS, x, params),
    ):
        with pytest.raises(ValueError, match=says):
            run()
    with pytest.raises(ValueError, match="noise differs between features; an isotropic model has the same for all"):
        FactorAnalysis(2, isotropic=True).free(FOUR._replace(noise=np.arange(1, 5)))


def test_factors_that_are_none_and_features_without_noise():
    for value, error in ((0, ValueError), (1.5, TypeError), (None, TypeError)):
        with pytest.raises(error, match=r"n_factors is .*; it must be"):
            FactorAnalysis(value)
    with pytest.raises(TypeError, match="isotropic is 1; it must be True or False"):
        FactorAnalysis(1, isotropic=1)
    with pytest.raises(DegenerateError, match="feature 1 of x is constant: no normal density fits; leave it out"):
        FactorAnalysis(1).start(np.column_stack([TESTS[:, 0], np.ones(300)]), 0)
    twice = np.column_stack([TESTS[:, 0], 2 * TESTS[:, 0]])
    with pytest.raises(DegenerateError, match=r"the factors determine feature \d of x, .*\(a Heywood case\)"):
        emlib.fit(FactorAnalysis(1), twice, FactorAnalysis(1).start(twice, 0), tol=0, max_iter=20_000)


def test_degrees_of_freedom_that_are_none():
    for value, error in ((0, ValueError), (-1, ValueError), (np.inf, ValueError), ("3", TypeError), (True, TypeError)):
        with pytest.raises(error, match=r"dof is .*; it must be (a number|finite and greater than 0)"):
            StudentT(value)


@pytest.mark.parametrize("offset", [0.0, 5.0, 1e6])
@pytest.mark.parametrize("n_features", [1, 2])
def test_a_student_t_that_collapses(offset, n_features):
    x = offset + np.vstack([np.zeros((60, n_features)), np.random.default_rng(0).normal(size=(40, n_features))])
    for model in (StudentT(), StudentT(1.0)):
        says = r"feature \d of x is constant, or too many of its values are all but equal.*unbounded.* a larger dof"
        with pytest.raises(DegenerateError, match=f"all 3 starts failed; the first: {says}"):
            emlib.restarts(model, x, 3, seed=0)
    assert emlib.restarts(StudentT(10.0), x, 3, seed=0).best.converged


def test_a_far_point_is_no_collapse():
    x = np.append(np.random.default_rng(0).normal(size=99), 1e10)[:, None]
    assert 0.3 < emlib.restarts(StudentT(), x, 3, seed=0).best.params.scale[0, 0] < 1


HALVES = np.array([0.5, 0.5])


@pytest.mark.parametrize(
    ("model", "params", "says"),
    [
        (COINS, BinomialMixtureParams([0.6, 0.6], [[0.5], [0.5]]), r"weights sum to 1\.2; they must sum to 1"),
        (
            COINS,
            BinomialMixtureParams(HALVES, [[0.5], [1.2]]),
            r"probabilities\[1, 0\] is 1\.2; it must be from 0 to 1",
        ),
        (
            COINS,
            BinomialMixtureParams(HALVES, [[-0.5], [0.2]]),
            r"probabilities\[0, 0\] is -0\.5; it must be from 0 to",
        ),
        (COINS, BinomialMixtureParams(HALVES, [[0.5]]), "probabilities has 1 rows; n_components is 2, and each needs"),
        (COINS, BinomialMixtureParams(HALVES, [0.5, 0.5]), r"probabilities has shape \(2,\); it needs 2 axes"),
        (DAYS, PoissonMixtureParams(HALVES, [[1, 2], [3, -1]]), r"rates\[1, 1\] is -1; no rate may be negative"),
        (
            DAYS,
            PoissonMixtureParams(HALVES, [[1, 2], [3, np.inf]]),
            r"rates\[1, 1\] is inf; every value must be",
        ),
        (DAYS, PoissonMixtureParams(HALVES, [[1, 2], [3, 1e30]]), r"rates\[1, 1\] is 1e\+30; .* or beyond 2\*\*53"),
        (
            ANSWERS,
            CategoricalMixtureParams(HALVES, np.full((2, 3, 3), 0.3)),
            r"probabilities\[0, 0\] sums to 0\.9; probabilities must sum to 1",
        ),
        (
            ANSWERS,
            CategoricalMixtureParams(HALVES, np.tile([-0.5, 1.0, 0.5], (2, 3, 1))),
            r"probabilities\[0, 0, 0\] is -0\.5; no probability may be negative",
        ),
        (
            ANSWERS,
            CategoricalMixtureParams(HALVES, np.full((2, 3, 2), 0.5)),
            r"probabilities has shape \(2, 3, 2\); its last axis needs 3, n_categories",
        ),
        (
            LINES,
            RegressionMixtureParams(HALVES, np.zeros(2), np.zeros((2, 2)), [1.0, 0.0]),
            r"variances\[1\] is 0; every variance must be greater than 0",
        ),
        (
            LINES,
            RegressionMixtureParams(HALVES, np.zeros(3), np.zeros((2, 2)), np.ones(2)),
            r"intercepts has shape \(3,\); it needs \(2,\)",
        ),
        (ANIMALS, GroupedMultinomialParams([0.6, 0.6]), r"frequencies sum to 1\.2; they must sum to 1"),
        (ANIMALS, GroupedMultinomialParams([0.6, 0.2, 0.2]), r"frequencies has shape \(3,\); it needs \(2,\)"),
        (LIVES, ExponentialParams(0.0), r"mean is 0\.0; it must be finite and greater than 0"),
        (LIVES, ExponentialParams("1"), r"mean is '1'; it must be a number"),
    ],
)
def test_bad_parameters_of_other_models(model, params, says):
    x = OTHERS[model]
    statistics, _ = model.e_step(x, model.start(x, 0))
    functions = [
        lambda: model.posterior(x, params),
        lambda: model.e_step(x, params),
        lambda: model.score_samples(x, params),
        lambda: model.q(params, statistics),
        lambda: model.sample(params, 5, 0),
        lambda: model.free(params),
        lambda: model.from_free(model.free(model.start(x, 0)), params),
        lambda: emlib.fit(model, x, params),
    ]
    if hasattr(model, "permute"):
        functions.append(lambda: model.permute(params, [1, 0]))
    for function in functions:
        with pytest.raises((ValueError, TypeError), match=says):
            function()


@others
def test_what_else_other_models_are_given(model):
    x = OTHERS[model]
    params = model.start(x, 0)
    for wrong in (None, tuple(params), CENTRES):
        for function in (
            lambda p: model.e_step(x, p),
            lambda p: model.posterior(x, p),
            lambda p: model.sample(p, 3, 0),
            model.free,
        ):
            with pytest.raises(TypeError, match=rf"params is a \w+; it must be {type(params).__name__}\("):
                function(wrong)
    for function in (model.m_step, lambda s: model.q(params, s)):
        with pytest.raises(TypeError, match=r"statistics is a tuple; it must be \w+\("):
            function((1.0, 2.0))
    for n, error in ((0, ValueError), (1.5, TypeError)):
        with pytest.raises(error, match=r"n is .*; it must be (at least 1|an integer)"):
            model.sample(params, n, 0)
    with pytest.raises(ValueError, match="rng is -1; it must be a non-negative integer"):
        model.sample(params, 3, -1)
    with pytest.raises(ValueError, match=r"vector has shape \(99,\); it needs"):
        model.from_free(np.zeros(99), params)


@pytest.mark.parametrize(
    ("model", "params", "x"),
    [
        (COINS, BinomialMixtureParams(HALVES, np.array([[0.0], [1.0]])), [[0.0], [10.0], [4.0]]),
        (DAYS, PoissonMixtureParams(HALVES, np.array([[0.0], [0.0]])), [[0.0], [0.0], [2.0]]),
        (
            ANSWERS,
            CategoricalMixtureParams(HALVES, np.array([[[1.0, 0, 0]], [[0, 1.0, 0]]])),
            [[0.0], [1.0], [2.0]],
        ),
    ],
    ids=repr,
)
def test_an_impossible_observation_has_log_likelihood_minus_infinity(model, params, x):
    assert np.isneginf(model.score_samples(x, params)).tolist() == [False, False, True]
    assert model.posterior(x, params)[2].tolist() == [0.0, 0.0]
    np.testing.assert_allclose(model.posterior(x, params)[:2].sum(axis=1), 1.0)
    statistics, objective = model.e_step(x, params)
    assert objective == -np.inf
    assert statistics.counts.sum() == 2
    with pytest.raises(ArithmeticError, match="e_step returned the objective -inf; it must be finite"):
        emlib.fit(model, x, params)
    possible = model.e_step(x[:2], params)
    assert np.isfinite(possible[1])
    assert model.q(params, possible[0]) <= possible[1]


def test_an_impossible_cell():
    params = GroupedMultinomialParams(np.array([0.0, 1.0]))
    assert ANIMALS.e_step([[3, 1, 1, 2]], params)[1] == -np.inf
    assert ANIMALS.score_samples([[3, 1, 1, 2], [3, 1, 1, 0]], params)[0] == -np.inf
    np.testing.assert_allclose(ANIMALS.posterior([[3, 1, 1, 0]], params).means, [[3, 0, 1, 1, 0]])


def test_a_component_without_weight_has_no_free_coordinates():
    with pytest.raises(ValueError, match=r"weights\[0\] is 0 and has no logarithm; it must be greater than 0"):
        COINS.free(BinomialMixtureParams([0.0, 1.0], np.array([[0.5], [0.4]])))


@pytest.mark.parametrize(
    ("model", "params", "x"),
    [
        (COINS, BinomialMixtureParams(HALVES, np.array([[0.5], [1.0]])), [[10], [10], [10], [4], [6], [5]]),
        (DAYS, PoissonMixtureParams(HALVES, np.array([[0.0, 3.0], [5.0, 4.0]])), [[0, 3], [0, 2], [6, 4], [4, 5]]),
        (
            ANSWERS,
            CategoricalMixtureParams(HALVES, np.array([[[1, 0, 0], [0, 0.5, 0.5]], [[0.2, 0.8, 0], [0.4, 0.6, 0]]])),
            [[0, 1], [0, 2], [0, 2], [1, 0], [0, 0], [1, 1]],
        ),
        (ANIMALS, GroupedMultinomialParams(np.array([0.0, 1.0])), [[5, 3, 3, 0]]),
    ],
    ids=repr,
)
def test_a_fit_may_end_on_the_edge(model, params, x):
    again = model.from_free(model.free(params), params)
    for before, after in zip(params, again, strict=True):
        np.testing.assert_allclose(after, before, atol=1e-300)
    assert np.isfinite(model.free(params)).all()
    trace = emlib.fit(model, x, params, algorithm=emlib.squarem)
    assert np.isfinite(emlib.bic(model, x, trace.params))
    assert not emlib.check_laws(model, x, params).broken


def test_data_that_other_models_cannot_describe():
    for x, says in (
        ([[3.0, 0.0], [4.0, 0.0]], "no lifetime in x was seen to end: the larger the mean, the larger the likelihood"),
        ([[0.0, 1.0], [0.0, 1.0]], "every time in x is 0: the smaller the mean, the larger the likelihood"),
    ):
        with pytest.raises(DegenerateError, match=says):
            emlib.fit(LIVES, x, ExponentialParams(1.0))
    with pytest.raises(DegenerateError, match="x holds no individual whose kind depends on the frequencies"):
        emlib.fit(ANIMALS, [[0, 0, 0, 0]], GroupedMultinomialParams(HALVES))
    with pytest.raises(DegenerateError, match=r"component 1 is dead: its expected count is 0\.0e"):
        emlib.fit(DAYS, CALM_AND_BUSY, DAYS.start(CALM_AND_BUSY, 0)._replace(weights=np.array([1.0, 0.0])))
    with pytest.raises(DegenerateError, match="the features of component 0 are constant or depend linearly on each"):
        LINES.start(np.insert(TWO_LINES, 1, 3.0, axis=1), 0)
    on_a_line = np.column_stack([np.arange(9.0), 2 * np.arange(9.0)])
    with pytest.raises(DegenerateError, match="component 0 has collapsed: its line passes through all its points"):
        RegressionMixture(1).start(on_a_line, 0)


@pytest.mark.parametrize("model", [*OTHERS, *(GaussianMixture(2, f) for f in FAMILIES), NORMAL, StudentT()], ids=repr)
def test_a_vector_whose_exponentials_overflow(model):
    params = model.start(OTHERS.get(model, X), 0)
    vector = np.full(len(model.free(params)), 1e3)
    if model in (ANIMALS, ANSWERS) or isinstance(model, BinomialMixture):  # logarithms of ratios, which may be any
        assert np.isfinite(np.concatenate([np.ravel(part) for part in model.from_free(vector, params)])).all()
    else:
        with pytest.raises(
            ValueError, match=r"(covariances|noise|rates|variances|mean|dof).* is inf; .* must be finite"
        ):
            model.from_free(vector, params)


def test_more_components_than_kinds_of_counts():
    with pytest.raises(ValueError, match="n_components is 3; x has only 2 distinct points"):
        PoissonMixture(3).start([[1], [1], [4]], 0)


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: BinomialMixture(0), ValueError, "n_components is 0; it must be at least 1"),
        (lambda: BinomialMixture(2, trials=0), ValueError, "trials is 0; it must be at least 1"),
        (lambda: BinomialMixture(2, trials=10**400), ValueError, "trials is 10+; it must be at most 9007199254740992"),
        (lambda: BinomialMixture(2, trials=2.5), TypeError, r"trials is 2\.5; it must be an integer"),
        (lambda: PoissonMixture(2, equal_weights=1), TypeError, "equal_weights is 1; it must be True or False"),
        (lambda: CategoricalMixture(2, n_categories=1), ValueError, "n_categories is 1; it must be at least 2"),
        (lambda: RegressionMixture(1.0), TypeError, r"n_components is 1\.0; it must be an integer"),
        (
            lambda: GroupedMultinomial((((1 / 2, (1, 0)),), ((1 / 4, (0, 1)),))),
            ValueError,
            r"cells have probabilities that sum to .* where the frequencies are .*; they must sum to 1 whatever these",
        ),
        (
            lambda: GroupedMultinomial((((1 / 2, (1, 0)),), ((1 / 4, (0,)),))),
            ValueError,
            "cells give exponents of different lengths; every kind needs one for each frequency",
        ),
        (lambda: BLOOD_GROUPS.genes(("AA", "AO")), ValueError, "cells have probabilities that sum to"),
        (
            lambda: LIVES.sample(ExponentialParams(1.0), 3, 0, limit=0),
            ValueError,
            "limit is 0; it must be finite and greater than 0",
        ),
        (
            lambda: LINES.sample(LINES.start(TWO_LINES, 0), 3, 0, features=[[1.0, 2.0]]),
            ValueError,
            r"features has shape \(1, 2\); it needs \(3, 2\)",
        ),
        (
            lambda: BinomialMixture(2, trials=10, equal_weights=True).e_step(
                COIN_HEADS[:, None], BinomialMixtureParams([0.3, 0.7], [[0.2], [0.8]])
            ),
            ValueError,
            r"weights are \[0\.3 0\.7\]; with equal_weights each must be 1/2",
        ),
    ],
)
def test_what_other_models_are_made_of(make, error, says):
    with pytest.raises(error, match=says):
        make()


CELLS = r"cells is .*; it must be a tuple of cells, each a tuple of one or more kinds \(c, \(a_1"


@pytest.mark.parametrize(
    ("cells", "error", "says"),
    [
        (
            (((1.5, (1, 0)), (-0.5, (1, 0))), ((1.0, (0, 1)),)),
            ValueError,
            r"c in cells\[0\] is -0\.5; it must be finite",
        ),
        ((((1.0, (1, 0)),), ((np.nan, (0, 1)),)), ValueError, r"c in cells\[1\] is nan; it must be finite and greater"),
        ((((1.0, (1.5, 0)),), ((1.0, (0, 1)),)), ValueError, r"exponents\[0, 0\] is 1\.5; it must be a whole number"),
        ((((1.0, (-1, 2)),),), ValueError, r"exponents\[0, 0\] is -1; it must be a whole number 0 or greater"),
        ((((1.0, (1, 0)),), ((1.0, (0, 1)),), ()), TypeError, CELLS),
        (((0.5, (1, 0)), (0.5, (0, 1))), TypeError, CELLS),
        ((((1.0, 1),),), TypeError, CELLS),
        ((), TypeError, CELLS),
        (5, TypeError, CELLS),
        ("abc", TypeError, CELLS),
    ],
)
def test_cells_that_cannot_be(cells, error, says):
    with pytest.raises(error, match=says):
        GroupedMultinomial(cells)


@pytest.mark.parametrize("cell", ["AA", ("AA", "A"), ("AAA",), ("AA", 5), 5])
def test_genotypes_that_cannot_be(cell):
    with pytest.raises(ValueError, match=r"cells has .*; each must be a tuple of genotypes of two letters, such as"):
        GroupedMultinomial.genes(cell, ("OO",))


# Nothing is left out.


def test_every_method_that_takes_x_is_in_the_table():
    methods = {
        f"{owner.__name__}.{name}"
        for owner in (KMeans, SoftAssignment, GaussianMixture, IncompleteNormal, Estimator)
        for name, function in inspect.getmembers(owner, inspect.isfunction)
        if "x" in inspect.signature(function).parameters and not name.startswith("_") and name != "checked_pair"
    }
    assert methods <= set(TAKE_DATA)
