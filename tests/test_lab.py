"""A real JupyterLab in a real browser: every chapter runs from top to bottom, and its sliders do what they promise."""

import html
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest
from playwright.sync_api import expect

from notebooks import hand_out

ROOT = Path(__file__).parent.parent
CHAPTERS = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
AXE = ROOT / "tests" / "vendor" / "axe-core" / "axe.min.js"
# A busy machine answers late.
expect.set_options(timeout=20_000)
#: An explorer, whose every change of iteration is heard. Run in a notebook and here: what both say is compared.
EXPLORER = """
import ipywidgets
import numpy as np
import emlib
from emlib import widgets
x = emlib.datasets.faithful().x
runs = {}
for K in (1, 2, 3):
    for family in ("full", "tied"):
        model = emlib.GaussianMixture(K, family)
        runs[K, family] = emlib.fit(model, x, model.start(x, np.random.default_rng(0)), tol=1e-3)
explorer = widgets.explore(x, runs, ("K", "family")).set(K=2, iteration=4)
heard = ipywidgets.Text()
explorer.observe(lambda change: setattr(heard, "value", f"{change.old} to {change.new}"), "iteration")
"""
#: Sliders over a figure, heard likewise, and linked to a slider of ipywidgets.
SLIDERS = """
import ipywidgets
from matplotlib.figure import Figure
from emlib import widgets
fig = Figure(figsize=(4, 3))
bars = fig.add_subplot(ylim=(0, 9)).bar([1, 2], [1, 1])

def update(kind, iteration):
    for bar, its in zip(bars, ("soft", "hard"), strict=True):
        bar.set_height(iteration if its == kind else 1)
    return f"Kind {kind}, iteration {iteration}.\\nOf two bars, the one of {kind} has height {iteration}."

explorer = widgets.sliders(fig, update, kind=("soft", "hard"), iteration=range(9)).set(iteration=4)
beside = ipywidgets.IntSlider(max=8)
ipywidgets.jslink((explorer, "iteration"), (beside, "value"))
heard = ipywidgets.Text()
explorer.observe(lambda change: setattr(heard, "value", f"{change.old} to {change.new}"), "iteration")
"""
#: One free parameter, and two.
BOUND_AND_SURFACE = """
from types import SimpleNamespace

import numpy as np

import emlib
from emlib import widgets

x = emlib.datasets.faithful().x[:, 1:]
y = np.array([125, 18, 20, 34])
linkage = SimpleNamespace(
    e_step=lambda y, pi: (
        np.array([y[0] * pi / (2 + pi) + y[3], y[1] + y[2]]), y @ np.log([2 + pi, 1 - pi, 1 - pi, pi])
    ),
    m_step=lambda S: S[0] / S.sum(),
    q=lambda pi, S: S @ np.log([pi, 1 - pi]),
)
bound = widgets.bound(linkage, y, np.linspace(0.05, 0.95, 19).round(2), name="π").set(start=0.2)
alike = emlib.GaussianMixtureParams(np.array([0.36, 0.64]), np.zeros((2, 1)), np.array([36.0, 36.0]))
surface = widgets.surface(x, {"alike": alike}, np.arange(42, 99)).set(mu1=64, mu2=66)
"""


class Lab(NamedTuple):
    """A running JupyterLab and the folder that it shows."""

    address: str
    token: str
    folder: Path

    def url(self, path):
        return f"{self.address}{path}?token={self.token}"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab on copies of the chapters, with the course's settings and none of the user's.

    Its theme follows the browser's, and it keeps every cell in the page, in sight or not.
    """
    home = tmp_path_factory.mktemp("lab")
    folder = home / "notebooks"
    folder.mkdir()
    for name in CHAPTERS:
        (folder / name).write_bytes((ROOT / "notebooks" / name).read_bytes())
    for plugin, settings in {
        "notebook-extension/tracker": {"windowingMode": "none"},
        "apputils-extension/themes": {"adaptive-theme": True},
    }.items():
        path = home / "settings" / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(settings), "utf-8")
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "JUPYTER_CONFIG_PATH": str(ROOT / ".jupyter"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "IPYTHONDIR": str(home / "ipython"),
    }
    log = home / "log.txt"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "jupyterlab",
                "--no-browser",
                "--ServerApp.port=0",
                f"--ServerApp.root_dir={folder}",
            ],
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=output,
        )
    try:
        yield Lab(*reached(server, home / "runtime", log), folder)
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def reached(server, runtime, log):
    """The address and the token of `server`, once it has written them down."""
    end = time.monotonic() + 120
    while time.monotonic() < end and server.poll() is None:
        for path in runtime.glob("jpserver-*.json"):
            # It may be half written.
            if found := re.search(r'"token": "(\w+)",\s*"url": "([^"]+)"', path.read_text("utf-8")):
                return found[2], found[1]
        time.sleep(0.1)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text('utf-8', 'replace')}", pytrace=False)


@pytest.fixture
def page(page):
    """The fenced page, in which nothing may complain, but of a reference to what only the book has, its glossary."""
    complaints = []

    def listen(line):
        if line.type == "error" and not line.text.startswith("Cross reference target was not found"):
            complaints.append(line.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.set_viewport_size({"width": 1300, "height": 900})
    yield page
    assert complaints == []


def opened(page, lab, name):
    """Open the notebook `name` in JupyterLab and wait for its kernel."""
    page.goto(lab.url(f"doc/tree/{name}") + "&reset")
    # The toolbar shows a kernel as idle before it is; the server and the status bar do not.
    end = time.monotonic() + 120
    while time.monotonic() < end:
        sessions = page.request.get(lab.url("api/sessions")).json()
        if [s for s in sessions if s["path"] == name and s["kernel"]["execution_state"] == "idle"]:
            break
        page.wait_for_timeout(100)
    else:
        pytest.fail(f"the kernel of {name} did not start", pytrace=False)
    expect(page.get_by_text("| Idle")).to_be_visible(timeout=30_000)


def run_all(page, lab, name):
    """Run all cells of the open notebook, and see that each has run and none has failed but those that are to fail."""
    cells = [cell for cell in nbformat.read(lab.folder / name, 4).cells if cell.cell_type == "code"]
    steps = [("View", "Expand All Code"), ("Edit", "Clear Outputs of All Cells"), ("Run", "Run All Cells")]
    for menu, item in steps:
        page.get_by_role("menuitem", name=menu, exact=True).click()
        page.get_by_text(item, exact=True).click()
    prompts = page.locator(".jp-CodeCell .jp-InputPrompt")
    expect(prompts).to_have_text([f"[{n}]:" for n in range(1, len(cells) + 1)], timeout=300_000)
    may_fail = ["raises-exception" in cell.metadata.get("tags", []) for cell in cells]
    failed = page.locator('.jp-CodeCell:has([data-mime-type="application/vnd.jupyter.error"])')
    assert failed.count() == sum(may_fail), failed.all_inner_texts()


def close(page, lab, name):
    """End the kernel of the notebook, which would keep its memory until the last test."""
    for session in page.request.get(lab.url("api/sessions")).json():
        if session["path"] == name:
            page.request.delete(lab.url(f"api/sessions/{session['id']}"))


def ran(page, lab, *sources):
    """Run a notebook of these cells. Returns its name."""
    name = "sliders.ipynb"
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(notebook, lab.folder / name)
    opened(page, lab, name)
    run_all(page, lab, name)
    return name


def violations(page, place):
    """What axe-core, which the page has loaded, finds at `place`."""
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found = page.evaluate("([place, rules]) => axe.run(place, { runOnly: rules })", [place, rules])
    assert found["passes"], "axe looked at nothing"
    return [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found["violations"]]


# Explorers


def test_an_explorer_is_shown_once_and_speaks_with_python(page, lab):
    """The page follows what Python sets, Python hears what the page sets, and what both say is the same."""
    names = {}
    exec(EXPLORER, names)
    ours = names["explorer"]
    name = ran(page, lab, EXPLORER, "explorer", "heard", "explorer.iteration = 1")
    explorer = page.locator(".em-explorer")
    expect(explorer).to_have_count(1)
    expect(page.locator(".jp-OutputArea img")).to_have_count(0)
    line = explorer.locator(".em-said")
    iteration = explorer.get_by_role("slider", name="iteration", exact=True)
    hearing = page.locator(".widget-text input")
    expect(line).to_have_text(ours.set(iteration=1).text.split("\n")[0])
    expect(hearing).to_have_value("4 to 1")
    iteration.focus()
    for key, at in [("ArrowRight", 2), ("ArrowUp", 3), ("Home", 0), ("ArrowRight", 1), ("ArrowRight", 2)]:
        before = ours.iteration
        page.keyboard.press(key)
        expect(line).to_have_text(ours.set(iteration=at).text.split("\n")[0])
        expect(hearing).to_have_value(f"{before} to {at}")
        expect(iteration).to_be_focused()
    explorer.get_by_role("combobox", name="family").select_option("tied")
    explorer.get_by_role("slider", name="K", exact=True).press("End")
    expect(line).to_have_text(ours.set(K=3, family="tied").text.split("\n")[0])
    explorer.locator(".em-free").first.press("ArrowRight")
    expect(line).to_contain_text("K = 3, family tied, your own start, iteration 0 of")
    assert page.locator(".jp-CodeCell").count() == 4, "a key reached JupyterLab, which took it for a shortcut"
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        expect(page.locator("body")).to_have_attribute("data-jp-theme-light", str(theme == "light").lower())
        page.evaluate(AXE.read_text("utf-8"))
        assert violations(page, ".em-explorer") == []
    close(page, lab, name)


def test_sliders_over_a_figure_speak_with_python_and_with_ipywidgets(page, lab):
    """By key, mouse and play, from Python and from a slider beside it: pictures and words follow, and Python hears."""
    names = {}
    exec(SLIDERS, names)
    ours = names["explorer"]
    name = ran(page, lab, SLIDERS, "explorer", "ipywidgets.VBox([beside, heard])", "explorer.iteration = 1")
    explorer = page.locator(".em-explorer")
    expect(explorer).to_have_count(1)
    expect(page.locator(".jp-OutputArea img")).to_have_count(1)
    image, line = explorer.locator("img"), explorer.locator(".em-said")
    iteration = explorer.get_by_role("slider", name="iteration", exact=True)
    hearing, handle = page.locator(".widget-text input"), page.locator(".widget-slider [role=slider]")
    pictures = set()

    def shows(before, **values):
        ours.set(**values)
        expect(line).to_have_text(ours.text.split("\n")[0])
        expect(image).to_have_attribute("alt", ours.text)
        expect(hearing).to_have_value(f"{before} to {ours.iteration}")
        expect(handle).to_have_attribute("aria-valuenow", f"{ours.iteration}.0")
        assert image.evaluate("async (image) => (await image.decode(), image.naturalWidth)") > 300
        pictures.add(image.get_attribute("src"))

    shows(4, iteration=1)
    iteration.focus()
    for key, at in [("ArrowRight", 2), ("ArrowUp", 3), ("Home", 0), ("End", 8), ("ArrowLeft", 7)]:
        before = ours.iteration
        page.keyboard.press(key)
        shows(before, iteration=at)
        expect(iteration).to_be_focused()
    handle.press("ArrowLeft")
    shows(7, iteration=6)
    assert len(pictures) == 7
    explorer.get_by_role("combobox", name="kind").select_option("hard")
    shows(7, kind="hard")
    explorer.get_by_role("button", name="Play iteration", exact=True).click()
    shows(7, iteration=8)
    assert page.locator(".jp-CodeCell").count() == 4, "a key reached JupyterLab, which took it for a shortcut"
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        expect(page.locator("body")).to_have_attribute("data-jp-theme-light", str(theme == "light").lower())
        page.evaluate(AXE.read_text("utf-8"))
        assert violations(page, ".em-explorer") == []
    close(page, lab, name)


def test_the_bound_and_the_surface_speak_with_python(page, lab):
    """What the page moves are traits of the kernel, by control and by handle, and both say the same."""
    names = {}
    exec(BOUND_AND_SURFACE, names)
    bound, surface = names["bound"], names["surface"]
    name = ran(page, lab, BOUND_AND_SURFACE, "bound", "surface", "surface.mu1 = 60")
    for explorer, ours, begun in zip(
        page.locator(".em-explorer").all(), (bound, surface), ({}, {"mu1": 60}), strict=True
    ):
        explorer.scroll_into_view_if_needed()  # it is made when it is seen
        line = explorer.locator(".em-said")
        expect(line).to_have_text(ours.set(**begun).text.split("\n")[0])
        explorer.get_by_role("slider", name="iteration", exact=True).focus()
        page.keyboard.press("ArrowRight")
        expect(line).to_have_text(ours.set(iteration=1).text.split("\n")[0])
        explorer.locator(".em-free").press("ArrowRight")
        expect(line).not_to_have_text(ours.text.split("\n")[0])
        said = line.inner_text()
        found = re.search(r"start \(?([\d.]+)(?:, ([\d.]+))?", said)
        if ours is bound:
            ours.set(start=float(found[1]), iteration=0)
        else:
            ours.set(mu1=float(found[1]), mu2=float(found[2]))
        assert said == ours.text.split("\n")[0]
    assert page.locator(".jp-CodeCell").count() == 4, "a key reached JupyterLab, which took it for a shortcut"
    page.evaluate(AXE.read_text("utf-8"))
    assert violations(page, ".em-explorer") == []
    close(page, lab, name)


# A notebook from somewhere else: JupyterLab does not trust it and runs no script of its outputs


def test_an_untrusted_notebook_shows_still_pictures_and_numbers(page, lab):
    name = "02_soft_assignment.ipynb"
    stored = [
        output.data["text/html"]
        for cell in nbformat.read(lab.folder / name, 4).cells
        for output in cell.get("outputs", [])
        if "<img" in output.get("data", {}).get("text/html", "")
    ]
    opened(page, lab, name)
    images = page.locator(".jp-OutputArea img")
    expect(images).to_have_count(len(stored))
    assert page.locator(".em-explorer, .jp-OutputArea script").count() == 0
    assert sum("data-em-explorer" in text for text in stored) >= 2
    for image, text in zip(images.all(), stored, strict=True):
        alt = html.unescape(re.search(r'<img alt="([^"]*)"', text)[1])
        assert image.get_attribute("alt") == alt
        image.scroll_into_view_if_needed()
        assert image.evaluate("async (image) => (await image.decode(), image.naturalWidth)") > 600
    folds = page.locator(".jp-OutputArea details:has(table)")
    assert folds.count() == sum("<details" in text for text in stored) > 0
    for fold in folds.all():
        assert not fold.locator("table").first.is_visible()
        fold.locator("summary").focus()
        page.keyboard.press("Enter")
        expect(fold.locator("caption").first).to_be_visible()
        assert fold.locator("tbody th[scope=row]").count() == fold.locator("tbody tr").count()
    page.evaluate(AXE.read_text("utf-8"))
    assert violations(page, ".jp-OutputArea details") == []
    close(page, lab, name)


# Questions


QUESTIONS = """
from emlib.quiz import questions
questions('''
Which?
- This.
  Because of this.
+ That.
  Because of that.
''')
"""


def test_questions_answer_by_keyboard(page, lab):
    name = ran(page, lab, QUESTIONS)
    quiz = page.locator(".em-quiz")
    expect(quiz.locator("details")).to_have_count(0)
    quiz.get_by_role("radio").first.focus()
    for key, said in [(" ", "✗ No. Because of this."), ("ArrowDown", "✓ Right. Because of that.")]:
        page.keyboard.press(key)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(quiz.get_by_role("status")).to_have_text(said)
        page.keyboard.press("Shift+Tab")
    assert page.locator(".jp-CodeCell").count() == 1, "a key reached JupyterLab, which took it for a shortcut"
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        expect(page.locator("body")).to_have_attribute("data-jp-theme-light", str(theme == "light").lower())
        page.evaluate(AXE.read_text("utf-8"))
        assert violations(page, ".em-quiz") == []
    close(page, lab, name)


def test_questions_fold_their_answers_in_a_notebook_that_is_not_trusted(page, lab):
    names = {}
    exec(
        "from emlib.quiz import questions\nshown = questions('Which?\\n- This.\\n  Because.\\n+ That.\\n  So.')", names
    )
    output = nbformat.v4.new_output("display_data", {"text/html": names["shown"]._repr_html_()})
    cell = nbformat.v4.new_code_cell("", outputs=[output], execution_count=1)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(
        nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": kernel}), lab.folder / "strange.ipynb"
    )
    opened(page, lab, "strange.ipynb")
    shown = page.locator(".jp-OutputArea")
    expect(shown.get_by_text("Which?")).to_be_visible()
    assert shown.get_by_role("radio").count() == 0
    expect(shown.get_by_text("Because.")).not_to_be_visible()
    shown.get_by_text("Answer to question 1").press("Enter")
    expect(shown.get_by_text("Because.")).to_be_visible()
    close(page, lab, "strange.ipynb")


# The chapters


def test_a_learner_finds_the_exercises_still_to_be_done(page, lab):
    """The copy that `course.py lab` makes runs to its end, and says of every answer that it is missing."""
    chapter = next(path for path in hand_out.chapters() if path.name.startswith("05"))
    hand_out.write(hand_out.for_learners(nbformat.read(chapter, 4)), lab.folder / "todo.ipynb")
    opened(page, lab, "todo.ipynb")
    run_all(page, lab, "todo.ipynb")
    missing = page.locator(".jp-OutputArea-output", has_text="not written yet")
    expect(missing).to_have_count(len(hand_out.points(nbformat.read(chapter, 4))) + 1)  # and the model's class
    close(page, lab, "todo.ipynb")


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_runs_and_its_sliders_move(page, lab, name):
    opened(page, lab, name)
    stills = page.locator("figure:has(figcaption) img")
    before = [stills.nth(i).get_attribute("alt") for i in range(stills.count())]
    run_all(page, lab, name)
    panels = page.locator(".em-explorer")
    expect(panels).to_have_count(len(before))
    for i, alt in enumerate(before):
        panel = panels.nth(i)
        panel.scroll_into_view_if_needed()  # an explorer is made when it is seen
        line = panel.locator("p[aria-live]").first
        expect(line).to_have_text(alt.split("\n")[0])
        for slider in panel.get_by_role("slider").all():
            slider.focus()
            for key, value in [("Home", "0"), ("ArrowRight", "1")]:
                if slider.input_value() != value:
                    shown = line.inner_text()
                    slider.press(key)
                    expect(line).not_to_have_text(shown, timeout=10_000)
                assert slider.input_value() == value
        for choice in panel.get_by_role("combobox").all():
            shown = line.inner_text()
            choice.select_option(index=0 if choice.input_value() == "1" else 1)
            expect(line).not_to_have_text(shown, timeout=10_000)
    close(page, lab, name)
