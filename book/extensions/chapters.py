"""Sphinx extension: bring the notebooks into the book as they are stored, and refuse one that was not run."""

import shutil
from pathlib import Path

import nbformat
from sphinx.errors import ConfigError


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


def bring_chapters(app):
    """Copy ``../notebooks/*.ipynb`` into the book's source, under the path they have in the repository."""
    source, target = Path(app.srcdir).parent / "notebooks", Path(app.srcdir) / "notebooks"
    chapters = sorted(source.glob("*.ipynb"))
    if not chapters:
        raise ConfigError(f"{source} holds no chapter (.ipynb), so there is no book to build.")
    target.mkdir(exist_ok=True)
    for stale in {path.name for path in target.iterdir()} - {path.name for path in chapters}:
        (target / stale).unlink()
    for path in chapters:
        refuse_unrun(path)
        shutil.copy2(path, target)  # keeps the file's time, by which Sphinx knows what changed


def setup(app):
    """Bring them before the pages are read."""
    app.connect("builder-inited", bring_chapters)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
