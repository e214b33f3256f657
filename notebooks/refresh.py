"""Run the text notebooks and store each with its outputs beside it, as the paired .ipynb.

    python3 course.py refresh            every chapter
    python3 course.py refresh 01 04      the chapters whose names begin so

The text (NN_name.md) is the source; the .ipynb follows from it, byte for byte the same on every run.
"""

import hashlib
import sys
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

FOLDER = Path(__file__).resolve().parent
WIDGET = "application/vnd.jupyter.widget-view+json"


def chosen(names):
    """The text notebooks whose file names begin with one of `names`; all of them without names."""
    texts = sorted(FOLDER.glob("[0-9][0-9]_*.md"))
    beginnings = [Path(name).stem for name in names] or [""]
    for beginning in beginnings:
        if not any(text.name.startswith(beginning) for text in texts):
            sys.exit(f"refresh: no chapter's name begins with '{beginning}'; there are {[t.stem for t in texts]}")
    return [text for text in texts if text.name.startswith(tuple(beginnings))]


def execute(text):
    """The notebook that `text` describes, run from top to bottom in a fresh kernel."""
    notebook = jupytext.read(text, fmt="md:myst")
    NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=600,
        resources={"metadata": {"path": str(FOLDER)}},
        store_widget_state=False,
        record_timing=False,
        coalesce_streams=True,
    ).execute()
    return notebook


def tidy(notebook):
    """Take out of `notebook`, in place, what differs between two runs of the same text; return it.

    Cells are named after what they say. A widget's model dies with its kernel: what stays is the picture or the
    text that it offers besides. An expected error keeps its sentence, and loses the files it passed through.
    """
    notebook.metadata.pop("widgets", None)
    notebook.metadata.language_info.pop("version", None)
    notebook.metadata.jupytext = {"formats": notebook.metadata.jupytext.formats}
    seen = {}
    for cell in notebook.cells:
        name = hashlib.sha256(cell.source.encode()).hexdigest()[:12]
        seen[name] = seen.get(name, 0) + 1
        cell.id = f"{name}-{seen[name]}"
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                output.traceback = [f"{output.ename}: {output.evalue}"]
            elif len(output.get("data", {})) > 1:
                output.data.pop(WIDGET, None)
    return notebook


def main(names):
    for text in chosen(names):
        try:
            notebook = tidy(execute(text))
        except CellExecutionError as error:
            sys.exit(f"refresh: {text.name} does not run, and its .ipynb stays as it was.\n{error}")
        stored = text.with_suffix(".ipynb")
        stored.write_text(nbformat.writes(notebook) + "\n", "utf-8", newline="\n")
        print(f"{text.name} -> {stored.name}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
