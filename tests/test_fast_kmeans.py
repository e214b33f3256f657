"""The E-step of k-means by matrix products is the plain formula: differences x − μ, the first of equals."""

from itertools import product

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from emlib import CentreParams, KMeans, SoftAssignment, blocks
from emlib.models import kmeans, soft_assignment
from emlib.numerics import squared_distances


def normal(rng, n, d):
    return rng.standard_normal((n, d)) + 3 * rng.integers(-2, 3, size=(n, 1))


def narrow(rng, n, d):
    return rng.standard_normal((5, d))[rng.integers(5, size=n)] + 1e-8 * rng.standard_normal((n, d))


def one_narrow(rng, n, d):
    width = np.where(rng.random((n, 1)) < 0.5, 1e-7, 1.0)
    return np.where(width < 1, 2.0, -3.0) + width * rng.standard_normal((n, d))


#: What data may look like, each a function of (rng, N, D).
KINDS = {
    "clusters": normal,
    "lattice": lambda rng, n, d: rng.integers(-2, 3, size=(n, d)).astype(float),
    "tenths": lambda rng, n, d: rng.integers(0, 4, size=(n, d)) / 10,
    "duplicates": lambda rng, n, d: normal(rng, 3, d)[rng.integers(3, size=n)],
    "one point": lambda rng, n, d: np.tile(normal(rng, 1, d), (n, 1)),
    "offset 1e6, spread 0.01": lambda rng, n, d: 1e6 + 0.01 * normal(rng, n, d),
    "units 1e-8 and 1e8": lambda rng, n, d: normal(rng, n, d) * 10.0 ** rng.choice([-8, 8], size=d),
    "units 1e-145": lambda rng, n, d: 1e-145 * normal(rng, n, d),
    "units 1e144": lambda rng, n, d: 1e144 * normal(rng, n, d),
    "narrow clusters": narrow,
    "a narrow cluster among wide ones": one_narrow,
    "narrow clusters far away": lambda rng, n, d: 1e3 + narrow(rng, n, d),
    "outliers": lambda rng, n, d: normal(rng, n, d) * 10.0 ** np.where(rng.random((n, 1)) < 0.01, 9, 0),
    "a constant feature": lambda rng, n, d: np.column_stack([normal(rng, n, d)[:, 1:], np.full(n, 0.1)]),
}


def starts(rng, x, k):
    """Centres at points, of which some may be equal; between points; moved off them; and far away."""
    points = x[rng.integers(len(x), size=k)]
    others = x[rng.integers(len(x), size=k)]
    return points, (points + others) / 2, points + x.std(axis=0) / 3, points + 1e4 * (np.ptp(x, axis=0) + 1)


def exactly(x, means):
    """Counts, shifts, scatters and the objective, of the plain assignment and in more digits."""
    hard = KMeans(len(means)).posterior(x, CentreParams(means))
    np.testing.assert_array_equal(hard.argmax(axis=1), squared_distances(x, means).argmin(axis=1))
    wide, reference = x.astype(np.longdouble), means.astype(np.longdouble)
    counts, shifts, scatters, objective = hard.sum(axis=0), np.zeros(means.shape), np.zeros(means.shape), 0
    for k in np.flatnonzero(counts):
        d = wide[hard[:, k] == 1] - reference[k]
        shifts[k], scatters[k] = d.mean(axis=0), np.square(d - d.mean(axis=0)).sum(axis=0)
        objective -= np.square(d).sum()
    return counts, shifts, scatters, float(objective)


def agrees(x, means, found):
    statistics, objective = found
    counts, shifts, scatters, expected = exactly(x, means)
    np.testing.assert_array_equal(statistics.counts, counts)
    np.testing.assert_array_equal(statistics.reference, means)
    members = np.maximum(counts, 1)[:, None]
    # the digits of the data end somewhere, and those of what is made of them with them
    rounding = 4e-15 * (np.abs(x).max(axis=0) + np.abs(means))
    width = np.sqrt(scatters / members) + np.abs(shifts)
    assert (np.abs(statistics.shifts - shifts) <= 1e-12 * width + rounding).all()
    assert abs(statistics.scatters.item() - scatters.sum()) <= 1e-12 * scatters.sum() + (members * rounding**2).sum()
    assert abs(objective - expected) <= 1e-12 * abs(expected)


@pytest.mark.parametrize(("few", "gathered"), [(0, 10_000), (0, 0), (10_000, 10_000)])
@pytest.mark.parametrize("kind", KINDS)
def test_every_route_is_the_plain_formula(kind, few, gathered, monkeypatch):
    monkeypatch.setattr(kmeans, "_CACHE", 0)  # the smallest blocks, so that there are several
    monkeypatch.setattr(kmeans, "_FEW", few)
    monkeypatch.setattr(kmeans, "_GATHERED", gathered)
    rng = np.random.default_rng(list(KINDS).index(kind))
    for n, d, k in product((1, 7, 600), (1, 2, 9), (1, 2, 5, 12)):
        x = KINDS[kind](rng, n, d)
        for means in starts(rng, x, k):
            agrees(x, means, KMeans(k).e_step(x, CentreParams(means)))


def test_ties_go_to_the_first():
    x = np.array([[0.5, 0.5], [0.5, 0.0], [0.0, 0.5], [1.0, 1.0], [0.3, 0.7]])
    corners = np.array([[1.0, 1.0], [0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    for offset in (0.0, 2.0**20, -(2.0**30)):
        statistics, objective = KMeans(5).e_step(x + offset, CentreParams(corners + offset))
        np.testing.assert_array_equal(statistics.counts, [2, 2, 0, 1, 0])
        agrees(x + offset, corners + offset, (statistics, objective))


def test_where_rounding_could_decide_the_differences_do():
    """One of the points is as far from the one centre as from the other, but for the last digit."""
    rng = np.random.default_rng(8)
    for _ in range(300):
        x, one = rng.normal(size=(50, 3)), rng.normal(size=3)
        means = np.stack([one, 2 * x[0] - one])
        counts = KMeans(2).e_step(x, CentreParams(means))[0].counts
        np.testing.assert_array_equal(counts, np.bincount(squared_distances(x, means).argmin(axis=1), minlength=2))


def test_a_run_stays_with_the_plain_formula_until_nothing_changes():
    rng = np.random.default_rng(5)
    for d, k in ((2, 5), (16, 16), (40, 10)):
        x, model = normal(rng, 5000, d), KMeans(k)
        params, table = model.start(x, 0), model.prepared(x)
        for _ in range(15):
            statistics, objective = model.e_step(table, params)
            agrees(x, params.means, (statistics, objective))
            params = model.m_step(statistics)


def test_differences_are_asked_for_where_rounding_could_decide_and_nowhere_else(monkeypatch):
    asked = []
    monkeypatch.setattr(kmeans, "squared_distances", lambda x, means: asked.append(x) or squared_distances(x, means))
    x = normal(np.random.default_rng(3), 3000, 2)
    KMeans(5).e_step(x, CentreParams(x[:5]))
    assert not asked
    KMeans(2).e_step([[0.0, 1.0], [0.5, 7.0], [1.0, -2.0]], CentreParams(np.array([[0.0, 0.0], [1.0, 0.0]])))
    assert asked
    np.testing.assert_array_equal(np.unique(np.concatenate(asked), axis=0), [[0.5, 7.0]])


@pytest.mark.parametrize("rule", ["bayes", "distance", "inverse_distance"])
def test_soft_assignment_in_blocks_is_soft_assignment_at_once(rule, monkeypatch):
    rng, model = np.random.default_rng(9), SoftAssignment(4, rule, stiffness=0.3)
    x = normal(rng, 900, 3)
    params = CentreParams(x[:4])
    whole, objective = model.e_step(x, params)
    assert objective == pytest.approx(model.score_samples(x, params).sum(), rel=1e-13)
    np.testing.assert_allclose(whole.counts, model.posterior(x, params).sum(axis=0), rtol=1e-13)
    monkeypatch.setattr(soft_assignment, "_CACHE", 0)
    blocked, total = model.e_step(model.prepared(x), params)
    assert total == pytest.approx(objective, rel=1e-13)
    for one, other in zip(whole, blocked, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-13)


def test_what_a_far_point_is_called_does_not_depend_on_the_blocks(monkeypatch):
    monkeypatch.setattr(soft_assignment, "_CACHE", 0)
    x = np.zeros((700, 1))
    x[600] = 1e100
    with pytest.raises(ValueError, match=r"x\[600\] lies so far from every component"):
        SoftAssignment(1, stiffness=1e200).e_step(x, CentreParams(np.zeros((1, 1))))


def test_blocks_are_gone_over_by_one_thread(monkeypatch):
    """Two were seen to take half as long again."""
    monkeypatch.setattr(blocks, "WORTH_THREADS", 0)
    monkeypatch.setattr(blocks, "_threads", lambda: 2)
    monkeypatch.setattr(blocks, "ThreadPoolExecutor", None)  # whoever calls it fails
    x = normal(np.random.default_rng(7), 20_000, 16)
    counts = KMeans(16).e_step(x, CentreParams(x[:16]))[0].counts
    assert counts.sum() == len(x)
    with pytest.raises(TypeError, match="NoneType"):
        blocks.total(lambda: lambda start, stop: (0.0,), 10, 1, work=10)


def test_threads_change_no_digit(monkeypatch):
    monkeypatch.setattr(blocks, "WORTH_THREADS", 0)
    rng = np.random.default_rng(7)
    for d, k in ((2, 5), (16, 16), (64, 10)):
        x = normal(rng, 20_000, d)
        params, found = CentreParams(x[:k]), []
        for threads in (1, 2):
            with threadpool_limits(threads):
                found.append(KMeans(k).e_step(x, params))
        (a, first), (b, second) = found
        assert first == second
        for one, other in zip(a, b, strict=True):
            np.testing.assert_array_equal(one, other)
