"""Sphinx extension: bring the notebooks into the book as they are stored, and refuse one that was not run.

An exercise becomes what is given of its answer and, folded, its solution: from the date ``solutions_from`` on. Hidden
checks stay out. Whoever downloads a chapter with exercises gets the learner's notebook.
"""

from datetime import date
from pathlib import Path

import nbformat
from sphinx.errors import ConfigError

from notebooks import hand_out

FOLDED = {
    "mystnb": {"code_prompt_show": "Solution in code", "code_prompt_hide": "Close the solution"},
    "tags": ["hide-cell"],
}


def refuse_unrun(path):
    """Raise ConfigError unless every code cell of the notebook at `path` has run and none failed unasked."""
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    if not any(cell.outputs for cell in cells):
        raise ConfigError(f"{path.name} holds no outputs, and the book shows stored ones: run all of it and save.")
    for number, cell in enumerate(cells, start=1):
        if cell.source.strip() and cell.execution_count is None:
            raise ConfigError(f"{path.name}: code cell {number} was never run: run the whole notebook and save.")
        failed = any(output.output_type == "error" for output in cell.outputs)
        if failed and "raises-exception" not in cell.metadata.get("tags", []):
            raise ConfigError(f"{path.name}: code cell {number} ended in an error: mend it, run all and save.")


def shows_solutions(solutions_from, today):
    """Whether the day has come. An empty setting means always."""
    if not solutions_from:
        return True
    try:
        return today >= date.fromisoformat(solutions_from)
    except ValueError:
        raise ConfigError(
            f"solutions_from (EM_SOLUTIONS_FROM) is {solutions_from!r}; give a day as 2027-01-31"
        ) from None


def page_of(notebook, with_solutions):
    """The cells of a chapter as its page shows them."""
    learners = hand_out.for_learners(notebook)
    page = []
    for cell, left in zip(notebook.cells, learners.cells, strict=True):
        mark = hand_out.marked(cell)
        if mark.get("solution"):
            if "BEGIN SOLUTION" in cell.source:
                page.append(left)
                cell.source = hand_out.unmarked(cell.source, "SOLUTION")
            if with_solutions:
                if cell.cell_type == "code":
                    cell.metadata.update(FOLDED)
                page.append(cell)
        elif mark.get("grade"):
            if with_solutions:
                left.outputs, left.execution_count = cell.outputs, cell.execution_count
            page.append(left)
        else:
            page.append(cell)
    for number, cell in enumerate(page):
        cell.id = f"cell-{number}"
    learners.cells = page
    return learners


def bring_chapters(app):
    """Write the pages of ``../notebooks/*.ipynb`` into the book's source, under their path in the repository."""
    source, target = Path(app.srcdir).parent / "notebooks", Path(app.srcdir) / "notebooks"
    chapters = sorted(source.glob("*.ipynb"))
    if not chapters:
        raise ConfigError(f"{source} holds no chapter (.ipynb), so there is no book to build.")
    app.config.chapters_with_exercises = []
    with_solutions = shows_solutions(app.config.solutions_from, date.today())
    target.mkdir(exist_ok=True)
    for stale in {path.name for path in target.iterdir()} - {path.name for path in chapters}:
        (target / stale).unlink()
    for path in chapters:
        refuse_unrun(path)
        text = path.read_text("utf-8")
        notebook = nbformat.reads(text, as_version=4)
        if hand_out.has_exercises(notebook):
            app.config.chapters_with_exercises.append(f"notebooks/{path.stem}")
            text = nbformat.writes(page_of(notebook, with_solutions)) + "\n"
        written = target / path.name
        if not written.exists() or written.read_text("utf-8") != text:  # by its time Sphinx knows what changed
            written.write_text(text, "utf-8", newline="\n")


def give_learners_notebooks(app, exception):
    """Put the learner's notebook where a reader downloads a chapter with exercises."""
    for name in app.config.chapters_with_exercises if exception is None else ():
        offered = Path(app.outdir) / "_sources" / f"{name}.ipynb"
        if offered.exists():
            chapter = nbformat.read(Path(app.srcdir).parent / f"{name}.ipynb", as_version=4)
            hand_out.write(hand_out.for_learners(chapter), offered)


def keep_from_launching(app, pagename, templatename, context, doctree):
    """Until the day has come, offer no way from an exercise to the repository's own notebook, which is solved."""
    if pagename in app.config.chapters_with_exercises and not shows_solutions(app.config.solutions_from, date.today()):
        buttons = context.get("header_buttons", [])
        context["header_buttons"] = [button for button in buttons if button["label"] != "launch-buttons"]


def setup(app):
    """Bring them before the pages are read."""
    app.add_config_value("solutions_from", "", "env", str)
    app.add_config_value("chapters_with_exercises", [], "", list)
    app.connect("builder-inited", bring_chapters)
    app.connect("html-page-context", keep_from_launching, priority=900)
    app.connect("build-finished", give_learners_notebooks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
