"""Sphinx extension: the explorers of a book share one script, which each stored output carries for itself."""

import re
from pathlib import Path

from emlib.widgets import page

SCRIPT = re.compile(r"<script data-em-source>.*?</script>\n", re.DOTALL)


def write(app):
    """Write the script where Sphinx looks for static files."""
    directory = Path(app.srcdir) / "generated" / "static"
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "explorer.js").write_text(page.script(), encoding="utf-8")
    app.config.html_static_path.append(str(directory))


def share(app, pagename, templatename, context, doctree):
    """Take the script out of the page's body, and load it once in its head."""
    body, count = SCRIPT.subn("", context.get("body", ""))
    if count:
        context["body"] = body
        app.add_js_file("explorer.js")


def setup(app):
    """Write it before the pages are read, and share it when one is written."""
    app.connect("builder-inited", write)
    app.connect("html-page-context", share)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
