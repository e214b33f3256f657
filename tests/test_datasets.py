"""The data are what they say they are, nobody can change them, and each counter-example is one."""

import subprocess
import sys

import numpy as np
import pytest
from sklearn.datasets import load_iris

from emlib import datasets

SIMULATORS = [
    datasets.unequal_variances,
    datasets.unequal_sizes,
    datasets.elongated,
    datasets.outlier,
    datasets.rings,
    datasets.moons,
]
simulators = pytest.mark.parametrize("simulate", SIMULATORS, ids=lambda simulate: simulate.__name__)


EVERYTHING = [
    datasets.faithful(),
    datasets.iris(),
    datasets.death_notices(),
    datasets.earthquakes(),
    datasets.cement(),
    datasets.motorettes(),
    datasets.remissions(),
    datasets.role_conflict(),
    datasets.blobs([1.0], [[0.0, 1.0, 2.0]], [np.eye(3)], 5, seed=0),
    *(simulate(50, seed=3) for simulate in SIMULATORS),
]


@pytest.mark.parametrize("data", EVERYTHING, ids=lambda data: data.description[:30])
def test_the_fields_fit_together(data):
    assert data.x.dtype == np.float64
    assert not np.isinf(data.x).any()
    assert np.isnan(data.x).sum() == (15 if "gaps" in data.citation else 0)
    assert len(data.feature_names) == data.x.shape[1]
    assert len(data.description) > 30
    assert data.citation
    with pytest.raises(ValueError, match="read-only"):
        data.x[0, 0] = 0.0
    if data.labels is None:
        assert data.label_names == ()
    else:
        assert data.labels.shape == (len(data.x),)
        assert set(data.labels.tolist()) == set(range(len(data.label_names)))
        with pytest.raises(ValueError, match="read-only"):
            data.labels[0] = 0


def test_faithful_is_the_data_set_of_r():
    data = datasets.faithful()
    assert data.x.shape == (272, 2)
    # R: colMeans(faithful), cor(faithful), faithful[1, ], faithful[272, ]
    np.testing.assert_allclose(data.x.mean(axis=0), [3.487783, 70.897059], atol=5e-7)
    assert np.corrcoef(data.x.T)[0, 1] == pytest.approx(0.9008112, abs=5e-8)
    np.testing.assert_array_equal(data.x[[0, -1]], [[3.6, 79], [4.467, 74]])


def test_iris_is_the_data_set_of_scikit_learn():
    oracle = load_iris()
    data = datasets.iris()
    np.testing.assert_array_equal(data.x, oracle.data)
    np.testing.assert_array_equal(data.labels, oracle.target)
    assert data.label_names == tuple(oracle.target_names)
    assert data.feature_names == tuple(oracle.feature_names)


def test_the_bundled_data_are_those_of_their_sources():
    years = datasets.earthquakes().x[:, 0]
    # Zucchini & MacDonald (2009), § 1.1: mean 19.36, variance 51.57
    assert (len(years), round(years.mean(), 2), round(years.var(ddof=1), 2)) == (107, 19.36, 51.57)
    assert datasets.death_notices().x.sum() == 2364
    # Woods, Steinour & Starke: x3 and the heat are complete
    np.testing.assert_allclose(np.nanmean(datasets.cement().x, axis=0)[[2, 4]], [11.769231, 95.423077], atol=5e-7)
    motors = datasets.motorettes()
    assert motors.labels.sum() == 17
    assert not motors.labels[motors.x[:, 0] == 150].any()


def test_remissions_are_those_of_the_literature():
    data = datasets.remissions()
    # 21 and 9 relapses in 182 and 359 weeks, as the books on survival have it
    assert [data.x[data.labels == k].sum(axis=0).tolist() for k in (0, 1)] == [[182, 21], [359, 9]]


def test_role_conflict_is_goodmans_table():
    patterns, students = np.unique(datasets.role_conflict().x, axis=0, return_counts=True)
    assert len(patterns) == 16
    assert students.tolist() == [42, 23, 6, 25, 6, 24, 7, 38, 1, 4, 1, 6, 2, 9, 2, 20]


def test_blobs_have_the_moments_that_were_asked_for():
    weights = np.array([0.2, 0.5, 0.3])
    means = np.array([[0.0, 0.0], [10.0, -3.0], [-5.0, 8.0]])
    covariances = np.array([np.eye(2), [[2.0, 1.2], [1.2, 1.0]], [[0.1, 0.0], [0.0, 4.0]]])
    n = 40_000
    data = datasets.blobs(weights, means, covariances, n, seed=1)
    np.testing.assert_allclose(np.bincount(data.labels) / n, weights, atol=0.01)
    for k in range(3):
        x = data.x[data.labels == k]
        np.testing.assert_allclose(x.mean(axis=0), means[k], atol=0.1)
        np.testing.assert_allclose(np.cov(x.T), covariances[k], atol=0.1)


@simulators
def test_the_seed_decides(simulate):
    first, again, other = simulate(40, seed=7), simulate(40, seed=7), simulate(40, seed=8)
    np.testing.assert_array_equal(first.x, again.x)
    assert not np.array_equal(first.x, other.x)
    assert len(first.x) == 40
    np.testing.assert_array_equal(simulate(40, np.random.default_rng(7)).x, first.x)


def k_means(x, n_starts=20):
    """The best of many k-means++ starts, written out here so that the data are tested alone."""
    rng, best = np.random.default_rng(0), (np.inf, None)
    for _ in range(n_starts):
        first = x[rng.integers(len(x))]
        distances = ((x - first) ** 2).sum(axis=1)
        centres = np.array([first, x[rng.choice(len(x), p=distances / distances.sum())]])
        for _ in range(100):
            distances = ((x[:, None] - centres) ** 2).sum(axis=2)
            labels = distances.argmin(axis=1)
            centres = np.array([x[labels == k].mean(axis=0) for k in range(2)])
        best = min(best, (distances.min(axis=1).sum(), labels.tolist()))
    return np.array(best[1])


@simulators
@pytest.mark.parametrize("n", [150, 600])
def test_k_means_errs_on_every_counter_example(simulate, n):
    data = simulate(n, seed=0)
    known = data.labels < 2
    wrong = np.mean(k_means(data.x)[known] != data.labels[known])
    assert min(wrong, 1 - wrong) > 0.08, f"k-means finds the groups of {simulate.__name__} after all"


@pytest.mark.parametrize("n", [20, 1000])
def test_k_means_spends_a_centre_on_the_outlier(n):
    labels = k_means(datasets.outlier(n, seed=2).x)
    assert (labels == labels[-1]).sum() == 1


def test_the_true_gaussians_tell_unequal_variances_and_sizes_apart():
    """The groups are there to be found: the truth itself errs far less often than k-means does."""
    data = datasets.unequal_variances(2000, seed=0)
    log_ratio = (
        -((data.x - [0, 0]) ** 2).sum(axis=1) / (2 * 0.3**2)
        - 2 * np.log(0.3)
        + ((data.x - [4, 0]) ** 2).sum(axis=1) / (2 * 1.8**2)
        + 2 * np.log(1.8)
    )
    assert np.mean((log_ratio < 0) != data.labels) < 0.02


@simulators
@pytest.mark.parametrize(
    ("n", "seed", "error", "message"),
    [
        (0, 0, ValueError, "n is 0; it must be at least"),
        (2.5, 0, TypeError, "n is 2.5; it must be an integer"),
        (True, 0, TypeError, "n is True; it must be an integer"),
        ("10", 0, TypeError, "n is '10'; it must be an integer"),
        (10, -1, ValueError, "seed is -1; it must be a non-negative integer"),
        (10, None, ValueError, "seed is None; it must be a non-negative integer"),
    ],
)
def test_bad_n_and_seed_are_refused(simulate, n, seed, error, message):
    with pytest.raises(error, match=message):
        simulate(n, seed)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": [0.5, 0.6]}, "weights sum to 1.1; they must sum to 1"),
        ({"weights": [1.0]}, r"weights has shape \(1,\); it needs \(2,\)"),
        ({"means": [0.0, 1.0]}, r"means has shape \(2,\)"),
        ({"covariances": np.eye(2)}, r"covariances has shape \(2, 2\); it needs \(2, 2, 2\)"),
        ({"covariances": [np.eye(2), -np.eye(2)]}, r"covariances\[1\] is not positive definite"),
        ({"covariances": [np.eye(2), [[1.0, 0.5], [0.0, 1.0]]]}, r"covariances\[1\] is not symmetric"),
    ],
)
def test_blobs_refuse_what_is_no_mixture(change, message):
    mixture = {"weights": [0.5, 0.5], "means": np.zeros((2, 2)), "covariances": [np.eye(2)] * 2} | change
    with pytest.raises(ValueError, match=message):
        datasets.blobs(**mixture, n=10, seed=0)


def test_importing_the_data_loads_nothing_heavy():
    heavy = "{'matplotlib', 'ipywidgets', 'IPython', 'scipy', 'pandas', 'sklearn'}"
    code = f"import sys, emlib.datasets; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
