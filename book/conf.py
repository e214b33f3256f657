"""Sphinx configuration of the online book: the chapters as they are, and a few pages around them.

Nothing that a page loads comes from outside: MathJax is in ``_static``, widget scripts are switched off.
"""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "extensions"), str(HERE.parent)]  # the last seven below; emlib, straight from a clone

project = "Expectation Maximization"
author = "The EM course authors"
copyright = "the EM course authors. Prose CC BY-SA 4.0, code MIT"
language = "en"

extensions = [
    "myst_nb",
    "sphinx_design",
    "sphinx_proof",
    "sphinxcontrib.bibtex",
    "access",
    "chapters",
    "explorers",
    "landing",
    "lines",
    "quiz",
    "speed",
]
exclude_patterns = ["_build", "generated"]

# Text
myst_enable_extensions = ["amsmath", "attrs_inline", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
numfig = True
bibtex_bibfiles = ["references.bib"]
bibtex_reference_style = "author_year"

# Notebooks: the stored outputs, which strict nbval keeps true. A widget needs a kernel, which a page does not
# have: what is stored beside it is shown instead, a still picture, or an explorer that lives in the page.
nb_execution_mode = "off"
# The day from which a page shows the solutions of its exercises; without one it always does.
solutions_from = os.environ.get("EM_SOLUTIONS_FROM", "")
nb_merge_streams = True
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"
nb_mime_priority_overrides = [("html", "application/vnd.jupyter.widget-view+json", None)]
nb_ipywidgets_js = {}

# Mathematics, from the book's own copy of MathJax. Its menu would fetch parts that are not shipped; screen
# readers get MathML without it.
mathjax_path = "mathjax/tex-svg-full.js"
mathjax3_config = {"options": {"enableMenu": False}}

# Looks
html_theme = "sphinx_book_theme"
html_title = project
html_logo = "_static/logo.svg"
html_favicon = "_static/logo.svg"
html_static_path = ["_static"]
html_css_files = ["book.css"]
html_js_files = [("book.js", {"defer": "defer"})]
html_context = {"default_mode": "auto"}
html_theme_options = {
    "repository_url": "https://github.com/em-course/em-course",
    "repository_branch": "main",
    # A chapter has the same path in the book and in the repository, so that Colab and Binder find it.
    "path_to_docs": "",
    "launch_buttons": {
        "binderhub_url": "https://mybinder.org",
        "colab_url": "https://colab.research.google.com",
        "notebook_interface": "jupyterlab",
    },
    "use_repository_button": True,
    "logo": {"text": project, "alt_text": "Home"},
    # Without these the theme adds a second, hidden search field.
    "navbar_start": [],
    "navbar_center": [],
    "navbar_end": [],
    "navbar_persistent": [],
}
