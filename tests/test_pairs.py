"""Each chapter is one notebook in two files: the text, and the .ipynb that stores what running it gave."""

from pathlib import Path

import jupytext
import nbformat
import pytest

from notebooks.refresh import tidy

FOLDER = Path(__file__).parent.parent / "notebooks"
CHAPTERS = sorted({path.stem for suffix in ("md", "ipynb") for path in FOLDER.glob(f"*.{suffix}")})

pytestmark = pytest.mark.parametrize("chapter", CHAPTERS)


def stored_notebook(chapter):
    return nbformat.read(FOLDER / f"{chapter}.ipynb", as_version=4)


def test_both_files_hold_the_same_notebook(chapter):
    text = jupytext.read(FOLDER / f"{chapter}.md", fmt="md:myst")
    stored = stored_notebook(chapter)
    remedy = f"{chapter}.md and .ipynb differ: change the .md, then run `python3 course.py refresh {chapter}`"

    def said(notebook):
        return [(cell.cell_type, cell.source, cell.metadata) for cell in notebook.cells]

    for number, (left, right) in enumerate(zip(said(text), said(stored), strict=False), start=1):
        assert left == right, f"cell {number} of {remedy}"
    assert len(text.cells) == len(stored.cells), remedy
    assert text.metadata.jupytext.formats == stored.metadata.jupytext.formats == "ipynb,md:myst"
    assert text.metadata.kernelspec == stored.metadata.kernelspec
    assert stored.metadata.kernelspec.name == "python3"


def test_ran_from_top_to_bottom_without_complaint(chapter):
    code = [cell for cell in stored_notebook(chapter).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    for cell in code:
        for output in cell.outputs:
            expected = "raises-exception" in cell.metadata.get("tags", [])
            assert output.output_type != "error" or expected, f"{output.evalue} in:\n{cell.source}"
            assert output.get("name") != "stderr", f"{output.text} on stderr from:\n{cell.source}"


def test_stores_nothing_that_a_second_run_would_change(chapter):
    file = (FOLDER / f"{chapter}.ipynb").read_bytes().decode()
    again = nbformat.writes(tidy(stored_notebook(chapter))) + "\n"
    assert file == again, f"run `python3 course.py refresh {chapter}`"
    assert str(FOLDER.parent) not in file, "the notebook names a folder of the machine it ran on"


def test_displayed_formulas_end_as_they_begin(chapter):
    for cell in stored_notebook(chapter).cells:
        if cell.cell_type == "markdown":
            assert cell.source.count("$$") % 2 == 0, f"a formula does not end in:\n{cell.source}"
