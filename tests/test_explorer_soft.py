"""The explorer of three rules: the pictures, bars and curves are emlib's, from the record and from a reader's start."""

import re
from pathlib import Path

import drawn
import numpy as np
import pytest

import emlib
from emlib import widgets

RAW = emlib.datasets.faithful().x
X = (RAW - RAW.mean(axis=0)) / RAW.std(axis=0)
RULES = {"as written": "distance", "inverted": "inverse_distance", "Bayes": "bayes"}
STIFFNESSES = (0.25, 4.0, 1000.0)
AXE = Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js"
ITERATIONS = 6
POINT = 214
START = emlib.KMeans(3).start(X, 0).means
NUMBER = re.compile(r"\N{MINUS SIGN}?\d+(?:\.\d+)?")
#: What one of the three pictures shows of its centres, and where a value lies, in pixels of the page.
PICTURE = """
(root) => {
  const tick = (anchor) => [...root.querySelectorAll(`.em-tick[text-anchor=${anchor}]`)];
  const box = root.querySelector(".em-ground").getBoundingClientRect();
  return {
    x: tick("middle").map((text) => text.textContent), y: tick("end").map((text) => text.textContent),
    box: [box.left, box.top, box.width, box.height],
    centres: [...root.querySelectorAll(".em-centres > g")].map((one) => {
      const [, a, b] = one.getAttribute("transform").match(/translate\\(([^,]+),([^)]+)\\)/);
      return [Number(a), Number(b)];
    }),
  };
}
"""


def models(K=3):
    return {(name, b): emlib.SoftAssignment(K, rule, b) for name, rule in RULES.items() for b in STIFFNESSES}


@pytest.fixture
def ours():
    names = ["duration", "wait"]
    start = emlib.CentreParams(START)
    return widgets.shares(X, models(), start, iterations=ITERATIONS, point=POINT, feature_names=names)


def run(name, stiffness, start, at):
    """The snapshot of iteration `at`, and the responsibilities under it."""
    model = models()[name, stiffness]
    for snapshot in emlib.iterate(model, X, emlib.CentreParams(np.asarray(start))):
        if snapshot.iteration == at:
            return snapshot, model.posterior(X, snapshot.params)


def numbers(text):
    return np.array([float(number.replace("\N{MINUS SIGN}", "-")) for number in NUMBER.findall(text)])


def limits():
    low, high = X.min(axis=0), X.max(axis=0)
    return np.array([low - 0.06 * (high - low), high + 0.06 * (high - low)])


def shows(explorer, stiffness, start, at, point=POINT, atol=0.006):
    """The three pictures, the bars and the table show iteration `at` of the runs from `start`."""
    low, high = limits()
    for name, picture, answer in zip(
        RULES, explorer.locator(".em-trio > div").all(), explorer.locator(".em-answers > div").all(), strict=True
    ):
        snapshot, r = run(name, stiffness, start, at)
        found = picture.evaluate(PICTURE)
        share = (snapshot.params.means - low) / (high - low) * [1, -1] + [0, 1]
        np.testing.assert_allclose(found["centres"], share * found["box"][2:], atol=0.51)
        widths = answer.locator("i").evaluate_all("(bars) => bars.map((bar) => parseFloat(bar.style.width))")
        np.testing.assert_allclose(widths, 100 * r[point], atol=1e-3)
        percents = [numbers(text)[0] for text in answer.locator("b").all_inner_texts()]
        np.testing.assert_allclose(percents, 100 * r[point], atol=1)
        objective = re.search(rf"({NUMBER.pattern}) \({name}\)", said(explorer))[1]
        assert numbers(objective) == pytest.approx(snapshot.objective, abs=atol)


def said(explorer):
    return explorer.locator(".em-said").inner_text()


def test_every_moment_is_the_records(page, show, ours):
    explorer = show(ours)
    for stiffness in STIFFNESSES:
        explorer.get_by_role("slider", name="stiffness").fill(str(STIFFNESSES.index(stiffness)))
        for at in (0, 1, ITERATIONS):
            explorer.get_by_role("slider", name="iteration").fill(str(at))
            text = ours.set(stiffness=stiffness, iteration=at).text.split("\n")
            assert said(explorer) == text[0]
            assert explorer.locator(".em-hidden").text_content() == text[1]
            assert explorer.locator(".em-duo [role=img]").get_attribute("aria-label") == text[2]
            shows(explorer, stiffness, START, at)


@pytest.mark.parametrize("rule", range(3))
def test_a_centre_that_is_moved_is_a_start_for_all(page, show, ours, rule):
    """By key or by mouse, in whichever picture, at whichever iteration and stiffness."""
    explorer = show(ours.set(stiffness=4.0, iteration=2))
    low, high = limits()
    start = run(list(RULES)[rule], 4.0, START, 2)[0].params.means.copy()
    centre = explorer.locator(".em-trio > div").nth(rule).locator(".em-centres > g").nth(1)
    centre.focus()
    page.keyboard.press("ArrowUp")
    start[1, 1] = min(start[1, 1] + (high - low)[1] / 50, high[1])
    assert "your own start, iteration 0" in said(explorer)
    shows(explorer, 4.0, start, 0)
    explorer.get_by_role("slider", name="iteration").fill("5")
    shows(explorer, 4.0, start, 5)
    explorer.get_by_role("slider", name="stiffness").fill("0")
    shows(explorer, 0.25, start, 5)
    explorer.get_by_role("button", name="Back to the recorded start").click()
    assert said(explorer) == ours.text.split("\n")[0]


def test_a_dragged_centre_is_answered_before_and_after_it_is_let_go(page, show, ours):
    explorer = show(ours.set(stiffness=4.0))
    picture = explorer.locator(".em-trio > div").nth(2)
    x, y, width, height = picture.evaluate(PICTURE)["box"]
    low, high = limits()
    centre = picture.locator(".em-centres > g").first
    box = centre.locator(".em-grip").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(x + 0.25 * width, y + 0.5 * height, steps=4)
    page.wait_for_function("document.querySelector('.em-said').textContent.includes('your own start')")
    start = START.copy()
    start[0] = low + (high - low) * [0.25, 0.5]
    shows(explorer, 4.0, start, 0, atol=1)  # the mouse moves by whole pixels
    page.mouse.up()
    explorer.get_by_role("slider", name="iteration").fill(str(ITERATIONS))
    shows(explorer, 4.0, start, ITERATIONS, atol=1)


def test_a_point_is_asked_about_in_all_pictures(page, show, ours):
    explorer = show(ours.set(stiffness=4.0, iteration=1))
    ground = explorer.locator(".em-trio .em-ground").nth(1)
    title = explorer.locator(".em-answers .em-title")
    assert title.inner_text().startswith(f"Point {POINT + 1} at ")
    ground.focus()
    page.keyboard.press("ArrowRight")
    for _ in range(6):
        page.keyboard.press("ArrowUp")
    n = int(re.search(r"Point (\d+)", title.inner_text())[1]) - 1
    assert n != POINT
    shows(explorer, 4.0, START, 1, point=n)
    rings = explorer.locator(".em-ring").evaluate_all("(all) => all.map((one) => one.cx.baseVal.value)")
    assert len(rings) == 3
    page.keyboard.press("Enter")
    explorer.get_by_role("slider", name="iteration").focus()
    assert title.inner_text().startswith(f"Point {n + 1} at "), "Enter keeps the point"


def test_the_numbers_are_tables(page, show, ours):
    explorer = show(ours.set(stiffness=4.0, iteration=3))
    places, parts, objectives = (["\t".join(row) for row in table] for table in drawn.tables(explorer))
    for i, name in enumerate(RULES):
        snapshot, r = run(name, 4.0, START, 3)
        for k in range(3):
            np.testing.assert_allclose(numbers(places[3 * i + k])[1:], snapshot.params.means[k], rtol=1e-4)
        np.testing.assert_allclose(numbers(parts[i]), r[POINT], atol=5e-5)
        assert numbers(objectives[3])[1 + i] == pytest.approx(snapshot.objective, abs=1e-4)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_accessible(page, show, ours, theme):
    page.emulate_media(color_scheme=theme)
    drawn.tables(show(ours))
    page.evaluate(AXE.read_text("utf-8"))
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found = page.evaluate("(rules) => axe.run('.em-explorer', { runOnly: rules })", rules)
    assert [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found["violations"]] == []


def test_still_picture_and_words(ours):
    before = ours.image
    assert ours.set(stiffness=4.0, iteration=2).image != before
    objectives = [run(name, 4.0, START, 2)[0].objective for name in RULES]
    np.testing.assert_allclose(numbers(ours.text.split("\n")[0])[-3:], objectives, atol=0.005)
    point = ours.text.split("Shares of point 215")[1]
    assert "Bayes, 1 " in point


@pytest.mark.parametrize(
    ("change", "error", "sentence"),
    [
        (lambda m: m.pop(("Bayes", 4.0)), ValueError, r"models lacks \('Bayes', 4.0\)"),
        (lambda m: m.update({("more", b): m["Bayes", b] for b in STIFFNESSES}), ValueError, "models has 4 rules"),
        (lambda m: m.update({("Bayes", 4.0): emlib.KMeans(3)}), TypeError, "must be an emlib.SoftAssignment"),
    ],
)
def test_bad_models_are_refused(change, error, sentence):
    given = models()
    change(given)
    with pytest.raises(error, match=sentence):
        widgets.shares(X, given, emlib.CentreParams(START))
