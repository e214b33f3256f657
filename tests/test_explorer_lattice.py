"""The lattice of a hidden Markov model: nodes, numbers, words and table are those of emlib, at every step."""

import itertools
import re
from pathlib import Path

import drawn
import numpy as np
import pytest

import emlib
from emlib import widgets

AXE = Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js"
X = emlib.datasets.earthquakes().x[64:73]
T = len(X)
STATES = ["quiet", "middling", "busy"]
MODEL = emlib.HiddenMarkov(emlib.PoissonMixture(3))
TRANSITIONS = np.array([[0.7, 0.2, 0.1], [0.15, 0.7, 0.15], [0.0, 0.3, 0.7]])
#: The columns and the sizes of the nodes, state by state within each column, and where the path leads.
DRAWN = """
(explorer) => {
  const place = (one) => one.getAttribute("transform").match(/-?\\d[\\d.]*(e-\\d+)?/g).map(Number);
  const empty = [...explorer.querySelectorAll(".em-empty")];
  const path = explorer.querySelector(".em-lattice > svg .em-path");
  return {
    rings: empty.map(place), radius: Number(empty[0].getAttribute("r")),
    nodes: [...explorer.querySelectorAll(".em-node path")].map(place),
    numbers: [...explorer.querySelectorAll(".em-number")].map((text) => text.textContent),
    thin: explorer.querySelectorAll(".em-number.em-thin").length,
    path: path && path.getAttribute("d").match(/[-\\d.]+,[-\\d.]+/g).map((pair) => pair.split(",").map(Number)),
  };
}
"""


@pytest.fixture
def params():
    emissions = emlib.PoissonMixtureParams(np.full(3, 1 / 3), np.array([[12.0], [20.0], [28.0]]))
    return emlib.HiddenMarkovParams(np.array([0.5, 0.3, 0.2]), TRANSITIONS, emissions)


@pytest.fixture
def ours(params):
    return widgets.lattice(MODEL, X, params, states=STATES, times=range(1964, 1964 + T))


def by_all_paths(params, length):
    """The shares of all paths through the first `length` columns, by brute force: p(z_n = k), and the best path."""
    rates, x = params.emissions.rates[:, 0], X[:length, 0]
    b = np.exp(x[:, None] * np.log(rates) - rates)
    paths = np.array(list(itertools.product(range(3), repeat=length)))
    p = params.initial[paths[:, 0]] * np.prod(TRANSITIONS[paths[:, :-1], paths[:, 1:]], axis=1)
    p = p * np.prod(b[range(length), paths], axis=1)
    p /= p.sum()
    margins = np.array([[p[paths[:, n] == k].sum() for k in range(3)] for n in range(length)])
    return margins, paths[p.argmax()], p.max()


def test_every_step_is_emlibs(page, show, ours, params):
    """Forward, backward and the path, against the sums over all paths that were not computed by a sweep."""
    explorer = show(ours)
    filtered = np.array([by_all_paths(params, n + 1)[0][-1] for n in range(T)])
    smoothed, path, share = by_all_paths(params, T)
    np.testing.assert_allclose(MODEL.posterior([X], params)[0], smoothed, atol=1e-9)
    np.testing.assert_array_equal(MODEL.viterbi([X], params)[0][0], path)
    for step in range(1, 2 * T + 1):
        explorer.get_by_role("slider", name="step").fill(str(step - 1))
        reached, turned = min(step, T), max(min(2 * T - 1 - step, T), 0) if step > T else T
        shares = np.vstack([filtered[: min(turned, reached)], smoothed[turned:reached]])
        drawn = explorer.evaluate(DRAWN)
        nodes, rings = np.array(drawn["nodes"]), np.array(drawn["rings"]).reshape(T, 3, 2)
        np.testing.assert_allclose(nodes[:, :2], rings[:reached].reshape(-1, 2))
        np.testing.assert_allclose((nodes[:, 2] / (0.88 * drawn["radius"])) ** 2, shares.ravel(), atol=1e-6)
        assert drawn["numbers"] == [f"{value:.2f}" for value in shares.ravel()]
        assert drawn["thin"] == 3 * min(turned, reached)
        text = ours.set(step=step).text.split("\n")
        assert explorer.locator(".em-said").inner_text() == text[0]
        assert explorer.locator(".em-hidden").text_content() == text[1]
        assert (drawn["path"] is None) == (step < 2 * T)
        where = f"{1964 + step - 1 if step <= T else 1964 + turned}"
        assert where in text[0] or step == 2 * T
    assert len(set(path)) > 1
    np.testing.assert_allclose(drawn["path"], rings[range(T), path])
    assert text[0].endswith(f"its probability is {share:.3g}.")
    assert re.findall(r"\b(?!to\b)[a-z]+(?= \d{4})", text[0]) == [STATES[k] for k, _ in itertools.groupby(path)]


def test_it_is_worked_by_keys_alone(page, show, ours):
    explorer = show(ours)
    page.keyboard.press("Tab")
    for _ in range(T):
        page.keyboard.press("ArrowRight")
    assert explorer.locator(".em-said").inner_text().startswith(f"Backward, {1964 + T - 2}: ")
    slider = explorer.get_by_role("slider", name="step")
    assert slider.get_attribute("aria-valuetext") == f"backward, {1964 + T - 2}"
    page.keyboard.press("End")
    assert explorer.locator(".em-said").inner_text().startswith("The most probable path: ")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.em-said').textContent.startsWith('Forward, 1965')")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    explorer.locator("table").wait_for()


def test_the_numbers_are_a_table(page, show, ours, params):
    explorer = show(ours)
    (cells,) = drawn.tables(explorer)
    smoothed, path, _ = by_all_paths(params, T)
    for n, (time, seen, *shares, state) in enumerate(cells):
        filtered = by_all_paths(params, n + 1)[0][-1]
        assert (time, seen, state) == (str(1964 + n), f"{X[n, 0]:g}", STATES[path[n]])
        np.testing.assert_allclose(np.array(shares, dtype=float), np.ravel([filtered, smoothed[n]], "F"), atol=5.1e-5)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_accessible(page, show, ours, theme):
    page.emulate_media(color_scheme=theme)
    drawn.tables(show(ours.set(step=T + 2)))
    page.evaluate(AXE.read_text("utf-8"))
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found = page.evaluate("(rules) => axe.run('.em-explorer', { runOnly: rules })", rules)
    assert [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found["violations"]] == []


def test_it_fits_a_phone(page, show, params):
    """The widest lattice, with its longest words: nothing beyond the screen, and no number upon another."""
    page.set_viewport_size({"width": 375, "height": 800})
    x = np.tile(X, (2, 1))[:12]
    explorer = show(widgets.lattice(MODEL, x, params, states=STATES, times=range(1964, 1976)).set(step=23))
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    for look in (".em-number", ".em-lattice .em-tick", ".em-seen"):
        boxes = explorer.locator(look).evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().toJSON())")
        for one, other in itertools.combinations(boxes, 2):
            apart = one["right"] <= other["left"] or other["right"] <= one["left"]
            assert apart or one["bottom"] <= other["top"] or other["bottom"] <= one["top"], look


def test_still_picture(ours):
    """Its nodes are as large as the probabilities, and it carries the words."""
    forward, words = ours.image, ours.text
    assert ours.set(step=2 * T).image != forward
    assert ours.text != words
    nodes = ours.figure.axes[0].collections
    smoothed = np.array(ours._record["smoothed"])
    sizes = np.array([node.get_sizes() for node in nodes]).T
    np.testing.assert_allclose(sizes / sizes.sum(axis=1, keepdims=True), smoothed, atol=1e-6)
    assert "The most probable path" in ours._repr_mimebundle_()[0]["text/html"]


@pytest.mark.parametrize(
    ("change", "error", "sentence"),
    [
        ({"model": emlib.PoissonMixture(3)}, TypeError, "it must be an emlib.HiddenMarkov"),
        ({"x": np.ones((13, 1))}, ValueError, "x has 13 rows; a lattice shows 2 to 12"),
        ({"x": np.ones((1, 1))}, ValueError, "x has 1 rows"),
        ({"states": ["quiet", "busy"]}, ValueError, "states has 2 names; it needs 3"),
        ({"times": range(4)}, ValueError, f"times has 4 names; it needs {T}"),
    ],
)
def test_what_cannot_be_shown_is_refused(params, change, error, sentence):
    given = {"model": MODEL, "x": X, "params": params} | change
    with pytest.raises(error, match=sentence):
        widgets.lattice(**given)


def test_a_sequence_that_cannot_be_is_refused():
    model = emlib.HiddenMarkov(emlib.CategoricalMixture(2, n_categories=2))
    emissions = emlib.CategoricalMixtureParams(np.full(2, 0.5), np.array([[[1.0, 0.0]], [[1.0, 0.0]]]))
    params = emlib.HiddenMarkovParams(np.full(2, 0.5), np.full((2, 2), 0.5), emissions)
    with pytest.raises(ValueError, match="x cannot be under params"):
        widgets.lattice(model, np.array([[0.0], [1.0]]), params)
