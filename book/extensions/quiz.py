"""Sphinx extension: the questions of a chapter, alive in its page, whose source does not show the answers."""

import re
from pathlib import Path

from emlib import quiz

SCRIPT = re.compile(r"<script data-em-quiz-source>.*?</script>\n?", re.DOTALL)
ANSWERS = re.compile(r"<details><summary>Answer to question \d+</summary>.*?</details>\n?", re.DOTALL)


def write(app):
    """Write the script where Sphinx looks for static files."""
    directory = Path(app.srcdir) / "generated" / "static"
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "quiz.js").write_text(quiz.script(), encoding="utf-8")
    if str(directory) not in app.config.html_static_path:
        app.config.html_static_path.append(str(directory))


def share(app, pagename, templatename, context, doctree):
    """Load the script once in the page's head; without it there are the questions, and no answers."""
    body, count = SCRIPT.subn("", context.get("body", ""))
    if count:
        context["body"] = ANSWERS.sub("", body)
        app.add_js_file("quiz.js")


def setup(app):
    """Write it before the pages are read, and share it when one is written."""
    app.connect("builder-inited", write)
    app.connect("html-page-context", share)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
