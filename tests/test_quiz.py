"""Questions to test oneself: read from plain text, answered in a page by keyboard, folded where no script may run."""

import base64
import html
import json
import re
from pathlib import Path

import nbformat
import pytest

from emlib.quiz import questions, script

ROOT = Path(__file__).parent.parent
AXE = ROOT / "tests" / "vendor" / "axe-core" / "axe.min.js"
#: All but the one that is nothing but exercises.
CHAPTERS = [path for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")) if path.stem != "05_exercises"]
TEXT = """
What is `1 < 2`
or *not*?
- Wrong & long,
    over two lines.
  Because of
  that.
+ Right.
  For this reason.

Second?
+ Yes.
  Y.
- No.
  N.
"""


def stored(chapter):
    """The output of the chapter's questions."""
    outputs = [output for cell in nbformat.read(chapter, 4).cells for output in cell.get("outputs", [])]
    (found,) = [o.data["text/html"] for o in outputs if "em-quiz" in o.get("data", {}).get("text/html", "")]
    return found


def hidden(shown):
    """What the encoded attribute says."""
    return json.loads(base64.b64decode(re.search(r'data-em-quiz="([^"]+)"', shown)[1]))


def test_text_is_read():
    first, second = questions(TEXT)
    assert first.text == "What is `1 < 2` or *not*?"
    assert [(c.text, c.right, c.why) for c in first.choices] == [
        ("Wrong & long, over two lines.", False, "Because of that."),
        ("Right.", True, "For this reason."),
    ]
    assert [choice.right for choice in second.choices] == [True, False]
    assert repr(questions(TEXT)).startswith("What is `1 < 2` or *not*?\n( ) Wrong & long, over two lines.\n( ) Right.")


def test_what_is_shown_is_escaped_and_marked_up():
    shown = questions(TEXT)._repr_html_()
    assert "What is <code>1 &lt; 2</code> or <em>not</em>?" in shown
    assert hidden(shown)[0]["choices"][0] == ["Wrong &amp; long, over two lines.", False, "Because of that."]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Q?\n- a\n  b", "needs one right choice"),
        ("Q?\n+ a\n  b\n+ c\n  d", "needs one right choice"),
        ("Q?\n+ a\n  b", "one or more wrong ones"),
        ("Q?\n+ a\n- c\n  d", "a choice without a reason"),
    ],
)
def test_a_question_that_is_not_whole_is_refused(text, sentence):
    with pytest.raises(ValueError, match=f"the question 'Q\\?' .*{sentence}"):
        questions(text)


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_every_chapter_asks(chapter):
    asked = hidden(stored(chapter))
    assert script() in stored(chapter), f"run `python3 course.py refresh {chapter.stem}`: the script has changed"
    assert len(asked) >= 4
    places = {[right for _, right, _ in one["choices"]].index(True) for one in asked}
    assert len(places) > 1, "the right choice stands always in the same place"
    for one in asked:
        assert 3 <= len(one["choices"]) <= 4
        assert all(len(why) > 15 for _, _, why in one["choices"])


def test_without_a_script_the_answers_are_folded():
    text = re.sub(r"<script.*?</script>", "", stored(CHAPTERS[0]), flags=re.S)
    assert text.count("<details>") == len(hidden(text))
    outside = re.sub(r"<details>.*?</details>", "", text, flags=re.S)
    for one in hidden(text):
        assert one["text"] in text
        for words, _, why in one["choices"]:
            assert words in outside
            assert why in text
            assert why not in outside


# In a browser


@pytest.fixture
def asked(page):
    """A page that shows questions as a notebook's output does."""
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    shown = stored(CHAPTERS[0])
    page.set_content(f"<!doctype html><html lang='en'><title>Q</title><main><h1>Q</h1>{shown}</main>")
    yield page, hidden(shown)
    assert not complaints


def plain(marked):
    return html.unescape(re.sub(r"<[^>]+>", "", marked))


def test_each_choice_says_whether_it_is_right_and_why_by_keyboard(asked):
    page, record = asked
    for number, one in enumerate(record, start=1):
        group = page.get_by_role("group", name=plain(one["text"]))
        said = group.get_by_role("status")
        assert said.inner_text() == ""
        group.get_by_role("button").press("Enter")
        assert said.inner_text() == "Choose an answer first."
        group.get_by_role("radio").first.press(" ")
        for i, (words, right, why) in enumerate(one["choices"]):
            radio = group.get_by_role("radio", name=plain(words), exact=True)
            assert radio.is_checked() == (i == 0 or radio.evaluate("one => one === document.activeElement"))
            assert said.inner_text() == "", "moving on takes the last answer back"
            group.get_by_role("button", name=f"Check question {number}").press("Enter")
            assert said.inner_text() == f"{'✓ Right.' if right else '✗ No.'} {plain(why)}"
            radio.focus()
            page.keyboard.press("ArrowDown")


def test_questions_are_accessible_and_print_without_answers(asked):
    page, _ = asked
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Check question 1").click()
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("() => axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })")
    assert found["passes"]
    assert [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found["violations"]] == []
    page.emulate_media(media="print")
    assert page.get_by_role("radio").first.is_visible()
    assert not page.get_by_role("status").first.is_visible()
    assert page.locator("details").count() == 0
