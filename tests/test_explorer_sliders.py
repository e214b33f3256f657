"""Sliders over any figure: the page shows, at every value, the picture and the words that Python has of it."""

import base64
import io
import itertools
import json
import re
import zlib
from pathlib import Path

import drawn
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from PIL import Image
from playwright.sync_api import expect

from emlib import plots, widgets

AXE = Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js"
SLOPES, KINDS = [0.25, 1, 2], ["solid", "dashed"]
#: The pixels of the image that is asked for, at the density of emlib's own pictures.
PIXELS = """
async (image) => {
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [2 * image.getAttribute("width"), 2 * image.getAttribute("height")];
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL().split(",")[1];
}
"""


def figure():
    fig = Figure(figsize=(4, 3), layout="constrained")
    ax = fig.add_subplot()
    (line,) = ax.plot([0, 1], [0, 1], lw=9)

    def update(slope=1, kind="solid"):
        line.set_ydata([0, slope])
        line.set_linestyle(kind)
        ax.set(title=f"slope {slope}", ylim=(0, slope))
        return f"A {kind} line of slope {slope}.\nIt leads through the origin & stays < {slope}."

    return fig, update


@pytest.fixture
def ours():
    fig, update = figure()
    return widgets.sliders(fig, update, slope=SLOPES, kind=KINDS)


def walk():
    """A run of four steps over two starts, of which the second rests after one."""
    fig = Figure(figsize=(4, 3))
    bar = fig.add_subplot(ylim=(0, 5)).bar([0], [1])[0]

    def update(start, iteration):
        at = min(iteration, 1) if start == "near" else iteration
        bar.set_height(at)
        return f"Start {start}, step {at}."

    return widgets.sliders(fig, update, start=["far", "near"], iteration=range(5))


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(float)


def shown(explorer):
    """The pixels of the picture that the page shows."""
    image = explorer.locator("img")
    expect(image).to_have_attribute("src", re.compile("^data:image/svg"))
    return pixels(base64.b64decode(image.evaluate(PIXELS)))


def choose(explorer, **values):
    for name, place in values.items():
        slider = explorer.get_by_role("slider", name=name, exact=True)
        if slider.count():
            slider.fill(str(place))
        else:
            explorer.get_by_role("combobox", name=name, exact=True).select_option(index=place)


# In the page


def test_every_picture_and_every_word_is_pythons(show, ours):
    """Of all pictures that matplotlib draws, the one of these values is the one that the page shows."""
    explorer = show(ours)
    every = list(itertools.product(SLOPES, KINDS))
    drawn = []
    for slope, kind in every:
        whole, alone = figure()
        alone(SLOPES[0])
        whole.draw_without_rendering()
        whole.set_layout_engine("none")
        alone(slope, kind)
        drawn.append(pixels(plots.png(whole)))
        np.testing.assert_array_equal(pixels(ours.set(slope=slope, kind=kind).image), drawn[-1])
    for i, (slope, kind) in enumerate(every):
        choose(explorer, slope=SLOPES.index(slope), kind=KINDS.index(kind))
        ours.set(slope=slope, kind=kind)
        assert explorer.locator("img").get_attribute("alt") == ours.text
        assert (
            explorer.locator(".em-said").inner_text() == ours.text.split("\n")[0] == f"A {kind} line of slope {slope}."
        )
        apart = [np.abs(shown(explorer) - other).mean() for other in drawn]
        assert np.argmin(apart) == i
        assert apart[i] < 2 < sorted(apart)[1], f"of 255, where edges are smoothed in another way: {apart}"


def test_it_is_worked_by_keys_alone(page, show, ours):
    explorer = show(ours)
    line = explorer.locator(".em-said")
    page.keyboard.press("Tab")
    for key, slope in [("ArrowRight", 1), ("End", 2), ("ArrowLeft", 1), ("Home", 0.25)]:
        page.keyboard.press(key)
        assert line.inner_text() == f"A solid line of slope {slope}."
        assert explorer.get_by_role("slider", name="slope").get_attribute("aria-valuetext") == str(slope)
    page.keyboard.press("Tab")
    page.keyboard.type("d")
    assert line.inner_text() == "A dashed line of slope 0.25."
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    explorer.locator("table").wait_for()
    rows = [row.split("\t") for row in explorer.locator("tbody tr").all_inner_texts()]
    assert rows == [[f"{slope:g}", kind, f"A {kind} line of slope {slope}."] for slope in SLOPES for kind in KINDS]


def test_play_ends_where_nothing_changes_any_more(show):
    explorer = show(walk())
    button, line = explorer.get_by_role("button"), explorer.locator(".em-said")
    slider = explorer.get_by_role("slider", name="iteration")
    for start, last in [("far", 4), ("near", 1)]:
        choose(explorer, start=["far", "near"].index(start), iteration=0)
        for _ in range(2):  # at its end it begins again
            button.click()
            expect(button).to_have_text(re.compile("Pause iteration"))
            expect(button).to_have_text(re.compile("Play iteration"), timeout=10_000)
            assert line.inner_text() == f"Start {start}, step {last}."
            assert slider.input_value() == str(last)


def test_what_has_no_iteration_has_no_play(show, ours):
    assert show(ours).get_by_role("button").count() == 0


def test_a_choice_of_one_has_no_control(show):
    fig, update = figure()
    explorer = show(widgets.sliders(fig, lambda iteration, **values: update(**values), slope=SLOPES, iteration=[7]))
    assert explorer.get_by_role("slider").count() == 1
    assert explorer.get_by_role("button").count() == 0


def test_a_view_has_an_address(page, show, ours):
    explorer = show(ours, address="#explorer-1:slope=2&kind=dashed")
    assert explorer.locator(".em-said").inner_text() == "A dashed line of slope 2."
    choose(explorer, kind=0)
    explorer.get_by_role("link", name="Link to this view").click()
    assert page.url.endswith("#explorer-1:slope=2&kind=solid")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_accessible(page, show, theme):
    page.emulate_media(color_scheme=theme)
    drawn.tables(show(walk()))
    page.evaluate(AXE.read_text("utf-8"))
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found = page.evaluate("(rules) => axe.run('.em-explorer', { runOnly: rules })", rules)
    assert [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found["violations"]] == []


def test_it_fits_a_phone(page, show):
    page.set_viewport_size({"width": 375, "height": 800})
    fig = Figure(figsize=(10, 4))
    explorer = show(widgets.sliders(fig, lambda K: f"An empty figure, {K} times.", K=range(1, 40)))
    drawn.tables(explorer)
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    box = explorer.locator("img").bounding_box()
    assert box["width"] / box["height"] == pytest.approx(2.5, rel=0.01)


@pytest.mark.parametrize("scripts", [True, False], ids=["before it is made", "where no script runs"])
def test_a_still_picture_with_its_words(browser, tmp_path, ours, scripts):
    """Below the screen an explorer is not yet made; where no script runs it never is."""
    ours.set(slope=2)
    output = ours._repr_mimebundle_()[0]["text/html"]
    path = tmp_path / "page.html"
    path.write_text(f"<!doctype html><meta charset=utf-8><body><p style='height: 3000px'>{output}</body>", "utf-8")
    context = browser.new_context(java_script_enabled=scripts)
    page = context.new_page()
    page.goto(path.as_uri())
    (image,) = page.locator("img").all()
    assert image.get_attribute("alt") == ours.text
    assert pixels(base64.b64decode(image.get_attribute("src").split(",")[1])).shape == (576, 768, 3)
    assert page.locator("figcaption").inner_text().startswith("A solid line of slope 2. It moves where scripts run")
    assert page.get_by_role("slider").count() == 0
    context.close()


# In Python


def test_a_move_draws_nothing():
    """Neither from the page nor from Python: only who asks for the figure has it drawn."""
    fig, update = figure()
    calls = []
    ours = widgets.sliders(fig, lambda **values: calls.append(values) or update(**values), slope=SLOPES, kind=KINDS)
    assert len(calls) == 6
    ours.set_state({"slope": 2, "kind": "dashed"})  # as the page sends it
    ours.set(slope=1)
    assert len(calls) == 6
    assert ours.figure.axes[0].get_title() == "slope 1"
    assert calls[6:] == [{"slope": 1, "kind": "dashed"}]


def test_values_can_be_observed_and_set_from_both_sides():
    fig, update = figure()
    ours = widgets.sliders(fig, update, slope=np.array([0.5, 1.0, 2.0]), kind=KINDS)
    heard = []
    ours.observe(lambda change: heard.append((change.name, change.new)), ["slope", "kind"])
    assert ours.values == {"slope": 0.5, "kind": "solid"}
    ours.set_state({"slope": 2, "kind": "dashed"})
    assert ours.values == {"slope": 2.0, "kind": "dashed"}
    ours.slope = 1
    assert ours.set(kind="solid") is ours
    assert heard == [("slope", 2.0), ("kind", "dashed"), ("slope", 1.0), ("kind", "solid")]
    assert ours.text.startswith("A solid line of slope 1.0.\n")


def test_words_stay_those_of_the_pictures_when_what_update_reads_has_changed():
    said = "before"
    ours = widgets.sliders(figure()[0], lambda K: f"{K} is said {said}.", K=[1, 2])
    said = "afterwards"
    assert ours.set(K=2).text == "2 is said before."


def test_what_pictures_have_in_common_is_recorded_once():
    """Of a bar with five heights, in two runs: one of each height, and once all that stands still."""
    record = walk()._record
    parts, pictures = json.loads(zlib.decompress(base64.b64decode(record["pictures"])))
    assert len(pictures) == len(record["words"]) == 5 + 2, "the second run says nothing new after one step"
    assert len(parts) == len(set(parts)) == len(pictures[0]) + 4


def test_artists_that_come_and_go_are_drawn_too(show):
    fig = Figure(figsize=(4, 3))
    ax = fig.add_subplot(xlim=(0, 5), ylim=(0, 5))

    def update(n):
        for line in list(ax.lines):
            line.remove()
        for i in range(n):
            ax.axhline(i + 0.5, color="k")
        return f"{n} horizontal lines, one above the other."

    explorer = show(widgets.sliders(fig, update, n=range(1, 5)))
    dark = []
    for at in range(4):
        choose(explorer, n=at)
        dark.append((shown(explorer).sum(axis=2) == 0).mean())
    assert all(np.diff(dark) > 0), dark


def test_the_same_cell_gives_the_same_output():
    first, second = (walk().set(iteration=2)._repr_mimebundle_()[0]["text/html"] for _ in range(2))
    assert first == second


def test_a_text_with_markup_stays_text(show):
    ours = widgets.sliders(figure()[0], lambda K: f'a < {K} & "c"</script>', K=[1, 2])
    html = ours._repr_mimebundle_()[0]["text/html"]
    assert 'alt="a &lt; 1 &amp; &quot;c&quot;&lt;/script&gt;"' in html
    assert "<figcaption>a &lt; 1 &amp; &quot;c&quot;&lt;/script&gt; It" in html
    explorer = show(ours)
    choose(explorer, K=1)
    assert explorer.locator(".em-said").inner_text() == 'a < 2 & "c"</script>'


def test_a_figure_of_pyplot_is_not_shown_twice():
    fig = plt.figure()
    widgets.sliders(fig, lambda **_: "an empty figure", K=[1, 2])
    assert not plt.fignum_exists(fig.number)


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        ({}, ValueError, "there are no choices"),
        ({"K": []}, ValueError, "K is empty"),
        ({"K": [1, 1]}, ValueError, "K repeats a value"),
        ({"K": [1, "two"]}, TypeError, "K holds .*; give numbers, for a slider, or strings"),
        ({"K": [True, False]}, TypeError, "K holds .*; give numbers"),
        ({"start": "points"}, TypeError, "start is 'points'; give a list of strings"),
        ({"K": range(30), "iteration": range(20)}, ValueError, "600 combinations, .* so that there are 500 at most"),
        ({"K": [1, 2], "play": "iteration"}, ValueError, "play is 'iteration'; it must be one of the choices K"),
        ({"K": [1, 2], "update": lambda K: None}, TypeError, "update returned None; it must return a sentence"),
        ({"K": [1, 2], "update": lambda K: " "}, TypeError, "update returned ' '"),
        ({"K": [1, 2], "update": "text"}, TypeError, "update is 'text'; it must be a function"),
        ({"text": [1, 2]}, ValueError, "'text' is an attribute of every widget; choose another name"),
    ],
)
def test_sliders_refuse(arguments, error, sentence):
    with pytest.raises(error, match=sentence):
        widgets.sliders(figure()[0], **{"update": lambda **_: "text", **arguments})


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"K": 4}, "K is 4; it must be one of 1, 2, 3"),
        ({"k": 1}, "there is no choice 'k'; the choices are K"),
    ],
)
def test_values_that_are_no_choice_change_nothing(values, sentence):
    ours = widgets.sliders(figure()[0], lambda K: f"K = {K}", K=[1, 2, 3]).set(K=2)
    with pytest.raises(ValueError, match=sentence):
        ours.set(**values)
    assert ours.values == {"K": 2}
    assert ours.text == "K = 2"
