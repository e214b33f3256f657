"""SQUAREM and the models that wrap a model: the laws they keep, the laws they give up, and where they lead."""

import copy
import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.sparse import csr_array

import emlib
from emlib import GaussianMixture, KMeans, Moments, Relaxed, Stochastic, Tempered, WithPrior, datasets
from emlib.pieces import Pieces

FAITHFUL = datasets.faithful().x
MODEL = GaussianMixture(2)
START = MODEL.start(FAITHFUL, 0)
MAXIMUM = -1130.26396018  # mclust


def broken(model, params=START, x=FAITHFUL):
    return {law.name for law in emlib.check_laws(model, x, params).broken}


def imagined(n_components, count, x=FAITHFUL):
    """A prior worth `count` points per component, spread as the data are."""
    scatter = count * np.cov(x.T)
    centre = np.tile(x.mean(axis=0), (n_components, 1))
    return Moments(
        centre, np.full(n_components, float(count)), np.zeros_like(centre), np.tile(scatter, (n_components, 1, 1))
    )


# SQUAREM


@pytest.mark.parametrize(("n_components", "seed"), [(2, 0), (3, 1), (3, 2), (4, 3)])
def test_squarem_climbs_in_every_step_and_arrives_sooner(n_components, seed):
    model = GaussianMixture(n_components)
    start = model.start(FAITHFUL, seed)
    plain, leaps = (
        emlib.fit(model, FAITHFUL, start, tol=1e-11, max_iter=9000, algorithm=algorithm)
        for algorithm in (emlib.iterate, emlib.squarem)
    )
    assert (np.diff(leaps.objectives) >= -1e-9).all()
    assert leaps.iterations < plain.iterations
    for snapshot in leaps.snapshots[:: len(leaps) // 5]:
        assert model.e_step(FAITHFUL, snapshot.params)[1] == snapshot.objective
    np.testing.assert_allclose(
        model.m_step(model.e_step(FAITHFUL, leaps.params)[0]).means, leaps.params.means, rtol=1e-4
    )


def test_squarem_counts_its_snapshots_one_by_one():
    snapshots = list(itertools.islice(emlib.squarem(MODEL, FAITHFUL, START), 8))
    assert [snapshot.iteration for snapshot in snapshots] == list(range(8))
    plain = list(itertools.islice(emlib.iterate(MODEL, FAITHFUL, START), 3))
    assert [s.objective for s in plain] == [s.objective for s in snapshots[:3]]


def test_squarem_refuses_a_leap_out_of_the_domain():
    """Where no leap leads to parameters, the run goes on with plain steps."""

    class Fragile(GaussianMixture):
        def from_free(self, vector, like):
            raise ValueError("outside")

    fragile, plain = Fragile(2), itertools.islice(emlib.iterate(MODEL, FAITHFUL, START), 7)
    for a, b in zip(emlib.squarem(fragile, FAITHFUL, START), plain, strict=False):
        assert a.objective == b.objective


# WithPrior


@pytest.mark.parametrize("n_components", [1, 2, 3])
def test_map_keeps_every_law(n_components):
    model = WithPrior(GaussianMixture(n_components), imagined(n_components, 4))
    report = emlib.check_laws(model, FAITHFUL, model.start(FAITHFUL, 1))
    assert [law.name for law in report.laws if not law.holds] == [], report


def test_map_of_one_normal_is_the_mode_of_its_posterior():
    """Normal–inverse-Wishart, Gelman et al. (2013), Bayesian Data Analysis, § 3.6, with κ = n, ν = n − D − 2."""
    count, (n, d) = 7.0, FAITHFUL.shape
    prior = imagined(1, count)
    params = emlib.fit(WithPrior(GaussianMixture(1), prior), FAITHFUL, GaussianMixture(1).start(FAITHFUL, 0)).params
    centre, scatter = prior.means[0], prior.scatters[0]
    mean = FAITHFUL.mean(axis=0)
    apart = np.outer(mean - centre, mean - centre) * count * n / (count + n)
    about_mean = (FAITHFUL - mean).T @ (FAITHFUL - mean)
    nu = count - d - 2
    np.testing.assert_allclose(params.means[0], (count * centre + n * mean) / (count + n), rtol=1e-12)
    np.testing.assert_allclose(params.covariances[0], (scatter + about_mean + apart) / (nu + n + d + 2), rtol=1e-12)


def test_map_is_the_dirichlet_s_mode_in_the_weights():
    model = WithPrior(MODEL, imagined(2, 10))
    statistics, _ = model.e_step(FAITHFUL, START)
    np.testing.assert_allclose(model.m_step(statistics).weights, (statistics.counts + 10) / (len(FAITHFUL) + 20))


def test_map_cures_a_collapse():
    onto_a_point = START._replace(
        means=np.array([FAITHFUL[0], FAITHFUL.mean(axis=0)]),
        covariances=np.array([1e-6, 1.0])[:, None, None] * np.cov(FAITHFUL.T),
    )
    with pytest.raises(emlib.DegenerateError, match="has collapsed"):
        emlib.fit(MODEL, FAITHFUL, onto_a_point)
    cured = emlib.fit(WithPrior(MODEL, imagined(2, 1)), FAITHFUL, onto_a_point)
    assert cured.converged
    assert np.linalg.eigvalsh(cured.params.covariances).min() > 0


# Another posterior


def test_at_temperature_one_it_is_em():
    a, b = (emlib.fit(model, FAITHFUL, START) for model in (MODEL, Tempered(MODEL, 1.0)))
    np.testing.assert_allclose(b.objectives, a.objectives, rtol=1e-12)
    np.testing.assert_allclose(b.params.means, a.params.means, rtol=1e-9)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_every_temperature_keeps_every_law_of_its_own_objective(temperature):
    report = emlib.check_laws(Tempered(MODEL, temperature), FAITHFUL, START)
    assert [law.name for law in report.laws if not law.holds] == [], report


def test_hard_em_of_equal_round_components_is_k_means():
    means = START.means
    round_ = Tempered(emlib.SoftAssignment(2, stiffness=0.1), 0.0)
    soft = emlib.fit(round_, FAITHFUL, emlib.CentreParams(means))
    hard = emlib.fit(KMeans(2), FAITHFUL, emlib.CentreParams(means))
    np.testing.assert_allclose(soft.params.means, hard.params.means, rtol=1e-12)


def test_hard_em_climbs_the_likelihood_of_the_labels():
    trace = emlib.fit(Tempered(MODEL, 0.0), FAITHFUL, START)
    z = trace.model.posterior(FAITHFUL, trace.params).argmax(axis=1)
    normal = GaussianMixture(1)
    total = sum(
        normal.score_samples(
            FAITHFUL[z == k], emlib.GaussianMixtureParams(np.ones(1), mean[None], covariance[None])
        ).sum()
        + (z == k).sum() * np.log(weight)
        for k, (weight, mean, covariance) in enumerate(zip(*trace.params, strict=True))
    )
    assert trace.objective == pytest.approx(total)
    assert trace.objective < MAXIMUM


def test_drawn_labels_wander_about_the_maximum():
    draws = Stochastic(MODEL, np.random.default_rng(0))
    run = list(itertools.islice(emlib.iterate(draws, FAITHFUL, START), 200))
    objectives = np.array([snapshot.objective for snapshot in run])
    assert (np.diff(objectives) < 0).any()
    assert MAXIMUM - 5 < objectives[100:].mean() < objectives.max() <= MAXIMUM
    with pytest.raises(emlib.ObjectiveFell):
        emlib.fit(draws, FAITHFUL, START)


# Part of the M-step, part of the data


@pytest.mark.parametrize("omega", [0.3, 1.5, 1.9])
def test_a_relaxed_step_keeps_all_laws_but_the_maximum(omega):
    model = Relaxed(MODEL, omega)
    assert broken(model) == {"maximum"}
    assert emlib.fit(model, FAITHFUL, START, tol=1e-12).objective == pytest.approx(MAXIMUM, abs=1e-7)


def test_a_whole_relaxed_step_is_em():
    a, b = (emlib.fit(model, FAITHFUL, START) for model in (MODEL, Relaxed(MODEL, 1.0)))
    np.testing.assert_allclose(b.objectives, a.objectives, rtol=1e-10)


def test_a_relaxed_step_that_would_fall_goes_less_far():
    assert (np.diff(emlib.fit(Relaxed(MODEL, 40.0), FAITHFUL, START).objectives) >= -1e-9).all()


def test_stepwise_comes_close_in_one_pass_over_much_data():
    theta = emlib.fit(MODEL, FAITHFUL, START).params
    x, _ = MODEL.sample(theta, 20000, np.random.default_rng(0))
    start = MODEL.start(x[:500], 1)
    *_, last = emlib.stepwise(MODEL, np.split(x, 200), start)
    whole = emlib.fit(MODEL, x, start).params
    order = np.argsort(last.params.means[:, 0])
    deviations = np.sqrt(np.diagonal(theta.covariances, axis1=1, axis2=2))
    apart = np.sort(whole.means, axis=0) - last.params.means[order]
    assert (np.abs(apart) < 0.1 * deviations).all()


def test_stepwise_with_one_batch_is_a_step_of_em():
    first, second = emlib.stepwise(MODEL, [FAITHFUL, FAITHFUL], START)
    np.testing.assert_allclose(second.params.means, MODEL.m_step(MODEL.e_step(FAITHFUL, START)[0]).means, rtol=1e-12)
    assert first.objective == pytest.approx(MODEL.e_step(FAITHFUL, START)[1] / len(FAITHFUL))


def test_a_batch_smaller_than_the_model_is_waited_out():
    x, _ = MODEL.sample(START, 400, 0)
    with pytest.raises(emlib.DegenerateError) as caught:
        list(emlib.stepwise(MODEL, emlib.minibatches(x, 2, 0), START, warm_up=0))
    assert caught.value.__notes__ == ["in batch 1"]
    snapshots = list(emlib.stepwise(MODEL, emlib.minibatches(x, 2, 0), START))
    waited = 10 * len(MODEL.free(START)) // 2  # ten rows for each free parameter, two in a batch
    assert all(snapshot.params is snapshots[0].params for snapshot in snapshots[:waited])
    assert snapshots[waited].params is not snapshots[0].params
    assert len(snapshots) == 200


def test_stepwise_counts_a_prior_against_all_rows_seen():
    """With equal weights for all batches, and a model whose E-step does not depend on θ, the answer is MAP's."""
    model = SimpleNamespace(
        e_step=lambda x, params: (np.array([len(x), x.sum()]), -len(x) * params**2),
        m_step=lambda statistics: statistics[1] / statistics[0],
        q=lambda params, statistics: 0.0,
    )
    believing = WithPrior(model, np.array([30.0, 0.0]))
    *_, last = emlib.stepwise(believing, list(np.ones((7, 10))), 0.0, decay=1, offset=1)
    assert last.params == pytest.approx(60 / (60 + 30))


def test_stepwise_relaxed_by_one_is_stepwise():
    batches = list(emlib.minibatches(FAITHFUL, 60, 0, passes=2))
    plain, relaxed = (list(emlib.stepwise(model, batches, START)) for model in (MODEL, Relaxed(MODEL, 1.0)))
    for one, other in zip(plain, relaxed, strict=True):
        np.testing.assert_allclose(other.params.covariances, one.params.covariances, rtol=1e-9)


def test_statistics_of_any_form_can_be_scaled_and_added():
    def e_step(x, params):
        return {"sum": x.sum(axis=0), "count": (len(x),)}, -((x - params) ** 2).sum()

    class Mean:
        pass

    model = Mean()
    model.e_step, model.m_step = e_step, lambda s: s["sum"] / s["count"][0]
    x = np.arange(12.0)[:, None]
    *_, last = emlib.stepwise(model, np.split(x, 6), np.zeros(1), decay=1.0, offset=1)
    np.testing.assert_allclose(last.params, x[:10].mean(axis=0))  # 1/t weights: the mean of all seen before the last


class TwoPieces(Pieces):
    def __iter__(self):
        return iter([FAITHFUL[:100], FAITHFUL[100:]])


@pytest.mark.parametrize("x", [FAITHFUL, TwoPieces()])
def test_minibatches_hold_each_row_once_in_a_pass(x):
    batches = list(emlib.minibatches(x, 60, 0, passes=3))
    assert [len(batch) for batch in batches] == [60] * 13 + [36]
    rows = np.concatenate(batches)
    for one_pass in np.split(rows, 3):
        assert sorted(map(tuple, one_pass)) == sorted(map(tuple, FAITHFUL))
        assert (one_pass != FAITHFUL).any()
    assert (rows[:272] != rows[272:544]).any()
    again = np.concatenate(list(emlib.minibatches(x, 60, 0, passes=3)))
    np.testing.assert_array_equal(rows, again)
    assert (rows != np.concatenate(list(emlib.minibatches(x, 60, 1, passes=3)))).any()


def test_minibatches_mix_pieces_where_they_lie():
    first = np.concatenate(list(emlib.minibatches(TwoPieces(), 50, 0)))[:100]
    np.testing.assert_array_equal(np.sort(first, axis=0), np.sort(FAITHFUL[:100], axis=0))


def test_stepwise_leaves_the_batches_as_they_were():
    batches = list(emlib.minibatches(FAITHFUL, 60, 0))
    kept = copy.deepcopy(batches)
    list(emlib.stepwise(MODEL, batches, START))
    for batch, before in zip(batches, kept, strict=True):
        np.testing.assert_array_equal(batch, before)


# Manners


@pytest.mark.parametrize(
    ("batches", "error", "says"),
    [
        (
            FAITHFUL,
            TypeError,
            r"batches is a ndarray; it must be an iterable of data.*emlib.minibatches\(x, size, rng\)",
        ),
        (7, TypeError, "batches is a int; it must be an iterable of data"),
        ([], ValueError, "batches holds nothing"),
        ([FAITHFUL, FAITHFUL[:0]], ValueError, r"x is empty: its shape is \(0, 2\)"),
        ([FAITHFUL, None], TypeError, "x is None, which is not a number"),
    ],
)
def test_batches_that_are_none_are_refused(batches, error, says):
    with pytest.raises(error, match=says) as caught:
        list(emlib.stepwise(MODEL, batches, START))
    if isinstance(batches, list) and batches:
        assert caught.value.__notes__ == ["in batch 1"]


def test_an_empty_batch_of_which_the_model_says_nothing():
    summing = SimpleNamespace(e_step=lambda x, params: (x.sum(), 0.0), m_step=lambda statistics: statistics)
    with pytest.raises(ValueError, match="the batch is empty; each needs at least one row") as caught:
        list(emlib.stepwise(summing, [FAITHFUL[:0]], 0.0))
    assert caught.value.__notes__ == ["in batch 0"]


def test_stepwise_yields_params_that_stay_what_they_are():
    own = START._replace(means=START.means.copy())
    first, second = emlib.stepwise(MODEL, [FAITHFUL, FAITHFUL], own)
    own.means[:] = 0
    np.testing.assert_array_equal(first.params.means, START.means)
    for snapshot in (first, second):
        with pytest.raises(ValueError, match="read-only"):
            snapshot.params.means[0] = 0


@pytest.mark.parametrize(
    ("ask", "error", "says"),
    [
        (lambda: emlib.minibatches(FAITHFUL, 0, 0), ValueError, "size is 0; it must be at least 1"),
        (lambda: emlib.minibatches(FAITHFUL, 9, 0, passes=0), ValueError, "passes is 0; it must be at least 1"),
        (lambda: emlib.minibatches(FAITHFUL, 9, -1), ValueError, "rng is -1"),
        (lambda: emlib.minibatches([FAITHFUL], 9, 0), TypeError, "x is a list; it must be an array"),
        (lambda: emlib.minibatches(np.array(3.0), 9, 0), TypeError, "x is a ndarray without rows; give an array with"),
        (lambda: emlib.minibatches(FAITHFUL[:0], 9, 0), ValueError, r"x is empty: its shape is \(0, 2\); .* one row"),
        (lambda: emlib.minibatches(np.ma.array(FAITHFUL), 9, 0), TypeError, "x is a masked array; give a plain array"),
        (lambda: emlib.minibatches(lambda: [np.ma.array(FAITHFUL)], 9, 0), TypeError, "x is a masked array"),
        (lambda: emlib.minibatches(csr_array(FAITHFUL), 9, 0), TypeError, r"x is a sparse matrix; .*x\.toarray\(\)"),
    ],
)
def test_minibatches_name_what_is_wrong(ask, error, says):
    with pytest.raises(error, match=says):
        next(ask())


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Tempered(MODEL, -1.0), "temperature is -1.0"),
        (lambda: Relaxed(MODEL, 0.0), "omega is 0.0"),
        (
            lambda: next(emlib.stepwise(MODEL, [FAITHFUL], START, decay=0.5)),
            "decay is 0.5; it must be greater than 0.5",
        ),
        (lambda: next(emlib.stepwise(MODEL, [FAITHFUL], START, decay=1.5)), "decay is 1.5"),
        (lambda: next(emlib.stepwise(MODEL, [FAITHFUL], START, offset=0)), "offset is 0"),
        (lambda: next(emlib.stepwise(MODEL, [FAITHFUL], START, warm_up=-1)), "warm_up is -1"),
    ],
)
def test_bad_settings_are_named(make, says):
    with pytest.raises(ValueError, match=says):
        make()


TWO_FUNCTIONS = SimpleNamespace(e_step=MODEL.e_step, m_step=MODEL.m_step)


@pytest.mark.parametrize(
    ("ask", "function"),
    [
        (lambda: emlib.fit(TWO_FUNCTIONS, FAITHFUL, START, algorithm=emlib.squarem), r"free\(params\)"),
        (lambda: emlib.standard_errors(TWO_FUNCTIONS, FAITHFUL, START), r"q\(params, statistics\)"),
        (
            lambda: emlib.bootstrap(TWO_FUNCTIONS, FAITHFUL, START, 2, seed=0, parametric=True),
            r"sample\(params, n, rng\)",
        ),
        (lambda: WithPrior(TWO_FUNCTIONS, imagined(2, 1)), r"q\(params, statistics\)"),
        (lambda: Tempered(KMeans(2), 1.0), r"statistics\(x, responsibilities, params\)"),
        (lambda: Stochastic(TWO_FUNCTIONS, 0), r"statistics\(x, responsibilities, params\)"),
        (lambda: Relaxed(TWO_FUNCTIONS, 1.5), r"q\(params, statistics\)"),
    ],
)
def test_what_a_model_lacks_is_named(ask, function):
    with pytest.raises(TypeError, match=f"model is .*; it needs a function {function}"):
        ask()


def test_drawn_labels_follow_the_seed():
    first, second = (list(itertools.islice(emlib.iterate(Stochastic(MODEL, 5), FAITHFUL, START), 4)) for _ in range(2))
    assert [s.objective for s in first] == [s.objective for s in second]
    with pytest.raises(ValueError, match="rng is 'a'; it must be"):
        Stochastic(MODEL, "a")


def test_a_wrapper_can_be_copied_and_shows_what_it_wraps():
    model = copy.deepcopy(Tempered(MODEL, 2.0))
    assert model == Tempered(MODEL, 2.0)
    assert repr(model) == "Tempered(model=GaussianMixture(n_components=2, covariance_type='full'), temperature=2.0)"
    assert not hasattr(model, "nonsense")


def test_the_laws_of_a_wrapper_are_all_checked():
    assert {
        law.name for law in emlib.check_laws(Relaxed(MODEL, 1.5), FAITHFUL, START).laws if law.holds is None
    } == set()
