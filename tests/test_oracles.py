"""emlib against independent implementations: scikit-learn, scipy's densities and optimiser, and enumeration by hand."""

import itertools
import warnings

import numpy as np
import pytest
from models import (
    ANIMALS,
    BLOOD_GROUPS,
    CALM_AND_BUSY,
    COIN_HEADS,
    DATA,
    FAMILIES,
    HEAVY_TAILS,
    INCOMPLETE,
    INCOMPLETE_MODELS,
    LIFETIMES,
    MOTORETTES,
    ROLE_CONFLICT,
    TESTS,
    THREE_KINDS,
    TWO_LINES,
    mixture_data,
)
from scipy.optimize import minimize
from scipy.special import digamma, xlogy
from scipy.stats import (
    binom,
    expon,
    gamma,
    linregress,
    multinomial,
    multivariate_normal,
    multivariate_t,
    norm,
    poisson,
    truncnorm,
)
from scipy.stats import t as student_t
from sklearn.cluster import KMeans as SkKMeans
from sklearn.decomposition import FactorAnalysis as SkFactorAnalysis
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture as SkMixture

import emlib
from emlib import (
    BinomialMixture,
    CategoricalMixture,
    CensoredExponential,
    CensoredRegression,
    CentreParams,
    ExponentialParams,
    FactorAnalysis,
    FactorAnalysisParams,
    GaussianMixture,
    GaussianMixtureParams,
    GroupedMultinomialParams,
    IncompleteNormal,
    KMeans,
    NormalParams,
    PoissonMixture,
    RegressionMixture,
    RegressionMixtureParams,
    RegressionParams,
    SoftAssignment,
    StudentT,
    StudentTParams,
)

families = pytest.mark.parametrize("family", FAMILIES)


def first_snapshots(model, x, params, n):
    return list(itertools.islice(emlib.iterate(model, x, params), n))


def full(params, family):
    """(K, D, D) covariances, written apart from emlib's own."""
    n_components, n_features = params.means.shape
    if family == "full":
        return params.covariances
    if family == "tied":
        return np.array([params.covariances] * n_components)
    if family == "diag":
        return np.array([np.diag(v) for v in params.covariances])
    return np.array([v * np.eye(n_features) for v in params.covariances])


def scikit_learn(model, params):
    """scikit-learn's mixture that takes one step from `params` at every call of ``fit``, without its regularisation."""
    covariances = params.covariances
    precisions = 1 / covariances if model.covariance_type in ("diag", "spherical") else np.linalg.inv(covariances)
    return SkMixture(
        model.n_components,
        covariance_type=model.covariance_type,
        weights_init=params.weights,
        means_init=params.means,
        precisions_init=precisions,
        reg_covar=0,
        tol=0,
        max_iter=1,
        warm_start=True,
    )


@families
@pytest.mark.parametrize(
    ("name", "n_components"),
    [*itertools.product(["faithful", "iris", "one feature"], [1, 2, 3]), ("ten features", 1), ("ten features", 2)],
)
def test_gaussian_mixture_is_scikit_learns_at_every_iteration(family, name, n_components):
    x, model = DATA[name], GaussianMixture(n_components, family)
    snapshots = first_snapshots(model, x, model.start(x, 1), 16)
    oracle = scikit_learn(model, snapshots[0].params)
    for snapshot in snapshots[1:]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            oracle.fit(x)
        expected = oracle.weights_, oracle.means_, oracle.covariances_
        for ours, theirs in zip(snapshot.params, expected, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10 * np.abs(theirs).max())
        # scikit-learn's lower_bound_ belongs to the θ before this step; its score to the θ that it holds
        np.testing.assert_allclose(snapshot.objective, oracle.score(x) * len(x), rtol=1e-10)
        np.testing.assert_allclose(
            snapshots[snapshot.iteration - 1].objective, oracle.lower_bound_ * len(x), rtol=1e-10
        )


@pytest.mark.parametrize("name", ["faithful", "iris", "one feature", "ten features"])
@pytest.mark.parametrize("n_components", [1, 2, 3, 5])
def test_k_means_is_scikit_learns_lloyd_at_every_iteration(name, n_components):
    x, model = DATA[name], KMeans(n_components)
    # a little off the points, which are rounded, so that none lies halfway between two centres
    start = model.start(x, 0).means * (1 + 1e-3 * np.random.default_rng(0).random((n_components, x.shape[1])))
    snapshots = first_snapshots(model, x, CentreParams(start), 9)
    for snapshot in snapshots[1:]:
        oracle = SkKMeans(n_components, init=snapshots[0].params.means, n_init=1, max_iter=snapshot.iteration, tol=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            oracle.fit(x)
        np.testing.assert_allclose(snapshot.params.means, oracle.cluster_centers_, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(snapshot.objective, -oracle.inertia_, rtol=1e-10)
        np.testing.assert_array_equal(model.posterior(x, snapshot.params).argmax(axis=1), oracle.labels_)


@families
def test_estimator_says_what_scikit_learn_says_of_the_same_parameters(family):
    x = DATA["iris"]
    ours = emlib.Estimator(GaussianMixture(3, family), n_init=2).fit(x)
    theirs = scikit_learn(ours.model, ours.params_)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        theirs.fit(x)
    for name, values in zip(("weights_", "means_", "covariances_"), ours.params_, strict=True):
        setattr(theirs, name, values)
    covariances = ours.params_.covariances
    theirs.precisions_cholesky_ = (
        covariances**-0.5
        if family in ("diag", "spherical")
        else np.linalg.inv(np.linalg.cholesky(covariances)).swapaxes(-1, -2)
    )
    assert ours.bic(x) == pytest.approx(theirs.bic(x), rel=1e-12)
    assert ours.aic(x) == pytest.approx(theirs.aic(x), rel=1e-12)
    assert ours.score(x) == pytest.approx(theirs.score(x), rel=1e-12)
    np.testing.assert_allclose(ours.score_samples(x), theirs.score_samples(x), rtol=1e-10)
    np.testing.assert_allclose(ours.predict_proba(x), theirs.predict_proba(x), rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(ours.predict(x), theirs.predict(x))


@families
def test_the_free_coordinates_are_as_many_as_scikit_learn_counts(family):
    for x in (DATA["iris"], DATA["one feature"]):
        model = GaussianMixture(3, family)
        params = model.start(x, 0)
        oracle = SkMixture(3, covariance_type=family)
        oracle.means_ = params.means
        assert len(model.free(params)) == oracle._n_parameters()


# By hand, from the definition: all K^N ways to assign N points to K components.

FEW = mixture_data(6, [[0.0, 0.0], [1.5, 1.0], [0.0, 2.0]], [[1, 0.5], [0.7, 1], [1, 1]], seed=9)


def random_params(family, n_components, n_features, seed):
    rng = np.random.default_rng(seed)
    factors = rng.standard_normal((n_components, n_features, n_features)) / 2
    matrices = factors @ factors.swapaxes(1, 2) + np.eye(n_features) / 2
    covariances = {
        "full": matrices,
        "tied": matrices[0],
        "diag": matrices[:, range(n_features), range(n_features)],
        "spherical": matrices[:, 0, 0],
    }[family]
    return GaussianMixtureParams(
        rng.dirichlet(np.full(n_components, 3.0)), rng.standard_normal((n_components, n_features)), covariances
    )


def log_joint(x, weights, means, covariances):
    """log p(x_n, z_n = k), (N, K), by scipy."""
    densities = [multivariate_normal(m, c).logpdf(x) for m, c in zip(means, covariances, strict=True)]
    return np.log(weights) + np.reshape(densities, (len(means), -1)).T


class Enumeration:
    """p(Z | x, θᵗ) over all Z, and what follows from it."""

    def __init__(self, joint):
        self.n, self.k = joint.shape
        self.ways = list(itertools.product(range(self.k), repeat=self.n))
        joints = np.array([self.log_likelihood_complete(joint, z) for z in self.ways])
        self.log_likelihood = np.log(np.exp(joints).sum())
        self.p = np.exp(joints - self.log_likelihood)
        self.entropy = -(self.p * np.log(self.p)).sum()

    def log_likelihood_complete(self, joint, z):
        return sum(joint[n, k] for n, k in enumerate(z))

    def q(self, joint):
        """Σ_Z p(Z | x, θᵗ) log p(x, Z | θ), where `joint` is that of θ."""
        return sum(p * self.log_likelihood_complete(joint, z) for p, z in zip(self.p, self.ways, strict=True))

    def posterior(self):
        r = np.zeros((self.n, self.k))
        for p, z in zip(self.p, self.ways, strict=True):
            r[range(self.n), z] += p
        return r


def agrees(model, x, theta, joint_of, others):
    """Compare everything that `model` says at `theta` and Q at `others` with the enumeration."""
    truth = Enumeration(joint_of(theta))
    statistics, objective = model.e_step(x, theta)
    r = model.posterior(x, theta)
    assert objective == pytest.approx(truth.log_likelihood, rel=1e-12)
    assert model.score_samples(x, theta).sum() == pytest.approx(truth.log_likelihood, rel=1e-12)
    np.testing.assert_allclose(r, truth.posterior(), rtol=1e-10)
    assert -(r * np.log(r)).sum() == pytest.approx(truth.entropy, rel=1e-10)
    for other in (theta, *others):
        assert model.q(other, statistics) == pytest.approx(truth.q(joint_of(other)), rel=1e-11)


@families
@pytest.mark.parametrize("n_components", [1, 2, 3])
def test_q_is_the_mean_of_the_complete_log_likelihood_over_all_assignments(family, n_components):
    theta, *others = (random_params(family, n_components, 2, seed) for seed in range(4))
    agrees(
        GaussianMixture(n_components, family),
        FEW,
        theta,
        lambda p: log_joint(FEW, p.weights, p.means, full(p, family)),
        others,
    )


@pytest.mark.parametrize("n_components", [1, 2, 3])
def test_q_of_soft_assignment_by_enumeration(n_components):
    theta, *others = (CentreParams(random_params("full", n_components, 2, seed).means) for seed in range(4))
    weights, covariances = np.full(n_components, 1 / n_components), [np.eye(2) / 1.7] * n_components
    agrees(
        SoftAssignment(n_components, stiffness=1.7),
        FEW,
        theta,
        lambda p: log_joint(FEW, weights, p.means, covariances),
        others,
    )


def test_k_means_assigns_as_the_best_of_all_assignments():
    means = np.array([[0.0, 0.0], [1.5, 1.0], [0.0, 2.0]])
    distortions = {
        z: sum(np.sum((x - means[k]) ** 2) for x, k in zip(FEW, z, strict=True))
        for z in itertools.product(range(3), repeat=len(FEW))
    }
    best = min(distortions, key=distortions.get)
    model = KMeans(3)
    np.testing.assert_array_equal(model.posterior(FEW, CentreParams(means)), np.eye(3)[list(best)])
    assert model.e_step(FEW, CentreParams(means))[1] == pytest.approx(-distortions[best], rel=1e-12)


@families
@pytest.mark.parametrize("seed", range(3))
def test_fishers_identity_against_scipys_density(family, seed):
    x, model = DATA["faithful"][::7] / [1.0, 12.0], GaussianMixture(2, family)
    theta = random_params(family, 2, 2, seed)._replace(means=np.array([[2.0, 4.5], [4.0, 6.5]]))
    statistics, _ = model.e_step(x, theta)

    def log_likelihood(vector):
        p = model.from_free(vector, theta)
        joint = log_joint(x, p.weights, p.means, full(p, family))
        return np.log(np.exp(joint).sum(axis=1)).sum()

    vector, h = model.free(theta), 1e-5
    for i in range(len(vector)):
        e = h * (np.arange(len(vector)) == i)
        slope = (log_likelihood(vector + e) - log_likelihood(vector - e)) / (2 * h)
        slope_q = (
            model.q(model.from_free(vector + e, theta), statistics)
            - model.q(model.from_free(vector - e, theta), statistics)
        ) / (2 * h)
        assert slope_q == pytest.approx(slope, rel=1e-6, abs=1e-5)


@families
@pytest.mark.parametrize("name", ["faithful", "one feature"])
def test_no_optimiser_finds_a_larger_q_than_the_m_step(family, name):
    x, model = DATA[name], GaussianMixture(2, family)
    x = x / x.std(axis=0)  # the optimiser's steps, not emlib's, depend on the units
    statistics, _ = model.e_step(x, model.start(x, 3))
    best = model.m_step(statistics)
    away = model.free(best) + 0.2 * np.random.default_rng(0).standard_normal(len(model.free(best)))
    found = minimize(
        lambda v: -model.q(model.from_free(v, best), statistics) / len(x), away, method="BFGS", options={"gtol": 1e-9}
    )
    assert -found.fun * len(x) <= model.q(best, statistics) * (1 + np.sign(model.q(best, statistics)) * 1e-12)
    for ours, theirs in zip(best, model.from_free(found.x, best), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


# One model in another's clothes.


@pytest.mark.parametrize("name", ["faithful", "iris", "one feature"])
def test_soft_assignment_is_a_spherical_mixture_whose_variance_and_weights_are_fixed(name):
    x, beta = DATA[name] / DATA[name].std(axis=0), 3.0
    soft, mixture = SoftAssignment(3, stiffness=beta), GaussianMixture(3, "spherical")
    for snapshot in first_snapshots(soft, x, soft.start(x, 0), 8):
        same = GaussianMixtureParams(np.full(3, 1 / 3), snapshot.params.means, np.full(3, 1 / beta))
        statistics, log_likelihood = mixture.e_step(x, same)
        assert snapshot.objective == pytest.approx(log_likelihood, rel=1e-13)
        np.testing.assert_allclose(soft.posterior(x, snapshot.params), mixture.posterior(x, same), atol=1e-13)
        after = soft.m_step(soft.e_step(x, snapshot.params)[0])
        np.testing.assert_allclose(after.means, mixture.m_step(statistics).means, rtol=1e-13)


@pytest.mark.parametrize("stiffness", [1e4, 1e8, 1e16, 1e300])
def test_soft_assignment_becomes_k_means_as_the_stiffness_grows(stiffness):
    x = mixture_data(200, [[0, 0], [3, 1], [1, 4]], [[1, 1], [1, 0.6], [0.8, 1]], seed=12)
    soft, hard = SoftAssignment(3, stiffness=stiffness), KMeans(3)
    params = hard.start(x, 5)
    for snapshot in first_snapshots(hard, x, params, 6):
        np.testing.assert_allclose(
            soft.posterior(x, snapshot.params), hard.posterior(x, snapshot.params), atol=1e-6 if stiffness < 1e5 else 0
        )
        statistics, log_likelihood = soft.e_step(x, snapshot.params)
        # −2/β ℓ is the distortion and what the width of the clusters costs, which vanishes
        assert -2 / stiffness * log_likelihood == pytest.approx(
            -snapshot.objective, rel=1e-1 * np.sqrt(1e4 / stiffness)
        )
        np.testing.assert_allclose(
            soft.m_step(statistics).means, hard.m_step(hard.e_step(x, snapshot.params)[0]).means, rtol=1e-5
        )


@families
def test_one_component_is_fitted_in_one_step_by_mean_and_covariance(family):
    x, model = DATA["iris"], GaussianMixture(1, family)
    trace = emlib.fit(model, x, random_params(family, 1, 4, seed=1)._replace(means=x[:1]))
    scatter = np.cov(x.T, bias=True)
    expected = {
        "full": scatter[None],
        "tied": scatter,
        "diag": np.diag(scatter)[None],
        "spherical": [np.trace(scatter) / 4],
    }[family]
    first = trace[1].params
    np.testing.assert_allclose(first.weights, [1.0])
    np.testing.assert_allclose(first.means, [x.mean(axis=0)], rtol=1e-14)
    np.testing.assert_allclose(first.covariances, expected, rtol=1e-12)
    assert trace.iterations == 2
    density = multivariate_normal(x.mean(axis=0), full(first, family)[0])
    assert trace.objective == pytest.approx(density.logpdf(x).sum(), rel=1e-13)


def test_one_centre_is_the_mean():
    x = DATA["iris"]
    for model in (KMeans(1), *(SoftAssignment(1, rule) for rule in ("bayes", "distance", "inverse_distance"))):
        trace = emlib.fit(model, x, CentreParams(x[:1]))
        np.testing.assert_allclose(trace.params.means, [x.mean(axis=0)], rtol=1e-14)
        assert trace.iterations <= 2


# Gaps.


def conditional(params, row):
    """Mean and covariance of the gaps of `row` given what is seen, from the precision matrix; and the log density."""
    gaps, seen = np.isnan(row), ~np.isnan(row)
    precision = np.linalg.inv(params.covariance)
    covariance = np.linalg.inv(precision[np.ix_(gaps, gaps)])
    mean = params.mean[gaps] - covariance @ precision[np.ix_(gaps, seen)] @ (row - params.mean)[seen]
    marginal = multivariate_normal(params.mean[seen], params.covariance[np.ix_(seen, seen)]) if seen.any() else None
    return mean, covariance, marginal.logpdf(row[seen]) if seen.any() else 0.0


@pytest.mark.parametrize("name", ["cement", "iris", "ten features"])
def test_gaps_are_filled_in_with_their_conditional_distribution(name):
    x, model = INCOMPLETE[name], IncompleteNormal()
    params = model.start(x, 0)
    for _ in range(3):
        params = model.m_step(model.e_step(x, params)[0])
    fill, scores, entropy = model.posterior(x, params), model.score_samples(x, params), 0.0
    for n, row in enumerate(x):
        mean, covariance, log_density = conditional(params, row)
        gaps = np.isnan(row)
        np.testing.assert_allclose(fill.means[n][gaps], mean, rtol=1e-8)
        np.testing.assert_array_equal(fill.means[n][~gaps], row[~gaps])
        np.testing.assert_allclose(fill.covariances[n][np.ix_(gaps, gaps)], covariance, rtol=1e-6, atol=1e-9)
        assert not fill.covariances[n][~gaps].any()
        assert scores[n] == pytest.approx(log_density, rel=1e-9)
        entropy += multivariate_normal(mean, covariance).entropy() if gaps.any() else 0.0
    assert model.entropy(x, params) == pytest.approx(entropy, rel=1e-9)
    assert model.e_step(x, params)[1] == pytest.approx(scores.sum(), rel=1e-12)


def test_no_optimiser_finds_a_likelier_normal_for_data_with_gaps():
    x, model = INCOMPLETE["iris"], IncompleteNormal()
    trace = emlib.fit(model, x, model.start(x, 0), tol=1e-12, max_iter=5000)
    like = trace.params
    found = minimize(
        lambda v: -model.score_samples(x, model.from_free(v, like)).sum(), model.free(like) + 0.05, method="BFGS"
    )
    assert -found.fun <= trace.objective + 1e-9
    assert -found.fun == pytest.approx(trace.objective, abs=1e-5)


def test_without_gaps_one_step_gives_mean_and_covariance():
    x, model = DATA["iris"], IncompleteNormal()
    params = model.m_step(model.e_step(x, model.start(x, 0))[0])
    np.testing.assert_allclose(params.mean, x.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(params.covariance, np.cov(x.T, bias=True), rtol=1e-12)


def test_a_row_of_only_gaps_changes_nothing_at_the_maximum():
    x, model = INCOMPLETE["cement"], IncompleteNormal()
    fitted = [
        emlib.fit(model, rows, model.start(x, 0), tol=0, max_iter=5000)
        for rows in (x, np.vstack([x, np.full((2, 5), np.nan)]))
    ]
    assert fitted[0].objective == pytest.approx(fitted[1].objective, abs=1e-9)
    np.testing.assert_allclose(fitted[0].params.mean, fitted[1].params.mean, rtol=1e-6)


# Mixtures of other things, from scipy's densities.


def by_scipy(model, x, params):
    """log p(x_n, z_n = k), (N, K)."""
    if isinstance(model, BinomialMixture):
        parts = binom(model.trials, params.probabilities[:, None]).logpmf(x)
    elif isinstance(model, PoissonMixture):
        parts = poisson(params.rates[:, None]).logpmf(x)
    elif isinstance(model, CategoricalMixture):
        parts = np.log([[[p[d, int(c)] for d, c in enumerate(row)] for row in x] for p in params.probabilities])
    else:
        lines = params.intercepts[:, None] + params.slopes @ x[:, :-1].T
        parts = norm(lines, np.sqrt(params.variances)[:, None]).logpdf(x[:, -1])[..., None]
    return np.log(params.weights) + parts.sum(axis=2).T


OTHER_MIXTURES = [
    (BinomialMixture(2, trials=10), COIN_HEADS[:, None]),
    (BinomialMixture(3, equal_weights=True), ROLE_CONFLICT[::36]),
    (BinomialMixture(2, trials=70), CALM_AND_BUSY[:6]),
    (PoissonMixture(2), CALM_AND_BUSY[:7]),
    (PoissonMixture(3), CALM_AND_BUSY[:5]),
    (CategoricalMixture(2, n_categories=3), THREE_KINDS[:6]),
    (CategoricalMixture(3, n_categories=4), THREE_KINDS[:5]),
    (RegressionMixture(2), TWO_LINES[:8]),
    (RegressionMixture(3), DATA["faithful"][::40]),
]


def shaken(model, params, seed):
    """Parameters in general position near `params`."""
    vector = np.nan_to_num(model.free(params))
    return model.from_free(vector + 0.3 * np.random.default_rng(seed).standard_normal(len(vector)), params)


@pytest.mark.parametrize(("model", "x"), OTHER_MIXTURES, ids=repr)
def test_q_of_other_mixtures_by_enumeration(model, x):
    near = model.start(THREE_KINDS if isinstance(model, CategoricalMixture) and len(x) == 6 else x, 0)
    if isinstance(model, CategoricalMixture):
        near = near._replace(probabilities=np.full(near.probabilities.shape, 1 / model.n_categories))
    elif isinstance(model, BinomialMixture):
        near = near._replace(probabilities=np.clip(near.probabilities, 0.2, 0.8))
    theta, *others = (shaken(model, near, seed) for seed in range(3))
    agrees(model, x, theta, lambda p: by_scipy(model, x, p), others)


@pytest.mark.parametrize(
    ("model", "x"),
    [
        (BinomialMixture(2, trials=10), COIN_HEADS[:, None]),
        (BinomialMixture(2), ROLE_CONFLICT),
        (PoissonMixture(2), CALM_AND_BUSY),
        (CategoricalMixture(2, n_categories=3), THREE_KINDS),
        (RegressionMixture(2), TWO_LINES),
        *((model, x) for name, model, x in INCOMPLETE_MODELS if "other units" not in name),
    ],
    ids=lambda value: "data" if isinstance(value, np.ndarray) else repr(value),
)
def test_no_optimiser_finds_a_larger_likelihood_than_em(model, x):
    found = emlib.restarts(model, x, 5, seed=0, tol=1e-13, max_iter=5000).best
    away = model.free(shaken(model, found.params, 1))
    oracle = minimize(
        lambda v: -model.e_step(x, model.from_free(v, found.params))[1], away, method="BFGS", options={"gtol": 1e-6}
    )
    assert -oracle.fun <= found.objective + 1e-8
    assert -oracle.fun == pytest.approx(found.objective, abs=1e-5)


def test_a_bernoulli_mixture_is_a_categorical_one_with_two_categories():
    one, other = BinomialMixture(2), CategoricalMixture(2, n_categories=2)
    for a, b in zip(
        first_snapshots(one, ROLE_CONFLICT, one.start(ROLE_CONFLICT, 3), 9),
        first_snapshots(other, ROLE_CONFLICT, other.start(ROLE_CONFLICT, 3), 9),
        strict=True,
    ):
        assert a.objective == pytest.approx(b.objective, rel=1e-13)
        np.testing.assert_allclose(a.params.probabilities, b.params.probabilities[..., 1], rtol=1e-12)


def test_one_line_is_least_squares():
    x, model = DATA["faithful"], RegressionMixture(1)
    params = emlib.fit(model, x, model.start(x, 0))[1].params
    design = np.column_stack([np.ones(len(x)), x[:, 0]])
    line, squares, *_ = np.linalg.lstsq(design, x[:, 1])
    np.testing.assert_allclose([params.intercepts[0], params.slopes[0, 0]], line, rtol=1e-12)
    assert params.variances[0] == pytest.approx(squares[0] / len(x), rel=1e-12)


def test_lines_follow_the_units_and_the_offset():
    model, scale, offset = RegressionMixture(2), np.array([1e8, 1e-8, 1e6]), np.array([1e8, 3e-8, 1e9])
    a = emlib.fit(model, TWO_LINES, model.start(TWO_LINES, 0))
    b = emlib.fit(model, TWO_LINES * scale + offset, model.start(TWO_LINES * scale + offset, 0))
    np.testing.assert_allclose(b.params.slopes, a.params.slopes * scale[2] / scale[:2], rtol=1e-6)
    np.testing.assert_allclose(b.objectives, a.objectives - len(TWO_LINES) * np.log(scale[2]), rtol=1e-8)


# Cells that are sums, and lifetimes, whose latent variables are not one of K for each data point.


def test_the_cells_of_a_table_are_multinomial():
    x, pi = [[186, 38, 13, 284], [3, 0, 1, 2]], np.array([0.3, 0.1, 0.6])
    p = [0.3**2 + 2 * 0.3 * 0.6, 0.1**2 + 2 * 0.1 * 0.6, 2 * 0.3 * 0.1, 0.6**2]
    expected = multinomial([521, 6], p).logpmf(x)
    params = GroupedMultinomialParams(pi)
    np.testing.assert_allclose(BLOOD_GROUPS.score_samples(x, params), expected, rtol=1e-12)
    assert BLOOD_GROUPS.e_step(x, params)[1] == pytest.approx(expected.sum(), rel=1e-13)


def test_the_kinds_inside_a_cell_by_enumeration():
    x, params = [3, 1, 0, 2], GroupedMultinomialParams(np.array([0.3, 0.7]))
    kinds = np.array([1 / 2, 0.3 / 4, 0.7 / 4, 0.7 / 4, 0.3 / 4])
    ways = {split: multinomial.pmf([3 - split, split, 1, 0, 2], 6, kinds) for split in range(4)}
    total = sum(ways.values())
    mean = sum(split * p for split, p in ways.items()) / total
    variance = sum((split - mean) ** 2 * p for split, p in ways.items()) / total
    found = ANIMALS.posterior([x], params)
    np.testing.assert_allclose(found.means, [[3 - mean, mean, 1, 0, 2]], rtol=1e-12)
    np.testing.assert_allclose(found.variances, [[variance, variance, 0, 0, 0]], rtol=1e-12, atol=1e-15)
    assert ANIMALS.e_step([x], params)[1] == pytest.approx(np.log(total), rel=1e-13)
    share = (0.3 / 4) / (1 / 2 + 0.3 / 4)
    assert ANIMALS.entropy([x], params) == pytest.approx(3 * binom(1, share).entropy(), rel=1e-12)


def test_individuals_one_by_one_are_their_table():
    table, params = np.array([[125, 18, 20, 34]]), GroupedMultinomialParams(np.array([0.5, 0.5]))
    one_by_one = np.repeat(np.eye(4), table[0], axis=0)
    ways = multinomial(197, [0.25] * 4).logpmf(table[0]) - 197 * np.log(0.25)
    for a, b in zip(
        first_snapshots(ANIMALS, table, params, 9), first_snapshots(ANIMALS, one_by_one, params, 9), strict=True
    ):
        np.testing.assert_allclose(a.params.frequencies, b.params.frequencies, rtol=1e-13)
        assert a.objective == pytest.approx(b.objective + ways, rel=1e-12)
    # Dempster, Laird & Rubin's animals have a standard error of 0.0515, by the curvature
    spread = np.std([t.params.frequencies[0] for t in emlib.bootstrap(ANIMALS, one_by_one, a.params, seed=0).traces])
    assert spread == pytest.approx(0.0515, rel=0.15)


def test_censored_lifetimes_have_a_closed_form():
    model, (times, ended) = CensoredExponential(), LIFETIMES.T
    trace = emlib.fit(model, LIFETIMES, model.start(LIFETIMES, 0), tol=0)
    assert 0 < ended.sum() < len(ended)
    assert trace.params.mean == pytest.approx(times.sum() / ended.sum(), rel=1e-7)
    density = expon(scale=trace.params.mean)
    expected = np.where(ended == 1, density.logpdf(times), density.logsf(times))
    np.testing.assert_allclose(model.score_samples(LIFETIMES, trace.params), expected, rtol=1e-12)
    # every step shortens the way that is left by the fraction of lifetimes that are missing
    left = np.array([s.params.mean for s in trace][:6]) - times.sum() / ended.sum()
    np.testing.assert_allclose(left[1:] / left[:-1], 1 - ended.mean(), rtol=1e-6)


def test_what_is_expected_of_a_censored_lifetime_by_simulation():
    model, params = CensoredExponential(), ExponentialParams(5.0)
    _, t = model.sample(params, 200_000, 0)
    longer = t[t > 4.0]
    found = model.posterior([[4.0, 0.0], [4.0, 1.0]], params)
    assert abs(longer.mean() - found.means[0]) < 5 * longer.std() / np.sqrt(len(longer))
    assert longer.var() == pytest.approx(found.variances[0], rel=0.03)
    assert (found.means[1], found.variances[1]) == (4.0, 0.0)
    assert model.entropy([[4.0, 0.0], [4.0, 1.0]], params) == pytest.approx(expon(scale=5.0).entropy())


def test_censored_responses_are_normal_and_cut_off():
    model = CensoredRegression()
    params = model.start(MOTORETTES, 0)
    found, scores, entropy = model.posterior(MOTORETTES, params), model.score_samples(MOTORETTES, params), 0.0
    for n, (w, y, seen) in enumerate(MOTORETTES):
        line, sigma = params.intercept + params.slopes[0] * w, np.sqrt(params.variance)
        if seen:
            assert (found.means[n], found.variances[n]) == (y, 0)
            assert scores[n] == pytest.approx(norm(line, sigma).logpdf(y), rel=1e-12)
        else:
            tail = truncnorm((y - line) / sigma, 40, line, sigma)
            assert found.means[n] == pytest.approx(tail.mean(), rel=1e-9)
            assert found.variances[n] == pytest.approx(tail.var(), rel=1e-7)
            assert scores[n] == pytest.approx(norm(line, sigma).logsf(y), rel=1e-12)
            entropy += tail.entropy()
    assert model.entropy(MOTORETTES, params) == pytest.approx(entropy, rel=1e-9)


@pytest.mark.parametrize("z", [-40.0, -5.0, 0.0, 3.0, 9.99, 10.01, 40.0, 1e3, 1e6])
def test_a_response_censored_far_out(z):
    params = RegressionParams(0.0, np.zeros(1), 1.0)
    assert CensoredRegression().score_samples([[0.0, z, 0.0]], params)[0] == pytest.approx(norm.logsf(z), rel=1e-12)
    (mean,), (variance,) = CensoredRegression().posterior([[0.0, z, 0.0]], params)
    if z < 10.1:
        expected = truncnorm(z, 60).stats("mv")
    else:  # the asymptotic series: scipy subtracts what is all but equal
        expected = z + 1 / z - 2 / z**3 + 10 / z**5, (1 - 6 / z**2 + 50 / z**4) / z**2
    assert mean == pytest.approx(expected[0], rel=1e-9, abs=1e-9)
    assert variance == pytest.approx(expected[1], rel=1e-6)


def test_responses_all_seen_give_least_squares():
    x = MOTORETTES[MOTORETTES[:, 2] == 1]
    model = CensoredRegression()
    intercept, (slope,), variance = emlib.fit(model, x, model.start(x, 0)).params
    found = linregress(x[:, 0], x[:, 1])
    assert (intercept, slope) == (pytest.approx(found.intercept, rel=1e-9), pytest.approx(found.slope, rel=1e-9))
    assert variance == pytest.approx(np.var(x[:, 1]) * (1 - found.rvalue**2), rel=1e-9)


def test_no_response_seen_and_a_censored_sample():
    model = CensoredRegression()
    x = np.column_stack([MOTORETTES[:, :2], np.zeros(40)])
    with pytest.raises(emlib.DegenerateError, match="no response in x was seen: the higher the line, the larger"):
        emlib.fit(model, x, model.start(x, 0))
    truth = RegressionParams(1.0, np.array([2.0, -1.0]), 0.25)
    x, y = model.sample(truth, 4000, 0, limit=1.5)
    assert (x[:, -1] == (y <= 1.5)).all()
    found = emlib.fit(model, x, model.start(x, 0)).params
    np.testing.assert_allclose([found.intercept, *found.slopes, found.variance], [1, 2, -1, 0.25], atol=0.05)


@pytest.mark.parametrize("n_features", [1, 2])
def test_a_students_t_is_scipys(n_features):
    x, model = HEAVY_TAILS[:, :n_features], StudentT()
    trace = emlib.fit(model, x, model.start(x, 0), tol=1e-12, max_iter=5000)
    location, scale, dof = trace.params
    oracle = multivariate_t(location, scale, df=dof)
    np.testing.assert_allclose(model.score_samples(x, trace.params), oracle.logpdf(x), rtol=1e-10)
    if n_features == 1:
        expected = student_t.fit(x)  # scipy's own maximum of the likelihood, by simplex
        np.testing.assert_allclose([dof, location[0], np.sqrt(scale[0, 0])], expected, rtol=1e-3)
        assert trace.objective >= student_t.logpdf(x, *expected).sum() - 1e-9


def test_the_precision_of_a_point_by_bayes_law_on_a_grid():
    params, x, model = StudentTParams(np.array([1.0]), np.array([[2.0]]), 5.0), 4.0, StudentT()
    u = np.linspace(1e-6, 12, 200_001)
    joint = gamma(2.5, scale=1 / 2.5).pdf(u) * norm(1, np.sqrt(2 / u)).pdf(x)
    shapes, rates = model.posterior([[x]], params)
    total = np.trapezoid(joint, u)
    assert np.log(total) == pytest.approx(model.score_samples([[x]], params)[0], rel=1e-8)
    assert np.trapezoid(u * joint, u) / total == pytest.approx(shapes[0] / rates[0], rel=1e-7)
    statistics, _ = model.e_step([[x]], params)
    assert np.trapezoid(np.log(u) * joint, u) / total == pytest.approx(statistics.log_precisions, rel=1e-6)
    entropy = -np.trapezoid(xlogy(joint / total, joint / total), u)
    assert model.entropy([[x]], params) == pytest.approx(entropy, rel=1e-6)


@pytest.mark.parametrize("dof", [0.01, 0.7, 3.0, 40.0, 1e5])
def test_the_degrees_of_freedom_solve_their_equation(dof):
    params = StudentTParams(np.zeros(1), np.eye(1), dof)
    excess = np.log(dof / 2) - digamma(dof / 2)
    statistics, _ = StudentT().e_step(HEAVY_TAILS[:, :1], params)
    # statistics made so that this ν is the answer
    weighted = statistics.weighted
    log_precisions = weighted.counts[0] - statistics.count * (1 + excess)
    assert StudentT().m_step(statistics._replace(log_precisions=log_precisions)).dof == pytest.approx(dof, rel=1e-5)


def test_a_students_t_of_many_degrees_of_freedom_is_normal():
    x, model = DATA["iris"], StudentT(1e7)
    trace = emlib.fit(model, x, model.start(x, 0))
    np.testing.assert_allclose(trace.params.location, x.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(trace.params.scale, np.cov(x.T, bias=True), rtol=1e-5)


def test_an_outlier_hardly_moves_a_students_t():
    x = np.vstack([HEAVY_TAILS, [[1e4, -1e4]]])
    before, after = (emlib.fit(StudentT(3.0), data, StudentT(3.0).start(data, 0)).params for data in (HEAVY_TAILS, x))
    assert np.abs(before.location - after.location).max() < 0.05
    assert np.abs(HEAVY_TAILS.mean(axis=0) - x.mean(axis=0)).min() > 40
    params = StudentTParams(np.array([1.0, -2.0]), np.array([[1, 0.3], [0.3, 0.5]]), 6.0)
    sample, u = StudentT().sample(params, 20_000, 0)
    assert standard_errors_apart((sample - params.location) * np.sqrt(u)[:, None], np.zeros(2), params.scale) < 5
    assert abs(u.mean() - 1) < 5 * np.sqrt(2 / 6 / 20_000)


def test_factor_analysis_is_scikit_learns():
    model = FactorAnalysis(2)
    trace = emlib.fit(model, TESTS, model.start(TESTS, 0), tol=1e-13, max_iter=20_000)
    oracle = SkFactorAnalysis(2, tol=1e-12, max_iter=20_000, svd_method="lapack").fit(TESTS)
    assert trace.objective == pytest.approx(oracle.score(TESTS) * len(TESTS), rel=1e-10)
    np.testing.assert_allclose(model.covariance(trace.params), oracle.get_covariance(), rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(trace.params.mean, TESTS.mean(axis=0), atol=1e-6)
    # 6 means, 12 loadings and 6 noises, less one angle that rotates the factors
    assert emlib.aic(model, TESTS, trace.params) == pytest.approx(-2 * trace.objective + 2 * 23)


@pytest.mark.parametrize("n_factors", [1, 2, 3])
def test_probabilistic_principal_components_have_a_closed_form(n_factors):
    # Tipping & Bishop (1999), eqs. 7 and 8
    x, model = DATA["iris"], FactorAnalysis(n_factors, isotropic=True)
    trace = emlib.fit(model, x, model.start(x, 0), tol=1e-13, max_iter=20_000)
    values, vectors = np.linalg.eigh(np.cov(x.T, bias=True))
    variance = values[: 4 - n_factors].mean()
    np.testing.assert_allclose(trace.params.noise, variance, rtol=1e-4)
    kept = vectors[:, 4 - n_factors :]
    loadings = kept * np.sqrt(values[4 - n_factors :] - variance)
    np.testing.assert_allclose(model.covariance(trace.params), loadings @ loadings.T + variance * np.eye(4), atol=1e-4)


def test_factors_given_the_data_by_conditioning_the_joint_normal():
    model = FactorAnalysis(2)
    mean, loadings, noise = params = model.start(TESTS, 3)
    x = TESTS[:5]
    covariance = loadings @ loadings.T + np.diag(noise)
    gain = loadings.T @ np.linalg.inv(covariance)
    found = model.posterior(x, params)
    np.testing.assert_allclose(found.means, (x - mean) @ gain.T, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found.covariance, np.eye(2) - gain @ loadings, rtol=1e-9, atol=1e-12)
    density = multivariate_normal(mean, covariance)
    np.testing.assert_allclose(model.score_samples(x, params), density.logpdf(x), rtol=1e-10)
    assert model.entropy(x, params) == pytest.approx(5 * multivariate_normal(cov=found.covariance).entropy(), rel=1e-10)
    sample, z = model.sample(FactorAnalysisParams(mean, loadings, noise), 20_000, 0)
    assert standard_errors_apart(sample, mean, covariance) < 5
    assert standard_errors_apart(z, np.zeros(2), np.eye(2)) < 5


# Samples have the moments of the model.


def standard_errors_apart(sample, mean, covariance):
    """The largest distance between the sample's moments and the truth, in standard errors."""
    n, d = len(sample), sample - mean
    by_mean = np.abs(d.mean(axis=0)) / np.sqrt(np.diag(covariance) / n)
    variances = np.outer(np.diag(covariance), np.diag(covariance)) + covariance**2
    by_covariance = np.abs(d.T @ d / n - covariance) / np.sqrt(variances / n)
    return max(by_mean.max(), by_covariance.max())


@families
def test_a_sample_has_the_moments_of_its_mixture(family):
    n, model, params = 20_000, GaussianMixture(3, family), random_params(family, 3, 3, seed=5)
    x, z = model.sample(params, n, 0)
    assert x.shape == (n, 3)
    counts = np.bincount(z, minlength=3)
    assert (np.abs(counts - n * params.weights) <= 5 * np.sqrt(n * params.weights * (1 - params.weights))).all()
    for k, covariance in enumerate(full(params, family)):
        assert standard_errors_apart(x[z == k], params.means[k], covariance) < 5


def test_a_sample_of_a_normal_has_its_moments():
    mean, covariance = np.array([1.0, -2.0, 0.5]), random_params("full", 1, 3, seed=5).covariances[0]
    x = IncompleteNormal().sample(NormalParams(mean, covariance), 20_000, 0)
    assert standard_errors_apart(x, mean, covariance) < 5


@pytest.mark.parametrize(
    ("model", "variance"), [(SoftAssignment(2, stiffness=4.0), 0.25), (KMeans(2), 1.0), (SoftAssignment(2), 1.0)]
)
def test_a_sample_of_clusters_has_their_moments(model, variance):
    params = CentreParams(np.array([[0.0, 1.0], [5.0, -2.0]]))
    x, z = model.sample(params, 20_000, np.random.default_rng(3))
    assert abs(np.mean(z) - 0.5) < 5 * 0.5 / np.sqrt(20_000)
    for k in (0, 1):
        assert standard_errors_apart(x[z == k], params.means[k], variance * np.eye(2)) < 5


def test_a_sample_of_counts_has_their_moments():
    n, weights = 20_000, np.array([0.3, 0.7])
    probabilities = np.array([[[0.5, 0.3, 0.2]], [[0.1, 0.1, 0.8]]])
    for model, components, means, variances in (
        (BinomialMixture(2, trials=7), np.array([[0.2], [0.9]]), [1.4, 6.3], [1.12, 0.63]),
        (PoissonMixture(2), np.array([[2.0], [9.0]]), [2.0, 9.0], [2.0, 9.0]),
        (CategoricalMixture(2, n_categories=3), probabilities, [0.7, 1.7], [0.61, 0.41]),
    ):
        x, z = model.sample(model.Params(weights, components), n, 0)
        assert abs(z.mean() - 0.7) < 5 * np.sqrt(0.21 / n)
        for k in (0, 1):
            part = x[z == k, 0]
            assert abs(part.mean() - means[k]) < 5 * np.sqrt(variances[k] / len(part))
            assert part.var() == pytest.approx(variances[k], rel=0.05)


def test_a_sample_of_lines_cells_and_lifetimes_has_their_moments():
    lines = RegressionMixtureParams(np.array([0.3, 0.7]), np.array([1.0, 5.0]), np.array([[2.0], [0.0]]), np.ones(2))
    x, z = RegressionMixture(2).sample(lines, 20_000, 0)
    residuals = x[:, 1] - lines.intercepts[z] - lines.slopes[z, 0] * x[:, 0]
    assert standard_errors_apart(np.column_stack([x[:, 0], residuals]), np.zeros(2), np.eye(2)) < 5
    given, _ = RegressionMixture(2).sample(lines, 3, 0, features=[[1.0], [2.0], [3.0]])
    assert given[:, 0].tolist() == [1.0, 2.0, 3.0]
    tables, kinds = BLOOD_GROUPS.sample(GroupedMultinomialParams(np.array([0.3, 0.1, 0.6])), 20_000, 0)
    np.testing.assert_allclose(tables.mean(axis=0), [0.45, 0.13, 0.06, 0.36], atol=0.018)
    np.testing.assert_array_equal(tables.argmax(axis=1), np.array([0, 0, 1, 1, 2, 3])[kinds])
    watched, t = CensoredExponential().sample(ExponentialParams(5.0), 20_000, 0, limit=4.0)
    assert abs(t.mean() - 5) < 5 * 5 / np.sqrt(20_000)
    np.testing.assert_array_equal(watched, np.column_stack([np.minimum(t, 4), t <= 4]))


def test_the_same_seed_gives_the_same_sample():
    params = random_params("full", 2, 2, seed=0)
    (a, za), (b, zb), (c, _) = (GaussianMixture(2).sample(params, 50, seed) for seed in (7, 7, 8))
    np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(za, zb)
    assert not np.array_equal(a, c)
