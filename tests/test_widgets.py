"""Explorers of runs, without a browser: what is drawn and said is the record's, and nothing is fitted again."""

import base64
import itertools
import re

import numpy as np
import pytest
from matplotlib.collections import LineCollection, PathCollection, PolyCollection
from matplotlib.figure import Figure

import emlib
from emlib import plots, widgets

X = emlib.datasets.faithful().x
Z = (X - X.mean(axis=0)) / X.std(axis=0)


def fit(model, x, seed=0, **options):
    return emlib.fit(model, x, model.start(x, np.random.default_rng(seed)), **options)


@pytest.fixture(scope="module")
def mixtures():
    return {
        (K, family): fit(emlib.GaussianMixture(K, family), X, tol=1e-3) for K in (2, 3) for family in ("full", "tied")
    }


@pytest.fixture(scope="module")
def partitions():
    return {K: fit(emlib.KMeans(K), Z) for K in range(1, 9)}


def drawn(panel, kind, axes=0):
    return [artist for artist in panel.figure.axes[axes].get_children() if type(artist) is kind]


def minus(text):
    return float(text.replace("\N{MINUS SIGN}", "-"))


def moments(runs):
    """Four moments of each run: its start, its first step, its middle and its end."""
    for key, trace in runs.items():
        for at in sorted({0, 1, trace.iterations // 2, trace.iterations}):
            yield key, trace, at


# explore: what is drawn


def test_mixtures_are_drawn_as_their_parameters_have_them(mixtures):
    panel = widgets.explore(X, mixtures, ("K", "family"))
    for (K, family), trace, at in moments(mixtures):
        panel.set(K=K, family=family, iteration=at)
        model, params = trace.model, trace[at].params
        points, _, centres = drawn(panel, PathCollection)
        ellipses, _ = drawn(panel, PolyCollection)
        np.testing.assert_array_equal(points.get_offsets(), X)
        alone = plots.scatter(Figure().add_subplot(), X, responsibilities=model.posterior(X, params)).collection
        np.testing.assert_array_equal(points.get_facecolors(), alone.get_facecolors())
        assert [path.vertices.tolist() for path in points.get_paths()] == [
            path.vertices.tolist() for path in alone.get_paths()
        ]
        np.testing.assert_array_equal(centres.get_offsets(), params.means)
        covariances = model.full_covariances(params)
        assert len(ellipses.get_paths()) == 2 * K
        for i, path in enumerate(ellipses.get_paths()):
            d = path.vertices - params.means[i // 2]
            distance = np.sqrt(np.einsum("ni,ij,nj->n", d, np.linalg.inv(covariances[i // 2]), d))
            np.testing.assert_allclose(distance, 1 + i % 2)


def test_the_curve_marks_the_present_iteration(mixtures):
    panel = widgets.explore(X, mixtures, ("K", "family"))
    for (K, family), trace, at in moments(mixtures):
        axes = panel.set(K=K, family=family, iteration=at).figure.axes[1]
        line, mark = axes.lines
        np.testing.assert_array_equal(line.get_xydata(), np.column_stack([np.arange(len(trace)), trace.objectives]))
        np.testing.assert_array_equal(mark.get_xydata(), [[at, trace[at].objective]])
        low, high = axes.get_ylim()
        span = max(np.ptp(trace.objectives), 1e-9)
        assert low <= trace.objectives.min()
        assert high >= trace.objectives.max()
        assert high - low < 1.5 * span, "the limits belong to another run"


def test_kmeans_has_borders_halfway_and_mixtures_have_none(partitions, mixtures):
    panel = widgets.explore(Z, partitions)
    for K, trace in partitions.items():
        panel.set(K=K, iteration=1)
        means = trace[min(1, len(trace) - 1)].params.means
        ellipses, regions = drawn(panel, PolyCollection)
        assert regions.get_visible()
        assert not ellipses.get_visible()
        assert len(regions.get_paths()) == K
        for k, path in enumerate(regions.get_paths()):
            to_all = np.linalg.norm(path.vertices[:, None] - means, axis=2)
            np.testing.assert_allclose(to_all[:, k], to_all.min(axis=1), atol=1e-9)
    ellipses, regions = drawn(widgets.explore(X, mixtures, ("K", "family")), PolyCollection)
    assert not regions.get_visible()
    assert ellipses.get_visible()


def test_soft_assignment_has_neither_borders_nor_ellipses():
    panel = widgets.explore(Z, {2.0: fit(emlib.SoftAssignment(3, stiffness=2.0), Z)}, "stiffness")
    assert not any(artist.get_visible() for artist in drawn(panel, PolyCollection))


def test_trails_lead_from_the_start_to_the_present(partitions):
    panel = widgets.explore(Z, partitions).set(K=4, iteration=3)
    (trails,) = drawn(panel, LineCollection)
    history = [snapshot.params.means for snapshot in partitions[4].snapshots[:4]]
    np.testing.assert_array_equal([path.vertices for path in trails.get_paths()], np.swapaxes(history, 0, 1))


def test_one_feature_is_drawn_over_its_histogram_with_the_density():
    x = X[:, 1:]
    runs = {K: fit(emlib.GaussianMixture(K), x, tol=1e-4) for K in (1, 2)}
    panel = widgets.explore(x, runs)
    for K, trace, at in moments(runs):
        panel.set(K=K, iteration=at)
        points, _, centres = drawn(panel, PathCollection)
        np.testing.assert_array_equal(points.get_offsets()[:, 0], x[:, 0])
        np.testing.assert_array_equal(centres.get_offsets()[:, 0], trace[at].params.means[:, 0])
        assert points.get_offsets()[:, 1].max() < 0, "the strip of points lies in the histogram"
        (density,) = (line for line in panel.figure.axes[0].lines if len(line.get_xdata()) > 2)
        expected = np.exp(trace.model.score_samples(density.get_xdata()[:, None], trace[at].params))
        np.testing.assert_allclose(density.get_ydata(), expected)


def test_one_feature_of_kmeans_has_borders_and_no_density():
    panel = widgets.explore(Z[:, :1], {3: fit(emlib.KMeans(3), Z[:, :1])})
    means = np.sort(panel.figure.axes[0].collections[-1].get_offsets()[:, 0])
    edges = np.unique(np.concatenate([p.vertices[:, 0] for p in drawn(panel, PolyCollection)[-1].get_paths()]).round(9))
    np.testing.assert_allclose(edges[1:-1], (means[1:] + means[:-1]) / 2)
    assert not any(line.get_visible() for line in panel.figure.axes[0].lines)


def test_the_panel_of_the_data_keeps_its_limits(mixtures):
    panel = widgets.explore(X, mixtures, ("K", "family"))
    limits = panel.figure.axes[0].axis()
    for key, _, at in moments(mixtures):
        panel.set(K=key[0], family=key[1], iteration=at)
        assert panel.figure.axes[0].axis() == limits


# explore: what is said


def test_the_text_says_what_the_record_holds(mixtures):
    panel = widgets.explore(X, mixtures, ("K", "family"), feature_names=["duration", "waiting"])
    for (K, family), trace, at in moments(mixtures):
        panel.set(K=K, family=family, iteration=at)
        headline, components, curve = panel.text.split("\n")
        said = re.fullmatch(
            r"K = (\d), family (\w+), iteration (\d+) of (\d+): log-likelihood (\S+?)(, converged)?\.", headline
        )
        assert said, headline
        assert said[1] == str(K)
        assert said[2] == family
        assert (int(said[3]), int(said[4])) == (at, trace.iterations)
        assert minus(said[5]) == pytest.approx(trace[at].objective, abs=0.006)
        assert bool(said[6]) == (at == trace.iterations)
        shares = trace.model.posterior(X, trace[at].params).mean(axis=0)
        places = re.findall(r"(\d) holds (\d+)% around \((\S+), (\S+)\)", components)
        np.testing.assert_allclose(np.array(places, dtype=float)[:, 1] / 100, shares, atol=0.006)
        np.testing.assert_allclose(np.array(places, dtype=float)[:, 2:], trace[at].params.means, rtol=0.006)
        assert "duration and waiting" in components
        ends = re.findall(r"(\S+) at iteration (\d+)", curve)
        assert [int(t) for _, t in ends] == [0, trace.iterations]
        assert [minus(value) for value, _ in ends] == pytest.approx(trace.objectives[[0, -1]], abs=0.006)


def test_beyond_its_end_a_run_stays_at_its_end(partitions):
    panel = widgets.explore(Z, partitions)
    longest = max(trace.iterations for trace in partitions.values())
    short = next(K for K, trace in partitions.items() if trace.iterations < longest)
    at_end = panel.set(K=short, iteration=partitions[short].iterations)
    text, image = at_end.text, at_end.image
    panel.set(iteration=longest)
    assert (panel.text, panel.image) == (text, image)
    assert "converged" in text


def test_a_run_that_did_not_converge_is_not_called_converged():
    with pytest.warns(emlib.ConvergenceWarning):
        trace = fit(emlib.KMeans(5), Z, max_iter=2)
    text = widgets.explore(Z, {5: trace}, objective="−distortion").set(iteration=2).text
    assert text.startswith("K = 5, iteration 2 of 2, after assigning: −distortion ")
    assert f"The run ends here: {trace.reason}." in text


def test_halfway_the_centres_of_kmeans_have_moved_and_nothing_is_assigned_anew(partitions):
    trace = partitions[4]
    panel = widgets.explore(Z, partitions).set(K=4, iteration=2.5)
    before, after = trace[2].params, trace[3].params
    points, _, centres = drawn(panel, PathCollection)
    alone = plots.scatter(Figure().add_subplot(), Z, responsibilities=trace.model.posterior(Z, before)).collection
    np.testing.assert_array_equal(points.get_facecolors(), alone.get_facecolors())
    np.testing.assert_array_equal(centres.get_offsets(), after.means)
    own = trace.model.posterior(Z, before).argmax(axis=1)
    distortion = np.square(Z - after.means[own]).sum()
    found = re.match(r"K = 4, iteration 2½ of \d+, after moving the centres: objective (\S+)\.", panel.text)
    assert minus(found[1]) == pytest.approx(-distortion, abs=0.006)
    assert trace[2].objective <= -distortion <= trace[3].objective
    assert panel.choices["iteration"][:5] == [0, 0.5, 1, 1.5, 2]
    panel.set_state({"iteration": 0.5})  # as the page sends it
    assert panel.text.startswith("K = 4, iteration ½ of")


def test_a_long_run_can_be_walked_through():
    trace = fit(emlib.GaussianMixture(8), X, tol=1e-6)
    stops = widgets.explore(X, {8: trace}).choices["iteration"]
    assert trace.iterations > 100
    assert stops[:21] == list(range(21))
    assert stops[-1] == trace.iterations
    assert len(stops) < 70
    assert all(b - a <= a / 10 for a, b in itertools.pairwise(stops[20:]))


def test_moving_a_slider_fits_nothing(mixtures, partitions, monkeypatch):
    panels = [widgets.explore(X, mixtures, ("K", "family")), widgets.explore(Z, partitions)]

    def refuse(*args, **kwargs):
        raise AssertionError("a slider fitted again")

    for model in (emlib.GaussianMixture, emlib.KMeans):
        monkeypatch.setattr(model, "e_step", refuse)
        monkeypatch.setattr(model, "m_step", refuse)
    for (K, family), _, at in moments(mixtures):
        panels[0].set(K=K, family=family, iteration=at)
    for K, _, at in moments(partitions):
        panels[1].set(K=K, iteration=at)


def test_a_notebook_without_a_kernel_shows_a_still_picture(mixtures):
    def show():
        return widgets.explore(X, mixtures, ("K", "family")).set(K=3, iteration=2)

    panel = show()
    data, _ = panel._repr_mimebundle_()
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == panel.model_id
    assert data["text/plain"] == panel.text
    image = re.search(r'<img alt="([^"]*)"[^>]* src="data:image/png;base64,([^"]*)">', data["text/html"])
    assert image[1] == panel.text
    assert base64.b64decode(image[2]) == panel.image
    caption = re.search("<figcaption>(.*)</figcaption>", data["text/html"])[1]
    assert caption == f"{panel.text.splitlines()[0]} It moves where scripts run: in the online book, and in JupyterLab."
    again, _ = show()._repr_mimebundle_()
    assert again["text/html"] == data["text/html"], "the same cell gives another output"


# Bad input


RUN = fit(emlib.KMeans(2), Z)
EMPTY = emlib.Trace(emlib.KMeans(2), (), False, "")
MANY = emlib.KMeans(9)
COINS = emlib.Trace(None, (emlib.Snapshot(0, {"p": 0.5}, 0.0),), False, "")


@pytest.mark.parametrize(
    ("x", "runs", "names", "error", "sentence"),
    [
        (Z, {}, "K", ValueError, "it must be a dict with at least one Trace"),
        (Z, [RUN], "K", ValueError, "it must be a dict"),
        (Z, {2: RUN}, ("K", "family"), ValueError, "key .2,.; its 1 values do not match the names"),
        (Z, {(2, "full"): RUN, (3, "tied"): RUN}, ("K", "family"), ValueError, r"runs has no \(2, 'tied'\)"),
        (Z, {2: RUN}, "iteration", ValueError, "'iteration' comes by itself"),
        (Z, {2: RUN}, (), ValueError, "name once each thing"),
        (Z, {2: EMPTY}, "K", ValueError, "has no snapshot"),
        (Z, {2: list(RUN)}, "K", TypeError, r"runs\[\(2,\)\] is a list; give a Trace, such as emlib.Trace\("),
        (Z, {2: COINS}, "K", TypeError, "have no means to draw"),
        (Z, {9: fit(MANY, Z)}, "K", ValueError, "9 components cannot be drawn"),
        (np.hstack([Z, Z]), {2: RUN}, "K", ValueError, "x has 4 features; a picture shows one or two"),
        (Z[:, :1], {2: RUN}, "K", ValueError, "x has 1 features; the parameters describe 2"),
        (
            Z[:50],
            {2: RUN},
            "K",
            ValueError,
            r"runs\[\(2,\)\] begins with the objective .*; on x it is .*: give the x that",
        ),
        (Z * np.nan, {2: RUN}, "K", ValueError, "every value must be finite"),
    ],
)
def test_explore_refuses(x, runs, names, error, sentence):
    with pytest.raises(error, match=sentence):
        widgets.explore(x, runs, names)


def test_explore_wants_a_name_for_each_feature():
    with pytest.raises(ValueError, match="feature_names has 1 names for 2 features"):
        widgets.explore(Z, {2: RUN}, feature_names=["waiting"])
