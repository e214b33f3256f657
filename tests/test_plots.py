"""What is drawn is what was handed over: the tests read the artists' data, not pixels."""

import html
import io
import re
import subprocess
import sys
from html.parser import HTMLParser

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from emlib import datasets, plots
from emlib.plots import numbers, style


@pytest.fixture
def ax():
    return Figure(layout="constrained").add_subplot()


@pytest.fixture(scope="module")
def x():
    x = datasets.faithful().x
    return (x - x.mean(axis=0)) / x.std(axis=0)


def soft(n, n_components, seed=0):
    return np.random.default_rng(seed).dirichlet(np.full(n_components, 0.4), n)


def covariances(n_components, seed=0):
    a = np.random.default_rng(seed).normal(size=(n_components, 2, 2))
    return a @ a.transpose(0, 2, 1) + 0.05 * np.eye(2)


# Colours and style


def luminance(colour):
    """WCAG 2's relative luminance."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return np.dot([0.2126, 0.7152, 0.0722], linear)


def contrast(first, second):
    dark, light = sorted([luminance(first), luminance(second)])
    return (light + 0.05) / (dark + 0.05)


# Linear RGB as seen without one kind of cone: Viénot, Brettel & Mollon 1999, and Machado et al. 2009 for the last.
DEFICIENCIES = {
    "protan": [[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]],
    "deutan": [[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def lab(linear):
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ linear
    f = np.cbrt(np.clip(xyz / [0.9505, 1.0, 1.089], 0, None))
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("colours", [plots.LINE_COLOURS, style.OUTLINES], ids=["lines", "outlines"])
def test_lines_and_outlines_stand_out_from_the_paper(colours):
    for colour in colours:
        assert contrast(colour, plots.PAPER) >= 3, f"{colour} is too pale"


def test_text_stands_out_from_the_paper():
    with plt.rc_context():
        plots.use_style()
        for key in ("text.color", "axes.labelcolor", "xtick.labelcolor", "ytick.labelcolor"):
            assert contrast(plt.rcParams[key], plt.rcParams["figure.facecolor"]) >= 4.5, key
    assert contrast(plots.INK, plots.PAPER) >= 7


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_the_first_four_colours_stay_apart_without_a_cone(deficiency):
    seen = []
    for colour in plots.PALETTE[:4]:
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
        seen.append(lab(np.clip(np.array(DEFICIENCIES[deficiency]) @ linear, 0, 1)))
    for i in range(4):
        for j in range(i):
            assert np.linalg.norm(seen[i] - seen[j]) > 10, (plots.PALETTE[i], plots.PALETTE[j])


def test_every_component_has_its_own_marker_line_and_hatch():
    for looks in (plots.PALETTE, plots.LINE_COLOURS, plots.MARKERS, plots.LINE_STYLES, style.HATCHES):
        assert len(set(looks)) == len(looks) == len(plots.PALETTE)


def test_importing_changes_no_setting():
    code = "import matplotlib as m; before = dict(m.rcParams); import emlib.plots; print(dict(m.rcParams) == before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"


def test_the_style_is_applied_on_request():
    backend = matplotlib.get_backend()
    with plt.rc_context():
        plots.use_style()
        assert plt.rcParams["figure.facecolor"].lower() == plots.PAPER.lower()
        assert not plt.rcParams["savefig.transparent"]
        fig, ax = plt.subplots()
        assert [line.get_color() for line in (ax.plot([0])[0], ax.plot([1])[0])] == list(plots.LINE_COLOURS[:2])
        plt.close(fig)
    assert matplotlib.get_backend() == backend


# Points and centres


@pytest.mark.parametrize("n_components", range(1, 9))
def test_scatter_shows_responsibilities_by_marker_and_mixed_colour(ax, x, n_components):
    r = soft(len(x), n_components)
    drawn = plots.scatter(ax, x, responsibilities=r).collection
    np.testing.assert_array_equal(drawn.get_offsets(), x)
    for path, k in zip(drawn.get_paths(), r.argmax(axis=1), strict=True):
        assert path is style.MARKER_PATHS[k]
    fills = np.array([to_rgb(colour) for colour in plots.PALETTE[:n_components]])
    certain = r.max(axis=1) > 1 - 1e-9
    np.testing.assert_allclose(drawn.get_facecolors()[certain, :3], (r @ fills)[certain], atol=1e-6)


def test_an_undecided_point_is_hollow(ax):
    drawn = plots.scatter(ax, [[0, 0], [1, 1], [2, 2]], responsibilities=[[1, 0], [0.5, 0.5], [0.2, 0.8]]).collection
    certain, undecided, between = drawn.get_facecolors()[:, :3]
    np.testing.assert_allclose(certain, to_rgb(plots.PALETTE[0]))
    np.testing.assert_allclose(undecided, to_rgb(plots.PAPER))
    assert luminance(certain) < luminance(between) < luminance(undecided)
    for outline in drawn.get_edgecolors():
        assert contrast(outline[:3], plots.PAPER) >= 3


def test_labels_are_responsibilities_of_zero_and_one(ax, x):
    labels = np.arange(len(x)) % 3
    hard = plots.scatter(ax, x, labels=labels).collection
    same = plots.scatter(ax, x, responsibilities=np.eye(3)[labels]).collection
    np.testing.assert_array_equal(hard.get_facecolors(), same.get_facecolors())
    assert hard.get_paths() == same.get_paths()


def test_scatter_is_updated_in_place(ax, x):
    points = plots.scatter(ax, x)
    artists = ax.get_children()
    points.update(responsibilities=soft(len(x), 2))
    points.update(responsibilities=soft(len(x), 5))
    points.update(x=x[::-1])
    np.testing.assert_array_equal(points.collection.get_offsets(), x[::-1])
    assert len(points.collection.get_paths()) == len(x)
    assert ax.get_children() == artists


@pytest.mark.parametrize("n_components", [1, 3, 8])
def test_centres_are_numbered_and_follow(ax, n_components):
    rng = np.random.default_rng(1)
    drawn = plots.centres(ax, rng.normal(size=(2, 2)))
    means = rng.normal(size=(n_components, 2))
    drawn.update(means)
    np.testing.assert_array_equal(drawn.markers.get_offsets(), means)
    assert tuple(drawn.markers.get_paths()) == style.MARKER_PATHS[:n_components]
    shown = [number for number in drawn.numbers if number.get_visible()]
    assert [number.get_text() for number in shown] == [str(k + 1) for k in range(n_components)]
    np.testing.assert_array_equal([number.xy for number in shown], means)


def test_trails_pass_through_every_iteration(ax):
    history = np.random.default_rng(2).normal(size=(6, 3, 2))
    trails = plots.path(ax, history)
    for t in (5, 0, 3):
        trails.update(history[: t + 1])
        for k, segment in enumerate(trails.lines.get_segments()):
            np.testing.assert_array_equal(segment, history[: t + 1, k])
        assert len(trails.steps.get_offsets()) == 3 * (t + 1)


# Regions, ellipses, surfaces


@pytest.mark.parametrize("n_components", range(1, 9))
@pytest.mark.parametrize("inverted", [False, True])
def test_voronoi_regions_hold_exactly_the_nearest_points(ax, n_components, inverted):
    rng = np.random.default_rng(n_components)
    means = rng.normal(size=(n_components, 2))
    ax.set(xlim=(2, -2) if inverted else (-2, 2), ylim=(-1.5, 2.5))
    paths = plots.voronoi(ax, means).polygons.get_paths()
    points = rng.uniform([-2, -1.5], [2, 2.5], (500, 2))
    nearest = ((points[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    for k, path in enumerate(paths):
        inside = path.contains_points(points) if len(path.vertices) > 2 else np.zeros(len(points), bool)
        np.testing.assert_array_equal(inside, nearest == k)
    assert sum(area(path.vertices) for path in paths) == pytest.approx(16)
    assert sorted(ax.get_xlim()) == [-2, 2]


def area(polygon):
    x, y = polygon.T
    return abs(np.dot(x, np.roll(y, -1)) - np.dot(np.roll(x, -1), y)) / 2


def test_voronoi_with_far_and_equal_centres(ax):
    ax.axis((0, 1, 0, 1))
    regions = plots.voronoi(ax, [[0.5, 0.5], [50.0, 50.0], [0.5, 0.5]])
    ax.figure.draw_without_rendering()
    assert [area(path.vertices) if len(path.vertices) else 0 for path in regions.polygons.get_paths()] == [1, 0, 1]
    regions.update([[0.25, 0.5], [0.75, 0.5]])
    assert [area(path.vertices) for path in regions.polygons.get_paths()] == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize("n_components", [1, 2, 8])
def test_ellipses_have_the_axes_of_the_covariance(ax, n_components):
    means, sigmas = np.random.default_rng(0).normal(size=(n_components, 2)), covariances(n_components)
    paths = plots.ellipses(ax, means, sigmas, levels=(1, 2.5)).polygons.get_paths()
    assert len(paths) == 2 * n_components
    for k in range(n_components):
        for level, path in zip((1, 2.5), paths[2 * k : 2 * k + 2], strict=True):
            offsets = path.vertices[:-1] - means[k]
            mahalanobis = np.sqrt(np.einsum("ni,ij,nj->n", offsets, np.linalg.inv(sigmas[k]), offsets))
            np.testing.assert_allclose(mahalanobis, level)
            radii = np.linalg.norm(offsets, axis=1)
            small, large = level * np.sqrt(np.linalg.eigvalsh(sigmas[k]))
            assert radii.max() == pytest.approx(large)
            assert radii.min() == pytest.approx(small)


def test_ellipses_widen_the_limits_and_follow_another_k(ax):
    drawn = plots.ellipses(ax, [[0, 0]], [100 * np.eye(2)])
    assert ax.get_xlim()[1] >= 20
    drawn.update(np.zeros((3, 2)), covariances(3))
    assert len(drawn.polygons.get_paths()) == 6
    ax.figure.draw_without_rendering()


def test_contours_evaluate_the_function_on_the_axes(ax):
    ax.axis((-3, 3, 1, 5))
    drawn = plots.contours(ax, lambda points: ((points - [1, 2]) ** 2).sum(axis=1), levels=[1.0, 4.0], resolution=200)
    for level, path in zip(drawn.lines.levels, drawn.lines.get_paths(), strict=True):
        np.testing.assert_allclose(((path.vertices - [1, 2]) ** 2).sum(axis=1), level, atol=0.01)


# One variable


@pytest.mark.parametrize("shape", [(2,), (2, 1), (2, 1, 1)])
def test_density_is_the_sum_of_its_components(ax, shape):
    grid = np.linspace(30, 110, 2001)
    drawn = plots.density_1d(ax, grid, [0.36, 0.64], np.reshape([54.6, 80.1], shape), np.reshape([34.0, 30.0], shape))
    total = drawn.total.get_ydata()
    components = [segment[:, 1] for segment in drawn.components.get_segments()]
    np.testing.assert_allclose(total, np.sum(components, axis=0))
    areas = [np.trapezoid(y, grid) for y in (total, *components)]
    np.testing.assert_allclose(areas, [1, 0.36, 0.64], atol=1e-4)
    assert grid[np.argmax(components[0])] == pytest.approx(54.6, abs=0.05)
    drawn.update([1.0], [70.0], [25.0])
    assert drawn.total.get_ydata().max() == pytest.approx(1 / np.sqrt(2 * np.pi * 25), rel=1e-4)
    assert len(drawn.components.get_segments()) == 1


def test_histogram_has_area_one(ax, x):
    bars = plots.histogram(ax, x[:, 1], bins=10)
    assert len(bars) == 10
    assert sum(bar.get_width() * bar.get_height() for bar in bars) == pytest.approx(1)


def test_objective_curve_marks_the_current_iteration(ax):
    objectives = np.array([-10.0, -5.5, -5.25])
    curve = plots.objective_curve(ax, objectives, label="negative inertia")
    assert ax.get_ylabel() == "negative inertia"
    np.testing.assert_array_equal(curve.line.get_xydata(), np.column_stack([np.arange(3), objectives]))
    assert not curve.current.get_visible()
    curve.update(1)
    np.testing.assert_array_equal(curve.current.get_xydata(), [[1, -5.5]])
    assert curve.note.get_text() == "t = 1:  \N{MINUS SIGN}5.50"
    curve.update(4, objectives=np.arange(5.0))
    np.testing.assert_array_equal(curve.current.get_xydata(), [[4, 4]])
    assert -1 < ax.get_ylim()[0] < ax.get_ylim()[1] < 5  # the first curve, down at -10, is forgotten
    with pytest.raises(ValueError, match="at is 5; it must be at most 4"):
        curve.update(5)


def test_responsibility_bars_add_up_to_one(ax):
    drawn = plots.responsibility_bars(ax, soft(7, 3))
    for seed in (0, 1):
        r = soft(7, 3, seed)
        drawn.update(r)
        widths = np.array([[bar.get_width() for bar in bars] for bars in drawn.components]).T
        lefts = np.array([[bar.get_x() for bar in bars] for bars in drawn.components]).T
        np.testing.assert_allclose(widths, r)
        np.testing.assert_allclose(lefts[:, 1:], np.cumsum(r, axis=1)[:, :-1])
    hatches = {bars[0].get_hatch() for bars in drawn.components}
    assert len(hatches) == 3


@pytest.mark.parametrize("lines", [False, True])
def test_legend_names_every_component(ax, lines):
    names = [f"component {k}" for k in range(1, 9)]
    legend = plots.legend(ax, names, lines=lines, total="mixture")
    assert [text.get_text() for text in legend.get_texts()] == ["mixture", *names]
    handles = legend.legend_handles[1:]
    if lines:
        assert [handle.get_color() for handle in handles] == list(plots.LINE_COLOURS)
    else:
        assert [handle.get_marker() for handle in handles] == list(plots.MARKERS)


# Bad input


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda ax: plots.scatter(ax, np.zeros((5, 4))), "x has 4 features; a picture needs two"),
        (lambda ax: plots.scatter(ax, [[0.0, np.nan]]), r"x\[0, 1\] is nan"),
        (lambda ax: plots.scatter(ax, np.zeros((2, 2)), labels=[0.5, 1]), "it needs 2 integers"),
        (lambda ax: plots.scatter(ax, np.zeros((2, 2)), labels=[0, -1]), "labels holds -1"),
        (lambda ax: plots.scatter(ax, np.zeros((2, 2)), labels=[0, 8]), "9 components cannot be drawn"),
        (
            lambda ax: plots.scatter(ax, np.zeros((2, 2)), labels=[0, 1], responsibilities=np.eye(2)),
            "labels and responsibilities are both given",
        ),
        (lambda ax: plots.scatter(ax, np.zeros((2, 2)), responsibilities=np.ones((2, 2))), "whose sum is not 1"),
        (lambda ax: plots.scatter(ax, np.zeros((2, 2)), responsibilities=[[1.0]]), "has 1 rows for 2 points"),
        (lambda ax: plots.centres(ax, np.zeros((9, 2))), "9 components cannot be drawn"),
        (lambda ax: plots.voronoi(ax, np.zeros(2)), r"means has shape \(2,\)"),
        (lambda ax: plots.path(ax, np.zeros((3, 2, 3))), "history has 3 features"),
        (lambda ax: plots.ellipses(ax, [[0, 0]], [[1, 1]]), r"covariances has shape \(1, 2\)"),
        (lambda ax: plots.ellipses(ax, [[0, 0]], [[[1, 2], [2, 1]]]), r"covariances\[0\] has the negative eigenvalue"),
        (lambda ax: plots.ellipses(ax, [[0, 0]], [[[1, 0.5], [0, 1]]]), r"covariances\[0\] is not symmetric"),
        (lambda ax: plots.contours(ax, lambda points: points), r"the values of function has shape \(10000, 2\)"),
        (lambda ax: plots.density_1d(ax, [0, 1], [0.5, 0.4], [0, 1], [1, 1]), "weights sum to 0.9"),
        (lambda ax: plots.density_1d(ax, [0, 1], [0.5, 0.5], [0], [1, 1]), "means has 1 values for 2 weights"),
        (lambda ax: plots.density_1d(ax, [0, 1], [1.0], [0], [0]), "every variance must be positive"),
        (lambda ax: plots.objective_curve(ax, [[1.0]]), r"objectives has shape \(1, 1\)"),
        (lambda ax: plots.legend(ax, ["a"] * 9), "9 components cannot be drawn"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_one_sentence(ax, call, message):
    with pytest.raises(ValueError, match=message):
        call(ax)


def test_contours_need_a_function(ax):
    with pytest.raises(TypeError, match="function is 5; it must be a function of points"):
        plots.contours(ax, 5)


# Images


def tags(text):
    """The elements of some HTML: their names with their attributes."""
    found = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: found.append((tag, dict(attributes)))
    parser.feed(text)
    return found


def small_figure():
    fig, ax = plt.subplots(figsize=(3, 2))
    plots.scatter(ax, [[0, 0], [1, 2]], labels=[0, 1])
    return fig


def test_described_is_one_image_with_its_text():
    text = 'Two points, one at "0 < x" & one\n    further up; <b>nothing</b> else\'s there.'
    shown = plots.described(small_figure(), text)
    assert plt.get_fignums() == []
    bundle = shown._repr_mimebundle_()
    (tag, attributes), *others = tags(bundle["text/html"])
    said = " ".join(text.split())
    assert tag == "img"
    assert "img" not in dict(others)
    assert attributes["alt"] == bundle["text/plain"] == repr(shown) == said
    assert html.escape(said) in bundle["text/html"]
    assert "max-width: 100%" in attributes["style"]
    assert attributes["width"] == "288"
    assert re.fullmatch(r"data:image/png;base64,[A-Za-z0-9+/=]+", attributes["src"])
    image = Image.open(io.BytesIO(shown.image))
    assert image.size == (576, 384)
    assert image.mode == "RGB"


def test_the_same_figure_gives_the_same_bytes():
    first, second = (plots.described(small_figure(), "Two points on the same picture.") for _ in range(2))
    assert first.image == second.image
    assert Image.open(io.BytesIO(first.image)).info == {}


@pytest.mark.parametrize("text", ["", "   ", "figure", "A scatter plot.", "a" * 10 + " " * 20])
def test_described_refuses_a_stub(text):
    fig = small_figure()
    with pytest.raises(ValueError, match="write a sentence"):
        plots.described(fig, text)
    with pytest.raises(TypeError, match="text is None"):
        plots.described(fig, None)
    plt.close(fig)


def test_png_shows_what_matplotlib_itself_would_save():
    fig = small_figure()
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", dpi=192)
    saved = np.asarray(Image.open(buffer).convert("RGB"))
    dpi = fig.dpi
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(plots.png(fig)))), saved)
    assert fig.dpi == dpi
    plt.close(fig)


# The numbers behind a figure


def read(ax):
    """The tables of the figure of `ax`, by caption: columns by their heads."""
    return {
        table.caption: {head: [row[i] for row in table.rows] for i, head in enumerate(table.head)}
        for table in numbers.tables(ax.figure)
    }


def values(column):
    return np.array([float(text.replace("\N{MINUS SIGN}", "-")) for text in column])


def test_curves_over_the_same_places_are_columns(ax):
    t = np.arange(10)
    ax.plot(t, -(t**2) / 3, label="falls")
    ax.plot(t, 2.0 * t, label="rises")
    ax.plot(t, 2.0 * t, ".")
    ax.set(xlabel="iteration t", ylabel="height")
    assert read(ax) == {
        "height": {
            "iteration t": [str(i) for i in t],
            "falls": ["0.00", "\N{MINUS SIGN}0.33", *(f"\N{MINUS SIGN}{i * i / 3:.2f}" for i in t[2:])],
            "rises": [f"{2 * i}" for i in t],
        }
    }


def test_a_dense_curve_keeps_its_ends_and_its_extremes(ax):
    grid = np.linspace(0, 7, 401)
    ax.plot(grid, np.sin(grid))
    ((caption, table),) = read(ax).items()
    x, y = values(table["horizontal"]), values(table["vertical"])
    assert caption == f"vertical ({len(x)} of 401 rows)"
    assert len(x) <= 25
    assert (x[0], x[-1]) == (0, 7)
    np.testing.assert_allclose(np.sin(x), y, atol=1e-3)
    np.testing.assert_allclose([y.max(), y.min()], [1, -1], atol=1e-4)


def test_a_cloud_is_told_by_component(ax, x):
    labels = (x[:, 0] > 0).astype(int)
    plots.scatter(ax, x, labels=labels)
    plots.legend(ax, ["short", "long"])
    ax.set(xlabel="duration", ylabel="wait")
    table = read(ax)["points, in short"]
    assert table[""] == ["short: duration", "short: wait", "long: duration", "long: wait"]
    groups = [x[labels == k] for k in (0, 1)]
    for head, statistic in {"least": np.min, "greatest": np.max, "mean": np.mean, "standard deviation": np.std}.items():
        np.testing.assert_allclose(values(table[head]), np.ravel([statistic(g, axis=0) for g in groups]), atol=5e-4)
    assert table["how many"] == [str(len(g)) for g in groups for _ in range(2)]


def test_centres_ways_and_ellipses(ax):
    history = np.random.default_rng(3).normal(size=(40, 3, 2))
    sigmas = covariances(3)
    plots.path(ax, history)
    plots.centres(ax, history[0] + 5)
    plots.ellipses(ax, history[-1], sigmas, levels=(2,))
    tables = read(ax)
    steps, places, outlines = tables["step by step (11 of 40 rows)"], tables["places"], tables["outlines"]
    rows = [int(step) for step in steps["step"]]
    assert (rows[:3], rows[-1]) == ([0, 1, 2], 39)
    for k in range(3):
        for d, side in enumerate(("horizontal", "vertical")):
            np.testing.assert_allclose(values(steps[f"component {k + 1}: {side}"]), history[rows, k, d], atol=5e-4)
    assert places[""] == ["component 1", "component 2", "component 3"]
    np.testing.assert_allclose(values(places["vertical"]), history[0, :, 1] + 5, atol=5e-4)
    reach = 2 * np.sqrt(sigmas[:, [0, 1], [0, 1]])
    np.testing.assert_allclose(values(outlines["greatest"]), np.ravel(history[-1] + reach), rtol=0.01, atol=0.01)
    np.testing.assert_allclose(values(outlines["least"]), np.ravel(history[-1] - reach), rtol=0.01, atol=0.01)
    assert len(tables) == 3


def test_bars(ax, x):
    ax.hist(x[:, 1], bins=np.arange(-5, 5))
    ax.set(xlabel="wait", ylabel="how many")
    table = read(ax)["how many, where there is any"]
    assert table["wait"][0] == "\N{MINUS SIGN}3 to \N{MINUS SIGN}2"
    assert values(table["how many"]).sum() == len(x)


def test_bars_of_responsibilities(ax):
    r = soft(4, 2)
    plots.responsibility_bars(ax, r)
    ax.set_yticks(range(1, 5), ["a", "b", "c", "d"])
    table = read(ax)["responsibility"]
    assert table["point n"] == ["a", "b", "c", "d"]
    np.testing.assert_allclose(values(table["component 1"]) + values(table["component 2"]), 1, atol=2e-4)


def test_marks_lines_and_surfaces(ax):
    ax.axis((-3, 3, 1, 5))
    plots.contours(ax, lambda points: ((points - [1, 2]) ** 2).sum(axis=1), levels=[1.0, 4.0])
    ax.axvline(0.526, label="critical")
    ax.axhline(2)
    ax.plot(1, 2, "x")
    tables = read(ax)
    assert tables["places"] == {
        "": ["critical", "line", "cross"],
        "horizontal": ["0.526", "", "1.000"],
        "vertical": ["", "2", "2"],
    }
    assert tables["the surface"]["height"] == ["0", "25", "1, 4"]


def test_what_panels_share_is_told_once(x):
    left, right = Figure().subplots(1, 2, sharey=True)
    for panel, title in ((left, "before"), (right, "after")):
        plots.scatter(panel, x)
        panel.set(title=title, xlabel="duration")
    left.set_ylabel("wait")
    plots.centres(right, [[0, 1]])
    assert list(read(left)) == ["before; after: points, in short", "after: places"]


def test_numbers_are_rounded_for_every_machine(ax):
    ax.plot([1, 2, 3], [1000.0, -1e-17, 1e-13 + 2], label="a")
    assert read(ax)["vertical"]["a"] == ["1000", "0", "2"]
    ax.set_yscale("log")
    assert read(ax)["vertical"]["a"] == ["1e+03", "\N{MINUS SIGN}1e\N{MINUS SIGN}17", "2"]


@pytest.mark.parametrize("digits", [0, 3e-16, -3e-16])
def test_rows_are_chosen_alike_on_every_machine(ax, digits):
    """Of a curve that comes to rest only the first of the places where it stands, whichever is highest by rounding."""
    rest = np.full(40, 5.0)
    rest[17:] *= 1 + digits * np.arange(23)
    ax.plot(np.concatenate([-np.arange(11.0), rest]), label="a")
    (table,) = read(ax).values()
    assert table["horizontal"] == [str(row) for row in sorted({*range(0, 51, 3), 10, 11, 50})]


def test_what_has_no_numbers_has_no_fold(ax):
    assert numbers.folded(ax.figure) == ""
    ax.plot([], [])
    ax.scatter([], [])
    ax.text(0, 0, "a remark")
    assert numbers.folded(ax.figure) == ""


def test_strange_figures_are_told_too(ax):
    ax.plot([1, 2, 3], [np.nan] * 3)
    ax.plot(np.arange(40), [np.nan] * 40)
    ax.scatter(*soft(50, 2).T, facecolors="none", edgecolors="none")
    ax.vlines([1, 2, 3], 0, 1)
    ax.figure.colorbar(ax.pcolormesh(soft(4, 3)))
    assert "points, in short" in "".join(read(ax))


def test_the_fold_is_accessible_html(ax, x):
    plots.scatter(ax, x)
    ax.set(xlabel="a < b", ylabel="<script>")
    text = numbers.folded(ax.figure)
    found = tags(text)
    assert found[0] == ("details", {"class": "em-numbers"})
    assert dict(found)["div"].items() >= {"role": "region", "tabindex": "0", "aria-label": "The numbers"}.items()
    assert "script" not in dict(found)
    assert [attributes.get("scope") for tag, attributes in found if tag == "th"] == ["col"] * 6 + ["row"] * 2
    assert text.index("<summary>") < text.index("<table><caption>")
