"""The quick E-step is the exact one, wherever it is used; and runs side by side are the runs alone."""

import gc
import re
import tracemalloc
import warnings
import weakref
from typing import NamedTuple

import numpy as np
import pytest
from models import FAMILIES, mixture_data
from threadpoolctl import threadpool_info, threadpool_limits

import emlib
from emlib import GaussianMixture, GaussianMixtureParams, blocks, side_by_side
from emlib.blocks import Table
from emlib.models import gaussian_sums
from emlib.numerics import condition

families = pytest.mark.parametrize("family", FAMILIES)


def of_family(covariances, family):
    """K matrices as the family has them."""
    if family == "full":
        return covariances
    if family == "tied":
        return covariances[0]
    variances = np.diagonal(covariances, axis1=1, axis2=2)
    return variances.copy() if family == "diag" else variances[:, 0].copy()


def quick(model, x, params):
    return gaussian_sums.e_step(Table.of(x), *model.checked(params), model.covariance_type)


def in_long_doubles(model, x, params):
    """The E-step with some 19 digits: counts, means, scatters (as the family sums them up) and ℓ."""
    x = np.asarray(x, np.longdouble)
    means, weights = (np.asarray(values, np.longdouble) for values in (params.means, params.weights))
    n, d = x.shape
    log_joint = np.full((n, len(means)), -np.inf, np.longdouble)
    for k, covariance in enumerate(np.asarray(model.full_covariances(params), np.longdouble)):
        factor, white = np.zeros((d, d), np.longdouble), np.zeros((n, d), np.longdouble)
        for i in range(d):
            for j in range(i + 1):
                rest = covariance[i, j] - factor[i, :j] @ factor[j, :j]
                factor[i, j] = np.sqrt(rest) if i == j else rest / factor[j, j]
            white[:, i] = (x[:, i] - means[k, i] - white[:, :i] @ factor[i, :i]) / factor[i, i]
        if weights[k] > 0:
            log_joint[:, k] = np.log(weights[k]) - (white**2).sum(axis=1) / 2 - np.log(np.diagonal(factor)).sum()
    log_joint -= d * np.log(2 * np.longdouble(np.pi)) / 2
    largest = log_joint.max(axis=1, keepdims=True)
    r = np.exp(log_joint - largest)
    total = r.sum(axis=1, keepdims=True)
    r /= total
    counts, scatters, centres = r.sum(axis=0), [], []
    for k in range(len(means)):
        centre = means[k] + (r[:, k] @ (x - means[k]) / counts[k] if counts[k] > 0 else 0)
        scatters.append(((x - centre) * r[:, [k]]).T @ (x - centre))
        centres.append(centre)
    scatters = np.array(scatters)
    if model.covariance_type == "tied":
        scatters = scatters.sum(axis=0, keepdims=True)
    elif model.covariance_type != "full":
        scatters = np.diagonal(scatters, axis1=1, axis2=2)
        if model.covariance_type == "spherical":
            scatters = scatters.sum(axis=1, keepdims=True)
    return counts, np.array(centres), scatters, (largest + np.log(total)).sum()


def is_exact(model, x, params, moments, log_likelihood, tol):
    """Compare with long doubles: means in the scatters' standard deviations, scatters in every direction."""
    counts, means, scatters, expected = in_long_doubles(model, x, params)
    np.testing.assert_allclose(moments.counts, counts.astype(float), rtol=tol, atol=1e-300)
    assert abs(log_likelihood - expected) <= tol * (len(x) + abs(expected))
    assert moments.scatters.shape == scatters.shape
    off = np.asarray(moments.shifts - (means - params.means), float)
    for k, (found, true) in enumerate(zip(moments.scatters, scatters, strict=True)):
        if counts[k] == 0:
            continue
        error = np.asarray(found - true, float)
        if true.ndim == 2:
            scale = np.sqrt(np.diagonal(true)).astype(float)
            whiten = np.linalg.inv(np.linalg.cholesky(np.asarray(true, float) / np.outer(scale, scale)))
            # to write it down as a matrix costs digits already
            written = 1e-15 * np.linalg.norm(whiten) ** 2
            assert np.abs(whiten @ (error / np.outer(scale, scale)) @ whiten.T).max() <= tol + written
        else:
            assert np.abs(error / true.astype(float)).max() <= tol
        variance = np.asarray(np.diagonal(true) if true.ndim == 2 else true, float) / float(counts[k])
        # a mean is rounded like the data
        assert (np.abs(off[k]) <= tol * np.sqrt(variance) + 4e-16 * np.abs(params.means[k])).all()


def clusters(width, offset=0.0, n=60, tilt=0.6):
    """Three tilted clusters, `width` wide, at distances of about 1, and parameters near them."""
    rng = np.random.default_rng(5)
    centres = offset + np.array([[0.0, 0.0], [1.0, 0.3], [0.2, 1.0]])
    shape = np.array([[1.0, 0.0], [tilt, 0.8]])
    x = centres[np.arange(n) % 3] + width * rng.standard_normal((n, 2)) @ shape.T
    means = centres + 0.2 * width * rng.standard_normal((3, 2))
    covariances = width**2 * np.array([shape @ shape.T * factor for factor in (1.0, 1.5, 0.7)])
    return x, np.array([0.3, 0.3, 0.4]), means, covariances


WIDTHS = [1.0, 0.1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-8, 1e-10, 1e-12]


@families
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("unit", [1.0, 1e-8, 1e8])
def test_an_e_step_is_exact_however_narrow_the_clusters(family, width, unit):
    x, weights, means, covariances = clusters(width)
    params = GaussianMixtureParams(weights, means * unit, of_family(covariances * unit**2, family))
    model = GaussianMixture(3, family)
    is_exact(model, x * unit, params, *model.e_step(x * unit, params), tol=1e-10)
    assert quick(model, x * unit, params).sound == (width > 1e-2) or width == 1e-2


@families
@pytest.mark.parametrize("width", [1.0, 0.3, 0.1, 0.03])
def test_both_ways_are_exact_where_both_may_be_used(family, width):
    x, weights, means, covariances = clusters(width)
    model, params = GaussianMixture(3, family), GaussianMixtureParams(weights, means, of_family(covariances, family))
    found = quick(model, x, params)
    assert found.sound
    is_exact(model, x, params, found.moments, found.log_likelihood, tol=1e-12)
    is_exact(model, x, params, *model._exact_e_step(x, params), tol=1e-12)


@families
def test_a_large_offset_costs_the_quick_way_nothing(family):
    x, weights, means, covariances = clusters(0.2)
    x = np.round((x * 0.02 - 0.01) * 2**30) / 2**30 + 1e6
    means, covariances = means * 0.02 - 0.01 + 1e6, covariances * 0.02**2
    model, params = GaussianMixture(3, family), GaussianMixtureParams(weights, means, of_family(covariances, family))
    assert quick(model, x, params).sound
    is_exact(model, x, params, *model.e_step(x, params), tol=1e-11)


@families
def test_an_outlier_at_a_million_standard_deviations(family):
    x, weights, means, covariances = clusters(0.1, n=90)
    x[17] = [1e5, -2e5]
    model, params = GaussianMixture(3, family), GaussianMixtureParams(weights, means, of_family(covariances, family))
    assert not quick(model, x, params).sound
    is_exact(model, x, params, *model.e_step(x, params), tol=1e-10)


@families
def test_the_way_is_chosen_by_the_scatter_that_is_found_as_well(family):
    """Wide components that the data make narrow: the densities are good, and the products would lose digits."""
    rng = np.random.default_rng(2)
    x = np.repeat([[0.0, 0.0], [1e3, 0.0]], 40, axis=0) + 1e-3 * rng.standard_normal((80, 2))
    covariances = of_family(np.tile(400.0 * np.eye(2), (2, 1, 1)), family)
    params = GaussianMixtureParams(np.array([0.5, 0.5]), np.array([[10.0, 0.0], [990.0, 0.0]]), covariances)
    model = GaussianMixture(2, family)
    found = quick(model, x, params)
    assert not found.sound
    is_exact(model, x, params, *model.e_step(x, params), tol=1e-10)
    with pytest.raises(AssertionError):
        is_exact(model, x, params, found.moments, found.log_likelihood, tol=1e-10)


@families
@pytest.mark.parametrize("weights", [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0], [0.5, 0.5 - 1e-300, 1e-300]])
def test_weights_of_zero_and_next_to_it(family, weights):
    x, _, means, covariances = clusters(0.3)
    model = GaussianMixture(3, family)
    params = GaussianMixtureParams(np.array(weights), means, of_family(covariances, family))
    found = quick(model, x, params)
    is_exact(model, x, params, *model.e_step(x, params), tol=1e-10)
    for k in np.flatnonzero(np.array(weights) == 0):
        assert found.moments.counts[k] == 0
        np.testing.assert_array_equal(found.moments.means[k], means[k])


@families
def test_a_component_without_points_is_dead_on_both_ways(family):
    x, weights, means, covariances = clusters(0.3)
    means = np.vstack([means[:2], [[40.0, 40.0]]])
    model, params = GaussianMixture(3, family), GaussianMixtureParams(weights, means, of_family(covariances, family))
    for moments in (quick(model, x, params).moments, model._exact_e_step(x, params)[0]):
        with pytest.raises(emlib.DegenerateError, match="component 2 is dead"):
            model.m_step(moments)


@pytest.mark.parametrize(
    ("family", "d", "k"), [(f, d, k) for f in FAMILIES for d, k in ((1, 2), (3, 4), (20, 3), (40, 2))]
)
def test_any_number_of_features(family, d, k):
    """Up to 40: where points lie as in the data, and where they are whitened."""
    x = mixture_data(700, 3 * np.eye(k, d), 1 + np.arange(k * d).reshape(k, d) % 3, seed=9)
    model = GaussianMixture(k, family)
    start = model.start(x, 1)
    params = model.m_step(model._exact_e_step(x, start._replace(means=3 * np.eye(k, d)))[0])
    found, (moments, log_likelihood) = quick(model, x, params), model._exact_e_step(x, params)
    assert found.sound
    assert found.log_likelihood == pytest.approx(log_likelihood, rel=1e-13)
    for one, other in zip(found.moments, moments, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-11 * np.abs(other).max())


def test_a_covariance_that_is_none_is_refused_on_the_exact_way():
    x, weights, means, covariances = clusters(0.3)
    for wrong, says in (
        (covariances * [[[1, 3], [3, 1]]], r"covariances\[0\] is not positive definite"),
        (covariances * [[[1, 1.1], [1, 1]]], r"covariances\[0\] is not symmetric"),
        (-covariances, r"covariances\[0\] is not positive definite"),
    ):
        with pytest.raises(ValueError, match=says):
            GaussianMixture(3).e_step(x, GaussianMixtureParams(weights, means, wrong))


@families
@pytest.mark.parametrize("d", [1, 2, 3])
def test_parameters_that_are_none_are_refused_as_if_they_were_looked_at_first(family, d):
    x = emlib.datasets.iris().x[:, :d]
    model, refused = GaussianMixture(3, family), 0
    start = model.start(x, 0)
    for name, array in zip(start._fields, start, strict=True):
        wrong = [-array, array[:-1], array[..., None], array + 1j, np.full(array.shape, "a")]
        for value in (np.nan, np.inf, -np.inf, -1e-9, 1e160, 5.0):
            wrong.append(array.copy())
            wrong[-1].flat[-1] = value
        for values in wrong:
            params, says = start._replace(**{name: values}), None
            try:
                model.checked(params)
            except (TypeError, ValueError) as error:
                says = re.escape(str(error))
            if says:
                refused += 1
                with pytest.raises((TypeError, ValueError), match=f"^{says}$"):
                    model.e_step(x, params)
    assert refused > 20


def test_the_smallest_eigenvalue_is_not_below_its_bound_and_not_far_above():
    rng = np.random.default_rng(0)
    for d in (1, 2, 5, 12):
        root = rng.standard_normal((200, d, d)) * 10.0 ** rng.uniform(-2, 2, (200, d, 1))
        matrices = root @ root.swapaxes(1, 2)
        # of the products themselves, so skewed, the smallest eigenvalue would be known to five digits only
        smallest = np.square(np.linalg.svd(root, compute_uv=False)[:, -1])
        bound = gaussian_sums.least(matrices)
        assert (bound <= smallest * (1 + 1e-6)).all()
        assert (bound >= smallest / d * (1 - 1e-6)).all()
        assert gaussian_sums.least(-matrices[:1]) <= 0


@pytest.mark.parametrize("d", [2, 3])
def test_an_inverse_says_what_is_no_covariance(d):
    root = np.random.default_rng(3).standard_normal((4, 3, d, d))
    matrices = root @ root.mT
    precision, log_det, norm = gaussian_sums._inverted(matrices)
    np.testing.assert_allclose(precision @ matrices, np.broadcast_to(np.eye(d), matrices.shape), atol=1e-11)
    np.testing.assert_allclose(log_det, np.linalg.slogdet(matrices)[1], rtol=1e-12, atol=1e-12)
    assert (norm >= np.linalg.norm(precision, 2, axis=(-2, -1)) * (1 - 1e-12)).all()
    askew = matrices[0] + 1e-3 * np.eye(d, k=1)
    with np.errstate(all="ignore"):
        assert np.isinf(gaussian_sums._inverted(askew)[2]).all()
        for wrong in (-matrices[0, 0], matrices[0, 0] - 1.01 * np.linalg.eigvalsh(matrices[0, 0])[0] * np.eye(d)):
            assert np.isnan(gaussian_sums._inverted(wrong)[1])


@families
def test_what_is_plainly_regular_is_not_refused(family):
    rng, model, plain = np.random.default_rng(4), GaussianMixture(3, family), []
    for offset, apart, width in 10.0 ** rng.uniform([-3, -3, -9], [9, 3, 3], (400, 3)):
        root = width * rng.standard_normal((3, 2, 2)) * [1.0, 1e6]
        covariances = of_family(root @ root.mT, family)
        counts, means = 100 * rng.dirichlet([1, 1, 1]), offset + apart * rng.standard_normal((3, 2)) * [1.0, 1e6]
        scatters = {
            "full": lambda c, n: n[:, None, None] * c,
            "tied": lambda c, n: n.sum() * c[None],
            "diag": lambda c, n: n[:, None] * c,
            "spherical": lambda c, n: 2 * (n * c)[:, None],
        }[family](covariances, counts)
        moments = emlib.Moments(means, counts, np.zeros((3, 2)), scatters)
        params, sound = model._maximum(moments)
        np.testing.assert_allclose(params.covariances, covariances, rtol=1e-14)
        plain.append(sound)
        if sound:
            model._refuse_collapse(moments, params.means, params.covariances)
    assert 30 < sum(plain) < 350


@pytest.mark.parametrize("n", [1, 31, 32, 1000])
def test_responsibilities_where_they_stand(n):
    scores = np.random.default_rng(n).normal(scale=300, size=(2, 7, n))
    left = scores.copy()
    log_likelihoods = gaussian_sums.to_responsibilities(left)
    for run in range(2):
        r, log_density = condition(scores[run].T)
        np.testing.assert_allclose(left[run].T, r, rtol=1e-14)
        assert log_likelihoods[run] == pytest.approx(log_density.sum(), rel=1e-14)


@pytest.mark.parametrize("n", [1, 31, 32, 1000])
def test_responsibilities_without_a_look_at_the_largest(n):
    rng = np.random.default_rng(n)
    largest = rng.uniform(-460, 709, size=(2, 1, n))
    scores = largest - np.abs(rng.normal(scale=50, size=(2, 7, n)))
    scores[:, 3] = largest[:, 0]
    left = scores.copy()
    log_likelihoods = gaussian_sums.to_responsibilities_plainly(left)
    for run in range(2):
        r, log_density = condition(scores[run].T)
        np.testing.assert_allclose(left[run].T, r, rtol=1e-13, atol=1e-100)
        assert log_likelihoods[run] == pytest.approx(log_density.sum(), rel=1e-14)
    for beyond in (-800, -470, 711, np.nan):
        left = scores.copy()
        left[1, :, n // 2] = beyond
        with np.errstate(all="ignore"):
            assert gaussian_sums.to_responsibilities_plainly(left) is None


@families
@pytest.mark.parametrize("n", [1000, 60_000])
def test_where_densities_leave_the_range_of_numbers_the_largest_is_looked_for(family, n, monkeypatch):
    """A point at 60 standard deviations; for "tied", which leaves out what all components share, narrow clusters do."""
    x, weights, means, covariances = clusters(0.03, n=n)
    x[n - 17] = means[1] + [1.3, 1.3]
    model, params = GaussianMixture(3, family), GaussianMixtureParams(weights, means, of_family(covariances, family))
    blocks_with_a_look = []
    careful = gaussian_sums.to_responsibilities
    monkeypatch.setattr(
        gaussian_sums, "to_responsibilities", lambda scores: blocks_with_a_look.append(0) or careful(scores)
    )
    found = quick(model, x, params)
    assert found.sound
    assert blocks_with_a_look
    is_exact(model, x, params, found.moments, found.log_likelihood, tol=1e-11)


@pytest.mark.parametrize("components", [1, 2, 5, 7, 8])
@pytest.mark.parametrize("n", [1, 1000, 8192, 20_000])
def test_sums_over_points_however_they_lie(components, n):
    rng = np.random.default_rng(n)
    r, x = rng.random((components, n)), rng.standard_normal((5, n))
    expected = (r.astype(np.longdouble) @ np.vstack([np.ones(n), x]).T).astype(float)
    for layout in (gaussian_sums._Stacked, gaussian_sums._Apart):
        features = layout(n, 2, 6)
        features.u[...], features.products[...] = x[:2], x[2:]
        with threadpool_limits(1):
            sums = features.sums(r)
        np.testing.assert_allclose(sums, expected, rtol=1e-12, atol=1e-12 * n**0.5)
        with threadpool_limits(2):
            np.testing.assert_array_equal(features.sums(r), sums)


# Blocks.


@pytest.mark.parametrize("family", FAMILIES)
def test_a_piece_of_data_goes_when_its_e_step_is_over(family):
    x = np.random.default_rng(0).normal(size=(50, 2))
    model = GaussianMixture(2, family)
    params, table = model.start(x, 0), Table.of(x)
    model.e_step(table, params)
    gone = weakref.ref(table)
    gc.disable()
    try:
        del table
        assert gone() is None
    finally:
        gc.enable()


@families
@pytest.mark.parametrize("narrow", [False, True])
def test_memory_is_a_few_blocks(family, narrow):
    rng = np.random.default_rng(1)
    width = 1e-4 if narrow else 0.5
    x = np.repeat(rng.standard_normal((8, 4)), 40_000, axis=0) + width * rng.standard_normal((320_000, 4))
    covariances = of_family(np.tile(width**2 * np.eye(4), (8, 1, 1)), family)
    params = GaussianMixtureParams(np.full(8, 1 / 8), x[::40_000] * 1.0, covariances)
    model, table = GaussianMixture(8, family), Table.of(x)
    assert quick(model, x, params).sound != narrow
    tracemalloc.start()
    model.e_step(table, params)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8e6  # the data have 10 million bytes, the responsibilities 20, the differences to all means 82


def test_to_look_the_data_over_takes_no_copy():
    x = np.random.default_rng(0).standard_normal((1_000_000, 2))
    tracemalloc.start()
    Table.of(x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < x.nbytes / 10


@families
def test_the_number_of_threads_changes_no_digit(family):
    x = np.random.default_rng(1).standard_normal((120_000, 3))
    model = GaussianMixture(4, family)
    params = model.start(x[:100], 0)
    together, log_likelihood = model.e_step(x, params)
    with threadpool_limits(1):
        alone, expected = model.e_step(x, params)
    assert log_likelihood == expected
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_array_equal(one, other)


@families
def test_a_point_too_far_from_every_component_is_named_in_whatever_block(family):
    x = np.random.default_rng(1).standard_normal((20_000, 2))
    params = GaussianMixture(2, family).start(x, 0)
    params = params._replace(covariances=params.covariances * 1e-20)
    x[17_123] = 1e149
    for call in (GaussianMixture(2, family).e_step, GaussianMixture(2, family).score_samples):
        with pytest.raises(ValueError, match=r"x\[17123\] lies so far from every component"):
            call(x, params)


def test_sums_of_scatters_add_like_the_scatters():
    x, _, means, _ = clusters(0.3)
    r = np.random.default_rng(0).dirichlet([1, 1, 1], size=len(x))
    whole = {family: GaussianMixture(3, family) for family in FAMILIES}
    params = {
        f: GaussianMixtureParams(np.full(3, 1 / 3), means, of_family(np.tile(np.eye(2), (3, 1, 1)), f)) for f in whole
    }
    for family, summed in (("tied", (1, 2, 2)), ("spherical", (3, 1))):
        model, theta = whole[family], params[family]
        a, b, all_ = (model.statistics(x[rows], r[rows], theta) for rows in (slice(20), slice(20, None), slice(None)))
        plain = emlib.Moments.of(x[20:], r[20:], means, full=family == "tied")
        for total in (a + b, a + plain, plain + a):
            assert total.scatters.shape == summed
            np.testing.assert_allclose(total.scatters, all_.scatters, rtol=1e-12)
            assert model.q(theta, total) == pytest.approx(model.q(theta, all_), rel=1e-12)


# Side by side.


def alone(model, x, n, seed, **how):
    """What `emlib.fit` gives from each start, or the error in which it ends."""
    ends = []
    for rng in np.random.default_rng(seed).spawn(n):
        try:
            ends.append(emlib.fit(model, x, model.start(x, rng), **how))
        except emlib.DegenerateError as error:
            ends.append(error)
    return ends


@families
@pytest.mark.parametrize("how", [{}, {"max_iter": 7}, {"tol": 1e-3}])
def test_runs_side_by_side_are_the_runs_alone(family, how):
    model, x = GaussianMixture(3, family), emlib.datasets.iris().x
    assert side_by_side.possible(model)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = emlib.restarts(model, x, 12, seed=0, **how)
    with warnings.catch_warnings(record=True) as expected:
        warnings.simplefilter("always")
        ends = alone(model, x, 12, 0, **how)
    assert [str(w.message) for w in said if w.category is emlib.ConvergenceWarning] == [
        str(w.message) for w in expected
    ]
    failures = {i: end for i, end in enumerate(ends) if isinstance(end, emlib.DegenerateError)}
    assert {i: (str(e), e.__notes__) for i, e in found.failures.items()} == {
        i: (str(e), e.__notes__) for i, e in failures.items()
    }
    for one, other in zip(found.traces, [end for end in ends if isinstance(end, emlib.Trace)], strict=True):
        assert (one.iterations, one.converged, one.reason) == (other.iterations, other.converged, other.reason)
        np.testing.assert_allclose(one.objectives, other.objectives, rtol=1e-10)
        for a, b in zip(one, other, strict=True):
            assert a.iteration == b.iteration
            for left, right in zip(a.params, b.params, strict=True):
                np.testing.assert_allclose(left, right, rtol=1e-7)
                assert not left.flags.writeable


def test_what_ends_early_leaves_the_others_alone():
    """Of four starts one is dead, one collapses, one is too far from a point, and one is sound."""
    x, weights, means, covariances = clusters(0.3)
    sound = GaussianMixtureParams(weights, means, covariances)
    starts = {
        0: sound._replace(weights=np.array([0.5, 0.5, 0.0])),
        1: sound._replace(means=np.vstack([means[:2], x[:1]]), covariances=covariances * [[[1.0]], [[1.0]], [[1e-9]]]),
        2: sound._replace(covariances=covariances * 1e-310),
        5: sound,
    }
    model = GaussianMixture(3)

    def takes(runs, iteration, objectives):
        assert len(runs) == len(objectives)
        return np.full(len(runs), iteration == 30), {}

    paths, failures = side_by_side.run(model, Table.of(x), starts, takes)
    assert set(failures) == {0, 1, 2}
    for i, error in failures.items():
        with pytest.raises(type(error)) as caught:
            emlib.fit(model, x, starts[i])
        assert str(caught.value) == str(error)
        assert caught.value.__notes__ == error.__notes__
    params, objectives = paths(5)
    assert len(list(params)) == len(objectives) == 31
    with pytest.warns(emlib.ConvergenceWarning):
        trace = emlib.fit(model, x, sound, tol=0, max_iter=30)
    np.testing.assert_allclose(objectives, trace.objectives, rtol=1e-12)


class Place(NamedTuple):
    """θ of `Climbs`: which run it is, and how far."""

    run: np.ndarray
    step: np.ndarray


class Climbs:
    """Each run has the next of the given rows of objectives, and stays at its end."""

    def __init__(self, *rows):
        self.rows, self.begun = np.array([row + row[-1:] * (9 - len(row)) for row in rows], dtype=float), 0

    def start(self, x, rng):
        self.begun += 1
        return Place(np.array(self.begun - 1), np.array(0))

    def e_step(self, x, params):
        return params, float(self.rows[params])

    def e_steps(self, x, params):
        return params, self.rows[params], {}

    def m_step(self, statistics):
        return statistics._replace(step=statistics.step + 1)

    def m_steps(self, statistics):
        return self.m_step(statistics), {}


def test_runs_side_by_side_stop_by_the_rule_for_runs_alone():
    rows = [0, 5, 5], [0, 1, 1.5, 1.6], [0, 1e-9, 7], [0, 1, 2, 3, 4, 5, 6], [2, 4, 4 - 1e-11, 9]
    for how in ({}, {"tol": 0.3}, {"max_iter": 3}, {"tol": 0, "max_iter": 0}):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", emlib.ConvergenceWarning)
            found = emlib.restarts(Climbs(*rows), [0, 0], len(rows), seed=0, **how).traces
            model = Climbs(*rows)
            ends = [emlib.fit(model, [0, 0], model.start(None, None), **how) for _ in rows]
        for one, other in zip(found, ends, strict=True):
            assert (one.converged, one.reason) == (other.converged, other.reason)
            assert one.snapshots == other.snapshots


@pytest.mark.parametrize("wrong", [[0, 5, 3], [2000, 1999.5, 3], [0, 1, np.nan], [np.inf, 1]])
def test_a_run_side_by_side_is_refused_as_it_is_alone(wrong):
    model = Climbs(wrong)
    with pytest.raises((emlib.ObjectiveFell, ArithmeticError)) as alone:
        emlib.fit(model, [0, 0], model.start(None, None))
    with pytest.raises(type(alone.value)) as caught:
        emlib.restarts(Climbs([0, 1, 2], wrong), [0, 0], 2, seed=0)
    assert str(caught.value) == str(alone.value)


def test_snapshots_of_runs_side_by_side_stay_whatever_the_model_does_to_its_own():
    class Careless(Climbs):
        m_step = Climbs.m_step  # both steps are its own, so that its runs go side by side

        def m_steps(self, statistics):
            np.add(statistics.step, 1, out=statistics.step)
            return statistics, {}

    for trace in emlib.restarts(Careless([0, 1, 3, 3], [0, 2, 2]), [0, 0], 2, seed=0).traces:
        assert [int(snapshot.params.step) for snapshot in trace] == list(range(len(trace)))


def test_a_model_that_was_given_other_steps_keeps_them():
    class Even(GaussianMixture):
        def m_step(self, statistics):
            return super().m_step(statistics)._replace(weights=np.full(2, 0.5))

    x = emlib.datasets.faithful().x
    assert not side_by_side.possible(Even(2))
    assert (emlib.restarts(Even(2), x, 2, seed=0).best.params.weights == 0.5).all()
    prior = GaussianMixture(2).e_step(x, GaussianMixture(2).start(x, 0))[0].times(0.1)
    assert not side_by_side.possible(emlib.WithPrior(GaussianMixture(2), prior))
    assert not side_by_side.possible(emlib.PoissonMixture(2))

    class Named(GaussianMixture):
        """Another name changes no step."""

    assert side_by_side.possible(Named(2))


def test_linear_algebra_keeps_to_one_thread_while_blocks_are_gone_over():
    def threads():
        return {library["num_threads"] for library in threadpool_info() if "numpy" in library["filepath"]}

    def worker():
        return lambda start, stop: (float(max(threads())),)

    with threadpool_limits(2):
        before = threads()
        (seen,) = blocks.total(worker, 10, 1, work=blocks.ALONE + 1)  # ten blocks, too small for threads of ours
        assert seen == 10
        assert threads() == before
        with blocks.one_thread():
            with blocks.one_thread():
                assert threads() == {1}
            assert threads() == {1}, "the limit goes with the last who asked for it"
        assert threads() == before
