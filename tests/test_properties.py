"""Laws that hold for any small data: shapes, units, permutations, blocks, ascent. Every run tries the same."""

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from models import FAMILIES

import emlib
from emlib import CentreParams, DegenerateError, GaussianMixture, KMeans, Moments, SoftAssignment
from emlib.engine import ROUNDING

pytestmark = pytest.mark.filterwarnings("ignore::emlib.EmptyClusterWarning")
settings.register_profile(
    "course",
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.filter_too_much],
)
settings.load_profile("course")

#: multiples of 1/64, so that shifts by whole numbers and scales by powers of two are exact
coordinates = st.integers(-640, 640).map(lambda i: i / 64)


@st.composite
def data(draw, max_points=24, max_features=3):
    return draw(
        arrays(float, (draw(st.integers(1, max_points)), draw(st.integers(1, max_features))), elements=coordinates)
    )


@st.composite
def problems(draw, kinds=("KMeans", "SoftAssignment", *FAMILIES)):
    """Data, a model with K ≤ the number of distinct points, and a start of its own."""
    x = draw(data())
    n_components = draw(st.integers(1, min(4, len(np.unique(x, axis=0)))))
    kind = draw(st.sampled_from(kinds))
    if kind == "KMeans":
        model = KMeans(n_components)
    elif kind == "SoftAssignment":
        model = SoftAssignment(n_components, stiffness=draw(st.sampled_from([1e-3, 0.3, 1.0, 50.0])))
    else:
        model = GaussianMixture(n_components, kind)
    how = draw(st.sampled_from(["kmeans++", "points", "random"]))
    try:
        return x, model, model.start(x, draw(st.integers(0, 5)), how)
    except DegenerateError:  # too few or too flat for the family
        assume(False)


def run(model, x, params, steps=12):
    """The first snapshots, as far as the data carry the model."""
    snapshots = []
    try:
        for snapshot in emlib.iterate(model, x, params):
            snapshots.append(snapshot)
            if snapshot.iteration == steps:
                break
    except DegenerateError:
        pass
    return snapshots


@given(problems())
def test_shapes_and_finiteness(problem):
    x, model, params = problem
    n, k = len(x), model.n_components
    for snapshot in run(model, x, params):
        r = model.posterior(x, snapshot.params)
        assert r.shape == (n, k)
        np.testing.assert_allclose(r.sum(axis=1), 1, rtol=0, atol=1e-12)
        assert (r >= 0).all()
        assert np.isfinite(snapshot.objective)
        for array, first in zip(snapshot.params, params, strict=True):
            assert array.shape == first.shape
            assert array.dtype == np.float64
            assert np.isfinite(array).all()


@given(problems())
def test_the_objective_never_falls(problem):
    x, model, params = problem
    objectives = np.array([snapshot.objective for snapshot in run(model, x, params, steps=30)])
    unit = model.unit(model.overall(x)) if isinstance(model, KMeans) else len(x)
    assert (np.diff(objectives) >= -ROUNDING * (unit + np.abs(objectives[:-1]))).all()


@given(problems())
def test_centres_stay_within_the_data(problem):
    x, model, params = problem
    slack = 1e-9 * (1 + np.abs(x).max())
    for snapshot in run(model, x, params)[1:]:
        assert (snapshot.params.means >= x.min(axis=0) - slack).all()
        assert (snapshot.params.means <= x.max(axis=0) + slack).all()


@given(problems(), st.integers(1, 23))
def test_statistics_and_objective_of_blocks_add(problem, cut):
    x, model, params = problem
    assume(cut < len(x))
    (a, la), (b, lb), (whole, l_whole) = (model.e_step(piece, params) for piece in (x[:cut], x[cut:], x))
    np.testing.assert_allclose(la + lb, l_whole, rtol=1e-12, atol=1e-12)
    for one, other in ((a, b), (b, a)):
        total = one + other
        np.testing.assert_allclose(total.counts, whole.counts, rtol=1e-12, atol=1e-300)
        np.testing.assert_allclose(total.means, whole.means, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(total.scatters, whole.scatters, rtol=1e-9, atol=1e-9)


@given(problems(), st.randoms(use_true_random=False))
def test_renumbering_the_components_renumbers_everything(problem, random):
    x, model, params = problem
    order = list(range(model.n_components))
    random.shuffle(order)
    if isinstance(model, KMeans):  # the first of equally near centres wins, so a tie does depend on the order
        distances = np.sort(((x[:, None] - params.means) ** 2).sum(axis=2), axis=1)
        assume(model.n_components == 1 or (np.diff(distances[:, :2]) > 1e-9).all())
    permuted = model.permute(params, order)
    np.testing.assert_allclose(model.posterior(x, permuted), model.posterior(x, params)[:, order], atol=1e-12)
    plain, other = model.e_step(x, params), model.e_step(x, permuted)
    np.testing.assert_allclose(other[1], plain[1], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(other[0].counts, plain[0].counts[order], rtol=1e-9, atol=1e-12)
    assert all(np.array_equal(a, b) for a, b in zip(model.permute(permuted, np.argsort(order)), params, strict=True))


@given(problems(), st.randoms(use_true_random=False))
def test_the_order_of_the_points_does_not_matter(problem, random):
    x, model, params = problem
    order = list(range(len(x)))
    random.shuffle(order)
    np.testing.assert_array_equal(model.posterior(x[order], params), model.posterior(x, params)[order])
    (a, la), (b, lb) = model.e_step(x, params), model.e_step(x[order], params)
    np.testing.assert_allclose(la, lb, rtol=1e-12, atol=1e-12)
    for left, right in zip(a, b, strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-9, atol=1e-9)


@given(problems(), st.integers(-40, 40), st.integers(-100, 100))
def test_units_and_offsets(problem, power, shift):
    """x → 2^power (x + shift) is exact in binary, so that the responsibilities stay the same to rounding."""
    x, model, params = problem
    scale = 2.0**power
    y, means = scale * (x + shift), scale * (params.means + shift)
    if isinstance(model, GaussianMixture):
        other, same = model, params._replace(means=means, covariances=params.covariances * scale**2)
        units = -len(x) * x.shape[1] * np.log(scale)
    elif isinstance(model, SoftAssignment):
        other, same = SoftAssignment(model.n_components, stiffness=model.stiffness / scale**2), CentreParams(means)
        units = -len(x) * x.shape[1] * np.log(scale)
    else:
        other, same, units = model, CentreParams(means), 0.0
    factor = scale**2 if isinstance(model, KMeans) else 1.0
    r = model.posterior(x, params)
    np.testing.assert_allclose(other.posterior(y, same), r, atol=1e-9)
    np.testing.assert_allclose(
        other.e_step(y, same)[1], factor * model.e_step(x, params)[1] + units, rtol=1e-9, atol=1e-9 * factor
    )


@given(problems())
def test_free_coordinates_lead_back(problem):
    _, model, params = problem
    vector = model.free(params)
    assert vector.ndim == 1
    for again, value in zip(model.from_free(vector, params), params, strict=True):
        np.testing.assert_allclose(again, value, rtol=1e-9, atol=1e-12 * (1 + np.abs(value).max()))


@given(problems(kinds=("SoftAssignment", *FAMILIES)))
def test_the_bound_touches_at_theta_and_lies_below_at_the_next(problem):
    x, model, params = problem
    statistics, objective = model.e_step(x, params)
    r = model.posterior(x, params)
    entropy = -(r[r > 0] * np.log(r[r > 0])).sum()
    slack = 1e-9 * (len(x) + abs(objective))
    assert abs(model.q(params, statistics) + entropy - objective) <= slack
    try:
        after = model.m_step(statistics)
        reached = model.e_step(x, after)[1]
    except DegenerateError:
        assume(False)
    assert model.q(after, statistics) >= model.q(params, statistics) - slack
    assert model.q(after, statistics) + entropy <= reached + 1e-9 * (len(x) + abs(reached))


@given(data(), st.integers(1, 4), st.integers(0, 3))
def test_moments_are_weighted_counts_means_and_scatters(x, n_components, seed):
    rng = np.random.default_rng(seed)
    r = rng.dirichlet(np.ones(n_components), size=len(x))
    reference = 10 * rng.standard_normal((n_components, x.shape[1]))
    moments = Moments.of(x, r, reference, full=True)
    np.testing.assert_allclose(moments.counts, r.sum(axis=0), rtol=1e-12)
    means = (r.T @ x) / moments.counts[:, None]
    np.testing.assert_allclose(moments.means, means, rtol=1e-9, atol=1e-9)
    for k in range(n_components):
        np.testing.assert_allclose(moments.scatters[k], ((x - means[k]).T * r[:, k]) @ (x - means[k]), atol=1e-9)
    np.testing.assert_allclose(
        Moments.of(x, r, reference, full=False).scatters, np.diagonal(moments.scatters, axis1=1, axis2=2), atol=1e-9
    )


@given(arrays(float, st.tuples(st.integers(1, 5), st.integers(1, 5)), elements=st.floats(-1e8, 1e8)))
def test_log_sum_exp_lies_between_the_largest_and_the_largest_plus_log_k(a):
    total = emlib.log_sum_exp(a)
    assert (total >= a.max(axis=1)).all()
    assert (total <= a.max(axis=1) + np.log(a.shape[1]) + 1e-7).all()
    np.testing.assert_allclose(total, np.logaddexp.reduce(a, axis=1), rtol=1e-14, atol=1e-14)
