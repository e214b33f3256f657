"""Right where numbers are hard: units, offsets, narrow clusters, tiny weights, far points, many points, few points."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from models import DATA, FAMILIES, mixture_data, models

import emlib
from emlib import CentreParams, GaussianMixture, GaussianMixtureParams, KMeans, SoftAssignment, starts

families = pytest.mark.parametrize("family", FAMILIES)
CLUSTERS = mixture_data(150, [[0, 0, 0], [4, 1, 0], [1, 5, 2]], [[1, 0.6, 1], [0.8, 1, 0.5], [1, 1, 1]], seed=21)


def mapped(params, matrix, shift, family):
    """The parameters of the data x·matrixᵀ + shift."""
    covariances = params.covariances
    if family in ("full", "tied"):
        covariances = matrix @ covariances @ matrix.T
    else:
        covariances = covariances * (np.diag(matrix) ** 2 if family == "diag" else matrix[0, 0] ** 2)
    return GaussianMixtureParams(params.weights, params.means @ matrix.T + shift, covariances)


SHEAR = np.array([[1.0, 0.5, -0.3], [0.0, 2.0, 0.7], [0.0, 0.0, 0.4]])
MAPS = [
    ("full", np.diag([1e-8, 1.0, 1e8]), 0.0),
    ("full", np.diag([1e8, 1e-8, 3.0]), 0.0),
    ("full", SHEAR, [1.0, -2.0, 30.0]),
    ("full", np.diag([1e-8, 1.0, 1e8]) @ SHEAR, 0.0),
    ("tied", np.diag([1e-8, 1.0, 1e8]), 0.0),
    ("tied", np.diag([1e-8, 1.0, 1e8]) @ SHEAR, 0.0),
    ("diag", np.diag([1e-8, 1.0, 1e8]), [1e-7, 5.0, -1e9]),
    ("spherical", 1e-8 * np.eye(3), 0.0),
    ("spherical", 1e8 * np.eye(3), [1e8, 3e8, 0.0]),
]


@pytest.mark.parametrize(("family", "matrix", "shift"), MAPS, ids=lambda value: value if isinstance(value, str) else "")
def test_changing_the_units_of_the_data_changes_the_units_of_the_fit_and_nothing_else(family, matrix, shift):
    model = GaussianMixture(3, family)
    start = model.start(CLUSTERS, 1)
    plain = emlib.fit(model, CLUSTERS, start)
    other = emlib.fit(model, CLUSTERS @ matrix.T + shift, mapped(start, matrix, shift, family))
    assert other.iterations == plain.iterations
    units = len(CLUSTERS) * np.log(np.abs(np.linalg.det(matrix)))
    np.testing.assert_allclose(other.objectives, plain.objectives - units, rtol=1e-10)
    spread = np.sqrt(np.diag(matrix @ np.cov(CLUSTERS.T) @ matrix.T))
    expected = mapped(plain.params, matrix, shift, family)
    np.testing.assert_allclose(other.params.weights, expected.weights, rtol=1e-8)
    np.testing.assert_allclose(other.params.means / spread, expected.means / spread, rtol=0, atol=1e-7)
    scale = {"diag": spread**2, "spherical": spread[0] ** 2}.get(family, np.outer(spread, spread))
    np.testing.assert_allclose(other.params.covariances / scale, expected.covariances / scale, rtol=0, atol=1e-7)


@families
def test_the_default_start_follows_the_units(family):
    model, scale = GaussianMixture(2, family), 2.0**-27  # a power of two, so that nothing is rounded
    a, b = model.start(CLUSTERS, 5), model.start(CLUSTERS * scale, 5)
    np.testing.assert_array_equal(b.means, a.means * scale)
    np.testing.assert_allclose(b.covariances, a.covariances * scale**2, rtol=1e-15)


@pytest.mark.parametrize("scale", [1e-8, 1e8, 1e-100, 1e100])
def test_k_means_and_soft_assignment_follow_the_units(scale):
    for model, other in (
        (KMeans(3), KMeans(3)),
        (SoftAssignment(3, stiffness=0.5), SoftAssignment(3, stiffness=0.5 / scale**2)),
        (SoftAssignment(3, "distance"), SoftAssignment(3, "distance", stiffness=1 / scale**2)),
        (SoftAssignment(3, "inverse_distance"), SoftAssignment(3, "inverse_distance", stiffness=1 / scale**2)),
    ):
        start = CentreParams(CLUSTERS[[0, 1, 2]])
        steps = zip(
            itertools.islice(emlib.iterate(model, CLUSTERS, start), 20),
            itertools.islice(emlib.iterate(other, CLUSTERS * scale, CentreParams(start.means * scale)), 20),
            strict=True,
        )
        for plain, scaled in steps:
            np.testing.assert_allclose(scaled.params.means, plain.params.means * scale, rtol=1e-9, atol=1e-9 * scale)
    x = CLUSTERS * scale
    assert emlib.fit(KMeans(3), x, CentreParams(x[:3])).iterations == emlib.fit(KMeans(3), CLUSTERS, start).iterations


# An offset of 1e6 with a spread of 0.01.

GRID = np.round(0.01 * CLUSTERS * 2**30) / 2**30  # adding 1e6 to these rounds nothing
OFFSET = 1e6


def exact_moments(x, r, family):
    """Weights, means and covariances of the M-step in exact rational arithmetic."""
    x = [[Fraction(float(v)) for v in row] for row in x]
    r = [[Fraction(float(v)) for v in row] for row in r]
    d, k_all = range(len(x[0])), range(len(r[0]))
    counts = [sum(row[k] for row in r) for k in k_all]
    means = [[sum(w[k] * p[i] for w, p in zip(r, x, strict=True)) / counts[k] for i in d] for k in k_all]
    scatters = [
        [
            [
                sum(w[k] * (p[i] - means[k][i]) * (p[j] - means[k][j]) for w, p in zip(r, x, strict=True))
                if family in ("full", "tied") or i == j
                else 0
                for j in d
            ]
            for i in d
        ]
        for k in k_all
    ]
    exact = {
        "full": lambda: [[[s / counts[k] for s in row] for row in scatters[k]] for k in k_all],
        "tied": lambda: [[sum(scatters[k][i][j] for k in k_all) / sum(counts) for j in d] for i in d],
        "diag": lambda: [[scatters[k][i][i] / counts[k] for i in d] for k in k_all],
        "spherical": lambda: [sum(scatters[k][i][i] for i in d) / counts[k] / len(d) for k in k_all],
    }[family]()
    return [np.array(value, dtype=float) for value in ([c / sum(counts) for c in counts], means, exact)]


def a_step_is_exact(model, x, params, rtol=1e-12):
    weights, means, covariances = exact_moments(x, model.posterior(x, params), model.covariance_type)
    after = model.m_step(model.e_step(x, params)[0])
    np.testing.assert_allclose(after.weights, weights, rtol=1e-14)
    np.testing.assert_allclose(after.means, means, rtol=4e-15, atol=1e-14 * np.ptp(x, axis=0).max())
    scale = np.abs(covariances).max()
    np.testing.assert_allclose(after.covariances, covariances, rtol=rtol, atol=rtol * scale)


@families
@pytest.mark.parametrize("off", [0.0, 0.005, 0.3, 1e3, 1e6], ids="start off by {}".format)
def test_a_step_at_a_large_offset_is_exact(family, off):
    model, x = GaussianMixture(2, family), GRID[:60] + OFFSET
    start = model.start(x, 0)
    covariances = start.covariances * (1 + 1e6 * off) ** 2  # wide enough for both components to see the points
    a_step_is_exact(model, x, start._replace(means=start.means - off, covariances=covariances))


@families
def test_a_whole_fit_at_a_large_offset_is_the_fit_without_it(family):
    model = GaussianMixture(3, family)
    start = model.start(GRID, 3)
    near = emlib.fit(model, GRID, start)
    far = emlib.fit(model, GRID + OFFSET, start._replace(means=start.means + OFFSET))
    assert far.iterations == near.iterations
    # a mean near 1e6 is known to 1e-10, that is to 1e-8 of the spread
    np.testing.assert_allclose(far.objectives, near.objectives, rtol=1e-9)
    np.testing.assert_allclose(far.params.means - OFFSET, near.params.means, rtol=0, atol=1e-9)
    np.testing.assert_allclose(far.params.weights, near.params.weights, rtol=1e-6)
    np.testing.assert_allclose(far.params.covariances, near.params.covariances, rtol=1e-6, atol=1e-11)


def test_k_means_at_a_large_offset_is_k_means_without_it():
    model = KMeans(3)
    start = model.start(GRID, 3)
    near = emlib.fit(model, GRID, start)
    far = emlib.fit(model, GRID + OFFSET, CentreParams(start.means + OFFSET))
    assert far.iterations == near.iterations
    np.testing.assert_allclose(far.objectives, near.objectives, rtol=1e-7)
    np.testing.assert_allclose(far.params.means - OFFSET, near.params.means, rtol=0, atol=1e-9)


@families
def test_q_at_a_large_offset_is_exact_near_the_reference(family):
    model = GaussianMixture(2, family)
    start, other = model.start(GRID, 0), model.start(GRID, 1)
    start = start._replace(means=np.round(start.means * 2**30) / 2**30)
    other = other._replace(means=np.round(other.means * 2**30) / 2**30, weights=np.array([0.3, 0.7]))
    near, _ = model.e_step(GRID, start)
    far, _ = model.e_step(GRID + OFFSET, start._replace(means=start.means + OFFSET))
    for params in (start, other):
        assert model.q(params._replace(means=params.means + OFFSET), far) == pytest.approx(
            model.q(params, near), rel=1e-12
        )


# Narrow clusters against a wide spread.


@pytest.mark.parametrize("family", ["full", "diag", "spherical"])
@pytest.mark.parametrize("width", [1e-3, 1e-5, 1e-6])
@pytest.mark.parametrize("offset", [0.0, 1e3])
def test_narrow_clusters_keep_their_digits(family, width, offset):
    rng = np.random.default_rng(8)
    pieces = [m + offset + width * rng.standard_normal((n, 2)) for n, m in ((40, 0.0), (25, np.array([1.0, -1.0])))]
    x, model = np.vstack(pieces), GaussianMixture(2, family)
    start = model.start(x, 0)._replace(means=np.array([[0.3, 0.0], [0.7, -1.0]]) + offset)
    a_step_is_exact(model, x, start)
    trace = emlib.fit(model, x, start)
    # the clusters do not touch, so each component is its own cluster's mean and covariance
    weights, means, covariances = exact_moments(x, np.repeat(np.eye(2), [40, 25], axis=0), family)
    np.testing.assert_allclose(trace.params.weights, weights, rtol=1e-12)
    np.testing.assert_allclose(trace.params.means, means, rtol=1e-14)
    np.testing.assert_allclose(trace.params.covariances, covariances, rtol=1e-9, atol=1e-10 * width**2)


def test_a_narrow_component_within_a_wide_one_is_found_at_any_narrowness():
    rng = np.random.default_rng(3)
    wide, narrow = rng.standard_normal((300, 1)), rng.standard_normal((200, 1))
    for width in (1e-2, 1e-4, 1e-6):
        x = np.vstack([wide, 0.5 + width * narrow])
        start = GaussianMixtureParams(
            np.array([0.5, 0.5]), np.array([[0.0], [0.5]]), np.array([[[1.0]], [[4 * width**2]]])
        )
        fitted = emlib.fit(GaussianMixture(2), x, start).params
        assert fitted.weights[1] == pytest.approx(0.4, abs=0.02)
        assert np.sqrt(fitted.covariances[1, 0, 0]) == pytest.approx(width * narrow.std(), rel=0.05)


# Tiny weights.


@pytest.mark.parametrize("weight", [1e-6, 1e-12, 1e-100, 1e-300, 0.0])
def test_responsibilities_of_a_component_with_a_tiny_weight(weight):
    model = GaussianMixture(2, "diag")
    params = GaussianMixtureParams(np.array([1 - weight, weight]), np.array([[0.0], [3.0]]), np.array([[1.0], [0.5]]))
    x = np.linspace(-5, 30, 50)[:, None]
    log_odds = np.log(np.longdouble(weight) if weight else np.longdouble(0.5)) - np.log1p(-np.longdouble(weight))
    log_odds = log_odds - np.log(np.longdouble(0.5)) / 2 - (x[:, 0] - 3.0) ** 2 + x[:, 0] ** 2 / 2
    expected = 1 / (1 + np.exp(-log_odds)) if weight else np.zeros(50)
    np.testing.assert_allclose(model.posterior(x, params)[:, 1], expected.astype(float), rtol=1e-11)
    assert np.isfinite(model.score_samples(x, params)).all()


def test_one_point_in_a_million_has_the_weight_of_one_in_a_million():
    x = np.concatenate([np.random.default_rng(0).standard_normal(999_999), [50.0]])[:, None]
    model = GaussianMixture(2, "tied")
    trace = emlib.fit(model, x, model.start(x[-1000:], 0)._replace(means=np.array([[0.0], [49.0]])))
    assert trace.converged
    assert trace.params.weights[1] == pytest.approx(1e-6, rel=1e-9)
    assert trace.params.means[1, 0] == pytest.approx(50.0, rel=1e-12)
    assert trace.params.covariances[0, 0] == pytest.approx(x[:-1].var() * (1 - 1e-6), rel=1e-9)


# Far points.


@families
@pytest.mark.parametrize("far", [1e3, 1e6, 1e9, 1e12, 1e100])
def test_far_points_have_finite_densities_and_responsibilities_that_sum_to_one(family, far):
    params = GaussianMixture(3, family).start(CLUSTERS, 0)
    model = GaussianMixture(3, family)
    x = np.vstack([CLUSTERS[:3], far * np.array([[1.0, 0, 0], [0, -1, 0], [1, 1, 1], [-1, 2, 0.5]])])
    r, log_density = model.posterior(x, params), model.score_samples(x, params)
    assert np.isfinite(r).all()
    np.testing.assert_allclose(r.sum(axis=1), 1, rtol=0, atol=4e-16)
    assert np.isfinite(log_density).all()
    inverse = np.linalg.inv(model.full_covariances(params))
    d = x[:, None] - params.means
    leading = -np.einsum("nki,kij,nkj->nk", d, inverse, d).min(axis=1, initial=np.inf) / 2
    np.testing.assert_allclose(log_density[3:], leading[3:], rtol=1e-4)
    statistics, objective = model.e_step(x, params)
    assert np.isfinite(objective)
    assert np.isfinite(statistics.scatters).all()


def test_a_far_point_midway_between_equals_belongs_to_them_equally():
    params = GaussianMixtureParams(np.array([0.5, 0.5]), np.array([[0.0, 0.0], [1.0, 0.0]]), np.eye(2))
    r = GaussianMixture(2, "tied").posterior([[0.5, 1e7], [0.5, -1e12]], params)
    np.testing.assert_array_equal(r, np.full((2, 2), 0.5))
    soft = SoftAssignment(2, stiffness=1e18).posterior([[0.5, 1e7]], CentreParams(params.means))
    np.testing.assert_array_equal(soft, [[0.5, 0.5]])


def test_any_stiffness_tells_far_centres_apart():
    model, far = SoftAssignment(2, stiffness=1e300), CentreParams(np.array([[-1e10], [2e10]]))
    np.testing.assert_array_equal(model.posterior([[0.0], [1e10], [5e9]], far), [[1, 0], [0, 1], [0.5, 0.5]])


def test_a_point_whose_log_density_overflows_is_refused_by_position():
    params = GaussianMixtureParams(np.ones(1), np.zeros((1, 2)), np.full((1, 2), 1e-20))
    for function in ("posterior", "e_step", "score_samples"):
        with pytest.raises(ValueError, match=r"x\[1\] lies so far from every component"):
            getattr(GaussianMixture(1, "diag"), function)([[0, 0], [1e149, 0]], params)
    with pytest.raises(ValueError, match=r"x\[0\] lies so far from every component"):
        SoftAssignment(1, stiffness=1e200).score_samples([[1e100]], CentreParams([[0.0]]))


def test_log_sum_exp_against_exact_numbers():
    rows = np.array([[0.0, 0.0], [-1e6, -1e6], [1e6, 0.0], [-np.inf, 3.0], [-np.inf, -np.inf], [-745.2, -800.0]])
    expected = [np.log(2), -1e6 + np.log(2), 1e6, 3.0, -np.inf, -745.2]
    np.testing.assert_allclose(emlib.log_sum_exp(rows), expected, rtol=1e-15)
    np.testing.assert_allclose(emlib.log_sum_exp(rows.reshape(2, 3, 2)), np.reshape(expected, (2, 3)), rtol=1e-15)
    assert emlib.log_sum_exp([0, 0, 0]) == pytest.approx(np.log(3))


# Many points, few points.


@families
def test_a_hundred_thousand_points_give_the_truth_back(family):
    truth = GaussianMixtureParams(
        np.array([0.7, 0.3]),
        np.array([[0.0, 0.0], [5.0, 3.0]]),
        {
            "full": np.array([[[1.0, 0.5], [0.5, 1.0]], [[2.0, -0.3], [-0.3, 0.5]]]),
            "tied": np.array([[1.0, 0.5], [0.5, 1.0]]),
            "diag": np.array([[1.0, 2.0], [0.5, 1.0]]),
            "spherical": np.array([1.0, 2.0]),
        }[family],
    )
    model = GaussianMixture(2, family)
    x, _ = model.sample(truth, 100_000, 4)
    trace = emlib.fit(model, x, model.start(x, 0)._replace(means=np.array([[1.0, 1.0], [4.0, 2.0]])))
    for found, true in zip(trace.params, truth, strict=True):
        np.testing.assert_allclose(found, true, rtol=0, atol=0.03)


def test_one_point_one_centre():
    for model in (KMeans(1), SoftAssignment(1)):
        trace = emlib.fit(model, [[3.0, 4.0]], model.start([[3.0, 4.0]], 0))
        assert trace.converged
        np.testing.assert_array_equal(trace.params.means, [[3.0, 4.0]])
    assert emlib.fit(KMeans(1), [[3.0, 4.0]], CentreParams([[0.0, 0.0]])).objective == 0


def test_as_many_centres_as_points():
    x = CLUSTERS[:6]
    trace = emlib.fit(KMeans(6), x, KMeans(6).start(x, 0))
    assert trace.objective == 0
    assert {tuple(m) for m in trace.params.means} == {tuple(p) for p in x}


@families
def test_twenty_features(family):
    x = mixture_data(300, np.eye(2, 20) * 8, np.ones((2, 20)), seed=6)
    model = GaussianMixture(2, family)
    start = model.start(x, 0)
    trace = emlib.fit(model, x, start._replace(means=8 * np.eye(2, 20), covariances=start.covariances / 4))
    assert trace.converged
    np.testing.assert_allclose(trace.params.weights, [0.5, 0.5], atol=1e-6)
    np.testing.assert_allclose(trace.params.means, [x[::2].mean(axis=0), x[1::2].mean(axis=0)], atol=1e-6)


@pytest.mark.parametrize("model", models(2, CLUSTERS), ids=str)
def test_every_point_three_times_is_the_same_fit(model):
    start = model.start(CLUSTERS, 2)
    once, thrice = emlib.fit(model, CLUSTERS, start), emlib.fit(model, np.repeat(CLUSTERS, 3, axis=0), start)
    assert once.iterations == thrice.iterations
    np.testing.assert_allclose(thrice.objectives, 3 * once.objectives, rtol=1e-12)
    for a, b in zip(once.params, thrice.params, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("model", models(3, CLUSTERS), ids=str)
def test_the_order_of_the_points_does_not_matter(model):
    start = model.start(CLUSTERS, 2)
    shuffled = np.random.default_rng(0).permutation(CLUSTERS)
    a, b = emlib.fit(model, CLUSTERS, start), emlib.fit(model, shuffled, start)
    assert a.iterations == b.iterations
    np.testing.assert_allclose(a.objectives, b.objectives, rtol=1e-12)
    for left, right in zip(a.params, b.params, strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("model", models(3, CLUSTERS), ids=str)
def test_the_order_of_the_components_does_not_matter(model):
    start, order = model.start(CLUSTERS, 2), [2, 0, 1]
    a, b = emlib.fit(model, CLUSTERS, start), emlib.fit(model, CLUSTERS, model.permute(start, order))
    assert a.iterations == b.iterations
    for left, right in zip(model.permute(a.params, order), b.params, strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-8, atol=1e-10)


# Kinds of input: the numbers count, not how they are stored.

WHOLE = np.round(CLUSTERS[:, :2] * 4)


class Frame:
    """What a pandas DataFrame looks like to numpy."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype=dtype)

    def __len__(self):
        return len(self.values)


def read_only(x):
    x = x.copy()
    x.flags.writeable = False
    return x


def object_array(x):
    return x.astype(object)


KINDS = {
    "float32": lambda x: x.astype(np.float32),
    "float16": lambda x: x.astype(np.float16),
    "int64": lambda x: x.astype(np.int64),
    "int8": lambda x: x.astype(np.int8),
    "longdouble": lambda x: x.astype(np.longdouble),
    "big-endian": lambda x: x.astype(">f8"),
    "Fortran order": np.asfortranarray,
    "strided": lambda x: np.repeat(np.repeat(x, 2, axis=0), 3, axis=1)[::2, ::3],
    "reversed view": lambda x: x[::-1].copy()[::-1],
    "read-only": read_only,
    "list": lambda x: x.tolist(),
    "tuple of lists of ints": lambda x: tuple([int(v) for v in row] for row in x),
    "objects": object_array,
    "data frame": Frame,
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("model", models(2, WHOLE), ids=str)
def test_every_kind_of_input_gives_the_float64_answer_bit_for_bit(kind, model):
    same = KINDS[kind](WHOLE)
    start = model.start(WHOLE, 1)
    expected, got = emlib.fit(model, WHOLE, start), emlib.fit(model, same, start)
    np.testing.assert_array_equal(got.objectives, expected.objectives)
    for a, b in zip(got.params, expected.params, strict=True):
        np.testing.assert_array_equal(a, b)
        assert b.dtype == np.float64
    for a, b in zip(model.start(same, 1), start, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(model.posterior(same, start), model.posterior(WHOLE, start))
    np.testing.assert_array_equal(np.asarray(same, dtype=float), WHOLE)  # and the input is what it was


def test_bools_are_zeros_and_ones():
    x = WHOLE.astype(int) % 2 == 0
    start = CentreParams(np.array([[0.1, 0.2], [0.8, 0.9]]))
    a, b = emlib.fit(KMeans(2), x, start), emlib.fit(KMeans(2), x.astype(float), start)
    np.testing.assert_array_equal(a.params.means, b.params.means)


@pytest.mark.parametrize("kind", ["float32", "Fortran order", "strided", "read-only", "list"])
@pytest.mark.parametrize("model", models(2, WHOLE), ids=str)
def test_every_kind_of_parameters_gives_the_float64_answer_bit_for_bit(kind, model):
    start = type(model.start(WHOLE, 0))(*(a.astype(np.float32).astype(float) for a in model.start(WHOLE, 0)))
    if hasattr(start, "weights"):
        start = start._replace(weights=np.array([0.25, 0.75]))
    convert = KINDS[kind] if kind != "strided" else lambda a: np.repeat(a, 2, axis=0)[::2]
    before = [a.copy() for a in start]
    same = type(start)(*map(convert, start))
    expected, got = emlib.fit(model, WHOLE, start), emlib.fit(model, WHOLE, same)
    for a, b in zip(got.params, expected.params, strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(same, before, strict=True):
        np.testing.assert_array_equal(np.asarray(a, dtype=float), b)


@pytest.mark.parametrize("model", models(2, WHOLE), ids=str)
def test_nothing_is_written_to(model):
    """Read-only arrays everywhere: a write would raise."""
    x = read_only(WHOLE)
    params = type(model.start(x, 0))(*map(read_only, model.start(x, 0)))
    statistics, _ = model.e_step(x, params)
    statistics = type(statistics)(*map(read_only, statistics))
    model.posterior(x, params)
    model.q(params, statistics)
    model.m_step(statistics)
    model.q(params, statistics + statistics)
    model.sample(params, 5, 0)
    model.from_free(read_only(model.free(params)), params)
    model.permute(params, [1, 0])


# Starts.


@pytest.mark.parametrize("how", starts.RECIPES)
def test_a_start_is_determined_by_its_seed(how):
    x = DATA["faithful"]
    a, b, c = (starts.centres(x, 4, seed, how) for seed in (3, 3, 4))
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)
    np.testing.assert_array_equal(starts.centres(x, 4, np.random.default_rng(3), how), a)


@pytest.mark.parametrize("how", ["points", "kmeans++"])
def test_centres_are_distinct_points_of_the_data(how):
    x = np.repeat(DATA["faithful"][:8], 5, axis=0)
    for seed in range(20):
        centres = starts.centres(x, 8, seed, how)
        assert len(np.unique(centres, axis=0)) == 8
        assert {tuple(c) for c in centres} <= {tuple(p) for p in x}


def test_random_centres_lie_in_the_box_of_the_data():
    x = DATA["iris"]
    centres = starts.centres(x, 5, 0, "random")
    assert (centres >= x.min(axis=0)).all()
    assert (centres <= x.max(axis=0)).all()


def test_points_draws_every_set_equally_often():
    x = np.arange(4.0)[:, None]
    drawn = [tuple(sorted(starts.points(x, 2, np.random.default_rng(seed))[:, 0])) for seed in range(1200)]
    counts = [drawn.count(pair) for pair in itertools.combinations(range(4), 2)]
    assert sum(counts) == 1200
    assert max(abs(c - 200) for c in counts) < 5 * np.sqrt(200 * 5 / 6)


def test_kmeans_plus_plus_draws_in_proportion_to_the_squared_distance():
    x = np.array([[0.0], [1.0], [3.0]])
    drawn = [tuple(starts.kmeans_plusplus(x, 2, np.random.default_rng(seed))[:, 0]) for seed in range(3000)]
    # given 0, the squared distances are 1 and 9; given 1, they are 1 and 4; given 3, they are 9 and 4
    for pair, p in {(0, 1): 0.1, (0, 3): 0.9, (1, 0): 0.2, (1, 3): 0.8, (3, 0): 9 / 13, (3, 1): 4 / 13}.items():
        n = 1000 * p
        assert abs(drawn.count(pair) - n) < 5 * np.sqrt(n * (1 - p / 3)), pair


def test_kmeans_plus_plus_finds_clusters_that_are_far_apart():
    x = mixture_data(300, [[0, 0], [1e4, 0], [0, 1e4]], np.ones((3, 2)), seed=0)
    for seed in range(20):
        centres = starts.kmeans_plusplus(x, 3, np.random.default_rng(seed))
        assert len(np.unique((centres > 5e3) @ [1, 2])) == 3


def test_kmeans_plus_plus_where_squared_distances_underflow():
    x = np.array([[0.0], [1e-200], [1.0], [2e-200]])
    for seed in range(10):
        centres = starts.centres(x, 4, seed)
        np.testing.assert_array_equal(np.sort(centres[:, 0]), [0.0, 1e-200, 2e-200, 1.0])
