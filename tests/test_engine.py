"""The loop: what it yields, when it stops, and that its record stays what it was."""

import itertools
import warnings
from dataclasses import FrozenInstanceError
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest
from models import COIN_HEADS, COINS, DATA, models

import emlib
from emlib import CentreParams, GaussianMixture, KMeans, Snapshot

X = DATA["faithful"]
MODEL = GaussianMixture(2)
START = MODEL.start(X, 0)


def climb(gains):
    """A model whose objective gains `gains` one after the other; θ is how many it has taken."""
    objectives = np.concatenate([[0.0], np.cumsum(gains)])
    return SimpleNamespace(e_step=lambda x, t: (t, objectives[min(t, len(gains))]), m_step=lambda t: t + 1)


def test_iterate_is_e_step_and_m_step_in_turn():
    params = START
    for iteration, snapshot in enumerate(itertools.islice(emlib.iterate(MODEL, X, START), 6)):
        statistics, objective = MODEL.e_step(X, params)
        assert snapshot.iteration == iteration
        assert snapshot.objective == objective
        for ours, theirs in zip(snapshot.params, params, strict=True):
            np.testing.assert_array_equal(ours, theirs)
        params = MODEL.m_step(statistics)


def test_fit_exhausts_iterate():
    trace = emlib.fit(MODEL, X, START)
    assert trace.converged
    for ours, theirs in zip(trace, emlib.iterate(MODEL, X, START), strict=False):
        assert ours.objective == theirs.objective
    assert trace.objectives[-1] - trace.objectives[-2] <= 1e-8 * len(X)
    assert (np.diff(trace.objectives)[:-1] > 1e-8 * len(X)).all()


def test_a_trace_reads_like_the_sequence_of_its_snapshots():
    trace = emlib.fit(MODEL, X, START)
    assert isinstance(trace[0], Snapshot)
    assert len(trace) == trace.iterations + 1 == len(list(trace))
    assert [snapshot.iteration for snapshot in trace] == list(range(len(trace)))
    assert trace[-1] is trace.snapshots[-1]
    assert trace[1:3] == trace.snapshots[1:3]
    assert trace.params is trace[-1].params
    assert trace.objective == trace[-1].objective == trace.objectives[-1]
    assert trace.model is MODEL
    assert trace.reason == f"converged in iteration {trace.iterations}: gain per point ≤ 1e-08"
    assert repr(trace) == f"Trace({MODEL!r}: objective {trace.objective:.6f}; {trace.reason})"
    with pytest.raises(IndexError):
        trace[len(trace)]
    with pytest.raises(FrozenInstanceError):
        trace.converged = False
    assert trace != emlib.fit(MODEL, X, START)  # compared as objects: arrays have no single truth


class Pair(NamedTuple):
    left: np.ndarray
    right: list


class Mutable:
    def __init__(self, value):
        self.value = value


@pytest.mark.parametrize(
    ("params", "inside"),
    [
        (np.zeros(2), lambda p: p),
        ({"a": np.zeros(2)}, lambda p: p["a"]),
        ([np.zeros(2), 1], lambda p: p[0]),
        ((np.zeros(2), 1), lambda p: p[0]),
        (Pair(np.zeros(2), [np.zeros(2)]), lambda p: p.right[0]),
        (Mutable(np.zeros(2)), lambda p: p.value),
    ],
    ids=["array", "dict", "list", "tuple", "named tuple", "object"],
)
def test_snapshots_keep_their_parameters_whatever_the_model_does_to_its_own(params, inside):
    """A careless M-step that adds to the same array over and over."""
    shared = params

    def m_step(statistics):
        array = inside(shared)
        array += 1.0
        return shared

    careless = SimpleNamespace(e_step=lambda x, p: (None, float(inside(p).sum())), m_step=m_step)
    trace = [snapshot.params for snapshot in itertools.islice(emlib.iterate(careless, [0], params), 4)]
    for t, snapshot in enumerate(trace):
        np.testing.assert_array_equal(inside(snapshot), [t, t])
        assert type(snapshot) is type(params)


def test_the_parameters_of_a_snapshot_cannot_be_written_to():
    trace = emlib.fit(MODEL, X, START)
    for array in trace[3].params:
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    assert START.means.flags.writeable  # the start itself stays the caller's


def test_changing_the_start_afterwards_changes_no_snapshot():
    start = CentreParams(X[:2].copy())
    first = next(emlib.iterate(KMeans(2), X, start))
    start.means[:] = 0
    np.testing.assert_array_equal(first.params.means, X[:2])


@pytest.mark.parametrize(
    ("gains", "tol", "iterations"),
    [
        ([1, 1, 0.5, 0], 0, 4),
        ([1, 1, 0.5, 0], 0.1, 4),
        ([1, 1, 0.5, 0], 0.25, 3),  # two points: 0.5 is 0.25 for each
        ([1, 1, 0.5, 0], 0.5, 1),
        ([0, 5, 5], 0, 1),
        ([1e-9, 5], 1e-8, 1),
        ([3, -1e-11, 5], 0, 2),  # a fall within rounding is no gain, and no error
    ],
)
def test_it_stops_on_the_signed_gain_per_point(gains, tol, iterations):
    trace = emlib.fit(climb(gains), [0, 0], 0, tol=tol)
    assert trace.converged
    assert trace.iterations == iterations
    assert f"converged in iteration {iterations}" in trace.reason


@pytest.mark.parametrize("fall", [-1e-5, -1.0, -1e9])
@pytest.mark.parametrize("tol", [0, 1e-8, 100])
def test_a_fall_beyond_rounding_is_an_error_that_names_the_iteration(fall, tol):
    with pytest.raises(
        emlib.ObjectiveFell, match=r"the objective fell from 2000\.0 to .* in iteration 2; an EM step nev"
    ):
        emlib.fit(climb([2000, fall, 5]), [0, 0], 0, tol=tol)


@pytest.mark.parametrize("max_iter", [0, 1, 7])
def test_what_never_converges_stops_at_max_iter_with_a_warning(max_iter):
    endless = SimpleNamespace(e_step=lambda x, t: (t, float(t)), m_step=lambda t: t + 1)
    with pytest.warns(
        emlib.ConvergenceWarning, match=f"not converged after {max_iter} iterations.*raise max_iter"
    ) as said:
        trace = emlib.fit(endless, [0], 0, max_iter=max_iter)
    assert said[0].filename == __file__
    assert not trace.converged
    assert trace.iterations == max_iter
    assert trace.reason.startswith(f"not converged after {max_iter} iterations")


def test_one_step_too_few_warns_and_one_more_does_not():
    needed = emlib.fit(MODEL, X, START).iterations
    with pytest.warns(emlib.ConvergenceWarning):
        assert not emlib.fit(MODEL, X, START, max_iter=needed - 1).converged
    assert emlib.fit(MODEL, X, START, max_iter=needed).converged


def test_an_objective_beyond_the_millions_may_round():
    """At 1e12 the last digit of an objective is 1e-4: a fall by that much is rounding."""
    noisy = SimpleNamespace(e_step=lambda x, t: (t, 1e12 - 1e-4 * t), m_step=lambda t: t + 1)
    assert emlib.fit(noisy, [0], 0).iterations == 1


def test_gains_of_k_means_are_measured_in_the_spread_of_the_data():
    start = CentreParams(X[:3])
    runs = [emlib.fit(KMeans(3), X * s, CentreParams(start.means * s), tol=1e-3) for s in (1.0, 2.0**-40, 2.0**40)]
    assert len({run.iterations for run in runs}) == 1
    assert runs[0].iterations < emlib.fit(KMeans(3), X, start).iterations


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_the_unit_of_k_means_is_the_spread_of_the_data_in_one_piece_or_in_several(offset):
    x = X + offset
    expected = pytest.approx(np.square(x - x.mean(axis=0)).sum(), rel=1e-9)
    model, blocks = KMeans(3), emlib.pieces.recognised(lambda: iter([x[:5], x[5:6], x[6:]]))
    for data in (x, model.prepared(x), blocks):
        assert emlib.engine.total_unit(model, data) == expected
        assert emlib.engine.total_unit(emlib.Relaxed(model, 1.5), data) == expected


@pytest.mark.parametrize("model", [KMeans(3), GaussianMixture(2, "diag")])
def test_a_run_costs_one_e_step_for_each_snapshot(model, monkeypatch):
    asked, e_step = [], type(model).e_step
    monkeypatch.setattr(type(model), "e_step", lambda *a: asked.append(a) or e_step(*a))
    assert len(emlib.fit(model, X, model.start(X, 0))) == len(asked)


def test_k_means_stops_at_its_fixed_point():
    model = KMeans(4)
    for seed in range(5):
        trace = emlib.fit(model, X, model.start(X, seed), tol=0)
        after = model.m_step(model.e_step(X, trace.params)[0])
        np.testing.assert_allclose(after.means, trace.params.means, rtol=1e-13)


def test_a_model_of_two_plain_functions_runs():
    trace = emlib.fit(SimpleNamespace(e_step=COINS.e_step, m_step=COINS.m_step), COIN_HEADS, np.array([0.6, 0.5]))
    assert trace.converged
    np.testing.assert_allclose(trace.params, [0.797, 0.520], atol=5e-3)


# Restarts.


@pytest.mark.parametrize("model", models(3, X), ids=str)
def test_restarts_are_determined_by_their_seed(model):
    a, b = emlib.restarts(model, X, 4, seed=1), emlib.restarts(model, X, 4, seed=1)
    assert [t.objective for t in a.traces] == [t.objective for t in b.traces]
    assert [t[0].objective for t in a.traces] != [t[0].objective for t in emlib.restarts(model, X, 4, seed=2).traces]
    assert a.best.objective == max(t.objective for t in a.traces)
    assert a.failures == {}


def test_more_restarts_begin_with_the_same_ones():
    few, many = emlib.restarts(KMeans(3), X, 3, seed=5), emlib.restarts(KMeans(3), X, 8, seed=5)
    assert [t.objective for t in few.traces] == [t.objective for t in many.traces[:3]]
    assert many.best.objective >= few.best.objective


def test_restarts_pass_on_how_to_start_and_when_to_stop():
    found = emlib.restarts(KMeans(2), X, 2, seed=0, how="points", tol=0, max_iter=50)
    for trace in found.traces:
        assert {tuple(m) for m in trace[0].params.means} <= {tuple(p) for p in X}
    with pytest.warns(emlib.ConvergenceWarning):
        found = emlib.restarts(MODEL, X, 2, seed=0, max_iter=1)
    assert [trace.iterations for trace in found.traces] == [1, 1]


def test_restarts_take_a_generator_as_seed():
    a = emlib.restarts(KMeans(3), X, 2, seed=np.random.default_rng(4))
    b = emlib.restarts(KMeans(3), X, 2, seed=4)
    assert [t.objective for t in a.traces] == [t.objective for t in b.traces]


def test_the_warning_about_failed_starts_points_to_the_caller():
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        emlib.restarts(GaussianMixture(3), DATA["iris"], 20, seed=0)
    assert [w.filename for w in said if w.category is emlib.DegenerateWarning] == [__file__]


# Statistics add.


@pytest.mark.parametrize("model", models(3, X), ids=str)
def test_a_fit_in_blocks_is_the_fit_of_the_whole(model):
    def e_step(x, params):
        pieces = [model.e_step(piece, params) for piece in np.array_split(x, 7)]
        statistics = pieces[0][0]
        for piece, _ in pieces[1:]:
            statistics = statistics + piece
        return statistics, sum(objective for _, objective in pieces)

    start = model.start(X, 1)
    whole = list(itertools.islice(emlib.iterate(model, X, start), 10))
    blocks = itertools.islice(emlib.iterate(SimpleNamespace(e_step=e_step, m_step=model.m_step), X, start), 10)
    for a, b in zip(whole, blocks, strict=True):
        assert b.objective == pytest.approx(a.objective, rel=1e-12)
        for left, right in zip(a.params, b.params, strict=True):
            np.testing.assert_allclose(right, left, rtol=1e-9)


def test_moments_of_a_component_without_points_stay_at_the_reference():
    reference = np.array([[1.0, 2.0], [7.0, 8.0]])
    r = np.tile([1.0, 0.0], (len(X), 1))
    none = emlib.Moments.of(X, np.zeros_like(r), reference, full=True)
    some = emlib.Moments.of(X, r, reference, full=True)
    for total in (none + none, none):
        np.testing.assert_array_equal(total.means, reference)
    for total in (some, none + some, some + none):
        np.testing.assert_array_equal(total.means[1], reference[1])
        np.testing.assert_allclose(total.means[0], X.mean(axis=0), rtol=1e-14)
        np.testing.assert_allclose(total.scatters[0] / len(X), np.cov(X.T, bias=True), rtol=1e-12)
        np.testing.assert_array_equal(total.scatters[1], 0)


def test_moments_about_any_point():
    r = np.random.default_rng(0).dirichlet([1, 1], size=len(X))
    centres = np.array([[1.0, 2.0], [-3.0, 90.0]])
    for full in (True, False):
        moments = emlib.Moments.of(X, r, X[:2], full=full)
        expected = np.array([((X - c) * w[:, None]).T @ (X - c) for c, w in zip(centres, r.T, strict=True)])
        got = moments.about(centres)
        np.testing.assert_allclose(got, expected if full else expected[:, [0, 1], [0, 1]], rtol=1e-12)
