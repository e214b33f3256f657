"""The page on models of one's own: its blocks are one program, and what it shows is what that prints."""

import contextlib
import io
import re
import textwrap
from pathlib import Path

PAGE = Path(__file__).parent.parent / "book" / "own_model.md"
FENCE = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.M | re.S)


def blocks():
    """Each block of code with what the page says that it prints."""
    found = []
    for match in FENCE.finditer(PAGE.read_text("utf-8")):
        language, text = match[2], textwrap.dedent(match[3])
        if language == "python":
            found.append((text, ""))
        elif language == "text":
            code, shown = found.pop()
            assert not shown, code
            found.append((code, text))
    return found


def test_every_block_prints_what_the_page_shows():
    everything = {}
    for code, shown in blocks():
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(code, PAGE.name, "exec"), everything)
        assert printed.getvalue() == shown, code


def test_the_page_shows_what_is_worth_showing():
    shown = "".join(text for _, text in blocks())
    assert "[0.07084 0.18874 0.74043]" in shown  # Givens & Hoeting (2013), example 4.2
    assert "BROKEN" in shown
    assert "ever fell: False" in shown
