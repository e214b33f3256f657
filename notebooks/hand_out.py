"""Make from the chapters what learners and instructors get. A chapter holds its exercises whole, in nbgrader's terms.

    python3 course.py assignment 05      one chapter as a folder and a .zip to hand out, in assignments/
    python3 course.py instructor 05      one chapter as an nbgrader course, solutions and hidden checks included
    python3 course.py lab                opens my-notebooks/, a learner's own copies: made where missing, never touched

An answer cell (``solution: true``) keeps what stands outside ``### BEGIN SOLUTION`` and ``### END SOLUTION``; without
these lines nothing of it. A check cell (``grade: true``) loses what stands between ``### BEGIN HIDDEN TESTS`` and
``### END HIDDEN TESTS``. nbgrader does the same with the same cells, as long as it knows the two stubs.
"""

import base64
import json
import re
import shutil
import sys
import tomllib
import zipfile
import zlib
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = ROOT / "notebooks"
OWN = ROOT / "my-notebooks"
ASSIGNMENTS = ROOT / "assignments"
INSTRUCTOR = ROOT / "instructor"
CODE_STUB = "# your answer"
TEXT_STUB = "*Your answer: double-click here and write.*"
#: What nbgrader has to know so that it makes the same stubs.
NBGRADER_CONFIG = f"""\
c = get_config()
c.CourseDirectory.course_id = "em-course"
c.ClearSolutions.code_stub = {{"python": {CODE_STUB!r}}}
c.ClearSolutions.text_stub = {TEXT_STUB!r}
"""
README = """\
# {title}

This folder is all you need: the notebook, and `emlib`, the small library that it imports. Beside it you need Python
3.11 or newer.

1. In this folder, make an environment and open the notebook:

       python3 -m venv .venv
       .venv/bin/python -m pip install -r requirements.txt
       .venv/bin/python -m jupyterlab {name}.ipynb

   On Windows say `py` for `python3` and `.venv\\Scripts\\python` for `.venv/bin/python`. With conda: `conda env create
   -f environment.yml`, `conda activate em-assignment`, `jupyter lab {name}.ipynb`.
2. Write your answers in the cells that say "your answer", run the check below each, and read what it says. A cell that
   waits for an answer says so. Leave the names of the functions as they are, and do not delete, split or copy cells.
3. Before you hand in: *Kernel → Restart Kernel and Run All Cells*, then save. Hand in `{name}.ipynb` alone.

The check is a help, not the mark: your notebook is run again elsewhere, on other data. Write neither your name nor a
number that identifies you into the notebook unless you were asked to.

| exercise | points |
|---|---|
{rows}
| together | {total} |
"""
CONDA = """\
name: em-assignment
channels:
  - conda-forge
  - nodefaults
dependencies:
  - python>=3.11
  - pip
  - pip:
      - -r requirements.txt
"""


def marked(cell):
    """The cell's nbgrader metadata, or an empty mapping."""
    return cell.metadata.get("nbgrader", {})


def without(source, region, stub=None):
    """`source` without the regions between ``BEGIN region`` and ``END region``, each replaced by the line `stub`."""
    lines, inside = [], False
    for line in source.split("\n"):
        if f"BEGIN {region}" in line or f"END {region}" in line:
            if inside == (f"BEGIN {region}" in line):
                raise ValueError(f"### BEGIN {region} and ### END {region} do not alternate in:\n{source}")
            inside = not inside
            if inside and stub:
                lines.append(line[: len(line) - len(line.lstrip())] + stub)
        elif not inside:
            lines.append(line)
    if inside:
        raise ValueError(f"### END {region} is missing in:\n{source}")
    return "\n".join(lines)


def unmarked(source, region):
    """`source` without the two lines that begin and end a region."""
    lines = source.split("\n")
    return "\n".join(line for line in lines if not re.search(rf"### (BEGIN|END) {region}", line))


def stub(cell):
    """The source of the answer cell `cell` as the learner gets it."""
    if "BEGIN SOLUTION" in cell.source:
        return without(cell.source, "SOLUTION", CODE_STUB)
    return CODE_STUB if cell.cell_type == "code" else TEXT_STUB


def has_exercises(notebook):
    """Whether some cell waits for an answer."""
    return any(marked(cell).get("solution") for cell in notebook.cells)


def for_learners(notebook):
    """A copy of `notebook` without solutions, hidden checks and outputs; a chapter without exercises stays as it is."""
    notebook = nbformat.from_dict(json.loads(json.dumps(notebook)))
    if not has_exercises(notebook):
        return notebook
    for number, cell in enumerate(notebook.cells):
        # Named by place: a name made from the source would tell whether a guess at the solution is right.
        cell.id = f"cell-{number}"
        mark = marked(cell)
        if mark.get("solution"):
            cell.source = stub(cell)
            cell.metadata.deletable = False
        elif mark.get("grade"):
            cell.source = without(cell.source, "HIDDEN TESTS")
            cell.metadata.update(deletable=False, editable=False)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def points(notebook):
    """Exercise → points, for what is checked by running it."""
    return {
        marked(cell)["grade_id"].removeprefix("check_"): marked(cell)["points"]
        for cell in notebook.cells
        if marked(cell).get("grade") and not marked(cell)["solution"]
    }


def chapters(names=("",)):
    """The stored chapters whose file names begin with one of `names`."""
    return [path for path in sorted(CHAPTERS.glob("[0-9][0-9]_*.ipynb")) if path.name.startswith(tuple(names))]


def write(notebook, path):
    """Store the notebook, in a folder that is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(nbformat.writes(notebook) + "\n", "utf-8", newline="\n")


def own_copies():
    """Make the learner's copy of every chapter that has none."""
    for chapter in chapters():
        if not (OWN / chapter.name).exists():
            write(for_learners(nbformat.read(chapter, 4)), OWN / chapter.name)


def requirements():
    """What a notebook needs beside emlib, in the versions of the lock."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["plots"], *extras["widgets"], *extras["course"]]
    names = {re.match(r"[\w.-]+", line)[0] for line in wanted} - {project["name"]}
    locked = re.findall(r"^([\w.-]+)(==.*?) *\\$", (ROOT / "requirements.lock").read_text("utf-8"), re.M)
    return "".join(f"{name}{pin}\n" for name, pin in locked if name in names)


def packed(path):
    """The module at `path` as one that does the same and that nobody reads by accident: it holds right answers."""
    code = base64.b85encode(zlib.compress(path.read_bytes(), 9)).decode()
    return f"import base64\nimport zlib\n\nexec(zlib.decompress(base64.b85decode({code!r})))\n"


def copy_emlib(folder):
    """Copy what a learner's notebook needs of emlib into `folder`: not the grader, and the right answers packed."""
    for path in sorted((ROOT / "emlib").rglob("*")):
        inner = path.relative_to(ROOT)
        if path.is_dir() or "__pycache__" in inner.parts or inner.parts[1] == "grading":
            continue
        (folder / inner).parent.mkdir(parents=True, exist_ok=True)
        if inner.parts[1:3] == ("exercises", "tasks"):
            (folder / inner).write_text(packed(path), "utf-8", newline="\n")
        else:
            shutil.copyfile(path, folder / inner)


def zipped(folder):
    """Pack `folder` into a .zip beside it, the same bytes for the same files."""
    target = folder.with_suffix(".zip")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(f"{folder.name}/{path.relative_to(folder).as_posix()}")  # dated 1980
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return target


def assignment(chapter):
    """Write the folder and the .zip to hand out; return the sentence that says so."""
    notebook = nbformat.read(chapter, 4)
    folder = ASSIGNMENTS / chapter.stem
    shutil.rmtree(folder, ignore_errors=True)
    write(for_learners(notebook), folder / chapter.name)
    copy_emlib(folder)
    worth = points(notebook)
    title = re.search(r"^# (.+)$", notebook.cells[0].source, re.M)[1]
    rows = "\n".join(f"| `{name}` | {number} |" for name, number in worth.items())
    text = README.format(title=title, name=chapter.stem, rows=rows, total=sum(worth.values()))
    for name, said in [("README.md", text), ("environment.yml", CONDA), ("requirements.txt", requirements())]:
        (folder / name).write_text(said, "utf-8", newline="\n")
    shutil.copyfile(ROOT / "LICENSE", folder / "LICENSE")
    return f"{chapter.name} -> {zipped(folder)}"


def instructor(chapter):
    """Put the chapter, solutions and hidden checks included, into an nbgrader course; return the sentence on it."""
    target = INSTRUCTOR / "source" / chapter.stem / chapter.name
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(chapter, target)
    (INSTRUCTOR / "nbgrader_config.py").write_text(NBGRADER_CONFIG, "utf-8", newline="\n")
    return f"{chapter.name} -> {target}"


def main(job="", *names):
    if job == "lab":
        return own_copies()
    makes = {"assignment": assignment, "instructor": instructor}.get(job)
    if makes is None:
        sys.exit(f"hand_out.py: there is no job {job!r}; say lab, assignment 05 or instructor 05")
    with_exercises = [chapter for chapter in chapters() if has_exercises(nbformat.read(chapter, 4))]
    chosen = [chapter for chapter in with_exercises if names and chapter.name.startswith(names)]
    if not chosen:
        sys.exit(f"{job}: name a chapter with exercises, for example 'course.py {job} {with_exercises[0].name[:2]}'")
    for chapter in chosen:
        print(makes(chapter), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
