"""The book builds without a warning, holds together, and can be read without a network, a mouse or bright light."""

import base64
import functools
import html
import http.server
import importlib.util
import json
import os
import re
import subprocess
import sys
import threading
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from leaks import leaks, secrets
from sphinx.errors import ConfigError

from notebooks import hand_out

ROOT = Path(__file__).resolve().parent.parent
AXE = ROOT / "tests" / "vendor" / "axe-core" / "axe.min.js"
CHAPTERS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
PAGES = sorted(path.stem for path in (ROOT / "book").glob("*.md")) + [f"notebooks/{name}" for name in CHAPTERS]
WITH_EXERCISES = [p for p in hand_out.chapters() if hand_out.has_exercises(nbformat.read(p, 4))]
every_chapter = pytest.mark.parametrize("chapter", CHAPTERS)
every_exercises = pytest.mark.parametrize("chapter", WITH_EXERCISES, ids=lambda path: path.stem)
every_page = pytest.mark.parametrize("name", PAGES)


def built(target, solutions_from):
    """Build the whole book, warnings being errors. Returns the directory of its pages."""
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    command += ["-d", target / "doctrees", ROOT / "book", target / "html"]
    environment = os.environ | {"EM_SOLUTIONS_FROM": solutions_from}
    build = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert build.returncode == 0, build.stdout + build.stderr
    return target / "html"


@pytest.fixture(scope="session")
def book(tmp_path_factory):
    """The book with its solutions."""
    return built(tmp_path_factory.mktemp("book"), "")


@pytest.fixture(scope="session")
def book_before(tmp_path_factory, book):
    """The book before the day from which it shows solutions; built after the other, from the same folder."""
    return built(tmp_path_factory.mktemp("before"), "2999-12-31")


class Page(HTMLParser):
    """What a page defines, loads and points to."""

    def __init__(self, path):
        super().__init__()
        self.path, self.ids, self.images, self.loads, self.links, self.folded = path, set(), [], [], [], 0
        self.text = path.read_text(encoding="utf-8")
        self.feed(self.text)

    def handle_starttag(self, tag, attributes):
        """Sort what the tag says into the lists."""
        attributes = dict(attributes)
        self.ids.add(attributes.get("id"))
        if tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])
        elif tag == "link" and attributes.get("rel") != "canonical":
            self.loads.append(attributes["href"])
        elif "src" in attributes:
            self.loads.append(attributes["src"])
        if tag == "img":
            self.images.append(attributes)
        if tag == "details" and "open" not in attributes:
            self.folded += 1

    def target(self, link):
        """The file that a relative `link` names, and its fragment."""
        parts = urlsplit(link)
        return (self.path.parent / unquote(parts.path)).resolve() if parts.path else self.path, unquote(parts.fragment)


@pytest.fixture(scope="session")
def pages(book):
    """Every page of the built book, by its path."""
    return {path: Page(path) for path in book.rglob("*.html") if "_static" not in path.parts}


def source(chapter):
    """The text of a chapter's markdown cells."""
    cells = nbformat.read(ROOT / "notebooks" / f"{chapter}.ipynb", as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def test_there_are_chapters():
    assert len(CHAPTERS) >= 5


@every_chapter
def test_the_landing_page_shows_the_way_to_each_chapter(book, pages, chapter):
    landing = (book / "index.html").read_text(encoding="utf-8")
    article = landing[landing.index("<article") : landing.index("</article>")]
    assert book / "notebooks" / f"{chapter}.html" in pages
    assert f'href="notebooks/{chapter}.html"' in article


@every_chapter
def test_a_chapter_is_to_be_had_as_it_is_in_the_repository(book, pages, chapter):
    """With exercises, it is the learner's notebook that one downloads."""
    path = f"notebooks/{chapter}.ipynb"
    links = pages[book / "notebooks" / f"{chapter}.html"].links
    assert f"../_sources/{path}" in links
    if ROOT / path in WITH_EXERCISES:
        learners = hand_out.for_learners(nbformat.read(ROOT / path, 4))
        assert nbformat.read(book / "_sources" / path, 4) == learners
    else:
        assert (book / "_sources" / path).read_bytes() == (ROOT / path).read_bytes()
    assert f"https://mybinder.org/v2/gh/em-course/em-course/main?urlpath=lab/tree/{path}" in links
    assert f"https://colab.research.google.com/github/em-course/em-course/blob/main/{path}" in links


@every_chapter
def test_every_label_of_a_chapter_became_a_number(book, pages, chapter):
    page = pages[book / "notebooks" / f"{chapter}.html"]
    text = source(chapter)
    labels = re.findall(r"^:label: (eq-\S+)|\$\$ \((eq-\S+)\)$", text, re.M)
    missing = [label for label in map("".join, labels) if f"equation-{label.lower()}" not in page.ids]
    assert not missing
    number = CHAPTERS.index(chapter) + 1
    numbers = re.findall(r'<span class="eqno">\(([\d.]+)\)?', page.text)
    assert len(numbers) >= len(labels)
    assert numbers == [f"{number}.{i + 1}" for i in range(len(numbers))]


@every_chapter
def test_what_is_to_be_folded_starts_folded(book, pages, chapter):
    wanted = len(re.findall(r"^:class:.*\bdropdown\b|^[`:]{3,}\{dropdown\}(?!.*\n:open:)", source(chapter), re.M))
    assert pages[book / "notebooks" / f"{chapter}.html"].folded >= wanted


def test_nothing_is_loaded_from_elsewhere(book, pages):
    loads = {(page.path.name, link) for page in pages.values() for link in page.loads}
    for style in book.rglob("*.css"):
        links = re.findall(r"""(?:url\(|@import)\s*["']?([^"')\s]+)""", style.read_text(encoding="utf-8"))
        loads |= {(style.name, link) for link in links}
    assert [load for load in loads if urlsplit(load[1]).netloc] == []
    assert any(link.endswith("tex-svg-full.js?v=" + link[-8:]) for _, link in loads), "MathJax is not loaded at all"


def test_links_lead_somewhere(pages):
    broken = []
    for page in pages.values():
        for link in page.links + page.loads:
            if urlsplit(link).scheme:
                continue
            path, fragment = page.target(link)
            if not path.is_file() or (fragment and path in pages and fragment not in pages[path].ids):
                broken.append((page.path.name, link))
    assert not broken


def test_every_picture_is_described(pages):
    silent = [(page.path.name, image) for page in pages.values() for image in page.images if not image.get("alt")]
    assert not silent


def test_terms_and_citations_lead_to_their_entries(book, pages):
    links = {link for page in pages.values() for link in page.links}
    assert "../glossary.html#term-responsibility" in links
    assert any(re.fullmatch(r"\.\./references\.html#id\d+", link) for link in links)


@every_exercises
def test_before_the_day_the_book_holds_no_solution(book, book_before, chapter):
    """Other chapters may teach the same line; of this one neither page, download nor search index knows an answer."""
    lines = secrets(chapter)
    for suffix in ("html", "ipynb"):
        assert leaks(book_before, lines, f"{chapter.stem}.{suffix}") == []
    assert leaks(book_before, {":class: dropdown solution"}) == []
    page = f"notebooks/{chapter.stem}.html"
    before, after = ((folder / page).read_text("utf-8") for folder in (book_before, book))
    assert "dropdown solution" in after
    assert "dropdown solution" not in before
    assert "dropdown hint" in before
    assert f"blob/main/notebooks/{chapter.name}" in after
    assert f"blob/main/notebooks/{chapter.name}" not in before, "Colab would open the solved notebook"


@every_exercises
def test_the_book_shows_solutions_and_no_hidden_check(book, chapter):
    assert leaks(book, secrets(chapter, ["SOLUTION"]), f"{chapter.stem}.html")
    assert secrets(chapter, ["HIDDEN TESTS"])
    assert leaks(book, secrets(chapter, ["HIDDEN TESTS"]), f"{chapter.stem}.*") == []


def extension():
    spec = importlib.util.spec_from_file_location("chapters", ROOT / "book" / "extensions" / "chapters.py")
    chapters = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(chapters)
    return chapters


def test_the_day_from_which_solutions_are_shown():
    shows = extension().shows_solutions
    today = date(2027, 1, 31)
    assert [shows(day, today) for day in ("", "2027-01-30", "2027-01-31", "2027-02-01")] == [True, True, True, False]
    with pytest.raises(ConfigError, match="is 'soon'; give a day as 2027-01-31"):
        shows("soon", today)


CELL = {"source": "1 / 0", "execution_count": 1}
ERROR = nbformat.v4.new_output("error", ename="ZeroDivisionError", evalue="", traceback=[])
RESULT = nbformat.v4.new_output("stream", name="stdout", text="1")


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        ([], "holds no outputs"),
        ([{**CELL, "outputs": [RESULT]}, {"source": "x = 1"}], "code cell 2 was never run"),
        ([{**CELL, "outputs": [ERROR]}], "code cell 1 ended in an error"),
    ],
)
def test_a_chapter_that_was_not_run_is_refused(tmp_path, cells, sentence):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(**cell) for cell in cells])
    nbformat.write(notebook, tmp_path / "06_new.ipynb")
    with pytest.raises(ConfigError, match=f"06_new.ipynb.*{sentence}"):
        extension().refuse_unrun(tmp_path / "06_new.ipynb")


# In a browser


class Silent(http.server.SimpleHTTPRequestHandler):
    """A server of files that keeps no log."""

    def log_message(self, *arguments):
        """Say nothing."""


@pytest.fixture(scope="session")
def served(book):
    """The book's address while it is served on this machine."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Silent, directory=book)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(params=["served", "from disk"])
def address(request, book):
    """The book's address, served and opened from disk."""
    return request.getfixturevalue("served") if request.param == "served" else book.as_uri()


@pytest.fixture
def quiet(page):
    """A page that fails the test if anything is missing or its scripts complain."""
    complaints = []
    page.on("console", lambda said: said.type in ("error", "warning") and complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))

    def failed(request):
        if request.failure != "net::ERR_ABORTED":  # a page that is left gives up what it still waits for
            complaints.append(f"{request.url} did not load: {request.failure}")

    page.on("requestfailed", failed)
    yield page
    assert not complaints


def read(page, address, name):
    """Open the page `name` and wait until its formulas are set."""
    page.goto(f"{address}/{name}.html")
    page.evaluate("() => window.MathJax?.startup.promise")


@every_page
def test_a_page_reads_well(quiet, address, name):
    """Everything is there, every formula is set, and at a phone's width only wide things scroll, not the page."""
    asked = []
    quiet.on("request", lambda request: asked.append(request.url))
    quiet.set_viewport_size({"width": 375, "height": 700})
    read(quiet, address, name)
    assert [url for url in asked if not url.startswith((address, "data:"))] == []
    assert quiet.locator("mjx-container > svg").count() == quiet.locator(".math").count()
    assert quiet.locator("mjx-merror, [data-mjx-error]").count() == 0
    assert quiet.evaluate("document.documentElement.scrollWidth") <= 375


@every_page
def test_formulas_have_room(quiet, served, name):
    """On a screen every displayed one fits; on a phone what is wider than its place scrolls, by keyboard as well."""
    cut_off = """async () => {
        document.querySelectorAll('details').forEach((fold) => (fold.open = true));
        for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame);
        return [...document.querySelectorAll('.math > mjx-container')]
            .filter((formula) => formula.querySelector('svg').getBoundingClientRect().width > formula.clientWidth + 1)
            .map((formula) => [formula.parentNode.tagName, getComputedStyle(formula).overflowX, formula.tabIndex,
                               formula.textContent]);
    }"""
    quiet.set_viewport_size({"width": 1200, "height": 800})
    read(quiet, served, name)
    wide = quiet.evaluate(cut_off)
    assert [formula for formula in wide if formula[0] == "DIV"] == []
    quiet.set_viewport_size({"width": 375, "height": 700})
    wide = quiet.evaluate(cut_off)
    assert [formula for formula in wide if formula[1:3] != ["auto", 0]] == []


@every_page
def test_no_line_begins_with_a_comma_behind_a_formula(quiet, served, name):
    for width in (1200, 375):
        quiet.set_viewport_size({"width": width, "height": 800})
        read(quiet, served, name)
        below = quiet.evaluate("""() => {
            const top = (range) => range.getBoundingClientRect().top, character = document.createRange();
            return [...document.querySelectorAll('span.math')].filter((formula) => {
                const behind = formula.nextSibling;
                if (!/^[,.;:)]/.test(behind?.data)) return false;
                character.setStart(behind, 0);
                character.setEnd(behind, 1);
                return top(character) > formula.getBoundingClientRect().bottom;
            }).map((formula) => formula.textContent);
        }""")
        assert below == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@every_page
def test_a_page_is_accessible(quiet, served, name, theme):
    """The WCAG 2.2 rules, level AA, that axe-core can check: names, contrast, roles, reach by keyboard."""
    quiet.emulate_media(color_scheme=theme, reduced_motion="reduce")
    read(quiet, served, name)
    quiet.evaluate(AXE.read_text(encoding="utf-8"))
    found = quiet.evaluate("() => axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })")
    assert [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found["violations"]] == []


@every_chapter
def test_explorers_are_alive(quiet, address, book, chapter):
    """Each says what its still picture would say, and moves by key; together they carry one script."""
    text = (book / "notebooks" / f"{chapter}.html").read_text(encoding="utf-8")
    alts = re.findall(r'<div data-em-explorer="\w+"><figure[^>]*><img alt="([^"]*)"', text)
    assert text.count("explorer.js?v=") == bool(alts)
    assert "data-em-source" not in text
    read(quiet, address, f"notebooks/{chapter}")
    explorers = quiet.locator(".em-explorer")
    assert explorers.count() == len(alts)
    for explorer, alt in zip(explorers.all(), alts, strict=True):
        explorer.scroll_into_view_if_needed()  # it is made when it is seen
        line = explorer.locator(".em-said")
        assert line.inner_text() == html.unescape(alt).split("\n")[0]
        said = line.inner_text()
        slider = explorer.get_by_role("slider", name=re.compile("iteration|step|batch"))
        slider.press("ArrowLeft" if slider.input_value() == slider.get_attribute("max") else "ArrowRight")
        assert line.inner_text() != said
        empty = (
            "(canvas) => !canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean)"
        )
        assert not any(canvas.evaluate(empty) for canvas in explorer.locator("canvas").all())
        if (image := explorer.locator("img")).count():  # a figure drawn beforehand
            assert image.get_attribute("alt").split("\n")[0] == line.inner_text()
            assert image.evaluate("async (image) => (await image.decode(), image.naturalWidth)") > 600
        else:
            assert explorer.locator("svg path").count() > 20


@every_chapter
def test_numbers_behind_figures_open_by_keyboard(quiet, served, chapter):
    """Closed they leave no trace on paper; open they scroll within themselves, and never the page."""
    quiet.set_viewport_size({"width": 375, "height": 700})
    read(quiet, served, f"notebooks/{chapter}")
    folds = quiet.locator("article details.em-numbers")
    assert folds.count() >= 1
    quiet.emulate_media(media="print")
    assert not any(fold.is_visible() for fold in folds.all())
    quiet.emulate_media(media="screen")
    for fold in folds.all():
        fold.locator("summary").focus()
        quiet.keyboard.press("Enter")
        assert fold.locator("caption").first.is_visible()
        quiet.keyboard.press("Tab")
        assert fold.get_by_role("region").evaluate("(region) => region === document.activeElement")
    assert quiet.evaluate("document.documentElement.scrollWidth") <= 375
    quiet.evaluate(AXE.read_text(encoding="utf-8"))
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found = quiet.evaluate("(rules) => axe.run('details.em-numbers', { runOnly: rules })", rules)
    assert [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found["violations"]] == []


@pytest.mark.parametrize("chapter", [name for name in CHAPTERS if name != "05_exercises"])
def test_questions_are_alive_and_their_answers_not_in_the_page(quiet, address, book, chapter):
    text = (book / "notebooks" / f"{chapter}.html").read_text(encoding="utf-8")
    assert text.count("quiz.js?v=") == 1
    assert "data-em-quiz-source" not in text
    assert "emlib.quiz" not in text, "the cell holds the answers"
    (record,) = [json.loads(base64.b64decode(code)) for code in re.findall(r'data-em-quiz="([^"]+)"', text)]
    for one in record:
        assert one["text"] in text
        assert not [why for _, _, why in one["choices"] if why in text]
    read(quiet, address, f"notebooks/{chapter}")
    sets = quiet.locator(".em-quiz fieldset")
    assert sets.count() == len(record)
    right = [correct for _, correct, _ in record[0]["choices"]].index(True)
    sets.first.get_by_role("radio").nth(right).press(" ")
    sets.first.get_by_role("button").press("Enter")
    assert sets.first.get_by_role("status").inner_text().startswith("✓ Right.")


def test_there_are_explorers(pages):
    assert sum("data-em-explorer" in page.text for page in pages.values()) >= 3


def test_the_theme_changes_by_keyboard(quiet, served):
    read(quiet, served, "index")
    for theme, steps in (("dark", 3), ("light", 2)):  # the list reads: system, light, dark
        quiet.get_by_role("button", name="Color mode").focus()
        quiet.keyboard.press("Enter")
        for _ in range(steps):
            quiet.keyboard.press("ArrowDown")
        quiet.keyboard.press("Enter")
        assert quiet.locator("html").get_attribute("data-theme") == theme


def test_solutions_open_by_keyboard_and_stay_folded_on_paper(quiet, served):
    read(quiet, served, f"notebooks/{WITH_EXERCISES[-1].stem}")
    solution = quiet.locator("article details.solution:has(> summary)").first
    inside = solution.locator("> :not(summary)").first
    quiet.emulate_media(media="print")
    assert not inside.is_visible()
    quiet.emulate_media(media="screen")
    solution.locator("summary").first.focus()
    quiet.keyboard.press("Enter")
    assert inside.is_visible()
    everything = quiet.locator("article details > :not(summary)")
    for name, visible in [("Open all hints and solutions", True), ("Close all hints and solutions", False)]:
        quiet.get_by_role("button", name=name).press("Enter")
        assert {one.is_visible() for one in everything.all()} == {visible}


def test_paper_is_white_in_dark_mode(quiet, served):
    quiet.emulate_media(color_scheme="dark")
    read(quiet, served, "index")
    theme = "document.documentElement.dataset.theme"
    assert quiet.evaluate(f"() => {{ dispatchEvent(new Event('beforeprint')); return {theme} }}") == "light"
    assert quiet.evaluate(f"() => {{ dispatchEvent(new Event('afterprint')); return {theme} }}") == "dark"


def test_search_finds_a_word_by_keyboard(quiet, address):
    read(quiet, address, "index")
    quiet.keyboard.press("Control+k")
    quiet.keyboard.type("responsibility")
    quiet.keyboard.press("Enter")
    quiet.get_by_role("link", name="Glossary").locator("visible=true").first.wait_for()
    results = quiet.locator("#search-results li a")
    results.first.wait_for()
    assert "Glossary" in results.all_inner_texts()
