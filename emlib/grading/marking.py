"""Mark one learner's notebook: find each answer, let a worker compute with it, judge what came back.

Nothing here runs, imports or unpickles what a learner wrote. A worker's reply is a line of JSON that may hold anything;
taken apart strictly, it can only be a right answer or a wrong one.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emlib.exercises import EXERCISES, Answer, cases, judge
from emlib.grading.submissions import printable, read_notebook

#: The verdicts, in the order in which the summary shows them.
VERDICTS = ("right", "wrong", "not written", "no answer", "not found")


@dataclass(frozen=True)
class Assignment:
    """The exercises that count, with the points of each."""

    name: str
    points: dict[str, float]


@dataclass(frozen=True)
class Mark:
    """What one exercise of one learner earned.

    Attributes
    ----------
    exercise, points, out_of
    verdict : one of `VERDICTS`
    message : what the learner is told, in lines
    """

    exercise: str
    points: float
    out_of: float
    verdict: str
    message: str


def read_assignment(path):
    """Read which exercises count from the notebook that was handed out, or from the chapter it was made of.

    An exercise counts if a locked test cell named ``check_`` and its name gives it points (nbgrader's metadata).

    Raises
    ------
    ValueError
        If the notebook cannot be read, has no such cell, or names an exercise that emlib does not know.
    """
    path = Path(path)
    with path.open("rb") as stream:
        notebook = read_notebook(path.name, stream)
    if notebook.problem:
        raise ValueError(f"{path.name}: {notebook.problem}")
    points = {
        cell.grade_id.removeprefix("check_"): cell.points
        for cell in notebook.cells
        if cell.is_check and (cell.grade_id or "").startswith("check_")
    }
    if not points:
        raise ValueError(f"{path.name} has no cells that give points (nbgrader's test cells named check_…)")
    if unknown := sorted(set(points) - set(EXERCISES)):
        raise ValueError(f"{path.name} gives points for {', '.join(unknown)}, which emlib.exercises does not know")
    return Assignment(path.stem, points)


def mark(notebooks, assignment, sandbox, seed, stopped=lambda: False):
    """Mark what one learner handed in.

    Parameters
    ----------
    notebooks : list of Notebook
        Where there are several, the one with the most answers counts.
    assignment : Assignment
    sandbox : Sandbox
    seed : int
        The inputs follow from it, the same for every learner. No worker sees it.
    stopped : callable
        Asked after each exercise; if true, an answer may be missing because its worker was stopped, and nothing counts.

    Returns
    -------
    marks : list of Mark, or None
    notes : list of str
        What was odd about the hand-in.
    """
    notes = [f"{n.name} could not be read: {n.problem}." for n in notebooks if n.problem]
    notebook = max(notebooks, key=lambda n: answered(n, assignment.points))
    if sum(not n.problem for n in notebooks) > 1:
        notes.append(f"{len(notebooks)} notebooks were handed in; {notebook.name} counts.")
    marks = []
    for name, out_of in assignment.points.items():
        cell, remark = _find(notebook.cells, name)
        if cell is None:
            verdict, message = "not found", f"{notebook.problem or remark}."
        else:
            notes += [f"{name}: {remark}."] if remark else []
            verdict, message = _judged(notebook.cells, cell, name, sandbox, seed)
        if stopped():
            return None, notes
        lines = [printable(line, 400) for line in message.lstrip("✓✗ ").removeprefix(f"{name}: ").splitlines()[:10]]
        marks.append(Mark(name, out_of if verdict == "right" else 0, out_of, verdict, "\n".join(lines)))
    return marks, notes


def answered(notebook, names):
    """How many of these exercises a notebook answers."""
    return sum(_find(notebook.cells, name)[0] is not None for name in names)


def _find(cells, name):
    """The cell that answers an exercise: named so by nbgrader, else one that defines its function. The last counts."""
    defining = [i for i, cell in enumerate(cells) if _defines(cell, name)]
    named = [i for i, cell in enumerate(cells) if cell.grade_id == name]
    found = [i for i in defining if i in named] or defining
    if found:
        return found[-1], f"{len(found)} cells define it; the last one counts" if len(found) > 1 else ""
    if named:
        return None, f"its cell defines no {name}; keep the name that the exercise gives"
    return None, f"no cell defines {name}"


def _defines(cell, name):
    """Whether a cell defines a function; the cell that bears its name may do so inside of an ``if`` or ``try``."""
    indent = r"[ \t]*" if cell.grade_id == name else ""
    return re.search(rf"^{indent}(?:(?:async +)?def|class) +{name}\b|^{name}\b[^=\n]*=(?!=)", cell.source, re.MULTILINE)


def _judged(cells, cell, name, sandbox, seed):
    exercise = EXERCISES[name]
    drawn = cases(exercise, int.from_bytes(hashlib.sha256(f"{seed} {name}".encode()).digest()[:8]))
    reply, ended = sandbox.run([c.source for c in cells], cell, name, drawn, exercise.forbids)
    try:
        answers = _answers(reply, len(drawn))
    except (ValueError, RecursionError):
        return "no answer", f"{ended}."
    if isinstance(answers, str):
        return "no answer", f"{answers}."
    try:
        with np.errstate(all="ignore"):
            feedback = judge(name, exercise, drawn, answers)
    except Exception as error:  # whatever a hostile answer provokes, it is not a right one
        return "no answer", f"the answer could not be compared ({type(error).__name__})."
    if feedback.passed:
        return "right", feedback.message
    unwritten = answers[-1].value is None and not answers[-1].raised
    return "not written" if unwritten else "wrong", feedback.message


def _answers(reply, n_cases):
    """A worker's line as answers, or its reason for having none.

    Raises
    ------
    ValueError
        If it is anything else.
    """
    said = json.loads(reply.partition(b"\n")[0].decode("utf-8"))
    if not isinstance(said, dict):
        raise ValueError
    if isinstance(said.get("problem"), str):
        return printable(said["problem"], 300)
    found = said.get("answers")
    if not isinstance(found, list) or not 0 < len(found) <= n_cases:
        raise ValueError
    kinds = {name: type(default) for name, default in Answer._field_defaults.items() if default is not None}
    for item in found:
        if not (isinstance(item, dict) and set(item) == set(Answer._fields)):
            raise ValueError
        if any(type(item[name]) is not kind for name, kind in kinds.items()):
            raise ValueError
    answers = [Answer(**item)._replace(raised=printable(item["raised"], 300)) for item in found]
    # A function that fails is called no further.
    if len(answers) < n_cases and answers[-1].value is not None and not answers[-1].raised:
        raise ValueError
    return answers
